import * as store from '../../db/index.ts'
import { AuthError } from '../../errors.ts'
import { isEmailAddress, isUnambiguousEmail, type User } from '../../user.ts'
import { type AccountState, columnsOf, type ListedUser, withStates } from './state.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { cancelLinks } from '../delivery/outbox.ts'
import { revokeSessionsAndTokens } from '../sessions/sessions.ts'
import { forgetFailures } from '../sign-in/throttle.ts'

/** What is known of an account. */
export interface UserDescription {
  readonly user: ListedUser
  readonly liveSessions: number
}

/** A user with the number of their live sessions, or `null`. */
export async function describeUser(ctx: Context, email: string): Promise<UserDescription | null> {
  const found = await store.findUserByEmail(ctx.db, email)
  if (found === null) return null
  const [user] = await withStates(ctx, [found])
  return user === undefined
    ? null
    : { user, liveSessions: await store.countSessionsOf(ctx.db, user.id, ctx.now()) }
}

/** Which users a list has. What is left out makes no difference. */
export interface UserQuery {
  readonly state?: AccountState | undefined
  /** A part of the address, in any spelling. */
  readonly email?: string | undefined
  /** Registered at this moment or later. */
  readonly since?: Date | undefined
  /** Only those with a greater id: where an earlier list ended. */
  readonly afterId?: number | undefined
}

const PAGE = 500

/** Users by id, a page at a time. */
export async function* listUsers(ctx: Context, query: UserQuery = {}): AsyncGenerator<ListedUser> {
  const { state, email, since } = query
  const filter = { ...(state && columnsOf(ctx, state)), email, createdSince: since }
  for (let afterId = query.afterId ?? 0; ; ) {
    const page = await store.listUsers(ctx.db, { afterId, limit: PAGE }, filter)
    const listed = await withStates(ctx, page)
    yield* listed.filter((user) => state === undefined || user.state === state)
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    afterId = last.id
  }
}

/** The live sessions of a user, the one used last first. */
export function listSessionsOfUser(ctx: Context, userId: number): Promise<store.SessionSummary[]> {
  return store.listSessionsOf(ctx.db, userId, ctx.now())
}

/** Shuts an account. */
export function disableUser(ctx: Context, userId: number, caller: Caller): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    if (!(await store.disableUser(tx.db, userId, ctx.now()))) return false
    await revokeSessionsAndTokens(tx, userId)
    await record(tx, { action: 'disable_account', userId }, asOperator(caller))
    return true
  })
}

/** Opens a disabled account again. */
export function enableUser(ctx: Context, userId: number, caller: Caller): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    if (!(await store.enableUser(tx.db, userId))) return false
    await record(tx, { action: 'enable_account', userId }, asOperator(caller))
    return true
  })
}

/** Lets a password open nothing until it is reset, and ends what it opened. */
export function markPasswordCompromised(ctx: Context, userId: number, caller: Caller): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    if (!(await store.markPasswordCompromised(tx.db, userId, ctx.now()))) return false
    await revokeSessionsAndTokens(tx, userId)
    await record(tx, { action: 'mark_password_compromised', userId }, asOperator(caller))
    return true
  })
}

/** Vouches for the address of an account, as its confirmation would. */
export function confirmUser(ctx: Context, userId: number, caller: Caller): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    const user = await store.lockUser(tx.db, userId)
    if (user === null) return false
    await store.confirmEmail(tx.db, userId, user.email, ctx.now())
    await record(tx, { action: 'confirm_email', userId }, asOperator(caller))
    return true
  })
}

/** Lets an account that was guessed at start again at nothing. */
export function unlockUser(ctx: Context, userId: number, caller: Caller): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    const user = await store.lockUser(tx.db, userId)
    if (user === null) return false
    await forgetFailures(tx, user.email)
    await record(tx, { action: 'unlock_account', userId }, asOperator(caller))
    return true
  })
}

/** Removes an account with all that is its own. */
export function deleteUser(ctx: Context, userId: number, caller: Caller): Promise<boolean> {
  return inTransaction(ctx, (tx) => removeAccount(tx, userId, asOperator(caller)))
}

/** Removes an account. The audit keeps its lines, under a number that names nobody from now on. */
export async function removeAccount(
  tx: TxContext,
  userId: number,
  { actor, requestId }: Caller,
): Promise<boolean> {
  const user = await store.lockUser(tx.db, userId)
  if (user === null) return false
  // Notices stay: deleting an account must not silence the notices about it.
  await cancelLinks(tx, userId)
  await store.deleteUser(tx.db, userId)
  await forgetFailures(tx, user.email)
  await store.forgetAuditOriginsOf(tx.db, userId)
  // Not from where: what is left of the account names nobody.
  await record(tx, { action: 'delete_account', userId }, { actor, requestId })
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
