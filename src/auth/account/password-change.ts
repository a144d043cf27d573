import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import { accountOf } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { Caller, SessionCaller } from '../caller.ts'
import type { Context, TxContext } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { strengthened } from '../factors/proven.ts'
import { assertNewPassword, assertPassword } from '../passwords/password.ts'
import { assertStrong, type LiveSession, requireSession } from '../sessions/guards.ts'
import { revokeSessionsAndTokens } from '../sessions/revoke.ts'
import { type RenewedSession, startSession } from '../sessions/start.ts'
import { withRightPassword } from '../sign-in/password-check.ts'

/** What {@link changePassword} takes. */
export interface ChangePasswordRequest {
  currentPassword: string
  /** `options.minPasswordLength` code points or more, and at most 1,024 bytes of UTF-8. */
  newPassword: string
}

/**
 * Changes the password of the caller, who must enter the current one. Every session and token of the account ends, and
 * a new session replaces the caller's. Its address gets a notice. Counts as a sign-in attempt of the account.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session; `second_factor_required` with `accepts`: the account has a
 *   second factor, and the session lacks it; `invalid_credentials`: the current password is
 *   wrong; `password_too_short` with `minLength`, `password_too_long` with `maxBytes`, `password_too_common`,
 *   `password_guessable` or `password_breached`, each with `field`; `too_many_attempts` with `retryAfterSeconds`;
 *   `missing_field` or `invalid_field` with `field`.
 */
export async function changePassword(
  ctx: Context,
  request: ChangePasswordRequest,
  caller: SessionCaller,
): Promise<RenewedSession> {
  const live = await requireSession(ctx, caller)
  const { user, session, acting } = live
  await assertStrong(ctx, live)
  assertPassword(request.currentPassword, 'currentPassword')
  assertPassword(request.newPassword, 'newPassword')
  const typed = { password: request.currentPassword, action: 'change_password' } as const
  return withRightPassword(ctx, user, typed, acting, async () => {
    await assertNewPassword(ctx, request.newPassword, { field: 'newPassword', email: user.email })
    const hashedPassword = await ctx.hasher.hash(request.newPassword)
    return (tx) => replacePassword(tx, { user, session }, hashedPassword, acting)
  })
}

async function replacePassword(
  tx: TxContext,
  { user, session }: LiveSession,
  hashedPassword: string,
  acting: Caller,
): Promise<RenewedSession> {
  const locked = await store.lockUser(tx.db, user.id)
  // A concurrent change came first, so the verified password is no longer that of the account.
  if (locked?.passwordVersion !== user.passwordVersion || locked.passwordCompromisedAt !== null)
    throw new AuthError('invalid_credentials')
  // A sign-out came first: it must not be undone by a new session.
  if (!(await store.deleteSession(tx.db, session))) throw new AuthError('unauthenticated')
  await store.updateUser(tx.db, user.id, { hashedPassword })
  await revokeSessionsAndTokens(tx, user.id)
  const changed = await store.findUserById(tx.db, user.id)
  const { transport, persistent } = session
  const authentication = { ...strengthened(tx, session, ['pwd']), transport, persistent }
  const renewed = changed && (await startSession(tx, changed, authentication, acting))
  if (!renewed) throw new AuthError('unauthenticated')
  await record(tx, { action: 'change_password', userId: user.id }, acting)
  await enqueueMail(tx, user, 'password_changed', acting)
  return { user: accountOf(changed), ...renewed }
}
