import * as store from '../../db/index.ts'
import { isUuid } from '../../lib/random.ts'
import { AuthError } from '../../model/errors.ts'
import type { JsonObject } from '../../model/json.ts'
import { type Account, accountOf } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import { assertCaller, asUser, type SessionCaller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import {
  assertFresh,
  assertStrong,
  effectiveAal,
  findLiveSession,
  isFresh,
  type LiveSession,
  requireFreshSession,
  requireSession,
  useSession,
} from './guards.ts'

/** The signed-in user and the session. */
export interface CurrentSession<Metadata = JsonObject> {
  readonly user: Account<Metadata>
  readonly session: {
    /** The public id of the session. It grants no access. */
    readonly id: string
    readonly createdAt: Date
    /** When the user last authenticated. */
    readonly authenticatedAt: Date
    /** When the session ends, even if it is in use. */
    readonly expiresAt: Date
    /** How the user was authenticated: names of RFC 8176, such as `pwd`. Empty if the program vouched for the user. */
    readonly amr: readonly string[]
    /**
     * Authentication assurance level (NIST SP 800-63B): 2 with two factors, until `options.aal2LifetimeSeconds` or
     * `options.aal2IdleSeconds` are over, then 1. 0 if the program vouched for the user.
     */
    readonly aal: number
    /** Whether the user authenticated less than `options.reauthenticationSeconds` ago. Sensitive actions require it. */
    readonly fresh: boolean
  }
}

/**
 * Checks the session of the caller and records its use. Nothing is cached: every instance refuses an ended session from
 * the next call on.
 *
 * @returns The session with its user. `null` if the token is missing, malformed, unknown, expired or ended, or the
 *   account is disabled, must confirm its address, or must have a second factor that the session lacks.
 * @throws {TypeError} The caller is not an object.
 */
export async function current(ctx: Context, caller: SessionCaller): Promise<CurrentSession | null> {
  assertCaller(caller)
  const found = await useSession(ctx, caller)
  return found && currentSession(ctx, found)
}

function currentSession(ctx: Context, found: LiveSession): CurrentSession {
  const { id, createdAt, authenticatedAt, expiresAt, amr } = found.session
  const aal = effectiveAal(ctx, found.session)
  const fresh = isFresh(ctx, found.session)
  return {
    user: accountOf(found.user),
    session: { id, createdAt, authenticatedAt, expiresAt, amr, aal, fresh },
  }
}

/** What {@link verify} asks of a session. */
export interface SessionDemand {
  /** The user must have authenticated less than `options.reauthenticationSeconds` ago. */
  fresh?: boolean | undefined
  /** `strongest`: if the account has a second factor, the session must have it too. */
  aal?: 'strongest' | undefined
}

/**
 * Checks that the session of the caller may do something sensitive, before a page offers it. After a refusal, the user
 * can meet the demand with `signIn.reauthenticate`.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session; `second_factor_required` or
 *   `reauthentication_required`, with `accepts`.
 */
export async function verify(
  ctx: Context,
  demand: SessionDemand,
  caller: SessionCaller,
): Promise<CurrentSession> {
  const found = await requireSession(ctx, caller)
  if (demand.aal === 'strongest') await assertStrong(ctx, found)
  if (demand.fresh) await assertFresh(ctx, found)
  return currentSession(ctx, found)
}

/** A session as its user sees it. It contains nothing that grants access. */
export interface SessionInfo extends store.SessionSummary {
  /** Whether it is the session of the caller. */
  readonly current: boolean
}

/**
 * Lists the live sessions of the caller's account, most recently used first.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session.
 */
export async function list(ctx: Context, caller: SessionCaller): Promise<SessionInfo[]> {
  const { session, user } = await requireSession(ctx, caller)
  const sessions = await store.listSessionsOf(ctx.db, user.id, ctx.now())
  return sessions.map((summary) => ({ ...summary, current: summary.id === session.id }))
}

/** What {@link end} takes. */
export interface EndSessionRequest {
  /** The public id of the session to end, as {@link list} returns it. */
  id: string
}

/**
 * Ends one of the sessions of the caller's account, which may be the caller's own.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session; `reauthentication_required`: the user authenticated
 *   more than `options.reauthenticationSeconds` ago; `not_found`: the account has no such session.
 */
export async function end(ctx: Context, request: EndSessionRequest, caller: SessionCaller): Promise<void> {
  const { user, acting } = await requireFreshSession(ctx, caller)
  // Another user's session gets the same answer as an unknown one: do not reveal whether it exists.
  if (!isUuid(request.id)) throw new AuthError('not_found')
  await inTransaction(ctx, async (tx) => {
    if (!(await store.deleteSession(tx.db, { id: request.id, userId: user.id })))
      throw new AuthError('not_found')
    await record(tx, { action: 'end_session', userId: user.id }, acting)
  })
}

/**
 * Ends every session of the caller's account except the caller's own, and the sign-ins that wait for a second factor.
 *
 * @returns How many ended.
 * @throws {AuthError} `unauthenticated`: there is no live session; `reauthentication_required`: the user authenticated
 *   more than `options.reauthenticationSeconds` ago.
 */
export async function endOthers(ctx: Context, caller: SessionCaller): Promise<number> {
  const { session, user, acting } = await requireFreshSession(ctx, caller)
  return inTransaction(ctx, async (tx) => {
    await store.lockUser(tx.db, user.id)
    const ended = await store.deleteOtherSessions(tx.db, session)
    await store.deletePendingSignInsOf(tx.db, user.id)
    if (ended === 0) return ended
    await record(tx, { action: 'end_other_sessions', userId: user.id, details: { ended } }, acting)
    return ended
  })
}

/**
 * Ends the session of the caller.
 *
 * @returns `false` if there was no live session.
 * @throws {TypeError} The caller is not an object.
 */
export async function signOut(ctx: Context, caller: SessionCaller): Promise<boolean> {
  assertCaller(caller)
  const found = await findLiveSession(ctx, caller)
  if (found === null) return false
  return inTransaction(ctx, async (tx) => {
    // A parallel request may have ended it, or replaced it with a session that this caller does not know.
    if (!(await store.deleteSession(tx.db, found.session))) return false
    await record(tx, { action: 'logout', userId: found.user.id }, asUser(caller, found.user))
    return true
  })
}
