import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import { accountOf } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { Caller, SessionCaller } from '../caller.ts'
import type { Context, TxContext } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { assertNewPassword, assertPassword } from '../passwords/password.ts'
import { type LiveSession, requireSession } from '../sessions/guards.ts'
import { revokeSessionsAndTokens } from '../sessions/revoke.ts'
import { type RenewedSession, startSession } from '../sessions/start.ts'
import { withRightPassword } from '../sign-in/password-check.ts'

/** What {@link changePassword} takes. */
export interface ChangePasswordRequest {
  currentPassword: string
  newPassword: string
}

/**
 * Changes the password of the caller, who must know the current one. Every session and token of the account ends, and a
 * new session replaces the caller's. The current password counts as a sign-in attempt.
 *
 * @throws {AuthError} `unauthenticated`; `invalid_credentials`: the current password is wrong, and nothing changed;
 *   `password_too_short`, `password_too_long`, `password_too_common`, `password_guessable` or `password_breached`;
 *   `too_many_attempts` with `retryAfterSeconds`; `missing_field` or `invalid_field` with `field`.
 */
export async function changePassword(
  ctx: Context,
  request: ChangePasswordRequest,
  caller: SessionCaller,
): Promise<RenewedSession> {
  const { user, session, acting } = await requireSession(ctx, caller)
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
  // Another change came first: the password that was verified is no longer the account's.
  if (locked?.passwordVersion !== user.passwordVersion || locked.passwordCompromisedAt !== null)
    throw new AuthError('invalid_credentials')
  // A sign-out came first: it must not be undone by a new session.
  if (!(await store.deleteSession(tx.db, session))) throw new AuthError('unauthenticated')
  await store.updateUser(tx.db, user.id, { hashedPassword })
  await revokeSessionsAndTokens(tx, user.id)
  const changed = await store.findUserById(tx.db, user.id)
  const sessionToken = changed && (await startSession(tx, changed, { amr: ['pwd'], aal: 1 }, acting))
  if (!sessionToken) throw new AuthError('unauthenticated')
  await record(tx, { action: 'change_password', userId: user.id }, acting)
  await enqueueMail(tx, user, 'password_changed', acting)
  return { user: accountOf(changed), sessionToken }
}
