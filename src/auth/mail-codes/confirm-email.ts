import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import type { Transport } from '../../model/transport.ts'
import { NO_PASSWORD, normalizeEmail, type User } from '../../model/user.ts'
import { confirmAddress } from '../account/mailbox-proof.ts'
import { record } from '../audit/record.ts'
import { asUser, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import type { Context, TxContext } from '../context.ts'
import { assertPassword } from '../passwords/password.ts'
import { admit, type SignInResult } from '../sign-in/admit.ts'
import type { GateRefusal } from '../sign-in/gates.ts'
import { checkPassword, orWithdraw, refused } from '../sign-in/password-check.ts'
import type { CountedAttempt } from '../sign-in/throttle.ts'
import { checkCode, findCode, isMailedTo, type TypedCode } from './check.ts'

/** What {@link confirmEmail} takes. */
export interface ConfirmByCodeRequest {
  /** The code from the mail. Spaces make no difference. */
  code: string
  /** The password of the account. Required unless this browser registered the account. */
  password?: string | undefined
  /** How the client will present the session token. Default `cookie`. */
  transport?: Transport | undefined
  /** Where the caller wants to go afterwards. Kept while the sign-in waits for a second factor. */
  returnTo?: string | null | undefined
}

/**
 * Confirms the address of a new account with a code from a mail, in the browser that requested it, and signs the user
 * in through the gates of `signIn.withPassword`. The code works once, within 10 minutes, and voids the link.
 *
 * In the browser that registered the account, within a day, the code is enough. Elsewhere it needs the password too,
 * because anyone can register the address of another person.
 *
 * Counts as an attempt of the address, as in `mailCodes.resetPassword`, and with a password as a sign-in attempt too.
 *
 * @throws {AuthError} `invalid_code`: the code is wrong, expired, used, replaced, void or of another browser, or the
 *   account cannot use it, without saying which; `too_many_attempts` with `retryAfterSeconds`. After the following
 *   errors the code still works: `invalid_credentials`: the password is wrong; `password_compromised`: the password
 *   must be reset first; `refused_by_application` with `applicationCode`; `missing_field`, `invalid_field` or
 *   `password_too_long` with `field`.
 */
export async function confirmEmail(
  ctx: Context,
  { code, password, transport, returnTo }: ConfirmByCodeRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<SignInResult> {
  if (password !== undefined) assertPassword(password, 'password')
  const typed = await findCode(ctx, 'confirm_email', code, caller)
  // Before the code is checked, so that the answer does not depend on it.
  const registration = await findRegistration(ctx, typed)
  if (password === undefined && registration === null)
    throw new AuthError('missing_field', { field: 'password' })
  const right = await checkCode(
    ctx,
    typed,
    (user) =>
      isMailedTo(typed, user) &&
      // A confirmed address has nothing to confirm, and a code alone must not sign in.
      user.emailVerifiedAt === null &&
      (password !== undefined || registration?.userId === user.id),
    caller,
  )
  const { user, proof } = right
  const attempt =
    password === undefined
      ? // Refusals by the application stay counted, which limits how often a code can make its hook run.
        { ...right.attempt, refundFailure: async () => {} }
      : await withPasswordToo(ctx, user, password, right.attempt, caller)
  const admission = {
    // The gates and the application's hook see the account as it will be once it is confirmed.
    user: { ...user, emailVerifiedAt: ctx.now() },
    method: 'mail_code',
    // A code works only in a browser that knows the password or came from the provider, so that was proven.
    amr: [user.hashedPassword === NO_PASSWORD ? 'fed' : 'pwd'],
    attempt,
    reason: 'mail_code',
    transport,
    returnTo,
    prepare: async () => async (tx: TxContext) =>
      void (await confirmAddress(tx, proof, user, asUser(caller, user))),
    refuse: async (reason: GateRefusal) => {
      const event = { action: 'login', outcome: 'refused', reason, userId: user.id } as const
      await refused(ctx, attempt, (tx) => record(tx, event, caller))
      throw reason === 'password_compromised' ? new AuthError(reason) : proof.refusal()
    },
    outdated: proof.refusal,
  } as const
  return admit(ctx, admission, caller)
}

/**
 * Finds the row that shows that this browser registered the address. If the address was taken, it names no user, which
 * must not show before the code is checked.
 */
async function findRegistration(
  ctx: Context,
  { row: { browserHash, email } }: TypedCode,
): Promise<store.MailCode | null> {
  const found = await store.findMailCode(ctx.db, { browserHash, purpose: 'registration' })
  if (found === null || found.expiresAt <= ctx.now()) return null
  return normalizeEmail(found.email) === normalizeEmail(email) ? found : null
}

/**
 * Checks the password that is needed in addition to a right code.
 *
 * @returns One attempt that settles both.
 * @throws {AuthError} `invalid_credentials`: it is wrong, and the code still works; what `checkPassword` throws.
 */
async function withPasswordToo(
  ctx: Context,
  user: User,
  password: string,
  code: CountedAttempt,
  caller: Caller,
): Promise<CountedAttempt> {
  const check = await orWithdraw(code, () =>
    checkPassword(ctx, { password, email: user.email, account: user }, caller),
  )
  if (!check.isRight) {
    await code.withdraw()
    const event = { action: 'confirm_email', outcome: 'refused', reason: 'wrong_password' } as const
    await refused(ctx, check, (tx) => record(tx, { ...event, userId: user.id }, caller))
    throw new AuthError('invalid_credentials')
  }
  return {
    failuresBefore: check.failuresBefore,
    async succeeded(tx) {
      await code.succeeded(tx)
      await check.succeeded(tx)
    },
    async refundFailure(tx) {
      await code.refundFailure(tx)
      await check.refundFailure(tx)
    },
    refundSignIn: check.refundSignIn,
    keepSignIn: check.keepSignIn,
    async withdraw() {
      await code.withdraw()
      await check.withdraw()
    },
  }
}
