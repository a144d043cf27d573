/**
 * Whose address it is: the link in a mail proves who reads the mailbox, the password who has the account.
 * Both are asked for, since whoever registers the address of somebody else, or mistypes a new one of their
 * own, would otherwise share an account with a stranger (arXiv 2205.10174).
 */
import * as store from '../db/index.ts'
import { AuthError, Conflict } from '../errors.ts'
import { type Account, accountOf, maskEmail, normalizeEmail, storedEmail, type User } from '../user.ts'
import { record } from './audit.ts'
import { type Client, type Context, inTransaction, type TxContext } from './context.ts'
import { orderMail, orderNothing } from './outbox.ts'
import { assertPassword } from './passwords.ts'
import { requireFreshSession, revokeTokens } from './sessions.ts'
import { withRightPassword } from './sign-in/password-check.ts'
import { countAttempt } from './throttle.ts'
import { findLiveToken } from './tokens.ts'
import { assertEmail, assertEmailIsGiven, findAddressee } from './users.ts'

/** What `requestConfirmation` takes. */
export interface ConfirmationRequest extends Client {
  email: string
}

/** Mails the link that confirms an address once more. */
export async function requestConfirmation(ctx: Context, request: ConfirmationRequest): Promise<void> {
  assertEmailIsGiven(request.email)
  await countAttempt(ctx, 'confirmation_request', request)
  const user = await findAddressee(ctx, request.email)
  const awaits = user !== null && user.emailVerifiedAt === null && user.disabledAt === null
  await inTransaction(ctx, async (tx) => {
    await record(
      tx,
      { action: 'request_confirmation', actor: 'anonymous', userId: user?.id ?? null },
      request,
    )
    if (awaits) await orderMail(tx, user, 'verify_email', request)
    else await orderNothing(tx, 'verify_email', request)
  })
}

/** What `requestEmailChange` takes. */
export interface EmailChangeRequest extends Client {
  sessionId: string | null | undefined
  /** The new address. */
  email: string
}

/** Mails a link to a new address, which is the account's once the link is used. */
export async function requestEmailChange(ctx: Context, request: EmailChangeRequest): Promise<void> {
  const { user } = await requireFreshSession(ctx, request.sessionId)
  assertEmail(request.email)
  await countAttempt(ctx, 'email_change', { ...request, email: user.email })
  const email = storedEmail(request.email)
  const owner = await store.findUserByEmail(ctx.db, email)
  await inTransaction(ctx, async (tx) => {
    // Both rows in the order of their numbers: two who ask for each other's address would wait for ever.
    for (const id of [user.id, owner?.id ?? user.id].sort((a, b) => a - b)) await store.lockUser(tx.db, id)
    await record(tx, { action: 'request_email_change', actor: 'user', userId: user.id }, request)
    const details = { newEmail: maskEmail(email) }
    await orderMail(tx, user, 'email_change_requested', request, { details })
    // Whether somebody has the new address already, only its mailbox learns.
    if (owner === null || owner.id === user.id)
      await orderMail(tx, user, 'confirm_new_email', request, { email })
    else await orderMail(tx, owner, 'account_exists', request)
  })
}

/** What `confirmEmail` takes. */
export interface ConfirmEmailRequest extends Client {
  /** From the link in the mail. Good once; only its SHA-256 is stored. */
  token: string
  /** Of the account. */
  password: string
}

/** Confirms an address: that of a new account, or the new one of an account. */
export async function confirmEmail(ctx: Context, request: ConfirmEmailRequest): Promise<Account> {
  assertPassword(request.password, 'password')
  const token = await findLiveToken(ctx, ['confirm_email', 'change_email'], request.token)
  const user = token && (await store.findUserById(ctx.db, token.userId))
  if (token === null || user === null) throw new AuthError('invalid_confirmation_token')
  const refused = { action: 'confirm_email', actor: 'anonymous', client: request } as const
  const confirmed = await withRightPassword(ctx, user, request.password, refused, () =>
    inTransaction(ctx, (tx) => redeem(tx, token, user, request)),
  )
  return accountOf(confirmed)
}

async function redeem(tx: TxContext, token: store.Token, seen: User, client: Client): Promise<User> {
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
    await record(tx, { action: 'confirm_email', actor: 'user', userId: user.id }, client)
  } else {
    // What was sent to the old address opens nothing any more.
    await revokeTokens(tx, user.id)
    await record(tx, { action: 'change_email', actor: 'user', userId: user.id }, client)
    const details = { newEmail: maskEmail(token.email) }
    await orderMail(tx, user, 'email_changed', client, { email: user.email, details })
  }
  return { ...user, email: token.email, emailVerifiedAt: tx.now() }
}
