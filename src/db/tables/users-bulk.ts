/** Table `users`, many rows at a time: what an import and an export need. */
import { sql } from 'kysely'
import { listed, listedRows, reserveUserIds } from '../dialect.ts'
import type { Database, Tx } from './index.ts'
import { orConflict } from './rows.ts'
import { type MovingUser, movingOf, type Page, userColumnTypes, userPage, userRowOf } from './users.ts'

/**
 * Adds users in the given order, in one statement whose text does not depend on their number.
 *
 * @param users - Either all with an id or all without.
 * @returns The ids, by normalized address.
 * @throws {Conflict} An address or an id is taken. Nothing is added, and on PostgreSQL the transaction is aborted.
 */
export async function addUsers(tx: Tx, users: readonly MovingUser[]): Promise<ReadonlyMap<string, number>> {
  const [first] = users
  if (first === undefined) return new Map()
  const columns = userColumnTypes({ withId: first.id !== null })
  if (first.id !== null) await reserveUserIds(tx, Math.max(...users.map(({ id }) => id ?? 0)))
  const names = sql.join(Object.keys(columns).map((name) => sql.ref(name)))
  const rows = listedRows(tx, columns, users.map(userRowOf))
  const insert = sql<{ id: number; normalized_email: string }>`
    insert into ${sql.table('users')} (${names}) ${rows} returning id, normalized_email`
  const added = await orConflict('an address or an id is taken', insert.execute(tx))
  return new Map(added.rows.map(({ id, normalized_email }) => [normalized_email, id]))
}

/** Which of these user handles belong to accounts. */
export async function findHandlesAmong(db: Database, handles: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom('users')
    .select('webauthn_handle')
    .where('webauthn_handle', 'in', listed<string>(db, 'text', handles))
    // So that the database can use the index, which leaves out nulls.
    .where('webauthn_handle', 'is not', null)
    .execute()
  return rows.map(({ webauthn_handle }) => webauthn_handle as string)
}

/** The users with one of these normalized addresses or one of these ids. */
export async function findUsersAmong(
  db: Database,
  { emails, ids }: { emails: readonly string[]; ids: readonly number[] },
): Promise<(MovingUser & { readonly id: number })[]> {
  const rows = await db
    .selectFrom('users')
    .selectAll()
    .where('normalized_email', 'in', listed<string>(db, 'text', emails))
    .union((query) =>
      query
        .selectFrom('users')
        .selectAll()
        .where('id', 'in', listed<number>(db, 'integer', ids)),
    )
    .execute()
  return rows.map(movingOf)
}

/** Lists users by id, one page at a time. */
export async function listMovingUsers(
  db: Database,
  page: Page,
): Promise<(MovingUser & { readonly id: number })[]> {
  const rows = await userPage(db, page).execute()
  return rows.map(movingOf)
}
