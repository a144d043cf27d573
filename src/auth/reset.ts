import * as store from '../db/index.ts'
import { AuthError } from '../errors.ts'
import { mintBearer, parseBearer } from '../lib/bearer.ts'
import { equalInConstantTime } from '../lib/digest.ts'
import { type Account, accountOf, normalizeEmail } from '../user.ts'
import { type Client, type Context, inTransaction, secondsAfter } from './context.ts'
import { assertNewPassword } from './passwords.ts'
import { revokeSessionsAndTokens } from './sessions.ts'
import { countAttempt, forgetFailures } from './throttle.ts'
import { assertEmail } from './users.ts'

/** What `requestPasswordReset` takes. */
export interface PasswordResetRequest extends Client {
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
  /** As `requestPasswordReset` gave it. Good once; only its SHA-256 is stored. */
  resetToken: string
  /** 1 to 1,024 bytes of UTF-8, and `options.minPasswordLength` code points or more. */
  newPassword: string
  /** Where given, it has to be the account's, in any spelling. */
  email?: string | undefined
}

/** Makes a token that sets a new password once. */
export async function requestPasswordReset(
  ctx: Context,
  request: PasswordResetRequest,
): Promise<PasswordReset> {
  assertEmail(request.email)
  await countAttempt(ctx, 'reset_request', request)
  const user = await store.findUserByEmail(ctx.db, request.email)
  if (user === null || user.disabledAt !== null) throw new AuthError('unknown_email')
  const now = ctx.now()
  const { value, id, secretHash } = mintBearer(now)
  const added = await inTransaction(ctx, ({ db }) =>
    store.addToken(db, {
      id,
      purpose: 'reset_password',
      userId: user.id,
      email: normalizeEmail(user.email),
      secretHash,
      createdAt: now,
      expiresAt: secondsAfter(now, ctx.options.resetTokenLifetimeSeconds),
    }),
  )
  if (!added) throw new AuthError('unknown_email')
  return { user: accountOf(user), resetToken: value }
}

/** `requestPasswordReset` as the classic exercise spells it: the token alone. */
export async function getResetPasswordToken(ctx: Context, email: string): Promise<string> {
  return (await requestPasswordReset(ctx, { email })).resetToken
}

/** Sets a new password with a reset token. */
export async function resetPassword(ctx: Context, request: ResetPasswordRequest): Promise<Account> {
  const { resetToken, newPassword, email } = request
  if (email !== undefined) assertEmail(email)
  assertNewPassword(ctx, newPassword, 'newPassword')
  const token = await findLiveToken(ctx, resetToken)
  const isOthers = token !== null && email !== undefined && normalizeEmail(email) !== token.email
  if (token === null || isOthers) throw new AuthError('invalid_reset_token')
  const hashedPassword = await ctx.hasher.hash(newPassword)
  const user = await inTransaction(ctx, async (tx) => {
    const locked = await store.lockUser(tx.db, token.userId)
    const isTaken = locked?.disabledAt === null && (await store.takeToken(tx.db, token, ctx.now()))
    if (!isTaken) throw new AuthError('invalid_reset_token')
    await store.updateUser(tx.db, token.userId, { hashedPassword })
    await revokeSessionsAndTokens(tx, token.userId)
    return store.findUserBy(tx.db, { id: token.userId })
  })
  // Whoever holds the token has the account, whatever strangers guessed meanwhile.
  await forgetFailures(ctx, user.email)
  return accountOf(user)
}

/** `resetPassword` as the classic exercise spells it. */
export async function updatePassword(ctx: Context, resetToken: string, password: string): Promise<void> {
  await resetPassword(ctx, { resetToken, newPassword: password })
}

async function findLiveToken(ctx: Context, resetToken: unknown): Promise<store.Token | null> {
  const bearer = typeof resetToken === 'string' ? parseBearer(resetToken) : null
  const token = bearer && (await store.findToken(ctx.db, 'reset_password', bearer.id))
  if (!bearer || !token || !equalInConstantTime(token.secretHash, bearer.secretHash)) return null
  return token.expiresAt > ctx.now() ? token : null
}
