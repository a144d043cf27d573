import * as store from '../../db/index.ts'
import { record } from '../audit/record.ts'
import type { Caller } from '../caller.ts'
import type { TxContext } from '../context.ts'
import { cancelLinks } from '../delivery/enqueue.ts'
import { forgetAttempts } from '../sign-in/throttle.ts'

/** Deletes an account with all its rows. Audit records stay, without IP address and device. `false`: no such user. */
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
  await forgetAttempts(tx, user.email)
  await store.forgetAuditOriginsOf(tx.db, userId)
  // Without IP address and device: what is left of the account must not identify the person.
  await record(tx, { action: 'delete_account', userId }, { actor, requestId })
  return true
}
