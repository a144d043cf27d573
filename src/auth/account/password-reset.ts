import * as store from '../../db/index.ts'
import { AuthError } from '../../errors.ts'
import { type Account, accountOf, isEmailAddress, normalizeEmail } from '../../user.ts'
import { record } from '../audit/record.ts'
import { asUser, type Caller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { orderMail, orderNothing } from '../delivery/outbox.ts'
import { assertNewPassword, assertPassword } from '../passwords/password.ts'
import { revokeSessionsAndTokens, revokeTokens } from '../sessions/sessions.ts'
import { countAttempt, forgetFailures } from '../sign-in/throttle.ts'
import { findLiveToken, issueToken } from '../tokens.ts'
import { assertEmailIsGiven, findAddressee } from '../users/users.ts'

/** What `requestPasswordReset` and `sendPasswordReset` take. */
export interface PasswordResetRequest {
  email: string
}

/** What `requestPasswordReset` gives. */
export interface PasswordReset {
  readonly user: Account
  /** Opaque, 80 characters: `<uuid>.<secret>`. */
  readonly resetToken: string
}

/** What `resetPassword` takes. */
export interface ResetPasswordRequest {
  /** As `requestPasswordReset` gave it, or the mail. Good once; only its SHA-256 is stored. */
  resetToken: string
  /** 1 to 1,024 bytes of UTF-8, and `options.minPasswordLength` code points or more. */
  newPassword: string
  /** Where given, it has to be the account's, in any spelling. */
  email?: string | undefined
}

/** Makes a token that sets a new password once, for the caller to hand over. */
export async function requestPasswordReset(
  ctx: Context,
  { email }: PasswordResetRequest,
  caller: Caller,
): Promise<PasswordReset> {
  assertEmailIsGiven(email)
  await countAttempt(ctx, 'reset_request', { email }, caller)
  const user = await findAddressee(ctx, email)
  if (user === null || user.disabledAt !== null) throw new AuthError('unknown_email')
  const order = {
    purpose: 'reset_password',
    email: user.email,
    lifetimeSeconds: ctx.options.resetTokenLifetimeSeconds,
  } as const
  const resetToken = await inTransaction(ctx, async (tx) => {
    const issued = await issueToken(tx, user, order)
    if (issued === null) throw new AuthError('unknown_email')
    await record(tx, { action: 'request_password_reset', userId: user.id }, caller)
    return issued
  })
  return { user: accountOf(user), resetToken }
}

/** `requestPasswordReset` as the classic exercise spells it: the token alone. */
export async function getResetPasswordToken(ctx: Context, email: string, caller: Caller): Promise<string> {
  return (await requestPasswordReset(ctx, { email }, caller)).resetToken
}

/** Mails a link that sets a new password once, to the address of the account alone. */
export async function sendPasswordReset(
  ctx: Context,
  { email }: PasswordResetRequest,
  caller: Caller,
): Promise<void> {
  assertEmailIsGiven(email)
  await countAttempt(ctx, 'reset_request', { email }, caller)
  const user = await findAddressee(ctx, email)
  await inTransaction(ctx, async (tx) => {
    await record(tx, { action: 'request_password_reset', userId: user?.id ?? null }, caller)
    if (user !== null && user.disabledAt === null) await orderMail(tx, user, 'reset_password', caller)
    else await orderNothing(tx, 'reset_password', caller)
  })
}

/** Sets a new password with a reset token. */
export async function resetPassword(
  ctx: Context,
  request: ResetPasswordRequest,
  caller: Caller,
): Promise<Account> {
  const { resetToken, newPassword, email } = request
  if (email !== undefined) assertEmailIsGiven(email)
  assertPassword(newPassword, 'newPassword')
  const token = await findLiveToken(ctx, ['reset_password'], resetToken)
  if (token === null || (email !== undefined && !isSameAddress(email, token.email)))
    throw new AuthError('invalid_reset_token')
  await assertNewPassword(ctx, newPassword, { field: 'newPassword', email: token.email })
  await assertReplaced(ctx, token, newPassword)
  const hashedPassword = await ctx.hasher.hash(newPassword)
  const user = await inTransaction(ctx, async (tx) => {
    const locked = await store.lockUser(tx.db, token.userId)
    const isSame = locked !== null && normalizeEmail(locked.email) === normalizeEmail(token.email)
    const isTaken = isSame && locked.disabledAt === null && (await store.takeToken(tx.db, token, ctx.now()))
    if (!isTaken) throw new AuthError('invalid_reset_token')
    await store.updateUser(tx.db, token.userId, { hashedPassword })
    // Whoever has the token from the mail reads the mailbox.
    if (ctx.options.resetTokenDelivery === 'mail' && locked.emailVerifiedAt === null)
      await store.confirmEmail(tx.db, token.userId, locked.email, ctx.now())
    if (ctx.options.resetEndsSessions) await revokeSessionsAndTokens(tx, token.userId)
    else await revokeTokens(tx, token.userId)
    await record(tx, { action: 'reset_password', userId: token.userId }, asUser(caller, locked))
    await orderMail(tx, locked, 'password_changed', caller)
    return store.findUserBy(tx.db, { id: token.userId })
  })
  // Whoever holds the token has the account, whatever strangers guessed meanwhile.
  await forgetFailures(ctx, user.email)
  return accountOf(user)
}

function isSameAddress(text: string, address: string): boolean {
  return isEmailAddress(text) && normalizeEmail(text) === normalizeEmail(address)
}

/** A password that others know is replaced by another one, and not by itself. */
async function assertReplaced(ctx: Context, { userId }: store.Token, newPassword: string): Promise<void> {
  const user = await store.findUserById(ctx.db, userId)
  if (user === null || user.passwordCompromisedAt === null) return
  if (await ctx.hasher.verify(newPassword, user.hashedPassword))
    throw new AuthError('password_breached', { field: 'newPassword' })
}

/** `resetPassword` as the classic exercise spells it. */
export async function updatePassword(
  ctx: Context,
  resetToken: string,
  password: string,
  caller: Caller,
): Promise<void> {
  await resetPassword(ctx, { resetToken, newPassword: password }, caller)
}
