/** From the session token of a request to its live session. Nothing is cached: an ended session is refused at once. */
import * as store from '../../db/index.ts'
import { parseBearer } from '../../lib/bearer.ts'
import { equalInConstantTime } from '../../lib/digest.ts'
import { AuthError } from '../../model/errors.ts'
import type { User } from '../../model/user.ts'
import { assertCaller, asUser, type Caller } from '../caller.ts'
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

/** The live session of the caller, and records that it was used. @throws {AuthError} `unauthenticated`. */
export async function requireSession(ctx: Context, caller: Caller): Promise<ActingSession> {
  assertCaller(caller)
  const found = await useSession(ctx, caller.sessionToken)
  if (found === null) throw new AuthError('unauthenticated')
  return { ...found, acting: asUser(caller, found.user) }
}

/**
 * As {@link requireSession}, for a session whose user has authenticated recently.
 *
 * @throws {AuthError} `unauthenticated`; `reauthentication_required`: more than `options.reauthenticationSeconds` ago.
 */
export async function requireFreshSession(ctx: Context, caller: Caller): Promise<ActingSession> {
  const found = await requireSession(ctx, caller)
  const freshUntil = secondsAfter(found.session.authenticatedAt, ctx.options.reauthenticationSeconds)
  if (ctx.now() >= freshUntil) throw new AuthError('reauthentication_required')
  return found
}

/** The live session of a token, and records that it was used. */
export async function useSession(
  ctx: Context,
  sessionToken: string | null | undefined,
): Promise<LiveSession | null> {
  const found = await findLiveSession(ctx, sessionToken)
  if (found !== null && isUseDue(ctx, found.session)) await recordUse(ctx, found.session)
  return found
}

/** The live session of a token, or `null` if it is malformed, unknown, expired or ended, or the account is disabled. */
export async function findLiveSession(
  ctx: Context,
  sessionToken: string | null | undefined,
): Promise<LiveSession | null> {
  const bearer = typeof sessionToken === 'string' ? parseBearer(sessionToken) : null
  const found = bearer && (await store.findSession(ctx.db, bearer.id))
  if (!bearer || !found || !equalInConstantTime(found.session.secretHash, bearer.secretHash)) return null
  const { expiresAt, idleExpiresAt } = found.session
  const now = ctx.now()
  if (expiresAt <= now || (idleExpiresAt !== null && idleExpiresAt <= now)) return null
  // Disabling an account ends its sessions. This check also holds for one that started at the same moment (CVE-2025-53942).
  return mayHaveSessions(ctx, found.user) ? found : null
}

/** Whether the account is enabled, and its address confirmed where that is required. */
export function mayHaveSessions({ options }: Context, { disabledAt, emailVerifiedAt }: User): boolean {
  return disabledAt === null && (!options.emailVerification || emailVerifiedAt !== null)
}

/** Last use is recorded at most this often, or every tenth of the idle limit if that is less. */
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
  // With an idle limit the next request must see it.
  if (ctx.options.sessionIdleSeconds !== 0) await written
}
