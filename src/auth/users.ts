import * as store from '../db/index.ts'
import { AuthError, Conflict } from '../errors.ts'
import { isEmailAddress, type User } from '../user.ts'
import { type Context, inTransaction } from './context.ts'
import { assertNewPassword } from './passwords.ts'
import { revokeSessionsAndTokens } from './sessions.ts'

/** Registers a user. */
export async function registerUser(ctx: Context, email: string, password: string): Promise<User> {
  assertEmail(email)
  assertNewPassword(ctx, password, 'password')
  // Looked up first, because hashing is dear; of two at once the database lets one in.
  if ((await store.findUserByEmail(ctx.db, email)) !== null) throw emailTaken(email)
  const hashedPassword = await ctx.hasher.hash(password)
  try {
    return await store.addUser(ctx.db, email, hashedPassword, ctx.now())
  } catch (error) {
    throw error instanceof Conflict ? emailTaken(email, error) : error
  }
}

/** A user with the number of their live sessions, or `null`. */
export async function describeUser(
  ctx: Context,
  email: string,
): Promise<{ user: User; liveSessions: number } | null> {
  const user = await store.findUserByEmail(ctx.db, email)
  return user && { user, liveSessions: await store.countSessionsOf(ctx.db, user.id, ctx.now()) }
}

const PAGE = 500

/** All users by id. */
export async function* listUsers(ctx: Context): AsyncGenerator<User> {
  let page = await store.listUsers(ctx.db, { afterId: 0, limit: PAGE })
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    yield* page
    page = await store.listUsers(ctx.db, { afterId: last.id, limit: PAGE })
  }
}

/** Shuts an account. */
export function disableUser(ctx: Context, userId: number): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    if (!(await store.disableUser(tx.db, userId, ctx.now()))) return false
    await revokeSessionsAndTokens(tx, userId)
    return true
  })
}

/** Opens a disabled account again. */
export function enableUser(ctx: Context, userId: number): Promise<boolean> {
  return store.enableUser(ctx.db, userId)
}

/** Removes an account with all that is its own. */
export function deleteUser(ctx: Context, userId: number): Promise<boolean> {
  return store.deleteUser(ctx.db, userId)
}

/** Refuses what is no email address. */
export function assertEmail(email: unknown): asserts email is string {
  if (email === '' || email === undefined) throw new AuthError('missing_field', { field: 'email' })
  if (typeof email !== 'string' || !isEmailAddress(email))
    throw new AuthError('invalid_email', { field: 'email' })
}

function emailTaken(email: string, cause?: unknown): AuthError {
  return new AuthError('email_taken', { message: `User ${email} already exists`, cause })
}
