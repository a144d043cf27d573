import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import type { Caller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { firstStop } from './gates.ts'
import { type AwaitedSignIn, findLive, requirePending } from './pending.ts'

/** What a pending sign-in waits for. */
export interface PendingSignIn extends Pick<AwaitedSignIn, 'next' | 'methods' | 'expiresAt'> {
  /** The public id of the sign-in. It grants no access. */
  readonly id: string
  /** The address of the account that signs in. */
  readonly email: string
  /** Where the pages go afterwards. */
  readonly returnTo: string | null
}

/**
 * What the sign-in of the caller waits for.
 *
 * @throws {AuthError} `pending_login_required`: no sign-in waits for this caller.
 */
export async function pending(ctx: Context, caller: Caller): Promise<PendingSignIn> {
  const live = await requirePending(ctx, caller)
  const { id, method, amr, expiresAt, returnTo } = live.pending
  const stop = await firstStop(ctx, { user: live.user, method, amr })
  // If the policy has changed since, the sign-in must begin again.
  if (stop === null || 'refusal' in stop || stop.next !== live.pending.next)
    throw new AuthError('pending_login_required')
  return { id, next: stop.next, methods: stop.methods, email: live.user.email, expiresAt, returnTo }
}

/**
 * Cancels the sign-in of the caller. Its owner still gets the notice that it was not finished.
 *
 * @returns `false` if none waits.
 */
export async function cancel(ctx: Context, caller: Caller): Promise<boolean> {
  const found = await findLive(ctx, caller)
  if (found === null) return false
  return inTransaction(ctx, (tx) => store.takePendingSignIn(tx.db, found.pending.id))
}
