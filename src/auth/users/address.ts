/** What operators do with the address of an account. None of it counts towards a limit on requests. */
import * as store from '../../db/index.ts'
import { Conflict } from '../../model/errors.ts'
import { maskEmail, normalizeEmail, storedEmail } from '../../model/user.ts'
import { assertEmail, emailTaken } from '../account/address.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { assertMailsLinks, enqueueMail } from '../delivery/enqueue.ts'
import { revokeSessionsAndTokens } from '../sessions/revoke.ts'
import { forgetAttempts } from '../sign-in/throttle.ts'

/**
 * Mails a link that sets a new password to the address of an account.
 *
 * @returns `false` if there is no such user, or the account is disabled.
 * @throws {OptionError} `smtpUrl` or `baseUrl` is not set.
 */
export function sendPasswordReset(
  ctx: Context,
  userId: number,
  caller: Caller = UNKNOWN_CALLER,
): Promise<boolean> {
  assertMailsLinks(ctx)
  return inTransaction(ctx, async (tx) => {
    const user = await store.lockUser(tx.db, userId)
    if (user === null || user.disabledAt !== null) return false
    await record(tx, { action: 'request_password_reset', userId }, asOperator(caller))
    await enqueueMail(tx, user, 'reset_password', {})
    return true
  })
}

/**
 * Mails a new confirmation link to the address of an account.
 *
 * @returns `false` if there is no such user, the account is disabled, or its address is already confirmed.
 * @throws {OptionError} `smtpUrl` or `baseUrl` is not set.
 */
export function sendConfirmation(
  ctx: Context,
  userId: number,
  caller: Caller = UNKNOWN_CALLER,
): Promise<boolean> {
  assertMailsLinks(ctx)
  return inTransaction(ctx, async (tx) => {
    const user = await store.lockUser(tx.db, userId)
    if (user === null || user.disabledAt !== null || user.emailVerifiedAt !== null) return false
    await record(tx, { action: 'request_confirmation', userId }, asOperator(caller))
    await enqueueMail(tx, user, 'verify_email', {})
    return true
  })
}

/** What {@link setEmail} takes. */
export interface SetEmailRequest {
  /** The new address. */
  email: string
  /**
   * Whether the operator vouches for the new address, so that it changes at once. Default `false`: it must be
   * confirmed.
   */
  confirmed?: boolean
}

/**
 * Changes the address of an account. Without `confirmed`, nothing changes yet: the new address gets a link, the current
 * one a notice, and `account.confirmEmail` makes the change. With `confirmed`, the address changes at once and counts
 * as confirmed, every session and token of the account ends, and the old address gets a notice if there is a mailer.
 *
 * @returns `false` if there is no such user, or, without `confirmed`, the account is disabled.
 * @throws {AuthError} `email_taken`: another account has the address; `invalid_email` or `missing_field` with `field`.
 * @throws {OptionError} Without `confirmed`: `smtpUrl` or `baseUrl` is not set.
 */
export async function setEmail(
  ctx: Context,
  userId: number,
  request: SetEmailRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<boolean> {
  assertEmail(request.email)
  const email = storedEmail(request.email)
  if (request.confirmed !== true) {
    assertMailsLinks(ctx)
    return inTransaction(ctx, (tx) => askNewMailbox(tx, userId, email, caller))
  }
  try {
    return await inTransaction(ctx, (tx) => changeAtOnce(tx, userId, email, caller))
  } catch (error) {
    throw error instanceof Conflict ? emailTaken(email, error) : error
  }
}

async function askNewMailbox(tx: TxContext, userId: number, email: string, caller: Caller): Promise<boolean> {
  const user = await store.lockUser(tx.db, userId)
  if (user === null || user.disabledAt !== null) return false
  const owner = await store.findUserByEmail(tx.db, email)
  if (owner !== null && owner.id !== userId) throw emailTaken(email)
  await record(tx, { action: 'request_email_change', userId }, asOperator(caller))
  await enqueueMail(tx, user, 'email_change_requested', {}, { details: { newEmail: maskEmail(email) } })
  // A code that went to another address must stop working, as an earlier link does.
  await store.deleteMailCodesFor(tx.db, user.id, ['change_email'])
  await enqueueMail(tx, user, 'confirm_new_email', {}, { email })
  return true
}

async function changeAtOnce(tx: TxContext, userId: number, email: string, caller: Caller): Promise<boolean> {
  const user = await store.lockUser(tx.db, userId)
  if (user === null) return false
  await store.confirmEmail(tx.db, userId, email, tx.now())
  // Failures counted before the account had this address must not count against it.
  await forgetAttempts(tx, email)
  // The operator may be returning a stolen account to its owner, so the intruder must not stay signed in.
  await revokeSessionsAndTokens(tx, userId)
  await record(tx, { action: 'change_email', userId }, asOperator(caller))
  if (normalizeEmail(email) !== normalizeEmail(user.email)) {
    const details = { newEmail: maskEmail(email) }
    await enqueueMail(tx, user, 'email_changed', {}, { email: user.email, details })
  }
  return true
}
