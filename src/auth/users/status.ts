import * as store from '../../db/index.ts'
import { removeAccount } from '../account/removal.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { revokeSessionsAndTokens } from '../sessions/revoke.ts'
import { forgetAttempts } from '../sign-in/throttle.ts'

/**
 * Disables an account. Sign-in is refused, and every session and token ends. If it is already disabled, the original
 * time stays.
 *
 * @returns `false` if there is no such user.
 */
export function disable(ctx: Context, userId: number, caller: Caller = UNKNOWN_CALLER): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    if (!(await store.disableUser(tx.db, userId, ctx.now()))) return false
    await revokeSessionsAndTokens(tx, userId)
    await record(tx, { action: 'disable_account', userId }, asOperator(caller))
    return true
  })
}

/**
 * Enables a disabled account. Its old sessions stay ended.
 *
 * @returns `false` if there is no such user.
 */
export function enable(ctx: Context, userId: number, caller: Caller = UNKNOWN_CALLER): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    if (!(await store.enableUser(tx.db, userId))) return false
    await record(tx, { action: 'enable_account', userId }, asOperator(caller))
    return true
  })
}

/**
 * Marks the password of an account as compromised. Sign-in requires a reset, and every session and token ends.
 *
 * @returns `false` if there is no such user.
 */
export function markPasswordCompromised(
  ctx: Context,
  userId: number,
  caller: Caller = UNKNOWN_CALLER,
): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    if (!(await store.markPasswordCompromised(tx.db, userId, ctx.now()))) return false
    await revokeSessionsAndTokens(tx, userId)
    await record(tx, { action: 'mark_password_compromised', userId }, asOperator(caller))
    return true
  })
}

/**
 * Marks the address of an account as confirmed. The operator vouches for it.
 *
 * @returns `false` if there is no such user.
 */
export function confirmEmail(
  ctx: Context,
  userId: number,
  caller: Caller = UNKNOWN_CALLER,
): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    const user = await store.lockUser(tx.db, userId)
    if (user === null) return false
    await store.confirmEmail(tx.db, userId, user.email, ctx.now())
    await record(tx, { action: 'confirm_email', userId }, asOperator(caller))
    return true
  })
}

/**
 * Clears the failed sign-ins of an account, and the wait or lock that they caused.
 *
 * @returns `false` if there is no such user.
 */
export function unlock(ctx: Context, userId: number, caller: Caller = UNKNOWN_CALLER): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    const user = await store.lockUser(tx.db, userId)
    if (user === null) return false
    await forgetAttempts(tx, user.email)
    await record(tx, { action: 'unlock_account', userId }, asOperator(caller))
    return true
  })
}

function deleteUser(ctx: Context, userId: number, caller: Caller = UNKNOWN_CALLER): Promise<boolean> {
  return inTransaction(ctx, (tx) => removeAccount(tx, userId, asOperator(caller)))
}

export {
  /**
   * Deletes an account permanently, with its sessions and tokens. Its audit records stay until their retention ends,
   * without IP address and user agent.
   *
   * @returns `false` if there is no such user.
   */
  deleteUser as delete,
}
