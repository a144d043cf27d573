import * as store from '../../db/index.ts'
import { record } from '../audit/record.ts'
import type { Caller } from '../caller.ts'
import type { TxContext } from '../context.ts'
import { cancelLinks } from '../delivery/enqueue.ts'
import { forgetAttempts } from '../sign-in/throttle.ts'

/**
 * Deletes an account with all its rows. Its audit records stay, without IP address and user agent.
 *
 * @param reason - For the audit record, if the caller is neither the user nor an operator.
 * @returns `false` if there is no such user.
 */
export async function removeAccount(
  tx: TxContext,
  userId: number,
  { actor, requestId }: Caller,
  reason?: 'address_confirmed' | 'address_replaced',
): Promise<boolean> {
  const user = await store.lockUser(tx.db, userId)
  if (user === null) return false
  // Keep notices: deleting an account must not suppress what its owner should know.
  await cancelLinks(tx, userId)
  // A stranger may have entered the address. What they can still try must not reveal that it was free.
  const isReplaced = reason === 'address_replaced'
  // These before the user: the cascade would lock their rows in any order.
  if (isReplaced) await store.voidMailCodesOf(tx.db, userId)
  else await store.deleteMailCodesOf(tx.db, userId)
  await store.deletePendingSignInsOf(tx.db, userId)
  await store.deleteUser(tx.db, userId)
  if (!isReplaced) await forgetAttempts(tx, user.email)
  await store.forgetAuditOriginsOf(tx.db, userId)
  // Without IP address and user agent: what remains must not identify the person.
  await record(tx, { action: 'delete_account', userId, ...(reason && { reason }) }, { actor, requestId })
  return true
}
