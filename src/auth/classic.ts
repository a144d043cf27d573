/**
 * The names of the teaching exercise, at the top level of `auth`. They return the classic {@link User} with all its
 * fields, and otherwise do the same as the use cases of the topics.
 */
import type { User } from '../model/user.ts'
import { createAccount } from './account/new-account.ts'
import { createResetToken, resetPassword } from './account/password-reset.ts'
import { type Caller, UNKNOWN_CALLER } from './caller.ts'
import type { Context } from './context.ts'
import { assertPassword } from './passwords/password.ts'
import * as sessions from './sessions/create.ts'
import { useSession } from './sessions/guards.ts'
import { verifyPassword } from './sign-in/with-password.ts'
import { endSessions } from './users/sessions.ts'

/**
 * Hashes a password with a random salt. `options.passwordHash` and `options.bcryptCost` choose the algorithm and cost.
 * A password that bcrypt would truncate (over 72 bytes of UTF-8, or with a zero byte) is hashed with argon2id.
 *
 * @param password - 1 to 1,024 bytes of UTF-8, hashed unchanged.
 * @returns The hash with its algorithm, cost and salt: `$2b$12$…` or `$argon2id$v=19$…`.
 * @throws {AuthError} `missing_field`: the password is empty; `invalid_field`: it is not well-formed Unicode;
 *   `password_too_long` with `maxBytes`. Each has `field`.
 * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html OWASP}
 */
export async function hashPassword({ hasher }: Context, password: string): Promise<string> {
  assertPassword(password, 'password')
  return hasher.hash(password)
}

/**
 * Adds an account: `users.create` under the classic name. Counts towards no limit.
 *
 * @throws {AuthError} `email_taken`, with the message `User <email> already exists`; `invalid_email`;
 *   `password_too_short` with `minLength`, `password_too_long` with `maxBytes`, `password_too_common`,
 *   `password_guessable` or `password_breached`, each with `field`; `missing_field` or `invalid_field` with `field`.
 */
export function registerUser(
  ctx: Context,
  email: string,
  password: string,
  caller: Caller = UNKNOWN_CALLER,
): Promise<User> {
  return createAccount(ctx, { email, password }, caller)
}

/**
 * Whether this is the password of an account that can sign in: `signIn.verifyPassword` under the classic name. Counts
 * as a sign-in attempt of the account.
 *
 * @returns `false` also for an unknown address, and for text that is not an address or a password.
 * @throws {AuthError} `too_many_attempts` with `retryAfterSeconds`; `unavailable`: too many passwords wait to be
 *   hashed.
 */
export function validLogin(
  ctx: Context,
  email: string,
  password: string,
  caller: Caller = UNKNOWN_CALLER,
): Promise<boolean> {
  return verifyPassword(ctx, { email, password }, caller)
}

/**
 * Starts a session for the user with this address without a password: `sessions.create` under the classic name.
 *
 * @returns The session token. `null` if no account has the address, or it is disabled or must confirm its address
 *   first.
 */
export function createSession(
  ctx: Context,
  email: string,
  caller: Caller = UNKNOWN_CALLER,
): Promise<string | null> {
  return sessions.create(ctx, { email }, caller)
}

/**
 * The user of a live session, or `null`: `sessions.current` under the classic name. The user includes the password
 * hash, so never send the whole object to a client.
 *
 * @param sessionId - The session token, exactly as {@link createSession} or `signIn.withPassword` returned it.
 */
export async function getUserFromSessionId(
  ctx: Context,
  sessionId: string | null | undefined,
): Promise<User | null> {
  const found = await useSession(ctx, { sessionToken: sessionId })
  return found?.user ?? null
}

/** Ends every session of a user: `users.endSessions` under the classic name. In the exercise a user has one session. */
export function destroySession(ctx: Context, userId: number, caller: Caller = UNKNOWN_CALLER): Promise<void> {
  return endSessions(ctx, userId, caller)
}

/**
 * Creates a token that sets a new password once: `account.createResetToken` under the classic name.
 *
 * @throws {AuthError} `unknown_email`: the address is malformed or has no account, or the account is disabled;
 *   `too_many_attempts` with `retryAfterSeconds`; `missing_field` or `invalid_field` with `field`.
 */
export async function getResetPasswordToken(
  ctx: Context,
  email: string,
  caller: Caller = UNKNOWN_CALLER,
): Promise<string> {
  const { resetToken } = await createResetToken(ctx, { email }, caller)
  return resetToken
}

/**
 * Sets a new password with a reset token: `account.resetPassword` under the classic name.
 *
 * @throws {AuthError} `invalid_reset_token`: the token is unknown, used, replaced or expired, or the account is
 *   disabled; `password_too_short` with `minLength`, `password_too_long` with `maxBytes`, `password_too_common`,
 *   `password_guessable` or `password_breached`, each with `field`; `missing_field` or `invalid_field` with `field`.
 */
export async function updatePassword(
  ctx: Context,
  resetToken: string,
  password: string,
  caller: Caller = UNKNOWN_CALLER,
): Promise<void> {
  await resetPassword(ctx, { resetToken, newPassword: password }, caller)
}
