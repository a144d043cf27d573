/**
 * Whose address it is: the link in a mail proves who reads the mailbox, the password who has the account.
 * Both are asked for, since whoever registers the address of somebody else, or mistypes a new one of their
 * own, would otherwise share an account with a stranger (arXiv 2205.10174).
 */
import * as store from '../../db/index.ts'
import { AuthError, Conflict } from '../../errors.ts'
import { type Account, accountOf, maskEmail, normalizeEmail, storedEmail, type User } from '../../user.ts'
import { record } from '../audit/record.ts'
import { asUser, type Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { orderMail, orderNothing } from '../delivery/outbox.ts'
import { assertPassword } from '../passwords/password.ts'
import { requireFreshSession, revokeTokens } from '../sessions/sessions.ts'
import { withRightPassword } from '../sign-in/password-check.ts'
import { countAttempt } from '../sign-in/throttle.ts'
import { findLiveToken } from '../tokens.ts'
import { assertEmail, assertEmailIsGiven, findAddressee } from '../users/users.ts'

/** What `requestConfirmation` takes. */
export interface ConfirmationRequest {
  email: string
}

/** Mails the link that confirms an address once more. */
export async function requestConfirmation(
  ctx: Context,
  { email }: ConfirmationRequest,
  caller: Caller,
): Promise<void> {
  assertEmailIsGiven(email)
  await countAttempt(ctx, 'confirmation_request', { email }, caller)
  const user = await findAddressee(ctx, email)
  const awaits = user !== null && user.emailVerifiedAt === null && user.disabledAt === null
  await inTransaction(ctx, async (tx) => {
    await record(tx, { action: 'request_confirmation', userId: user?.id ?? null }, caller)
    if (awaits) await orderMail(tx, user, 'verify_email', caller)
    else await orderNothing(tx, 'verify_email', caller)
  })
}

/** What `requestEmailChange` takes. */
export interface EmailChangeRequest {
  /** The new address. */
  email: string
}

/** Mails a link to a new address, which is the account's once the link is used. */
export async function requestEmailChange(
  ctx: Context,
  request: EmailChangeRequest,
  caller: Caller,
): Promise<void> {
  const { user, acting } = await requireFreshSession(ctx, caller)
  assertEmail(request.email)
  await countAttempt(ctx, 'email_change', { email: user.email }, acting)
  const email = storedEmail(request.email)
  const owner = await store.findUserByEmail(ctx.db, email)
  await inTransaction(ctx, async (tx) => {
    // Both rows in the order of their numbers: two who ask for each other's address would wait for ever.
    for (const id of [user.id, owner?.id ?? user.id].sort((a, b) => a - b)) await store.lockUser(tx.db, id)
    await record(tx, { action: 'request_email_change', userId: user.id }, acting)
    const details = { newEmail: maskEmail(email) }
    await orderMail(tx, user, 'email_change_requested', acting, { details })
    // Whether somebody has the new address already, only its mailbox learns.
    if (owner === null || owner.id === user.id)
      await orderMail(tx, user, 'confirm_new_email', acting, { email })
    else await orderMail(tx, owner, 'account_exists', acting)
  })
}

/** What `confirmEmail` takes. */
export interface ConfirmEmailRequest {
  /** From the link in the mail. Good once; only its SHA-256 is stored. */
  token: string
  /** Of the account. */
  password: string
}

/** Confirms an address: that of a new account, or the new one of an account. */
export async function confirmEmail(
  ctx: Context,
  request: ConfirmEmailRequest,
  caller: Caller,
): Promise<Account> {
  assertPassword(request.password, 'password')
  const token = await findLiveToken(ctx, ['confirm_email', 'change_email'], request.token)
  const user = token && (await store.findUserById(ctx.db, token.userId))
  if (token === null || user === null) throw new AuthError('invalid_confirmation_token')
  const typed = { password: request.password, action: 'confirm_email' } as const
  const confirmed = await withRightPassword(ctx, user, typed, caller, () =>
    inTransaction(ctx, (tx) => redeem(tx, token, user, asUser(caller, user))),
  )
  return accountOf(confirmed)
}

async function redeem(tx: TxContext, token: store.Token, seen: User, caller: Caller): Promise<User> {
  const user = await store.lockUser(tx.db, seen.id)
  const isAsSeen = user?.passwordVersion === seen.passwordVersion && user.disabledAt === null
  if (!isAsSeen || !(await store.takeToken(tx.db, token, tx.now())))
    throw new AuthError('invalid_confirmation_token')
  const isOwn = normalizeEmail(token.email) === normalizeEmail(user.email)
  if (token.purpose === 'confirm_email' && !isOwn) throw new AuthError('invalid_confirmation_token')
  // Whoever registered the address and never confirmed it gives way to who reads its mail.
  if (!isOwn) await store.deleteUnconfirmedUser(tx.db, token.email)
  try {
    await store.confirmEmail(tx.db, user.id, token.email, tx.now())
  } catch (error) {
    throw error instanceof Conflict ? new AuthError('invalid_confirmation_token', { cause: error }) : error
  }
  if (token.purpose === 'confirm_email') {
    await record(tx, { action: 'confirm_email', userId: user.id }, caller)
  } else {
    // What was sent to the old address opens nothing any more.
    await revokeTokens(tx, user.id)
    await record(tx, { action: 'change_email', userId: user.id }, caller)
    const details = { newEmail: maskEmail(token.email) }
    await orderMail(tx, user, 'email_changed', caller, { email: user.email, details })
  }
  return { ...user, email: token.email, emailVerifiedAt: tx.now() }
}
