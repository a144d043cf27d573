/** Table `passkeys`: the passkeys and security keys of users. */
import { listed } from '../dialect.ts'
import type { Database, Tx } from './index.ts'
import { conversions, type ModelOf } from './model.ts'
import { orConflict, USER_ID } from './rows.ts'
import type { Columns, RowOf, Table } from './table.ts'

const COLUMNS = {
  id: { type: 'uuid', about: 'The key, a UUID version 7', class: 'technical', log: 'yes' },
  credential_id: {
    type: 'text',
    about: 'The id that the authenticator chose, in base64url. Unique over all accounts',
    class: 'pseudonym',
    protection: 'unique',
    log: 'no',
  },
  user_id: USER_ID,
  public_key: { type: 'bytes', about: 'The public key, as COSE', class: 'technical', log: 'no' },
  algorithm: {
    type: 'integer',
    about: 'The algorithm of the key: -8 (EdDSA), -7 (ES256) or -257 (RS256)',
    class: 'technical',
    log: 'yes',
  },
  sign_count: {
    type: 'count',
    about: 'The signature counter of the last use; 0 if the authenticator does not count',
    class: 'technical',
    log: 'no',
  },
  backup_eligible: {
    type: 'integer',
    as: 'boolean',
    about: '1 if the passkey may be synced to other devices, else 0',
    class: 'technical',
    log: 'yes',
  },
  backed_up: {
    type: 'integer',
    as: 'boolean',
    about: '1 if it is synced, else 0',
    class: 'technical',
    log: 'yes',
  },
  user_verified: {
    type: 'integer',
    as: 'boolean',
    about: '1 if the authenticator verified the user, such as with a PIN, when it was added; else 0',
    class: 'technical',
    log: 'yes',
  },
  discoverable: {
    type: 'integer',
    as: 'boolean',
    about: '1 for a passkey, which can sign in on its own; 0 for a security key',
    class: 'technical',
    log: 'yes',
  },
  transports: {
    type: 'text',
    as: 'words',
    about: 'How browsers can reach the authenticator: WebAuthn transports, separated by spaces',
    class: 'technical',
    log: 'no',
  },
  aaguid: { type: 'uuid', about: 'The model of the authenticator', class: 'personal', log: 'no' },
  rp_id: {
    type: 'text',
    about: 'The RP ID: the host name that it works for',
    class: 'technical',
    log: 'yes',
  },
  name: { type: 'text', about: 'The name that the user sees', class: 'personal', log: 'no' },
  created_at: { type: 'time', about: 'When it was added', class: 'personal', log: 'no' },
  last_used_at: {
    type: 'time',
    nullable: true,
    about: 'When it was last used',
    class: 'personal',
    log: 'no',
  },
} as const satisfies Columns

export type PasskeysTable = RowOf<typeof COLUMNS>

export const passkeys = {
  columns: COLUMNS,
  key: 'id',
  retention: 'A row stays until the user or an operator removes the passkey.',
  exportedBy: ['user', 'operator'],
  afterAccount: 'gone',
  cleanUps: {},
} satisfies Table

/** A passkey or security key. */
export type Passkey = ModelOf<typeof COLUMNS>

export const { modelOf: passkeyOf, rowOf: passkeyRowOf } = conversions(COLUMNS)

/** @throws {Conflict} The credential is registered, for this user or another one. */
export async function addPasskey(tx: Tx, passkey: Passkey): Promise<void> {
  const insert = tx.insertInto('passkeys').values(passkeyRowOf(passkey))
  await orConflict('the passkey is registered', insert.execute())
}

/** The passkeys of a user, the oldest first. */
export async function listPasskeys(db: Database, userId: number): Promise<Passkey[]> {
  const rows = await db
    .selectFrom('passkeys')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(passkeyOf)
}

/** The passkey with this credential id, in base64url, or `null`. */
export async function findPasskey(db: Database, credentialId: string): Promise<Passkey | null> {
  const row = await db
    .selectFrom('passkeys')
    .selectAll()
    .where('credential_id', '=', credentialId)
    .executeTakeFirst()
  return row === undefined ? null : passkeyOf(row)
}

/** What a use of a passkey changes. */
export type PasskeyUse = Pick<Passkey, 'signCount' | 'backupEligible' | 'backedUp'> & { readonly at: Date }

/**
 * Records a use. Of several concurrent uses with the same counter of a device-bound passkey, exactly one gets `true`.
 *
 * @param passkey - The passkey as it was read for the check.
 */
export async function recordPasskeyUse(
  tx: Tx,
  { id, signCount }: Pick<Passkey, 'id' | 'signCount'>,
  use: PasskeyUse,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('passkeys')
    .set({
      sign_count: use.signCount,
      backup_eligible: use.backupEligible ? 1 : 0,
      backed_up: use.backedUp ? 1 : 0,
      last_used_at: use.at.getTime(),
    })
    .where('id', '=', id)
    .where('sign_count', '=', signCount)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Renames a passkey of a user. Returns it, or `null` if the user has no such passkey. */
export async function renamePasskey(
  db: Database,
  { id, userId, name }: Pick<Passkey, 'id' | 'userId' | 'name'>,
): Promise<Passkey | null> {
  const row = await db
    .updateTable('passkeys')
    .set({ name })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? null : passkeyOf(row)
}

/** Removes a passkey of a user. Returns its name, or `null` if the user has no such passkey. */
export async function deletePasskey(
  tx: Tx,
  { id, userId }: Pick<Passkey, 'id' | 'userId'>,
): Promise<string | null> {
  const row = await tx
    .deleteFrom('passkeys')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returning('name')
    .executeTakeFirst()
  return row?.name ?? null
}

/** Which of these users have a passkey of a host that signs in on its own. */
export async function findUsersWithSignInPasskey(
  db: Database,
  userIds: readonly number[],
  rpId: string,
): Promise<number[]> {
  const rows = await db
    .selectFrom('passkeys')
    .select('user_id')
    .where('user_id', 'in', listed(db, 'integer', userIds))
    .where('rp_id', '=', rpId)
    .where('discoverable', '=', 1)
    .where('user_verified', '=', 1)
    .execute()
  return rows.map((row) => row.user_id)
}

/** How many passkeys belong to another host than `rpId`. */
export async function countPasskeysOfOtherHosts(db: Database, rpId: string): Promise<number> {
  const { count } = await db
    .selectFrom('passkeys')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('rp_id', '!=', rpId)
    .executeTakeFirstOrThrow()
  return count
}
