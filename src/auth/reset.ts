import * as store from '../db/index.ts'
import { AuthError } from '../errors.ts'
import { mintBearer, parseBearer } from '../lib/bearer.ts'
import { equalInConstantTime } from '../lib/digest.ts'
import { normalizeEmail, type User } from '../user.ts'
import { type Client, type Context, secondsAfter } from './context.ts'
import { assertNewPassword } from './passwords.ts'
import { countAttempt, forgetFailures } from './throttle.ts'
import { assertEmail, endEverything } from './users.ts'

/** What {@link requestPasswordReset} gives. */
export interface PasswordReset {
  readonly user: User
  /** What {@link updatePassword} takes: 80 characters, `<uuid>.<secret>`. */
  readonly resetToken: string
}

/**
 * Makes a token that sets a new password once, for `options.resetTokenLifetimeSeconds` (default 3,600). An
 * earlier token of the account is void. Counts as a reset request of the account and of the address.
 *
 * @throws {AuthError} `unknown_email`: no account has the address, or it is disabled; `too_many_attempts`
 *   with `retryAfterSeconds`; `missing_field` or `invalid_field` with `field`.
 */
export async function requestPasswordReset(
  ctx: Context,
  request: { email: string } & Client,
): Promise<PasswordReset> {
  assertEmail(request.email)
  await countAttempt(ctx, 'reset_request', request)
  const user = await store.findUserByEmail(ctx.db, request.email)
  if (user === null || user.disabledAt !== null) throw new AuthError('unknown_email')
  const now = ctx.now()
  const { value, id, secretHash } = mintBearer(now)
  await ctx.db.transaction().execute(async (tx) => {
    await store.addToken(tx, {
      id,
      purpose: 'reset_password',
      userId: user.id,
      email: normalizeEmail(user.email),
      secretHash,
      createdAt: now,
      expiresAt: secondsAfter(now, ctx.options.resetTokenLifetimeSeconds),
    })
    await store.updateUser(tx, user.id, { resetToken: id })
  })
  return { user, resetToken: value }
}

/**
 * {@link requestPasswordReset} as the classic exercise spells it: the token alone.
 *
 * @throws {AuthError} As there; an unknown address is an error.
 */
export async function getResetPasswordToken(ctx: Context, email: string): Promise<string> {
  return (await requestPasswordReset(ctx, { email })).resetToken
}

/** What {@link resetPassword} takes. */
export interface ResetPasswordRequest {
  /** As {@link requestPasswordReset} gave it. Good once; only its SHA-256 is stored. */
  resetToken: string
  /** 1 to 1,024 bytes of UTF-8, and `options.minPasswordLength` code points or more. */
  newPassword: string
  /** Where given, it has to be the account's, in any spelling. */
  email?: string | undefined
}

/**
 * Sets a new password with a reset token and ends every session of that user, all in one transaction: the
 * token is used up exactly when the password changes. Of many uses at once, one wins.
 *
 * @returns Whose password it is now.
 * @throws {AuthError} `invalid_reset_token`: unknown, used, replaced or expired, or of another account; it
 *   never says which. `missing_field` or `invalid_field` with `field`: a password that is none.
 * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Forgot_Password_Cheat_Sheet.html OWASP}
 */
export async function resetPassword(ctx: Context, request: ResetPasswordRequest): Promise<User> {
  assertNewPassword(ctx, request.newPassword, 'new_password')
  const token = await findLiveToken(ctx, request.resetToken)
  const isOthers =
    token !== null && request.email !== undefined && normalizeEmail(request.email) !== token.email
  if (token === null || isOthers) throw new AuthError('invalid_reset_token')
  // Before the transaction: hashing is slow, and SQLite has one writer.
  const hashedPassword = await ctx.hasher.hash(request.newPassword)
  const user = await ctx.db.transaction().execute(async (tx) => {
    if (!(await store.takeToken(tx, token, ctx.now()))) throw new AuthError('invalid_reset_token')
    await store.updateUser(tx, token.userId, { hashedPassword })
    await endEverything(tx, token.userId)
    return store.findUserBy(tx, { id: token.userId })
  })
  // Whoever holds the token has the account, whatever strangers guessed meanwhile.
  await forgetFailures(ctx, user.email)
  return user
}

/**
 * {@link resetPassword} as the classic exercise spells it.
 *
 * @throws {AuthError} As there; an unknown token is an error.
 */
export async function updatePassword(ctx: Context, resetToken: string, password: string): Promise<void> {
  await resetPassword(ctx, { resetToken, newPassword: password })
}

async function findLiveToken(ctx: Context, resetToken: unknown): Promise<store.Token | null> {
  const bearer = typeof resetToken === 'string' ? parseBearer(resetToken) : null
  const token = bearer && (await store.findToken(ctx.db, 'reset_password', bearer.id))
  if (!bearer || !token || !equalInConstantTime(token.secretHash, bearer.secretHash)) return null
  return token.expiresAt > ctx.now() ? token : null
}
