import { AuthError } from '../../model/errors.ts'
import { OPTION_TABLE } from '../../options/index.ts'
import type { Context } from '../context.ts'
import { createHasher } from './hashing/index.ts'

/** Longest password, in UTF-8 bytes. A longer one is refused before it is hashed, and never cut. */
export const PASSWORD_MAX_BYTES = 1_024

const CLASSIC_HASHER = createHasher({ passwordHash: 'bcrypt', bcryptCost: OPTION_TABLE.bcryptCost.classic })

/**
 * Hashes a password with bcrypt, cost 12, and a random salt. A password that bcrypt would cut (over 72
 * bytes of UTF-8, or with a zero byte inside) is hashed with argon2id instead: 19 MiB, 2 passes, 1 lane.
 *
 * @param password - 1 to 1,024 bytes of UTF-8. Taken as it is: no trimming, no normalisation.
 * @returns The hash with its algorithm, cost and salt in it: `$2b$12$…` or `$argon2id$v=19$…`.
 * @throws {AuthError} `missing_field`: empty; `password_too_long`; `invalid_field`: no well-formed Unicode.
 * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html OWASP}
 */
export async function hashPassword(password: string): Promise<string> {
  assertPassword(password, 'password')
  return CLASSIC_HASHER.hash(password)
}

/** Refuses what cannot be a password at all, in any mode, old or new. */
export function assertPassword(password: unknown, field: string): asserts password is string {
  if (password === '' || password === undefined) throw new AuthError('missing_field', { field })
  // A lone surrogate has no UTF-8 form: all of them would hash alike.
  if (typeof password !== 'string' || !password.isWellFormed())
    throw new AuthError('invalid_field', { field })
  if (Buffer.byteLength(password) > PASSWORD_MAX_BYTES)
    throw new AuthError('password_too_long', { field, maxBytes: PASSWORD_MAX_BYTES })
}

/**
 * Refuses a new password that the policy does not allow: the one function for all that set one.
 *
 * @param about - `field`: the parameter; `email`: of the account, which a password may not be made of.
 */
export async function assertNewPassword(
  ctx: Context,
  password: unknown,
  about: { field: string; email: string | null },
): Promise<void> {
  assertPassword(password, about.field)
  await ctx.policy.check(password, about)
}
