import * as store from '../db/index.ts'
import { AuthError } from '../errors.ts'
import { isEmailAddress } from '../user.ts'
import { type AccountState, columnsOf, type ListedUser, withStates } from './account-state.ts'
import { record } from './audit.ts'
import { type Client, type Context, inTransaction, type TxContext } from './context.ts'
import { revokeSessionsAndTokens } from './sessions.ts'
import { forgetFailures } from './throttle.ts'

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

/** Removes an account. The lines of the audit stay, under a number that is nobody's from now on. */
export async function removeAccount(
  tx: TxContext,
  userId: number,
  actor: 'user' | 'operator',
  { requestId }: Client = {},
): Promise<boolean> {
  const user = await store.lockUser(tx.db, userId)
  if (user === null) return false
  await store.deleteUser(tx.db, userId)
  await forgetFailures(tx, user.email)
  await store.forgetAuditOriginsOf(tx.db, userId)
  await record(tx, { action: 'delete_account', actor, userId }, { requestId })
  return true
}

/** Refuses what is no email address. */
export function assertEmail(email: unknown): asserts email is string {
  if (email === '' || email === undefined) throw new AuthError('missing_field', { field: 'email' })
  if (typeof email !== 'string' || !isEmailAddress(email))
    throw new AuthError('invalid_email', { field: 'email' })
}
