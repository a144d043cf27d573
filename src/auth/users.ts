import * as store from '../db/index.ts'
import { AuthError } from '../errors.ts'
import { isEmailAddress, isUnambiguousEmail, type User } from '../user.ts'
import { record } from './audit.ts'
import { type Client, type Context, inTransaction, type TxContext } from './context.ts'
import { cancelLinks } from './outbox.ts'
import { revokeSessionsAndTokens } from './sessions.ts'
import { forgetFailures } from './throttle.ts'

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
    await record(tx, { action: 'disable_account', actor: 'operator', userId })
    return true
  })
}

/** Opens a disabled account again. */
export function enableUser(ctx: Context, userId: number): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    if (!(await store.enableUser(tx.db, userId))) return false
    await record(tx, { action: 'enable_account', actor: 'operator', userId })
    return true
  })
}

/** Lets a password open nothing until it is reset, and ends what it opened. */
export function markPasswordCompromised(ctx: Context, userId: number): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    if (!(await store.markPasswordCompromised(tx.db, userId, ctx.now()))) return false
    await revokeSessionsAndTokens(tx, userId)
    await record(tx, { action: 'mark_password_compromised', actor: 'operator', userId })
    return true
  })
}

/** Vouches for the address of an account, as its confirmation would. */
export function confirmUser(ctx: Context, userId: number): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    const user = await store.lockUser(tx.db, userId)
    if (user === null) return false
    await store.confirmEmail(tx.db, userId, user.email, ctx.now())
    await record(tx, { action: 'confirm_email', actor: 'operator', userId })
    return true
  })
}

/** Lets an account that was guessed at start again at nothing. */
export function unlockUser(ctx: Context, userId: number): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    const user = await store.lockUser(tx.db, userId)
    if (user === null) return false
    await forgetFailures(tx, user.email)
    await record(tx, { action: 'unlock_account', actor: 'operator', userId })
    return true
  })
}

/** Removes an account with all that is its own. */
export function deleteUser(ctx: Context, userId: number): Promise<boolean> {
  return inTransaction(ctx, (tx) => removeAccount(tx, userId, 'operator'))
}

/** Removes an account. The audit keeps its lines, under a number that names nobody from now on. */
export async function removeAccount(
  tx: TxContext,
  userId: number,
  actor: 'user' | 'operator',
  { requestId }: Client = {},
): Promise<boolean> {
  const user = await store.lockUser(tx.db, userId)
  if (user === null) return false
  // Notices stay: whoever deletes an account must not silence what tells of them.
  await cancelLinks(tx, userId)
  await store.deleteUser(tx.db, userId)
  await forgetFailures(tx, user.email)
  await store.forgetAuditOriginsOf(tx.db, userId)
  await record(tx, { action: 'delete_account', actor, userId }, { requestId })
  return true
}

/** Refuses an address that an account cannot have: malformed, or ambiguous ({@link isUnambiguousEmail}). */
export function assertEmail(email: unknown): asserts email is string {
  if (email === '' || email === undefined) throw new AuthError('missing_field', { field: 'email' })
  if (typeof email !== 'string' || !isEmailAddress(email) || !isUnambiguousEmail(email))
    throw new AuthError('invalid_email', { field: 'email' })
}

/** Refuses only a missing address: for one that is looked up. */
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
