import * as store from '../../db/index.ts'
import { AuthError, Conflict } from '../../model/errors.ts'
import { storedEmail } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import { type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { assertNewPassword, assertPassword } from '../passwords/password.ts'
import { countAttempt } from '../sign-in/throttle.ts'
import { assertEmail } from './address.ts'
import { addAccount, addConfirmable } from './new-account.ts'

/** What {@link register} takes. */
export interface RegisterRequest {
  email: string
  /** `options.minPasswordLength` code points or more, and at most 1,024 bytes of UTF-8. */
  password: string
}

/** What {@link register} returns: the same for a new address and, with uniform answers, for a taken one. */
export interface RegisterResult {
  /** As entered, without the spaces around it, in Unicode NFC. */
  readonly email: string
}

/**
 * Registers a visitor who asks for an account. Of several registrations of one address at once, one succeeds. With
 * `options.registrationAnswer` `uniform` a taken address gets the same answer after the same work, and its owner a mail
 * (OWASP ASVS 6.3.8). With `options.emailVerification` the new account gets a mail, and can sign in once the address is
 * confirmed.
 *
 * @throws {AuthError} `registration_closed`: `options.registration` is `closed`; `email_taken`, only with explicit
 *   answers; `invalid_email`; `password_too_short`, `password_too_long`, `password_too_common`, `password_guessable` or
 *   `password_breached`; `too_many_attempts` with `retryAfterSeconds`; `missing_field` or `invalid_field` with `field`.
 */
export async function register(
  ctx: Context,
  request: RegisterRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<RegisterResult> {
  if (ctx.options.registration === 'closed') throw new AuthError('registration_closed')
  const { email, password } = request
  assertEmail(email)
  assertPassword(password, 'password')
  await countAttempt(ctx, 'registration', request, caller)
  await assertNewPassword(ctx, password, { field: 'password', email })
  const account = { email, password }
  if (ctx.options.registrationAnswer === 'explicit') {
    await addAccount(ctx, account, caller)
  } else {
    // The same work for a new and a taken address, so that timing does not tell them apart.
    const hashedPassword = await ctx.hasher.hash(password)
    await inTransaction(ctx, (tx) => addOrNotify(tx, account, hashedPassword, caller))
  }
  return { email: storedEmail(email) }
}

/** Adds an account, or notifies the owner of the address. */
async function addOrNotify(
  tx: TxContext,
  account: RegisterRequest,
  hashedPassword: string,
  caller: Caller,
): Promise<void> {
  try {
    await addConfirmable(tx, account, hashedPassword, caller)
  } catch (error) {
    const owner = error instanceof Conflict ? await store.findUserByEmail(tx.db, account.email) : null
    if (owner === null) throw error
    const event = { action: 'register', outcome: 'refused', reason: 'email_taken' } as const
    await record(tx, { ...event, userId: owner.id }, caller)
    await enqueueMail(tx, owner, 'account_exists', caller)
  }
}
