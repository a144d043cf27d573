import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import { isEmailAddress, isUnambiguousEmail, type User } from '../../model/user.ts'
import type { Context } from '../context.ts'

/**
 * Refuses an address that no account can have.
 *
 * @throws {AuthError} `missing_field`; `invalid_email`: malformed, or ambiguous ({@link isUnambiguousEmail}).
 */
export function assertEmail(email: unknown): asserts email is string {
  if (email === '' || email === undefined) throw new AuthError('missing_field', { field: 'email' })
  if (typeof email !== 'string' || !isEmailAddress(email) || !isUnambiguousEmail(email))
    throw new AuthError('invalid_email', { field: 'email' })
}

/**
 * Refuses an address that cannot be looked up. Text that is not an address passes: it is an unknown address.
 *
 * @throws {AuthError} `missing_field`; `invalid_field`: not text.
 */
export function assertEmailIsGiven(email: unknown): asserts email is string {
  if (email === '' || email === undefined) throw new AuthError('missing_field', { field: 'email' })
  if (typeof email !== 'string') throw new AuthError('invalid_field', { field: 'email' })
}

/**
 * The user with this address, or `null`. Text that is not an address counts as an unknown address, as the clients of
 * the exercise expect. It is not looked up, because normalizing long text takes quadratic time, and PostgreSQL refuses
 * zero bytes.
 */
export async function findAddressee(ctx: Context, email: string): Promise<User | null> {
  return isEmailAddress(email) ? store.findUserByEmail(ctx.db, email) : null
}

/** The error for a taken address, with the message of the exercise. */
export function emailTaken(email: string, cause?: unknown): AuthError {
  return new AuthError('email_taken', { message: `User ${email} already exists`, cause })
}
