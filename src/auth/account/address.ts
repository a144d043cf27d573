import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import { isEmailAddress, isUnambiguousEmail, type User } from '../../model/user.ts'
import type { Context } from '../context.ts'

/** Refuses an address that an account cannot have: malformed, or ambiguous ({@link isUnambiguousEmail}). */
export function assertEmail(email: unknown): asserts email is string {
  if (email === '' || email === undefined) throw new AuthError('missing_field', { field: 'email' })
  if (typeof email !== 'string' || !isEmailAddress(email) || !isUnambiguousEmail(email))
    throw new AuthError('invalid_email', { field: 'email' })
}

/** Refuses only a missing address, for one that is looked up. */
export function assertEmailIsGiven(email: unknown): asserts email is string {
  if (email === '' || email === undefined) throw new AuthError('missing_field', { field: 'email' })
  if (typeof email !== 'string') throw new AuthError('invalid_field', { field: 'email' })
}

/**
 * The user with this address, or `null`. Text that is not an address is an unknown address: clients of the exercise
 * expect its answer. It is not looked up, because normalising long text takes quadratic time, and PostgreSQL stores
 * no zero byte.
 */
export async function findAddressee(ctx: Context, email: string): Promise<User | null> {
  return isEmailAddress(email) ? store.findUserByEmail(ctx.db, email) : null
}

/** The refusal of an address that another account has. The message is the one of the exercise. */
export function emailTaken(email: string, cause?: unknown): AuthError {
  return new AuthError('email_taken', { message: `User ${email} already exists`, cause })
}
