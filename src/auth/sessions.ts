import * as store from '../db/index.ts'
import { mintBearer, parseBearer } from '../lib/bearer.ts'
import { equalInConstantTime } from '../lib/digest.ts'
import { uuidV7 } from '../lib/random.ts'
import type { User } from '../user.ts'
import { type Client, type Context, secondsAfter } from './context.ts'

/** A session's use is written down at most this often, or a tenth of the idle limit where that is less. */
const LAST_SEEN_STEP_SECONDS = 60
const USER_AGENT_MAX_LENGTH = 256

/** A new UUID in lower case, version 7: time-ordered (RFC 9562 §5.7). It names things and opens nothing. */
export function generateUuid(): string {
  return uuidV7(new Date())
}

/**
 * Starts a session for the user with this address, beside those there are. The caller has made sure that
 * it is them; `logIn` does both in one.
 *
 * @returns What the user's client carries, opaque to it: 80 characters, `<uuid>.<secret>`. Only the
 *   secret's SHA-256 is stored. `null` where no account has the address, or it is disabled.
 */
export async function createSession(
  ctx: Context,
  email: string,
  client: Client = {},
): Promise<string | null> {
  const user = await store.findUserByEmail(ctx.db, email)
  return user && startSession(ctx, user, client)
}

/**
 * The end of every way in. The gates in front of it are in `login.ts`. `null` where the account was shut or
 * got another password since the user was read.
 */
export async function startSession(ctx: Context, user: User, client: Client): Promise<string | null> {
  const now = ctx.now()
  const { value, id, secretHash } = mintBearer(now)
  const added = await ctx.db.transaction().execute((tx) =>
    store.addSession(tx, user, {
      id,
      userId: user.id,
      secretHash,
      createdAt: now,
      authenticatedAt: now,
      lastSeenAt: now,
      idleExpiresAt: idleExpiry(ctx, now),
      expiresAt: secondsAfter(now, ctx.options.sessionLifetimeSeconds),
      methods: ['pwd'],
      level: 1,
      address: client.address ?? null,
      userAgent: client.userAgent?.slice(0, USER_AGENT_MAX_LENGTH) ?? null,
    }),
  )
  return added ? value : null
}

/**
 * The user of a session, or `null` where the session is malformed, unknown, expired or ended, or the
 * account is disabled. Nothing is cached: an ended session is refused from the next call on, everywhere.
 *
 * @param sessionId - What `createSession` gave, exactly.
 */
export async function getUserFromSessionId(
  ctx: Context,
  sessionId: string | null | undefined,
): Promise<User | null> {
  const found = await findLiveSession(ctx, sessionId)
  if (found === null) return null
  await noteUse(ctx, found.session)
  return found.user
}

/**
 * Ends every session of a user. (The classic exercise knows one for each user; {@link endSession} ends
 * just one.)
 */
export async function destroySession(ctx: Context, userId: number): Promise<void> {
  await ctx.db.transaction().execute((tx) => store.deleteSessionsOf(tx, userId))
}

/**
 * Ends one session, from its own bearer.
 *
 * @returns `false` where there was no live session to end.
 */
export async function endSession(ctx: Context, sessionId: string | null | undefined): Promise<boolean> {
  const found = await findLiveSession(ctx, sessionId)
  if (found === null) return false
  await ctx.db.transaction().execute((tx) => store.deleteSession(tx, found.session))
  return true
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

async function noteUse(ctx: Context, session: store.SessionState): Promise<void> {
  const { sessionIdleSeconds } = ctx.options
  const step =
    sessionIdleSeconds === 0
      ? LAST_SEEN_STEP_SECONDS
      : Math.min(LAST_SEEN_STEP_SECONDS, sessionIdleSeconds / 10)
  const now = ctx.now()
  if (now < secondsAfter(session.lastSeenAt, step)) return
  await store.updateLastSeen(ctx.db, session.id, now, idleExpiry(ctx, now))
}

function idleExpiry(ctx: Context, now: Date): Date | null {
  const { sessionIdleSeconds } = ctx.options
  return sessionIdleSeconds === 0 ? null : secondsAfter(now, sessionIdleSeconds)
}
