import { AuthError, OptionError } from '../../model/errors.ts'
import type { MailCodePurpose } from '../../model/mail-codes.ts'
import { requestConfirmation } from '../account/confirmation.ts'
import { requestPasswordReset } from '../account/password-reset.ts'
import { type Caller, UNKNOWN_CALLER } from '../caller.ts'
import type { Context } from '../context.ts'
import { hasMailCodes } from './available.ts'
import { requireBrowserToken } from './issue.ts'

/** What {@link request} takes. */
export interface MailCodeRequest {
  /** A code for a change of address is mailed by `account.changeEmail`. */
  purpose: Exclude<MailCodePurpose, 'change_email'>
  email: string
}

/**
 * Mails a code, and the link that does the same, if the address belongs to an enabled account and, for `confirm_email`, awaits
 * confirmation. The outcome is the same for every address, and for text that is not an address, after the same work. The code
 * works only with `caller.browserToken`, and replaces an earlier one of this browser for the purpose. Counts as
 * `account.requestConfirmation` or `account.requestPasswordReset`, which mail the code too.
 *
 * @throws {AuthError} `too_many_attempts` with `retryAfterSeconds`; `missing_field` or `invalid_field` with `field`: `purpose`,
 *   `email` or `browserToken`.
 * @throws {OptionError} There are no codes: `secretKey`, `smtpUrl` or `baseUrl` is not set, or the mode is `classic`.
 */
export async function request(
  ctx: Context,
  request: MailCodeRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<void> {
  if (!hasMailCodes(ctx))
    throw new OptionError(
      'secretKey',
      'mailed codes need secretKey, smtpUrl and baseUrl, and a mode other than classic',
    )
  const { purpose, email } = request
  requireBrowserToken(caller)
  if (purpose === 'confirm_email') return requestConfirmation(ctx, { email }, caller)
  if (purpose === 'reset_password') return requestPasswordReset(ctx, { email }, caller)
  throw new AuthError(purpose === undefined ? 'missing_field' : 'invalid_field', { field: 'purpose' })
}
