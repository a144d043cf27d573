/** What an operator does to the address of an account, and by mail to it. Nothing here counts against a limit. */
import * as store from '../../db/index.ts'
import { AuthError, Conflict, OptionError } from '../../errors.ts'
import { maskEmail, normalizeEmail, storedEmail } from '../../user.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { orderMail } from '../delivery/outbox.ts'
import { revokeSessionsAndTokens } from '../sessions/sessions.ts'
import { forgetFailures } from '../sign-in/throttle.ts'
import { assertEmail } from './users.ts'

/** Mails the link that sets a new password. */
export function sendUserReset(ctx: Context, userId: number, caller: Caller): Promise<boolean> {
  assertMailsLinks(ctx)
  return inTransaction(ctx, async (tx) => {
    const user = await store.lockUser(tx.db, userId)
    if (user === null || user.disabledAt !== null) return false
    await record(tx, { action: 'request_password_reset', userId }, asOperator(caller))
    await orderMail(tx, user, 'reset_password', {})
    return true
  })
}

/** Mails the link that confirms the address of an account once more. */
export function resendConfirmation(ctx: Context, userId: number, caller: Caller): Promise<boolean> {
  assertMailsLinks(ctx)
  return inTransaction(ctx, async (tx) => {
    const user = await store.lockUser(tx.db, userId)
    if (user === null || user.disabledAt !== null || user.emailVerifiedAt !== null) return false
    await record(tx, { action: 'request_confirmation', userId }, asOperator(caller))
    await orderMail(tx, user, 'verify_email', {})
    return true
  })
}

/** What `setUserEmail` takes beside the account. */
export interface SetEmailRequest {
  /** The new address. */
  email: string
  /** Whether the caller vouches for it: it is the account's at once. Else its mailbox has to confirm it first. */
  confirmed?: boolean
}

/** Gives an account another address. */
export async function setUserEmail(
  ctx: Context,
  userId: number,
  request: SetEmailRequest,
  caller: Caller,
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
  await orderMail(tx, user, 'email_change_requested', {}, { details: { newEmail: maskEmail(email) } })
  await orderMail(tx, user, 'confirm_new_email', {}, { email })
  return true
}

async function changeAtOnce(tx: TxContext, userId: number, email: string, caller: Caller): Promise<boolean> {
  const user = await store.lockUser(tx.db, userId)
  if (user === null) return false
  await store.confirmEmail(tx.db, userId, email, tx.now())
  // Failures counted before the account had this address must not count against it.
  await forgetFailures(tx, email)
  // An account that somebody took over is given back in this way: they must not stay in it.
  await revokeSessionsAndTokens(tx, userId)
  await record(tx, { action: 'change_email', userId }, asOperator(caller))
  if (normalizeEmail(email) !== normalizeEmail(user.email)) {
    const details = { newEmail: maskEmail(email) }
    await orderMail(tx, user, 'email_changed', {}, { email: user.email, details })
  }
  return true
}

function emailTaken(email: string, cause?: unknown): AuthError {
  return new AuthError('email_taken', { message: `User ${email} already exists`, cause })
}

/** Without a mail server a mail would vanish, and without an address its link would lead nowhere. */
function assertMailsLinks({ sendsMail, options }: Context): void {
  if (!sendsMail) throw new OptionError('smtpUrl', 'is not set: there is no mail server to send this with')
  if (options.baseUrl === '') throw new OptionError('baseUrl', 'is not set: the link in the mail needs it')
}
