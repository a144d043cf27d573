import { AuthError } from '../../model/errors.ts'
import type { JsonObject } from '../../model/json.ts'
import { type Account, accountOf, isEmailAddress, normalizeEmail } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import { type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { enqueueDecoy, enqueueMail } from '../delivery/enqueue.ts'
import { assertPassword } from '../passwords/password.ts'
import { tooManyAttempts } from '../quotas.ts'
import { countAttempt } from '../sign-in/throttle.ts'
import { findLiveToken, issueToken } from '../tokens.ts'
import { assertEmailIsGiven, findAddressee } from './address.ts'
import { proofOf, replacePassword } from './mailbox-proof.ts'

/** What {@link requestPasswordReset} and {@link createResetToken} take. */
export interface PasswordResetRequest {
  email: string
}

/**
 * Mails a reset link to the stored address, if it belongs to an enabled account. The outcome is the same for every
 * address, and for text that is not an address, after the same work. The token is made when the mail is sent.
 *
 * @throws {AuthError} `too_many_attempts` with `retryAfterSeconds`; `missing_field` or `invalid_field` with `field`.
 */
export async function requestPasswordReset(
  ctx: Context,
  request: PasswordResetRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<void> {
  const { email } = request
  assertEmailIsGiven(email)
  await countAttempt(ctx, 'reset_request', { email }, caller)
  const user = await findAddressee(ctx, email)
  await inTransaction(ctx, async (tx) => {
    await record(tx, { action: 'request_password_reset', userId: user?.id ?? null }, caller)
    const code = { purpose: 'reset_password', email } as const
    if (user !== null && user.disabledAt === null)
      await enqueueMail(tx, user, 'reset_password', caller, { code: { ...code, userId: user.id } })
    else await enqueueDecoy(tx, 'reset_password', caller, email, code.purpose)
  })
}

/** What {@link createResetToken} returns. */
export interface ResetToken<Metadata = JsonObject> {
  readonly user: Account<Metadata>
  /** Opaque, 80 characters: `<uuid>.<secret>`. It works once. Only the SHA-256 of the secret is stored. */
  readonly resetToken: string
}

/**
 * Creates a token that sets a new password. It works once, within `options.resetTokenLifetimeSeconds`. If
 * `options.resetTokenDelivery` is `response`, it voids earlier reset tokens of the account. Otherwise they keep
 * working, up to 20 per account. The program must deliver the token to the user. Counts as a reset request of the
 * account and of the IP address.
 *
 * @throws {AuthError} `unknown_email`: the address is malformed or has no account, or the account is disabled;
 *   `too_many_attempts` with `retryAfterSeconds`, also if the account has 20 tokens; `missing_field` or `invalid_field`
 *   with `field`.
 */
export async function createResetToken(
  ctx: Context,
  request: PasswordResetRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<ResetToken> {
  const { email } = request
  assertEmailIsGiven(email)
  await countAttempt(ctx, 'reset_request', { email }, caller)
  const user = await findAddressee(ctx, email)
  if (user === null || user.disabledAt !== null) throw new AuthError('unknown_email')
  const order = {
    purpose: 'reset_password',
    email: user.email,
    lifetimeSeconds: ctx.options.resetTokenLifetimeSeconds,
    // The exercise has one token. Anyone can get it in a response, so keeping earlier ones would protect nobody.
    replaces: ctx.options.resetTokenDelivery === 'response',
  } as const
  const resetToken = await inTransaction(ctx, async (tx) => {
    const issued = await issueToken(tx, user, order)
    if (issued.reason === 'gone') throw new AuthError('unknown_email')
    if (issued.reason === 'full') throw tooManyAttempts(issued.until.getTime() - tx.now().getTime())
    await record(tx, { action: 'request_password_reset', userId: user.id }, caller)
    return issued.value
  })
  return { user: accountOf(user), resetToken }
}

/** What {@link resetPassword} takes. */
export interface ResetPasswordRequest {
  /** The token from the mail or from {@link createResetToken}. */
  resetToken: string
  /** `options.minPasswordLength` code points or more, and at most 1,024 bytes of UTF-8. */
  newPassword: string
  /** If given, must be the address of the account, in any spelling. */
  email?: string | undefined
}

/**
 * Sets a new password with a reset token. The token is consumed in the transaction that changes the password, so that
 * of several concurrent uses exactly one succeeds. Every other token of the account is void, and with
 * `options.resetEndsSessions` every session ends. The address of the account gets a notice. Clears the failed sign-ins.
 *
 * @throws {AuthError} `invalid_reset_token`: the token is unknown, used, replaced, expired or of another account, or
 *   the account is disabled, without saying which. After the following errors the token still works:
 *   `password_too_short` with `minLength`, `password_too_long` with `maxBytes`, `password_too_common`,
 *   `password_guessable` or `password_breached` (also if a compromised password is set again), each with `field`;
 *   `missing_field` or `invalid_field` with `field`.
 * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Forgot_Password_Cheat_Sheet.html OWASP}
 */
export async function resetPassword(
  ctx: Context,
  request: ResetPasswordRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<Account> {
  const { resetToken, newPassword, email } = request
  if (email !== undefined) assertEmailIsGiven(email)
  assertPassword(newPassword, 'newPassword')
  const token = await findLiveToken(ctx, ['reset_password'], resetToken)
  if (token === null || (email !== undefined && !isSameAddress(email, token.email)))
    throw new AuthError('invalid_reset_token')
  const isMailed = ctx.options.resetTokenDelivery === 'mail'
  return replacePassword(ctx, proofOf(token, 'invalid_reset_token', isMailed), newPassword, caller)
}

function isSameAddress(text: string, address: string): boolean {
  return isEmailAddress(text) && normalizeEmail(text) === normalizeEmail(address)
}
