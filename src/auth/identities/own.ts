import * as store from '../../db/index.ts'
import { isUuid } from '../../lib/random.ts'
import { AuthError } from '../../model/errors.ts'
import { record } from '../audit/record.ts'
import type { SessionCaller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { type StartedFlow, startFlow } from '../providers/flows.ts'
import { lockUserOf, requireSession, requireStrongSession } from '../sessions/guards.ts'
import { revokeOthers } from '../sessions/revoke.ts'
import { hasWayIn } from '../users/state.ts'
import { type IdentityInfo, identityInfosOf } from './info.ts'

/**
 * Lists the identities of the caller, the oldest first.
 *
 * @throws {AuthError} `unauthenticated`; `second_factor_required` with `accepts`.
 */
export async function list(ctx: Context, caller: SessionCaller): Promise<IdentityInfo[]> {
  const { user } = await requireSession(ctx, caller)
  return identityInfosOf(ctx, user.id)
}

/** What {@link link} takes. */
export interface LinkRequest {
  /** The id of the provider. */
  provider: string
  /** Where the browser goes afterwards. `providers.completeSignIn` returns it. It is not checked here. */
  returnTo?: string | null | undefined
}

/**
 * Begins to connect an identity at a provider to the caller's account. `providers.completeSignIn` completes it, with
 * the same session.
 *
 * @throws {AuthError} What `requireStrongSession` throws: `unauthenticated`, `reauthentication_required` or
 *   `second_factor_required`, with `accepts`; `not_found`: there is no such provider; `too_many_attempts` with
 *   `retryAfterSeconds`; `provider_failed`: it does not answer.
 * @throws {OptionError} `baseUrl` is not set.
 */
export async function link(
  ctx: Context,
  { provider, returnTo = null }: LinkRequest,
  caller: SessionCaller,
): Promise<StartedFlow> {
  const { session } = await requireStrongSession(ctx, caller)
  const order = { provider, purpose: 'link', session, persistent: session.persistent, returnTo } as const
  return startFlow(ctx, order, caller)
}

/** What {@link unlink} takes. */
export interface UnlinkRequest {
  /** The id of an identity of the caller. */
  id: string
}

/**
 * Disconnects an identity of the caller, which can then no longer sign in. The caller's other sessions end, because
 * they may have begun with it. The owner gets a notice.
 *
 * @throws {AuthError} What `requireStrongSession` throws; `not_found`; `last_way_in`: the account has no password, and
 *   nothing else that signs in: neither a passkey nor another identity at an enabled provider.
 */
export async function unlink(ctx: Context, { id }: UnlinkRequest, caller: SessionCaller): Promise<void> {
  const { user, session, acting } = await requireStrongSession(ctx, caller)
  const provider = isUuid(id) ? await providerOf(ctx, user.id, id) : null
  if (provider === null) throw new AuthError('not_found')
  await inTransaction(ctx, async (tx) => {
    const locked = await lockUserOf(tx, session)
    if ((await store.deleteIdentity(tx.db, { id, userId: user.id })) === null)
      throw new AuthError('not_found')
    // Checked after the deletion, so that two requests cannot each count the other's way in. A refusal undoes it.
    if (!(await hasWayIn(tx, locked))) throw new AuthError('last_way_in')
    const event = { action: 'unlink_identity', userId: user.id, details: { provider: provider.id } } as const
    await record(tx, event, acting)
    await enqueueMail(tx, user, 'identity_disconnected', acting, { details: { name: provider.name } })
    await revokeOthers(tx, user.id, session)
  })
}

/** The provider of an identity of a user, or `null` if the user has no such identity. */
async function providerOf(
  ctx: Context,
  userId: number,
  identityId: string,
): Promise<{ readonly id: string; readonly name: string } | null> {
  const found = (await store.listIdentities(ctx.db, userId)).find(({ id }) => id === identityId)
  if (found === undefined) return null
  const provider = await store.findProvider(ctx.db, found.providerId)
  return { id: found.providerId, name: provider?.name ?? found.providerId }
}
