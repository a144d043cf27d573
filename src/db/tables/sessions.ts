/** Table `sessions`: the sessions of all users. */
import type { Transport } from '../../model/transport.ts'
import type { User } from '../../model/user.ts'
import { listed, locking, withoutSync } from '../dialect.ts'
import { prepared } from '../prepared.ts'
import type { Database, Tx } from './index.ts'
import { dateOf, USER_ID, wordsOf } from './rows.ts'
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
  user_id: USER_ID,
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
    about: 'When the session ends unless it is used; null if only `expires_at` ends it',
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
    about: 'The IP address at sign-in, so that users recognize their sessions',
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
  transport: {
    type: 'text',
    about: 'How the client presents the token: `cookie` or `bearer`',
    class: 'technical',
    log: 'yes',
  },
  persistent: {
    type: 'integer',
    about:
      '1 if the user asked to stay signed in, else 0: the session is short and its cookie ends with the browser',
    class: 'technical',
    log: 'yes',
  },
} as const satisfies Columns

export type SessionsTable = RowOf<typeof COLUMNS>

export const sessions = {
  columns: COLUMNS,
  key: 'id',
  retention:
    'A row stays until the session is ended ([sessions.md](../security/sessions.md)), or until the next clean-up after it expired. Users see their own sessions, without the hash.',
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
  readonly transport: Transport
  /** Whether it outlives the browser. */
  readonly persistent: boolean
}

/**
 * Adds a session and makes it the newest of its user.
 *
 * @returns `false`, with nothing added, if since `user` was read the account was disabled, its address was changed, or
 *   its password was changed or marked as compromised. Then the proof of identity is no longer valid.
 */
export async function addSession(tx: Tx, user: User, session: Session): Promise<boolean> {
  // Lock the user's row first. A concurrent password reset then either waits and ends this session too, or came first
  // and is noticed here.
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set({ session_id: session.id })
    .where('id', '=', user.id)
    .where('password_version', '=', user.passwordVersion)
    .where('email', '=', user.email)
    .where('disabled_at', 'is', null)
    .where(
      'password_compromised_at',
      user.passwordCompromisedAt === null ? 'is' : '=',
      user.passwordCompromisedAt?.getTime() ?? null,
    )
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
      transport: session.transport,
      persistent: session.persistent ? 1 : 0,
    })
    .execute()
  return true
}

const sessionById = prepared((db, id) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    // Renamed, because both tables have columns of these names.
    .select([
      'sessions.id as s_id',
      'sessions.secret_hash as s_secret_hash',
      'sessions.authenticated_at as s_authenticated_at',
      'sessions.last_seen_at as s_last_seen_at',
      'sessions.idle_expires_at as s_idle_expires_at',
      'sessions.expires_at as s_expires_at',
      'sessions.transport as s_transport',
      'sessions.created_at as s_created_at',
      'sessions.amr as s_amr',
      'sessions.aal as s_aal',
      'sessions.persistent as s_persistent',
    ])
    .select(USER_SELECTION)
    .where('sessions.id', '=', id),
)

/** The values of the first columns of `sessionById`. */
type StateValues = [
  string,
  Uint8Array,
  number,
  number,
  number | null,
  number,
  Transport,
  number,
  string,
  number,
  number,
]
const STATE_LENGTH = 11 satisfies StateValues['length']

/** The part of a session that a session check needs. */
export type SessionState = Omit<Session, 'ip' | 'userAgent'>

/** A session's state and its user, or `null`. The caller must check whether it has expired. */
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
      idleExpiresAt: dateOf(state[4]),
      expiresAt: new Date(state[5]),
      transport: state[6],
      createdAt: new Date(state[7]),
      amr: wordsOf(state[8]),
      aal: state[9],
      persistent: state[10] === 1,
    },
    user,
  }
}

/** Whether a session has not ended yet. It may have expired. */
export async function hasSession(tx: Tx, id: string): Promise<boolean> {
  const row = await tx.selectFrom('sessions').select('id').where('id', '=', id).executeTakeFirst()
  return row !== undefined
}

/**
 * Records when a session was last used, and until when it may stay unused. Does not wait for the disk: if a power
 * failure undoes the write, the next use repeats it.
 */
export async function updateLastSeen(
  db: Database,
  id: string,
  use: {
    readonly at: Date
    readonly idleExpiresAt: Date | null
    /** The new assurance level, if it has changed. */
    readonly aal?: number
  },
): Promise<void> {
  await withoutSync(db, (connection) =>
    connection
      .updateTable('sessions')
      .set({
        last_seen_at: use.at.getTime(),
        idle_expires_at: use.idleExpiresAt?.getTime() ?? null,
        ...(use.aal !== undefined && { aal: use.aal }),
      })
      .where('id', '=', id)
      .execute(),
  )
}

/** Which sessions end: some by their ids, those of a user with or without an exception, or all. */
type Ended =
  | { readonly ids: readonly string[]; readonly userId?: number }
  | { readonly userId: number; readonly except?: string }
  | 'all'

/**
 * Deletes sessions. All code that ends a session calls this, so that what must happen then has one place. Lock the row of
 * the user first.
 *
 * @returns How many there were.
 */
export async function endSessions(db: Database, which: Ended): Promise<number> {
  let sessions = db.deleteFrom('sessions')
  if (which !== 'all') {
    if (which.userId !== undefined) sessions = sessions.where('user_id', '=', which.userId)
    if ('ids' in which) sessions = sessions.where('id', 'in', [...which.ids])
    else if (which.except !== undefined) sessions = sessions.where('id', '!=', which.except)
  }
  const { numDeletedRows } = await sessions.executeTakeFirst()
  return Number(numDeletedRows)
}

/**
 * Ends one session of a user. `users.session_id` then names the newest remaining session.
 *
 * @returns Whether the user had the session. Of several transactions that end it, exactly one gets `true`.
 */
export async function deleteSession(tx: Tx, session: { id: string; userId: number }): Promise<boolean> {
  const newestRemaining = tx
    .selectFrom('sessions')
    .select((query) => query.cast<string>('id', 'text').as('id'))
    .where('user_id', '=', session.userId)
    .where('sessions.id', '!=', session.id)
    .orderBy('created_at', 'desc')
    .orderBy('sessions.id', 'desc')
    .limit(1)
  // Every transaction locks the user's row first, so that none deadlock.
  await tx
    .updateTable('users')
    .set((query) => ({
      session_id: query
        .case()
        .when('session_id', '=', session.id)
        .then(newestRemaining)
        .else(query.ref('session_id'))
        .end(),
    }))
    .where('id', '=', session.userId)
    .execute()
  return (await endSessions(tx, { ids: [session.id], userId: session.userId })) > 0
}

/** Ends all sessions of a user. */
export async function deleteSessionsOf(tx: Tx, userId: number): Promise<void> {
  await tx.updateTable('users').set({ session_id: null }).where('id', '=', userId).execute()
  await endSessions(tx, { userId })
}

/** The part of a session that its user may see. */
export type SessionSummary = Omit<Session, 'userId' | 'secretHash'>

/** Lists the unexpired sessions of a user, most recently used first. */
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
    idleExpiresAt: dateOf(row.idle_expires_at),
    expiresAt: new Date(row.expires_at),
    amr: wordsOf(row.amr),
    aal: row.aal,
    ip: row.ip_address,
    userAgent: row.user_agent,
    transport: row.transport as Transport,
    persistent: row.persistent === 1,
  }))
}

/**
 * Ends all sessions of a user except one.
 *
 * @returns How many it ended.
 */
export async function deleteOtherSessions(tx: Tx, kept: { id: string; userId: number }): Promise<number> {
  // Lock the user's row first, as everywhere.
  await tx.updateTable('users').set({ session_id: kept.id }).where('id', '=', kept.userId).execute()
  return endSessions(tx, { userId: kept.userId, except: kept.id })
}

/** Ends a user's least recently used sessions until `keep` are left, the newest among them. */
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
  await endSessions(tx, { ids: surplus.map(({ id }) => id), userId: newest.userId })
}

/**
 * Ends all sessions of all users.
 *
 * @returns How many it ended.
 */
export async function deleteEverySession(tx: Tx): Promise<number> {
  await tx.updateTable('users').set({ session_id: null }).where('session_id', 'is not', null).execute()
  return endSessions(tx, 'all')
}

/**
 * Ends up to `limit` sessions, the oldest first.
 *
 * @returns How many it ended; fewer than `limit` if none is left.
 */
export async function deleteOldestSessions(tx: Tx, limit: number): Promise<number> {
  const oldest = await tx
    .selectFrom('sessions')
    .select(['id', 'user_id'])
    .orderBy('id')
    .limit(limit)
    .execute()
  if (oldest.length === 0) return 0
  const users = listed(tx, 'integer', [...new Set(oldest.map(({ user_id }) => user_id))])
  // Every transaction locks the rows of several users in the order of their ids, so that none deadlock.
  await locking(tx, tx.selectFrom('users').select('id').where('id', 'in', users).orderBy('id')).execute()
  await tx.updateTable('users').set({ session_id: null }).where('id', 'in', users).execute()
  return endSessions(tx, { ids: oldest.map(({ id }) => id) })
}

/** Counts the unexpired sessions of a user. */
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
  return count
}

/**
 * Removes expired sessions, up to `limit` of each kind of expiry.
 *
 * @returns How many were removed; 0 when none is left.
 */
export async function deleteExpiredSessions(tx: Tx, now: Date, limit: number): Promise<number> {
  const found = [
    ...(await findExpired(tx, 'expires_at', now, limit)),
    ...(await findExpired(tx, 'idle_expires_at', now, limit)),
  ]
  // Some have passed both limits. Sorted by user, so that concurrent clean-ups lock rows in the same order.
  const expired = [...new Map(found.map((session) => [session.id, session])).values()]
  for (const { id, user_id } of expired.sort((a, b) => a.user_id - b.user_id)) {
    await deleteSession(tx, { id, userId: user_id })
  }
  return expired.length
}

// One query per limit, because each has its own index.
function findExpired(tx: Tx, limitedBy: 'expires_at' | 'idle_expires_at', now: Date, limit: number) {
  return tx
    .selectFrom('sessions')
    .select(['id', 'user_id'])
    .where(limitedBy, '<=', now.getTime())
    .limit(limit)
    .execute()
}
