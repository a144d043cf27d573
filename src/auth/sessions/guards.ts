/** Finds the live session of a session token. Nothing is cached, so that an ended session is refused at once. */
import * as store from '../../db/index.ts'
import { parseBearer } from '../../lib/bearer.ts'
import { equalInConstantTime } from '../../lib/digest.ts'
import { AuthError } from '../../model/errors.ts'
import type { User } from '../../model/user.ts'
import { assertCaller, asUser, type Caller, type Presented } from '../caller.ts'
import { type Context, secondsAfter } from '../context.ts'
import { idleExpiry } from './start.ts'

/** A live session with its user. */
export interface LiveSession {
  readonly session: store.SessionState
  readonly user: User
}

/** A live session, and the caller acting as its user. */
interface ActingSession extends LiveSession {
  readonly acting: Caller
}

/** Finds the live session of the caller and records its use. @throws {AuthError} `unauthenticated`: there is none. */
export async function requireSession(ctx: Context, caller: Caller): Promise<ActingSession> {
  assertCaller(caller)
  const found = await useSession(ctx, caller)
  if (found === null) throw new AuthError('unauthenticated')
  return { ...found, acting: asUser(caller, found.user) }
}

/**
 * Like {@link requireSession}, but requires that the user has authenticated recently.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session; `reauthentication_required`: the user authenticated
 *   more than `options.reauthenticationSeconds` ago.
 */
export async function requireFreshSession(ctx: Context, caller: Caller): Promise<ActingSession> {
  const found = await requireSession(ctx, caller)
  if (!isFresh(ctx, found.session)) throw new AuthError('reauthentication_required')
  return found
}

/** Finds a live session like {@link findLiveSession}, and records its use. */
export async function useSession(ctx: Context, presented: Presented): Promise<LiveSession | null> {
  const found = await findLiveSession(ctx, presented)
  if (found !== null && isUseDue(ctx, found.session)) await recordUse(ctx, found.session)
  return found
}

/**
 * The live session of a token, or `null` if the token is malformed, unknown, expired or ended, or has another transport,
 * or if the account is disabled.
 */
export async function findLiveSession(
  ctx: Context,
  { sessionToken, transport }: Presented,
): Promise<LiveSession | null> {
  const bearer = typeof sessionToken === 'string' ? parseBearer(sessionToken) : null
  const found = bearer && (await store.findSession(ctx.db, bearer.id))
  if (!bearer || !found || !equalInConstantTime(found.session.secretHash, bearer.secretHash)) return null
  const { expiresAt, idleExpiresAt } = found.session
  if (transport !== undefined && transport !== found.session.transport) return null
  const now = ctx.now()
  if (expiresAt <= now || (idleExpiresAt !== null && idleExpiresAt <= now)) return null
  // Disabling an account ends its sessions. Check again, for a session that started concurrently (CVE-2025-53942).
  return mayHaveSessions(ctx, found.user) ? found : null
}

/** Whether the account is enabled, and its address is confirmed if that is required. */
export function mayHaveSessions({ options }: Context, { disabledAt, emailVerifiedAt }: User): boolean {
  return disabledAt === null && (!options.emailVerification || emailVerifiedAt !== null)
}

/** Record last use at most this often, or every tenth of the idle limit if that is shorter. */
export const LAST_SEEN_STEP_SECONDS = 60

function isUseDue(ctx: Context, { lastSeenAt }: store.SessionState): boolean {
  const { sessionIdleSeconds } = ctx.options
  const step =
    sessionIdleSeconds === 0
      ? LAST_SEEN_STEP_SECONDS
      : Math.min(LAST_SEEN_STEP_SECONDS, sessionIdleSeconds / 10)
  return ctx.now() >= secondsAfter(lastSeenAt, step)
}

/** Records last use, best effort. Never fails a session check. */
async function recordUse(ctx: Context, { id }: store.SessionState): Promise<void> {
  const now = ctx.now()
  const written = store.updateLastSeen(ctx.db, id, now, idleExpiry(ctx, now)).catch(() => {})
  // With an idle limit, the next request must see the new expiry.
  if (ctx.options.sessionIdleSeconds !== 0) await written
}

/** Whether the user authenticated so recently that a sensitive action is allowed. */
export function isFresh(
  ctx: Context,
  { authenticatedAt }: Pick<store.SessionState, 'authenticatedAt'>,
): boolean {
  return ctx.now() < secondsAfter(authenticatedAt, ctx.options.reauthenticationSeconds)
}
