/** Table `identities`: the accounts of users at other providers. */
import type { Identification } from '../../model/providers.ts'
import { listed } from '../dialect.ts'
import type { Database, Tx } from './index.ts'
import { conversions, type ModelOf } from './model.ts'
import { orConflict, USER_ID } from './rows.ts'
import type { Columns, RowOf, Table } from './table.ts'

const COLUMNS = {
  id: { type: 'uuid', about: 'The key, a UUID version 7', class: 'technical', log: 'yes' },
  user_id: USER_ID,
  provider_id: { type: 'text', about: 'The provider', class: 'technical', log: 'yes' },
  issuer: { type: 'text', about: 'The issuer of the identity', class: 'technical', log: 'yes' },
  subject: {
    type: 'text',
    about: 'The id of the person at the issuer. Unique together with the issuer',
    class: 'pseudonym',
    log: 'no',
  },
  email: {
    type: 'text',
    nullable: true,
    about: 'The address there, at the last sign-in',
    class: 'personal',
    log: 'masked',
  },
  email_verified: {
    type: 'integer',
    as: 'boolean',
    about: '1 if the provider has verified the address, else 0',
    class: 'technical',
    log: 'yes',
  },
  created_at: { type: 'time', about: 'When it was connected', class: 'personal', log: 'no' },
  last_used_at: {
    type: 'time',
    nullable: true,
    about: 'The last sign-in with it',
    class: 'personal',
    log: 'no',
  },
} as const satisfies Columns

export type IdentitiesTable = RowOf<typeof COLUMNS>

export const identities = {
  columns: COLUMNS,
  key: 'id',
  retention: 'A row stays until the user disconnects the identity, or an operator removes its provider.',
  exportedBy: ['user', 'operator'],
  afterAccount: 'gone',
  cleanUps: {},
} satisfies Table

/** The account of a user at a provider. */
export type Identity = ModelOf<typeof COLUMNS>

export const { modelOf: identityOf, rowOf: identityRowOf } = conversions(COLUMNS)

/** @throws {Conflict} The identity is connected, to this account or another one. */
export async function addIdentity(tx: Tx, identity: Identity): Promise<void> {
  const insert = tx.insertInto('identities').values(identityRowOf(identity))
  await orConflict('the identity is connected', insert.execute())
}

/** The identity of a person at an issuer, or `null`. */
export async function findIdentity(
  db: Database,
  { issuer, subject }: Pick<Identity, 'issuer' | 'subject'>,
): Promise<Identity | null> {
  const row = await db
    .selectFrom('identities')
    .selectAll()
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst()
  return row === undefined ? null : identityOf(row)
}

/** The identities of a user, the oldest first. */
export async function listIdentities(db: Database, userId: number): Promise<Identity[]> {
  const rows = await db
    .selectFrom('identities')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('id')
    .execute()
  return rows.map(identityOf)
}

/** Records a sign-in, and the address that the provider reported. `false` if the identity was disconnected. */
export async function recordIdentityUse(
  tx: Tx,
  { id, userId }: Pick<Identity, 'id' | 'userId'>,
  { email, emailVerified, at }: Pick<Identification, 'email' | 'emailVerified'> & { readonly at: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('identities')
    .set({ email, email_verified: emailVerified ? 1 : 0, last_used_at: at.getTime() })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Disconnects an identity of a user. Returns it, or `null` if the user has no such identity. */
export async function deleteIdentity(
  tx: Tx,
  { id, userId }: Pick<Identity, 'id' | 'userId'>,
): Promise<Identity | null> {
  const row = await tx
    .deleteFrom('identities')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? null : identityOf(row)
}

/** Disconnects every identity of a user. Lock the user first. */
export async function deleteIdentitiesOf(tx: Tx, userId: number): Promise<void> {
  await tx.deleteFrom('identities').where('user_id', '=', userId).execute()
}

/** Disconnects every identity at a provider. */
export async function deleteIdentitiesAt(tx: Tx, providerId: string): Promise<void> {
  await tx.deleteFrom('identities').where('provider_id', '=', providerId).execute()
}

/** Which of these users have an identity at an enabled provider. */
export async function findUsersWithIdentity(db: Database, userIds: readonly number[]): Promise<number[]> {
  const rows = await db
    .selectFrom('identities')
    .innerJoin('providers', 'providers.id', 'identities.provider_id')
    .select('identities.user_id')
    .where('identities.user_id', 'in', listed(db, 'integer', userIds))
    .where('providers.disabled_at', 'is', null)
    .execute()
  return rows.map((row) => row.user_id)
}

/** How many identities each provider has. */
export async function countIdentities(db: Database): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('identities')
    .select((query) => ['provider_id', query.fn.countAll<number>().as('count')])
    .groupBy('provider_id')
    .execute()
  return new Map(rows.map((row) => [row.provider_id, row.count]))
}
