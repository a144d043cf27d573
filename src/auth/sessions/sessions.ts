import * as store from '../../db/index.ts'
import { AuthError } from '../../errors.ts'
import { mintBearer, parseBearer } from '../../lib/bearer.ts'
import { equalInConstantTime } from '../../lib/digest.ts'
import { uuidV7 } from '../../lib/random.ts'
import type { User } from '../../user.ts'
import { record, textOf } from '../audit/record.ts'
import { asOperator, asUser, type Caller } from '../caller.ts'
import { type Context, inTransaction, secondsAfter, type TxContext } from '../context.ts'
import { cancelLinks } from '../delivery/outbox.ts'

/** A session's use is written down at most this often, or a tenth of the idle limit where that is less. */
const LAST_SEEN_STEP_SECONDS = 60

/** How the user of a new session has proven who they are. */
interface Authentication {
  /** RFC 8176 names, such as `pwd`. */
  readonly methods: readonly string[]
  /** Authentication assurance level (NIST SP 800-63B); 0 where nothing was proven to us. */
  readonly level: number
}

/** A new UUID in lower case, version 7: time-ordered (RFC 9562 §5.7). It names things and opens nothing. */
export function generateUuid(): string {
  return uuidV7(new Date())
}

/** Starts a session for whom the caller vouches. */
export async function createSession(ctx: Context, email: string, caller: Caller): Promise<string | null> {
  const user = await store.findUserByEmail(ctx.db, email)
  if (user === null || !isOpen(ctx, user)) return null
  return inTransaction(ctx, async (tx) => {
    const sessionId = await startSession(tx, user, { methods: [], level: 0 }, caller)
    if (sessionId !== null)
      await record(tx, { action: 'login', reason: 'vouched', userId: user.id }, asOperator(caller))
    return sessionId
  })
}

/**
 * The end of every way in. The gates in front of it are in `login.ts`. `null` where the account was shut or
 * got another password since the user was read. Where there are as many as a user may have, the one that was
 * used the longest ago ends.
 */
export async function startSession(
  tx: TxContext,
  user: User,
  { methods, level }: Authentication,
  { ip, userAgent }: Caller,
): Promise<string | null> {
  const now = tx.now()
  const { value, id, secretHash } = mintBearer(now)
  const added = await store.addSession(tx.db, user, {
    id,
    userId: user.id,
    secretHash,
    createdAt: now,
    authenticatedAt: now,
    lastSeenAt: now,
    idleExpiresAt: idleExpiry(tx, now),
    expiresAt: secondsAfter(now, tx.options.sessionLifetimeSeconds),
    methods,
    level,
    ip: ip ?? null,
    userAgent: textOf(userAgent),
  })
  if (!added) return null
  await store.trimSessions(tx.db, { id, userId: user.id }, tx.options.sessionsPerUser)
  return value
}

/** The user of a live session. */
export async function getUserFromSessionId(
  ctx: Context,
  sessionId: string | null | undefined,
): Promise<User | null> {
  const found = await findLiveSession(ctx, sessionId)
  if (found === null) return null
  if (isUseToBeNoted(ctx, found.session)) await noteUse(ctx, found.session)
  return found.user
}

/** A live session with its user. */
interface LiveSession {
  readonly session: store.SessionState
  readonly user: User
}

/** The same, with the caller as that user. */
interface ActingSession extends LiveSession {
  readonly acting: Caller
}

/** The live session of the caller. @throws {AuthError} `unauthenticated`. */
export async function requireSession(ctx: Context, caller: Caller): Promise<ActingSession> {
  const found = await findLiveSession(ctx, caller.sessionToken)
  if (found === null) throw new AuthError('unauthenticated')
  if (isUseToBeNoted(ctx, found.session)) await noteUse(ctx, found.session)
  return { ...found, acting: asUser(caller, found.user) }
}

/** The same, where the user has proven who they are minutes ago. @throws {AuthError} `reauthentication_required`. */
export async function requireFreshSession(ctx: Context, caller: Caller): Promise<ActingSession> {
  const found = await requireSession(ctx, caller)
  const freshUntil = secondsAfter(found.session.authenticatedAt, ctx.options.reauthenticationSeconds)
  if (ctx.now() >= freshUntil) throw new AuthError('reauthentication_required')
  return found
}

/** Ends every session of a user. */
export function destroySession(ctx: Context, userId: number, caller: Caller): Promise<void> {
  return inTransaction(ctx, async (tx) => {
    await store.deleteSessionsOf(tx.db, userId)
    await record(tx, { action: 'end_all_sessions', userId }, asOperator(caller))
  })
}

/** Ends the session of the caller. */
export async function endSession(ctx: Context, caller: Caller): Promise<boolean> {
  const found = await findLiveSession(ctx, caller.sessionToken)
  if (found === null) return false
  await inTransaction(ctx, async (tx) => {
    await store.deleteSession(tx.db, found.session)
    await record(tx, { action: 'logout', userId: found.user.id }, asUser(caller, found.user))
  })
  return true
}

/** A session as its user sees it: nothing in it opens anything. */
export interface SessionInfo extends store.SessionSummary {
  /** Whether it is the one that asks. */
  readonly current: boolean
}

/** The live sessions of the caller, the one used last first. */
export async function listOwnSessions(ctx: Context, caller: Caller): Promise<SessionInfo[]> {
  const { session, user } = await requireSession(ctx, caller)
  const sessions = await store.listSessionsOf(ctx.db, user.id, ctx.now())
  return sessions.map((summary) => ({ ...summary, current: summary.id === session.id }))
}

/** What `endOwnSession` takes. */
export interface EndOwnSessionRequest {
  /** Of the session to end, as `listOwnSessions` has it. */
  id: string
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Ends a session of the caller. */
export async function endOwnSession(
  ctx: Context,
  { id }: EndOwnSessionRequest,
  caller: Caller,
): Promise<void> {
  const { user, acting } = await requireFreshSession(ctx, caller)
  const ended = { id, userId: user.id }
  await inTransaction(ctx, async (tx) => {
    // Do not reveal whether another user's session exists.
    if (!UUID.test(ended.id) || !(await store.hasSession(tx.db, ended))) throw new AuthError('not_found')
    await store.deleteSession(tx.db, ended)
    await record(tx, { action: 'end_session', userId: user.id }, acting)
  })
}

/** Ends every session of a user but the one that asks. */
export async function endOtherSessions(ctx: Context, caller: Caller): Promise<number> {
  const { session, user, acting } = await requireFreshSession(ctx, caller)
  return inTransaction(ctx, async (tx) => {
    const ended = await store.deleteOtherSessions(tx.db, session)
    if (ended === 0) return ended
    await record(tx, { action: 'end_other_sessions', userId: user.id, details: { ended } }, acting)
    return ended
  })
}

/** Ends every session of everybody. */
export async function endEverySession(ctx: Context, caller: Caller): Promise<number> {
  return inTransaction(ctx, async (tx) => {
    const ended = await store.deleteEverySession(tx.db)
    const event = { action: 'end_all_sessions', userId: null, details: { ended } } as const
    await record(tx, event, asOperator(caller))
    return ended
  })
}

/** Ends what was opened under the account's old state: every session, every token, and every link on its way. */
export async function revokeSessionsAndTokens(tx: TxContext, userId: number): Promise<void> {
  await store.deleteSessionsOf(tx.db, userId)
  await revokeTokens(tx, userId)
}

/** Voids every token of an account, and every link on its way. */
export async function revokeTokens(tx: TxContext, userId: number): Promise<void> {
  await store.deleteTokensOf(tx.db, userId)
  await cancelLinks(tx, userId)
}

async function findLiveSession(
  ctx: Context,
  sessionId: string | null | undefined,
): Promise<LiveSession | null> {
  const bearer = typeof sessionId === 'string' ? parseBearer(sessionId) : null
  const found = bearer && (await store.findSession(ctx.db, bearer.id))
  if (!bearer || !found || !equalInConstantTime(found.session.secretHash, bearer.secretHash)) return null
  const { expiresAt, idleExpiresAt } = found.session
  const now = ctx.now()
  if (expiresAt <= now || (idleExpiresAt !== null && idleExpiresAt <= now)) return null
  // Disabling ends the sessions; this holds also where one slipped in beside it (CVE-2025-53942).
  return isOpen(ctx, found.user) ? found : null
}

/** Whether an account may have sessions at all: where addresses are confirmed, also if it is older than that. */
function isOpen({ options }: Context, { disabledAt, emailVerifiedAt }: User): boolean {
  return disabledAt === null && (!options.emailVerification || emailVerifiedAt !== null)
}

/** Whether the use that is on record is old enough to write down the new one. */
function isUseToBeNoted(ctx: Context, { lastSeenAt }: store.SessionState): boolean {
  const { sessionIdleSeconds } = ctx.options
  const step =
    sessionIdleSeconds === 0
      ? LAST_SEEN_STEP_SECONDS
      : Math.min(LAST_SEEN_STEP_SECONDS, sessionIdleSeconds / 10)
  return ctx.now() >= secondsAfter(lastSeenAt, step)
}

/** Writes the use down. A check never fails, nor waits without need, because this cannot be written. */
async function noteUse(ctx: Context, { id }: store.SessionState): Promise<void> {
  const now = ctx.now()
  const written = store.updateLastSeen(ctx.db, id, now, idleExpiry(ctx, now)).catch(() => {})
  // Where the idle limit hangs on it, the next request has to see it.
  if (ctx.options.sessionIdleSeconds !== 0) await written
}

function idleExpiry(ctx: Context, now: Date): Date | null {
  const { sessionIdleSeconds } = ctx.options
  return sessionIdleSeconds === 0 ? null : secondsAfter(now, sessionIdleSeconds)
}
