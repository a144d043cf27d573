import * as store from '../db/index.ts'
import { mintBearer, parseBearer } from '../lib/bearer.ts'
import { equalInConstantTime } from '../lib/digest.ts'
import { uuidV7 } from '../lib/random.ts'
import type { User } from '../user.ts'
import { type Client, type Context, inTransaction, secondsAfter, type TxContext } from './context.ts'

/** A session's use is written down at most this often, or a tenth of the idle limit where that is less. */
const LAST_SEEN_STEP_SECONDS = 60
const USER_AGENT_MAX_LENGTH = 256

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
export async function createSession(
  ctx: Context,
  email: string,
  client: Client = {},
): Promise<string | null> {
  const user = await store.findUserByEmail(ctx.db, email)
  return user && startSession(ctx, user, { ...client, methods: [], level: 0 })
}

/**
 * The end of every way in. The gates in front of it are in `login.ts`. `null` where the account was shut or
 * got another password since the user was read.
 */
export async function startSession(
  ctx: Context,
  user: User,
  { ip, userAgent, methods, level }: Client & Authentication,
): Promise<string | null> {
  const now = ctx.now()
  const { value, id, secretHash } = mintBearer(now)
  const added = await inTransaction(ctx, ({ db }) =>
    store.addSession(db, user, {
      id,
      userId: user.id,
      secretHash,
      createdAt: now,
      authenticatedAt: now,
      lastSeenAt: now,
      idleExpiresAt: idleExpiry(ctx, now),
      expiresAt: secondsAfter(now, ctx.options.sessionLifetimeSeconds),
      methods,
      level,
      ip: ip ?? null,
      userAgent: userAgent?.slice(0, USER_AGENT_MAX_LENGTH) ?? null,
    }),
  )
  return added ? value : null
}

/** The user of a live session. */
export async function getUserFromSessionId(
  ctx: Context,
  sessionId: string | null | undefined,
): Promise<User | null> {
  const found = await findLiveSession(ctx, sessionId)
  if (found === null) return null
  await noteUse(ctx, found.session)
  return found.user
}

/** Ends every session of a user. */
export async function destroySession(ctx: Context, userId: number): Promise<void> {
  await inTransaction(ctx, ({ db }) => store.deleteSessionsOf(db, userId))
}

/** Ends one session, from its own bearer. */
export async function endSession(ctx: Context, sessionId: string | null | undefined): Promise<boolean> {
  const found = await findLiveSession(ctx, sessionId)
  if (found === null) return false
  await inTransaction(ctx, ({ db }) => store.deleteSession(db, found.session))
  return true
}

/** Ends what was opened under the account's old state: every session and every outstanding token. */
export async function revokeSessionsAndTokens({ db }: TxContext, userId: number): Promise<void> {
  await store.deleteSessionsOf(db, userId)
  await store.deleteTokensOf(db, userId)
}

async function findLiveSession(ctx: Context, sessionId: string | null | undefined) {
  const bearer = typeof sessionId === 'string' ? parseBearer(sessionId) : null
  const found = bearer && (await store.findSession(ctx.db, bearer.id))
  if (!bearer || !found || !equalInConstantTime(found.session.secretHash, bearer.secretHash)) return null
  const { expiresAt, idleExpiresAt } = found.session
  const now = ctx.now()
  if (expiresAt <= now || (idleExpiresAt !== null && idleExpiresAt <= now)) return null
  // Disabling ends the sessions; this holds also where one slipped in beside it (CVE-2025-53942).
  return found.user.disabledAt === null ? found : null
}

/** Writes the use down. A check never fails, nor waits without need, because this cannot be written. */
async function noteUse(ctx: Context, session: store.SessionState): Promise<void> {
  const { sessionIdleSeconds } = ctx.options
  const now = ctx.now()
  const step =
    sessionIdleSeconds === 0
      ? LAST_SEEN_STEP_SECONDS
      : Math.min(LAST_SEEN_STEP_SECONDS, sessionIdleSeconds / 10)
  if (now < secondsAfter(session.lastSeenAt, step)) return
  const written = store.updateLastSeen(ctx.db, session.id, now, idleExpiry(ctx, now)).catch(() => {})
  // Where the idle limit hangs on it, the next request has to see it.
  if (sessionIdleSeconds !== 0) await written
}

function idleExpiry(ctx: Context, now: Date): Date | null {
  const { sessionIdleSeconds } = ctx.options
  return sessionIdleSeconds === 0 ? null : secondsAfter(now, sessionIdleSeconds)
}
