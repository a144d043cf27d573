import type { Account } from '../../model/user.ts'
import { replacePassword } from '../account/mailbox-proof.ts'
import { type Caller, UNKNOWN_CALLER } from '../caller.ts'
import type { Context } from '../context.ts'
import { assertPassword } from '../passwords/password.ts'
import { orWithdraw } from '../sign-in/password-check.ts'
import { checkCode, findCode, isMailedTo } from './check.ts'

/** What {@link resetPassword} takes. */
export interface ResetByCodeRequest {
  /** The code from the mail. Spaces make no difference. */
  code: string
  /** `options.minPasswordLength` code points or more, and at most 1,024 bytes of UTF-8. */
  newPassword: string
}

/**
 * Sets a new password with a code from a mail, in the browser that requested it, as `account.resetPassword` does with
 * the link. Starts no session. The code works once, within 10 minutes, and voids the link.
 *
 * Counts as an attempt of the address, across all codes that were mailed to it. After
 * `options.mailCodeFailuresPerAccount` wrong codes, the last and every further one void the code of their browser, and
 * the next attempt must wait.
 *
 * @throws {AuthError} `invalid_code`: the code is wrong, expired, used, replaced, void or of another browser, or the
 *   account cannot use it, without saying which; `too_many_attempts` with `retryAfterSeconds`. After the following
 *   errors the code still works: `password_too_short` with `minLength`, `password_too_long` with `maxBytes`,
 *   `password_too_common`, `password_guessable` or `password_breached`, each with `field`; `missing_field` or
 *   `invalid_field` with `field`.
 */
export async function resetPassword(
  ctx: Context,
  { code, newPassword }: ResetByCodeRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<Account> {
  assertPassword(newPassword, 'newPassword')
  const typed = await findCode(ctx, 'reset_password', code, caller)
  const { proof, attempt } = await checkCode(ctx, typed, (user) => isMailedTo(typed, user), caller)
  return orWithdraw(attempt, () => replacePassword(ctx, proof, newPassword, caller, attempt.succeeded))
}
