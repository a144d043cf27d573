/** Table `users`, many rows at a time: what an import adds and an export reads. */
import { type Selectable, sql } from 'kysely'
import { Conflict } from '../../errors.ts'
import { normalizeEmail, storedEmail, type User } from '../../user.ts'
import { isUniqueViolation, listed, listedRows, reserveUserIds } from '../dialect.ts'
import type { Database, Tx } from './index.ts'
import { listUserRows, type UsersTable, userOf } from './users.ts'

/** A user as they move from one database to another: without sessions and tokens, which stay behind. */
export interface MovingUser extends Omit<User, 'id' | 'sessionId' | 'resetToken'> {
  /** `null`: the next number that is free. */
  readonly id: number | null
  /** A new account that nobody confirms goes away after this; `null` where none has to be confirmed. */
  readonly unconfirmedUntil: Date | null
}

/** Every column but the id. */
const COLUMNS = {
  email: 'text',
  hashed_password: 'text',
  session_id: 'text',
  reset_token: 'text',
  normalized_email: 'text',
  created_at: 'time',
  password_version: 'integer',
  disabled_at: 'time',
  email_verified_at: 'time',
  unconfirmed_until: 'time',
  password_compromised_at: 'time',
  locale: 'text',
} as const satisfies Partial<Record<keyof UsersTable, string>>

/**
 * Adds users in their order, in one statement whose text does not depend on how many there are.
 *
 * @param users - All with an id, or all without.
 * @throws {Conflict} An address or a number is taken; nobody was added, and the transaction is over.
 */
export async function addUsers(tx: Tx, users: readonly MovingUser[]): Promise<void> {
  const [first] = users
  if (first === undefined) return
  const columns = first.id === null ? COLUMNS : ({ id: 'integer', ...COLUMNS } as const)
  if (first.id !== null) await reserveUserIds(tx, Math.max(...users.map(({ id }) => id ?? 0)))
  const names = sql.join(Object.keys(columns).map((name) => sql.ref(name)))
  try {
    await sql`insert into users (${names}) ${listedRows(tx, columns, users.map(rowOf))}`.execute(tx)
  } catch (error) {
    throw isUniqueViolation(error) ? new Conflict('an address or a number is taken', { cause: error }) : error
  }
}

/** Those who have one of these addresses, normalised, or one of these numbers. */
export async function findUsersAmong(
  db: Database,
  { emails, ids }: { emails: readonly string[]; ids: readonly number[] },
): Promise<MovingUser[]> {
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

/** Users in the order of their ids, a page at a time. */
export async function listMovingUsers(
  db: Database,
  page: Parameters<typeof listUserRows>[1],
): Promise<(MovingUser & { readonly id: number })[]> {
  const rows = await listUserRows(db, page)
  return rows.map(movingOf)
}

function rowOf(user: MovingUser): UsersRow {
  return {
    ...(user.id !== null && { id: user.id }),
    email: storedEmail(user.email),
    hashed_password: user.hashedPassword,
    session_id: null,
    reset_token: null,
    normalized_email: normalizeEmail(user.email),
    created_at: user.createdAt.getTime(),
    password_version: user.passwordVersion,
    disabled_at: user.disabledAt?.getTime() ?? null,
    email_verified_at: user.emailVerifiedAt?.getTime() ?? null,
    unconfirmed_until: user.unconfirmedUntil?.getTime() ?? null,
    password_compromised_at: user.passwordCompromisedAt?.getTime() ?? null,
    locale: user.locale,
  }
}

type UsersRow = Omit<Selectable<UsersTable>, 'id'> & { id?: number }

function movingOf(row: Selectable<UsersTable>): MovingUser & { readonly id: number } {
  const { sessionId: _, resetToken: __, ...user } = userOf(row)
  return {
    ...user,
    unconfirmedUntil: row.unconfirmed_until === null ? null : new Date(row.unconfirmed_until),
  }
}
