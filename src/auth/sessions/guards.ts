/** Finds the live session of a session token. Nothing is cached, so that an ended session is refused at once. */
import * as store from '../../db/index.ts'
import { parseBearer } from '../../lib/bearer.ts'
import { equalInConstantTime } from '../../lib/digest.ts'
import { AuthError } from '../../model/errors.ts'
import type { Factor, StepUpMethod } from '../../model/factors.ts'
import { NO_PASSWORD, type User } from '../../model/user.ts'
import { assertCaller, asUser, type Caller, type Presented } from '../caller.ts'
import { type Context, secondsAfter, type TxContext } from '../context.ts'
import { factorsOf, isResistantEnough, mustHaveSecondFactor, policyFor } from '../factors/state.ts'
import { providersToReauthenticate } from '../providers/reauthentication.ts'
import { idleExpiry } from './start.ts'

/** A live session with its user. */
export interface LiveSession {
  readonly session: store.SessionState
  readonly user: User
}

/** A live session, and the caller acting as its user. */
export interface ActingSession extends LiveSession {
  readonly acting: Caller
}

/**
 * Finds the live session of the caller and records its use.
 *
 * @throws {AuthError} `unauthenticated`: there is none; `second_factor_required` with `accepts`: the account must have a second
 *   factor, and the session was not started with one, or that was too long ago.
 */
export async function requireSession(ctx: Context, caller: Caller): Promise<ActingSession> {
  const found = await requireAnySession(ctx, caller)
  if (!isHeldBack(ctx, found)) return found
  const { usable } = await factorsOf(ctx, found.user.id)
  throw new AuthError('second_factor_required', { accepts: stepUpMethods(ctx, found.user, usable) })
}

/**
 * Like {@link requireSession}, but also accepts a session without a required second factor. Only for use cases that
 * prove that factor, or end the session.
 *
 * @throws {AuthError} `unauthenticated`.
 */
export async function requireAnySession(ctx: Context, caller: Caller): Promise<ActingSession> {
  assertCaller(caller)
  const found = await useAnySession(ctx, caller)
  if (found === null) throw new AuthError('unauthenticated')
  return { ...found, acting: asUser(caller, found.user) }
}

/**
 * Like {@link requireSession}, but requires that the user has authenticated recently.
 *
 * @throws {AuthError} What {@link requireSession} throws; `reauthentication_required` with `accepts`: the user
 *   authenticated more than `options.reauthenticationSeconds` ago.
 */
export async function requireFreshSession(ctx: Context, caller: Caller): Promise<ActingSession> {
  const found = await requireSession(ctx, caller)
  await assertFresh(ctx, found)
  return found
}

/**
 * Like {@link requireFreshSession}, but if the account has a second factor, the session must have it too. For use cases
 * with which a thief could take over the account: its address, factors, deletion and export.
 *
 * @throws {AuthError} What {@link requireFreshSession} throws; `second_factor_required` with `accepts`.
 */
export async function requireStrongSession(ctx: Context, caller: Caller): Promise<ActingSession> {
  const found = await requireSession(ctx, caller)
  await assertStrong(ctx, found)
  await assertFresh(ctx, found)
  return found
}

/**
 * Locks the user of a session, and checks again that it has not ended. Otherwise a change by a thief that has begun would still be
 * made after the owner has ended their sessions.
 *
 * @throws {AuthError} `unauthenticated`.
 */
export async function lockUserOf(
  { db }: TxContext,
  { id, userId }: Pick<store.SessionState, 'id' | 'userId'>,
): Promise<User> {
  const user = await store.lockUser(db, userId)
  if (user === null || !(await store.hasSession(db, id))) throw new AuthError('unauthenticated')
  return user
}

/** @throws {AuthError} `reauthentication_required` with `accepts`. */
export async function assertFresh(ctx: Context, { session, user }: LiveSession): Promise<void> {
  if (isFresh(ctx, session)) return
  const { usable } = await factorsOf(ctx, user.id)
  const providers = await providersToReauthenticate(ctx, user.id)
  const accepts: StepUpMethod[] = [
    ...stepUpMethods(ctx, user, usable),
    ...(user.hashedPassword === NO_PASSWORD ? [] : (['password'] as const)),
    ...(providers.length === 0 ? [] : (['provider'] as const)),
  ]
  throw new AuthError('reauthentication_required', { accepts })
}

/** @throws {AuthError} `second_factor_required` with `accepts`: the account has a second factor, and the session lacks it. */
export async function assertStrong(ctx: Context, { session, user }: LiveSession): Promise<void> {
  if (policyFor(ctx, user) === 'off' || effectiveAal(ctx, session) === 2) return
  const { hasAny, usable } = await factorsOf(ctx, user.id)
  if (hasAny) throw new AuthError('second_factor_required', { accepts: stepUpMethods(ctx, user, usable) })
}

/** Recovery codes only sign in. Under the policy `passkey`, an authenticator app is not enough. */
function stepUpMethods(ctx: Context, user: User, usable: readonly Factor[]): StepUpMethod[] {
  const methods = usable.filter((factor) => factor !== 'recovery_code')
  return policyFor(ctx, user) === 'passkey' ? methods.filter((factor) => factor !== 'totp') : methods
}

/**
 * The assurance level that a session has now. Level 2 ends some time after the user proved two factors, or last used
 * the session (NIST SP 800-63B-4 §2.2.3). The session itself lasts longer.
 */
export function effectiveAal(
  { options, now }: Context,
  { aal, createdAt, lastSeenAt }: Pick<store.SessionState, 'aal' | 'createdAt' | 'lastSeenAt'>,
): number {
  if (aal < 2) return aal
  const isCurrent =
    now() < secondsAfter(createdAt, options.aal2LifetimeSeconds) &&
    now() < secondsAfter(lastSeenAt, options.aal2IdleSeconds)
  return isCurrent ? 2 : 1
}

/**
 * Whether a session can only be used to prove a second factor, because the policy requires one that the session lacks.
 * A session that a program vouched for is never held back.
 */
function isHeldBack(ctx: Context, { session, user }: LiveSession): boolean {
  if (session.aal === 0 || !mustHaveSecondFactor(ctx, user)) return false
  return effectiveAal(ctx, session) < 2 || !isResistantEnough(ctx, user, session.amr)
}

/** Finds a live session like {@link findLiveSession}, and records its use. `null` also if it lacks a required second factor. */
export async function useSession(ctx: Context, presented: Presented): Promise<LiveSession | null> {
  const found = await useAnySession(ctx, presented)
  return found !== null && isHeldBack(ctx, found) ? null : found
}

async function useAnySession(ctx: Context, presented: Presented): Promise<LiveSession | null> {
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

/** Last use is recorded at most this often, or every tenth of the idle limit if that is shorter. */
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
async function recordUse(ctx: Context, session: store.SessionState): Promise<void> {
  const now = ctx.now()
  // Store an expired level 2 as level 1, or the new time would bring it back.
  const aal = effectiveAal(ctx, session)
  const use = { at: now, idleExpiresAt: idleExpiry(ctx, now), ...(aal !== session.aal && { aal }) }
  const written = store.updateLastSeen(ctx.db, session.id, use).catch(() => {})
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
