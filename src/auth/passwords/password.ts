import { AuthError } from '../../model/errors.ts'
import { OPTION_TABLE } from '../../options/index.ts'
import type { Context } from '../context.ts'
import { createHasher } from './hashing/index.ts'

/**
 * The maximum length of a password, in bytes of UTF-8. A longer one is refused before it is hashed, never truncated.
 */
export const PASSWORD_MAX_BYTES = 1_024

const CLASSIC_HASHER = createHasher({ passwordHash: 'bcrypt', bcryptCost: OPTION_TABLE.bcryptCost.classic })

/**
 * Hashes a password with bcrypt, cost 12, and a random salt. A password that bcrypt would truncate (over 72 bytes of
 * UTF-8, or with a zero byte) is hashed with argon2id instead: 19 MiB, 2 passes, 1 lane.
 *
 * @param password - 1 to 1,024 bytes of UTF-8, hashed unchanged: neither trimmed nor normalized.
 * @returns The hash with its algorithm, cost and salt: `$2b$12$…` or `$argon2id$v=19$…`.
 * @throws {AuthError} `missing_field`: the password is empty; `invalid_field`: it is not well-formed Unicode;
 *   `password_too_long` with `maxBytes`. Each has `field`.
 * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html OWASP}
 */
export async function hashPassword(password: string): Promise<string> {
  assertPassword(password, 'password')
  return CLASSIC_HASHER.hash(password)
}

/**
 * Refuses what cannot be a password in any mode, whether existing or new.
 *
 * @throws {AuthError} `missing_field`; `invalid_field`: not well-formed Unicode; `password_too_long`.
 */
export function assertPassword(password: unknown, field: string): asserts password is string {
  if (password === '' || password === undefined) throw new AuthError('missing_field', { field })
  // Lone surrogates have no UTF-8 form. They would all have the same hash.
  if (typeof password !== 'string' || !password.isWellFormed())
    throw new AuthError('invalid_field', { field })
  if (Buffer.byteLength(password) > PASSWORD_MAX_BYTES)
    throw new AuthError('password_too_long', { field, maxBytes: PASSWORD_MAX_BYTES })
}

/**
 * Refuses a new password that the policy does not allow. Every use case that sets a password calls this.
 *
 * @param about - `field`: the parameter that errors name. `email`: the address of the account, which must not make up
 *   most of the password.
 * @throws {AuthError} What {@link assertPassword} throws; `password_too_short`, `password_guessable`,
 *   `password_too_common` or `password_breached`.
 */
export async function assertNewPassword(
  ctx: Context,
  password: unknown,
  about: { field: string; email: string | null },
): Promise<void> {
  assertPassword(password, about.field)
  await ctx.policy.check(password, about)
}
