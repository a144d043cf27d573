import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import { accountOf, NO_PASSWORD } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { Caller, SessionCaller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { strengthened } from '../factors/proven.ts'
import { assertNewPassword, assertPassword } from '../passwords/password.ts'
import { assertFresh, assertStrong, type LiveSession, requireSession } from '../sessions/guards.ts'
import { revokeSessionsAndTokens } from '../sessions/revoke.ts'
import { inherited, type RenewedSession, startSession } from '../sessions/start.ts'
import { withRightPassword } from '../sign-in/password-check.ts'

/** What {@link changePassword} takes. */
export interface ChangePasswordRequest {
  /** Required if the account has a password. Without one, the session must be fresh. */
  currentPassword?: string | undefined
  /** `options.minPasswordLength` code points or more, and at most 1,024 bytes of UTF-8. */
  newPassword: string
}

/**
 * Changes the password of the caller, who must enter the current one. An account without a password, which was created
 * through a provider, gets one. Every session and token of the account ends, and a new session replaces the caller's.
 * The address of the account gets a notice. Counts as a sign-in attempt of the account.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session; `second_factor_required` with `accepts`: the account
 *   has a second factor, and the session lacks it; `reauthentication_required` with `accepts`: the account has no
 *   password, and the session is not fresh; `invalid_credentials`: the current password is wrong; `password_too_short`
 *   with `minLength`, `password_too_long` with `maxBytes`, `password_too_common`, `password_guessable` or
 *   `password_breached`, each with `field`; `too_many_attempts` with `retryAfterSeconds`; `missing_field` or
 *   `invalid_field` with `field`.
 */
export async function changePassword(
  ctx: Context,
  request: ChangePasswordRequest,
  caller: SessionCaller,
): Promise<RenewedSession> {
  const live = await requireSession(ctx, caller)
  const { user, session, acting } = live
  const { currentPassword, newPassword } = request
  await assertStrong(ctx, live)
  const change = async () => {
    await assertNewPassword(ctx, newPassword, { field: 'newPassword', email: user.email })
    const hashedPassword = await ctx.hasher.hash(newPassword)
    return (tx: TxContext) => replacePassword(tx, { user, session }, hashedPassword, acting)
  }
  if (user.hashedPassword === NO_PASSWORD) {
    await assertFresh(ctx, live)
    assertPassword(newPassword, 'newPassword')
    return inTransaction(ctx, await change())
  }
  assertPassword(currentPassword, 'currentPassword')
  assertPassword(newPassword, 'newPassword')
  const typed = { password: currentPassword, action: 'change_password' } as const
  return withRightPassword(ctx, user, typed, acting, change)
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
  const kept = await inherited(tx, session)
  // A sign-out came first: it must not be undone by a new session.
  if (!(await store.deleteSession(tx.db, session))) throw new AuthError('unauthenticated')
  await store.updateUser(tx.db, user.id, { hashedPassword })
  await revokeSessionsAndTokens(tx, user.id)
  const changed = await store.findUserById(tx.db, user.id)
  const authentication = { ...strengthened(tx, session, ['pwd']), ...kept }
  const renewed = changed && (await startSession(tx, changed, authentication, acting))
  if (!renewed) throw new AuthError('unauthenticated')
  await record(tx, { action: 'change_password', userId: user.id }, acting)
  await enqueueMail(tx, user, 'password_changed', acting)
  return { user: accountOf(changed), ...renewed }
}
