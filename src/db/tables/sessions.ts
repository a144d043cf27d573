/** Table `sessions`. */
import type { User } from '../../user.ts'
import { withoutSync } from '../dialect.ts'
import { prepared } from '../prepared.ts'
import type { Database, Tx } from './index.ts'
import type { Columns, RowOf, Table } from './table.ts'
import { USER_SELECTION, userFrom } from './users.ts'

const COLUMNS = {
  id: {
    type: 'uuid',
    about: 'The key, a UUID version 7',
    class: 'technical',
    protection: 'identifies the session but gives no access',
    log: 'no',
  },
  user_id: {
    type: 'integer',
    about: 'The user',
    class: 'pseudonym',
    protection: 'deleted with the user',
    log: 'yes',
  },
  secret_hash: {
    type: 'bytes',
    about: 'SHA-256 of the secret',
    class: 'secret',
    protection: 'SHA-256 of 256 random bits',
    log: 'no',
  },
  created_at: { type: 'time', about: 'When the session began', class: 'personal', log: 'no' },
  authenticated_at: {
    type: 'time',
    about: 'When the user last proved who they are',
    class: 'personal',
    log: 'no',
  },
  last_seen_at: {
    type: 'time',
    about: 'The last use that was recorded',
    class: 'personal',
    protection: 'to the minute',
    log: 'no',
  },
  idle_expires_at: {
    type: 'time',
    nullable: true,
    about: 'When the session ends if it is not used; null if only `expires_at` ends it',
    class: 'technical',
    log: 'no',
  },
  expires_at: { type: 'time', about: 'When the session ends in any case', class: 'technical', log: 'no' },
  amr: {
    type: 'text',
    about:
      "How the user proved who they are: RFC 8176 names, separated by spaces; empty if the library's caller vouched for the user",
    class: 'technical',
    log: 'yes',
  },
  aal: {
    type: 'integer',
    about:
      "Authentication assurance level (NIST SP 800-63B): 1 for one factor, 2 for two; 0 if the library's caller vouched for the user",
    class: 'technical',
    log: 'no',
  },
  ip_address: {
    type: 'text',
    nullable: true,
    about: 'The IP address at sign-in, so that users recognise their sessions',
    class: 'personal',
    log: 'yes',
  },
  user_agent: {
    type: 'text',
    nullable: true,
    about: 'The user agent at sign-in, for the same reason',
    class: 'personal',
    protection: 'cut after 256 characters',
    log: 'yes',
  },
} as const satisfies Columns

export type SessionsTable = RowOf<typeof COLUMNS>

export const sessions = {
  columns: COLUMNS,
  key: 'id',
  retention:
    'A row stays until the session is ended ([sessions.md](sessions.md)), or until the next clean-up after it expired. Users see their own sessions, without the hash.',
  exportedBy: ['user'],
  afterAccount: 'gone',
  cleanUps: {
    sessions: {
      what: 'sessions',
      when: 'past their lifetime, or unused for too long',
      settings: ['BIENVENUE_SESSION_LIFETIME_SECONDS', 'BIENVENUE_SESSION_IDLE_SECONDS'],
      deleteSome: (tx, { now }, limit) => deleteExpiredSessions(tx, now, limit),
    },
  },
} satisfies Table

/** A signed-in browser or program of a user. */
export interface Session {
  readonly id: string
  readonly userId: number
  readonly secretHash: Uint8Array
  readonly createdAt: Date
  readonly authenticatedAt: Date
  readonly lastSeenAt: Date
  /** `null`: only `expiresAt` ends it. */
  readonly idleExpiresAt: Date | null
  readonly expiresAt: Date
  /** RFC 8176 names of how the user proved who they are, such as `pwd`. */
  readonly amr: readonly string[]
  /** Authentication assurance level (NIST SP 800-63B). */
  readonly aal: number
  readonly ip: string | null
  readonly userAgent: string | null
}

/**
 * Adds a session and makes it the newest of its user.
 *
 * @returns `false`, with nothing added, where the account was shut, its password marked as known to others, or
 *   another one set since `user` was read: whoever proved to know the old one is too late.
 */
export async function addSession(tx: Tx, user: User, session: Session): Promise<boolean> {
  // First, because it locks the row of the user: a reset at the same time either waits and ends this
  // session too, or came before and is seen here.
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set({ session_id: session.id })
    .where('id', '=', user.id)
    .where('password_version', '=', user.passwordVersion)
    .where('disabled_at', 'is', null)
    .where('password_compromised_at', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await tx
    .insertInto('sessions')
    .values({
      id: session.id,
      user_id: session.userId,
      secret_hash: session.secretHash,
      created_at: session.createdAt.getTime(),
      authenticated_at: session.authenticatedAt.getTime(),
      last_seen_at: session.lastSeenAt.getTime(),
      idle_expires_at: session.idleExpiresAt?.getTime() ?? null,
      expires_at: session.expiresAt.getTime(),
      amr: session.amr.join(' '),
      aal: session.aal,
      ip_address: session.ip,
      user_agent: session.userAgent,
    })
    .execute()
  return true
}

const sessionById = prepared((db, id) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    // Under names of their own: both tables have some of them.
    .select([
      'sessions.id as s_id',
      'sessions.secret_hash as s_secret_hash',
      'sessions.authenticated_at as s_authenticated_at',
      'sessions.last_seen_at as s_last_seen_at',
      'sessions.idle_expires_at as s_idle_expires_at',
      'sessions.expires_at as s_expires_at',
    ])
    .select(USER_SELECTION)
    .where('sessions.id', '=', id),
)

/** The first columns of {@link sessionById}. */
type StateValues = [string, Uint8Array, number, number, number | null, number]
const STATE_LENGTH = 6 satisfies StateValues['length']

/** What a session check needs of a session. */
export type SessionState = Pick<
  Session,
  'id' | 'userId' | 'secretHash' | 'authenticatedAt' | 'lastSeenAt' | 'idleExpiresAt' | 'expiresAt'
>

/** The state of a session, with its user, or `null`. It may have expired: the caller looks. */
export async function findSession(
  db: Database,
  id: string,
): Promise<{ session: SessionState; user: User } | null> {
  const values = await sessionById(db, id)
  if (values === undefined) return null
  const state = values as unknown as StateValues
  const user = userFrom(values, STATE_LENGTH)
  return {
    session: {
      id: state[0],
      userId: user.id,
      secretHash: state[1],
      authenticatedAt: new Date(state[2]),
      lastSeenAt: new Date(state[3]),
      idleExpiresAt: state[4] === null ? null : new Date(state[4]),
      expiresAt: new Date(state[5]),
    },
    user,
  }
}

/**
 * Notes that a session was used, and how long it may now stay unused. Every session that is in use is noted again and
 * again: so it is not waited for until the disk has it.
 */
export async function updateLastSeen(
  db: Database,
  id: string,
  at: Date,
  idleExpiresAt: Date | null,
): Promise<void> {
  await withoutSync(db, (connection) =>
    connection
      .updateTable('sessions')
      .set({ last_seen_at: at.getTime(), idle_expires_at: idleExpiresAt?.getTime() ?? null })
      .where('id', '=', id)
      .execute(),
  )
}

/**
 * Ends one session of a user; `users.session_id` then names the newest that is left.
 *
 * @returns Whether it had not ended yet.
 */
export async function deleteSession(tx: Tx, session: { id: string; userId: number }): Promise<boolean> {
  const newestLeft = tx
    .selectFrom('sessions')
    .select((query) => query.cast<string>('id', 'text').as('id'))
    .where('user_id', '=', session.userId)
    .where('sessions.id', '!=', session.id)
    .orderBy('created_at', 'desc')
    .orderBy('sessions.id', 'desc')
    .limit(1)
  // The user's row first, here and in every other transaction: whoever has it goes on, the rest wait.
  await tx
    .updateTable('users')
    .set((query) => ({
      session_id: query
        .case()
        .when('session_id', '=', session.id)
        .then(newestLeft)
        .else(query.ref('session_id'))
        .end(),
    }))
    .where('id', '=', session.userId)
    .execute()
  const { numDeletedRows } = await tx.deleteFrom('sessions').where('id', '=', session.id).executeTakeFirst()
  return numDeletedRows > 0n
}

/** Ends every session of a user. */
export async function deleteSessionsOf(tx: Tx, userId: number): Promise<void> {
  await tx.updateTable('users').set({ session_id: null }).where('id', '=', userId).execute()
  await tx.deleteFrom('sessions').where('user_id', '=', userId).execute()
}

/** What its user may see of a session. */
export type SessionSummary = Omit<Session, 'userId' | 'secretHash'>

/** The sessions of a user that have not expired, the one used last first. */
export async function listSessionsOf(db: Database, userId: number, now: Date): Promise<SessionSummary[]> {
  const rows = await db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('expires_at', '>', now.getTime())
    .where((query) =>
      query.or([query('idle_expires_at', 'is', null), query('idle_expires_at', '>', now.getTime())]),
    )
    .orderBy('last_seen_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    createdAt: new Date(row.created_at),
    authenticatedAt: new Date(row.authenticated_at),
    lastSeenAt: new Date(row.last_seen_at),
    idleExpiresAt: row.idle_expires_at === null ? null : new Date(row.idle_expires_at),
    expiresAt: new Date(row.expires_at),
    amr: row.amr.split(' ').filter((method) => method !== ''),
    aal: row.aal,
    ip: row.ip_address,
    userAgent: row.user_agent,
  }))
}

/** Whether a user has this session, expired or not. */
export async function hasSession(db: Database, session: { id: string; userId: number }): Promise<boolean> {
  const row = await db
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', session.id)
    .where('user_id', '=', session.userId)
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Ends every session of a user but one.
 *
 * @returns How many there were.
 */
export async function deleteOtherSessions(tx: Tx, kept: { id: string; userId: number }): Promise<number> {
  // The user's row first, as everywhere.
  await tx.updateTable('users').set({ session_id: kept.id }).where('id', '=', kept.userId).execute()
  const { numDeletedRows } = await tx
    .deleteFrom('sessions')
    .where('user_id', '=', kept.userId)
    .where('id', '!=', kept.id)
    .executeTakeFirst()
  return Number(numDeletedRows)
}

/** Ends the sessions of a user that were used the longest ago, until so many are left beside the newest. */
export async function trimSessions(
  tx: Tx,
  newest: { id: string; userId: number },
  keep: number,
): Promise<void> {
  const others = tx
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', newest.userId)
    .where('id', '!=', newest.id)
  const surplus = await others
    .orderBy('last_seen_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1_000)
    .offset(keep - 1)
    .execute()
  if (surplus.length === 0) return
  await tx
    .deleteFrom('sessions')
    .where(
      'id',
      'in',
      surplus.map(({ id }) => id),
    )
    .execute()
}

/**
 * Ends every session there is.
 *
 * @returns How many there were.
 */
export async function deleteEverySession(tx: Tx): Promise<number> {
  await tx.updateTable('users').set({ session_id: null }).where('session_id', 'is not', null).execute()
  const { numDeletedRows } = await tx.deleteFrom('sessions').executeTakeFirst()
  return Number(numDeletedRows)
}

/** How many sessions of a user have not expired. */
export async function countSessionsOf(db: Database, userId: number, now: Date): Promise<number> {
  const { count } = await db
    .selectFrom('sessions')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .where('expires_at', '>', now.getTime())
    .where((query) =>
      query.or([query('idle_expires_at', 'is', null), query('idle_expires_at', '>', now.getTime())]),
    )
    .executeTakeFirstOrThrow()
  return Number(count)
}

/**
 * Removes sessions that ended by themselves, so many at the most.
 *
 * @returns How many there were; none when it is done.
 */
export async function deleteExpiredSessions(tx: Tx, now: Date, limit: number): Promise<number> {
  const found = [
    ...(await findEnded(tx, 'expires_at', now, limit)),
    ...(await findEnded(tx, 'idle_expires_at', now, limit)),
  ]
  // Some have passed both. By user, so that two clean-ups at the same time take their rows in the same order.
  const ended = [...new Map(found.map((session) => [session.id, session])).values()]
  for (const { id, user_id } of ended.sort((a, b) => a.user_id - b.user_id)) {
    await deleteSession(tx, { id, userId: user_id })
  }
  return ended.length
}

// Each limit by itself, because each has an index of its own.
function findEnded(tx: Tx, limitedBy: 'expires_at' | 'idle_expires_at', now: Date, limit: number) {
  return tx
    .selectFrom('sessions')
    .select(['id', 'user_id'])
    .where(limitedBy, '<=', now.getTime())
    .limit(limit)
    .execute()
}
