import * as store from '../db/index.ts'
import { AuthError, Conflict } from '../errors.ts'
import { isEmailAddress, type User } from '../user.ts'
import type { Context } from './context.ts'
import { assertNewPassword } from './passwords.ts'

/**
 * Registers a user.
 *
 * @param email - An address; kept as entered, unique in its normalised form (case, Unicode form and the
 *   spaces around it make no difference).
 * @param password - 1 to 1,024 bytes of UTF-8, and `options.minPasswordLength` code points or more.
 * @throws {AuthError} `email_taken`, with the message `User <email> already exists`: an account has the
 *   address; `invalid_field` or `missing_field` with `field`: no address, or a password that is not allowed.
 */
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

/** All users by id, read a page at a time: memory stays flat however many there are. */
export async function* listUsers(ctx: Context): AsyncGenerator<User> {
  let page = await store.listUsers(ctx.db, { afterId: 0, limit: PAGE })
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    yield* page
    page = await store.listUsers(ctx.db, { afterId: last.id, limit: PAGE })
  }
}

/** Shuts an account: nobody gets in, and its sessions and outstanding tokens end. `false`: no such user. */
export async function disableUser(ctx: Context, userId: number): Promise<boolean> {
  return ctx.db.transaction().execute(async (tx) => {
    if (!(await store.updateDisabledAt(tx, userId, ctx.now()))) return false
    await endEverything(tx, userId)
    return true
  })
}

/** Opens a disabled account again. `false`: no such user. */
export function enableUser(ctx: Context, userId: number): Promise<boolean> {
  return store.updateDisabledAt(ctx.db, userId, null)
}

/** Removes an account with all that is its own. `false`: no such user. */
export function deleteUser(ctx: Context, userId: number): Promise<boolean> {
  return store.deleteUser(ctx.db, userId)
}

/** Ends what was opened under the account's old state: every session and every outstanding token. */
export async function endEverything(tx: store.Database, userId: number): Promise<void> {
  await store.deleteSessionsOf(tx, userId)
  await store.deleteTokensOf(tx, userId)
  await store.updateUser(tx, userId, { resetToken: null })
}

/** Refuses what is no email address. */
export function assertEmail(email: unknown): asserts email is string {
  if (email === '') throw new AuthError('missing_field', { field: 'email' })
  if (typeof email !== 'string' || !isEmailAddress(email)) {
    throw new AuthError('invalid_field', { field: 'email', message: 'this is not an email address' })
  }
}

function emailTaken(email: string, cause?: unknown): AuthError {
  return new AuthError('email_taken', { message: `User ${email} already exists`, cause })
}
