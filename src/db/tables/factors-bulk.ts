/** Tables `totp`, `passkeys` and `identities`, many rows at a time: what an import, an export and `doctor` need. */
import { sql } from 'kysely'
import { listed, listedRows } from '../dialect.ts'
import { type Identity, identities, identityOf, identityRowOf } from './identities.ts'
import type { Database, Tx } from './index.ts'
import { type Passkey, passkeyOf, passkeyRowOf, passkeys } from './passkeys.ts'
import { orConflict } from './rows.ts'
import type { Columns } from './table.ts'
import { type Totp, totp, totpOf } from './totp.ts'

/** The authenticator app of a new user. */
type NewTotp = Pick<Totp, 'userId' | 'confirmedAt' | 'lastStep' | 'disabledAt'> & {
  readonly sealedSecret: Uint8Array
}

/** Adds confirmed authenticator apps to users who have none, in one statement. */
export async function addTotps(tx: Tx, apps: readonly NewTotp[]): Promise<void> {
  const rows = apps.map(({ userId, sealedSecret, confirmedAt, lastStep, disabledAt }) => ({
    user_id: userId,
    sealed_secret: sealedSecret,
    confirmed_at: confirmedAt?.getTime() ?? null,
    last_step: lastStep,
    failures: 0,
    disabled_at: disabledAt?.getTime() ?? null,
    pending_sealed_secret: null,
    pending_expires_at: null,
  }))
  await insertAll(tx, 'totp', totp.columns, rows)
}

/**
 * Adds passkeys, in one statement.
 *
 * @throws {Conflict} A credential is registered. Nothing is added, and on PostgreSQL the transaction is aborted.
 */
export async function addPasskeys(tx: Tx, added: readonly Passkey[]): Promise<void> {
  const rows = added.map(passkeyRowOf)
  await orConflict('a passkey is registered', insertAll(tx, 'passkeys', passkeys.columns, rows))
}

/**
 * Adds identities, in one statement.
 *
 * @throws {Conflict} An identity is connected. Nothing is added, and on PostgreSQL the transaction is aborted.
 */
export async function addIdentities(tx: Tx, added: readonly Identity[]): Promise<void> {
  const rows = added.map(identityRowOf)
  await orConflict('an identity is connected', insertAll(tx, 'identities', identities.columns, rows))
}

async function insertAll(
  tx: Tx,
  table: 'totp' | 'passkeys' | 'identities',
  columns: Columns,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  if (rows.length === 0) return
  const types = Object.fromEntries(Object.entries(columns).map(([name, { type }]) => [name, type]))
  const names = sql.join(Object.keys(types).map((name) => sql.ref(name)))
  await sql`insert into ${sql.table(table)} (${names}) ${listedRows(tx, types, rows)}`.execute(tx)
}

/** Users: a list of ids, or all ids of a range. */
export type UserIds = readonly number[] | { readonly from: number; readonly to: number }

/** The authenticator apps, passkeys and identities of these users, in the order of their creation. */
export async function listFactorsOf(
  db: Database,
  users: UserIds,
): Promise<{
  readonly totps: readonly Totp[]
  readonly passkeys: readonly Passkey[]
  readonly identities: readonly Identity[]
}> {
  // A range lets the database read along the index, however many users there are.
  const isWanted =
    'from' in users
      ? sql<boolean>`user_id between ${users.from} and ${users.to}`
      : sql<boolean>`user_id in ${listed<number>(db, 'integer', users)}`
  const totps = await db.selectFrom('totp').selectAll().where(isWanted).execute()
  const [keys, connected] = [
    await db.selectFrom('passkeys').selectAll().where(isWanted).orderBy('created_at').orderBy('id').execute(),
    await db
      .selectFrom('identities')
      .selectAll()
      .where(isWanted)
      .orderBy('created_at')
      .orderBy('id')
      .execute(),
  ]
  return {
    totps: totps.map(totpOf),
    passkeys: keys.map(passkeyOf),
    identities: connected.map(identityOf),
  }
}

/** Which of these credential ids are registered. */
export async function findCredentialsAmong(
  db: Database,
  credentialIds: readonly string[],
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('passkeys')
    .select('credential_id')
    .where('credential_id', 'in', listed<string>(db, 'text', credentialIds))
    .execute()
  return rows.map(({ credential_id }) => credential_id)
}

/** Which of these identities are connected to an account. */
export async function findIdentitiesAmong(
  db: Database,
  wanted: readonly Pick<Identity, 'issuer' | 'subject'>[],
): Promise<readonly Pick<Identity, 'issuer' | 'subject'>[]> {
  const pairs = wanted.map(({ issuer, subject }) => ({ issuer, subject }))
  const { rows } = await sql<Pick<Identity, 'issuer' | 'subject'>>`
    select issuer, subject from ${sql.table('identities')}
    where (issuer, subject) in (${listedRows(db, { issuer: 'text', subject: 'text' }, pairs)})`.execute(db)
  return rows
}

/**
 * Counts the enabled accounts without a second factor. Reads the whole table of users.
 *
 * @param query - `required`: only accounts for which an operator requires one. `passkeyOf`: only a passkey of this host
 *   counts as a second factor.
 */
export async function countUsersWithoutFactor(
  db: Database,
  { required, passkeyOf: host }: { readonly required: boolean; readonly passkeyOf: string | null },
): Promise<number> {
  const { count } = await db
    .selectFrom('users')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('disabled_at', 'is', null)
    .$if(required, (query) => query.where('second_factor_required_at', 'is not', null))
    .where(({ exists, not, selectFrom }) =>
      not(
        exists(
          selectFrom('passkeys')
            .select('passkeys.id')
            .whereRef('passkeys.user_id', '=', 'users.id')
            .$if(host !== null, (query) => query.where('passkeys.rp_id', '=', host as string)),
        ),
      ),
    )
    .$if(host === null, (query) =>
      query.where(({ exists, not, selectFrom }) =>
        not(
          exists(
            selectFrom('totp')
              .select('totp.user_id')
              .whereRef('totp.user_id', '=', 'users.id')
              .where('totp.sealed_secret', 'is not', null),
          ),
        ),
      ),
    )
    .executeTakeFirstOrThrow()
  return count
}
