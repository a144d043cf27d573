/**
 * Confirming an address takes two proofs: the link in the mail proves access to the mailbox, and the password proves
 * ownership of the account. With only one of them, a user who registers or mistypes another person's address would
 * share the account with that person (arXiv 2205.10174).
 */
import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import { type Account, accountOf } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import { asUser, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { enqueueDecoy, enqueueMail } from '../delivery/enqueue.ts'
import { assertPassword } from '../passwords/password.ts'
import { withRightPassword } from '../sign-in/password-check.ts'
import { countAttempt } from '../sign-in/throttle.ts'
import { findLiveToken } from '../tokens.ts'
import { assertEmailIsGiven, findAddressee } from './address.ts'
import { confirmAddress, proofOf } from './mailbox-proof.ts'

/** What {@link requestConfirmation} takes. */
export interface ConfirmationRequest {
  email: string
}

/**
 * Mails a new confirmation link, if the address belongs to an enabled account that awaits confirmation. The outcome is
 * the same for every address, and for text that is not an address.
 *
 * @throws {AuthError} `too_many_attempts` with `retryAfterSeconds`; `missing_field` or `invalid_field` with `field`.
 */
export async function requestConfirmation(
  ctx: Context,
  request: ConfirmationRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<void> {
  const { email } = request
  assertEmailIsGiven(email)
  await countAttempt(ctx, 'confirmation_request', { email }, caller)
  const user = await findAddressee(ctx, email)
  const awaitsConfirmation = user !== null && user.emailVerifiedAt === null && user.disabledAt === null
  await inTransaction(ctx, async (tx) => {
    await record(tx, { action: 'request_confirmation', userId: user?.id ?? null }, caller)
    const code = { purpose: 'confirm_email', email } as const
    if (awaitsConfirmation)
      await enqueueMail(tx, user, 'verify_email', caller, { code: { ...code, userId: user.id } })
    else await enqueueDecoy(tx, 'verify_email', caller, email, code.purpose)
  })
}

/** What {@link confirmEmail} takes. */
export interface ConfirmEmailRequest {
  /** The token from the link in the mail. It works once. Only the SHA-256 of its secret is stored. */
  token: string
  /** The password of the account. */
  password: string
}

/**
 * Confirms an address with the token from a mailed link and the password of the account. If `changeEmail` or
 * `users.setEmail` requested the address, it replaces the old one, every outstanding token is void, and the old address
 * gets a notice. Starts no session. Counts as a sign-in attempt of the account.
 *
 * @throws {AuthError} `invalid_confirmation_token`: the token is unknown, used, replaced or expired, the account is
 *   disabled, or another account has confirmed the address since, without saying which; `invalid_credentials`: the
 *   password is wrong, and the token still works; `too_many_attempts` with `retryAfterSeconds`; `missing_field`,
 *   `invalid_field` or `password_too_long` with `field`.
 */
export async function confirmEmail(
  ctx: Context,
  request: ConfirmEmailRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<Account> {
  assertPassword(request.password, 'password')
  const token = await findLiveToken(ctx, ['confirm_email', 'change_email'], request.token)
  const user = token && (await store.findUserById(ctx.db, token.userId))
  if (token === null || user === null) throw new AuthError('invalid_confirmation_token')
  const typed = { password: request.password, action: 'confirm_email' } as const
  const acting = asUser(caller, user)
  const confirmed = await withRightPassword(
    ctx,
    user,
    typed,
    caller,
    async () => (tx) => confirmAddress(tx, proofOf(token, 'invalid_confirmation_token'), user, acting),
  )
  return accountOf(confirmed)
}
