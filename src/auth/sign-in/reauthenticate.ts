import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import { accountOf } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { SessionCaller } from '../caller.ts'
import type { Context } from '../context.ts'
import { assertPassword } from '../passwords/password.ts'
import { requireSession } from '../sessions/guards.ts'
import { type RenewedSession, startSession } from '../sessions/start.ts'
import { withRightPassword } from './password-check.ts'

/** What {@link reauthenticate} takes. */
export interface ReauthenticateRequest {
  password: string
}

/**
 * Verifies the password of a signed-in user again and replaces the session, which then counts as fresh. The old session
 * token stops working. Counts as a sign-in attempt of the account.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session; `invalid_credentials`: the password is wrong, and
 *   the session stays; `too_many_attempts` with `retryAfterSeconds`; `missing_field`, `invalid_field` or
 *   `password_too_long` with `field`.
 */
export async function reauthenticate(
  ctx: Context,
  request: ReauthenticateRequest,
  caller: SessionCaller,
): Promise<RenewedSession> {
  const { user, session, acting } = await requireSession(ctx, caller)
  assertPassword(request.password, 'password')
  const typed = { password: request.password, action: 'reauthenticate' } as const
  const renewed = await withRightPassword(ctx, user, typed, acting, async () => async (tx) => {
    // The old session first: otherwise, at the maximum number of sessions, another one would end. If it is gone, a sign-out
    // or another re-authentication came first, and there is nothing to renew.
    if (!(await store.deleteSession(tx.db, session))) throw new AuthError('unauthenticated')
    const { transport, persistent } = session
    const started = await startSession(tx, user, { amr: ['pwd'], aal: 1, transport, persistent }, acting)
    if (started === null) throw new AuthError('unauthenticated')
    await record(tx, { action: 'reauthenticate', userId: user.id }, acting)
    return started
  })
  return { user: accountOf(user), ...renewed }
}
