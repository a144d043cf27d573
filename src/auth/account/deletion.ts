import { AuthError } from '../../model/errors.ts'
import { type Account, accountOf } from '../../model/user.ts'
import type { SessionCaller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { enqueueFarewell } from '../delivery/enqueue.ts'
import { requireFreshSession } from '../sessions/guards.ts'
import { removeAccount } from './removal.ts'

/**
 * Deletes the caller's account for good, with its sessions and tokens, and sends a last mail to its address. Audit
 * records stay, without IP address and device, until their retention ends.
 *
 * @throws {AuthError} `unauthenticated`; `reauthentication_required`.
 */
async function deleteAccount(ctx: Context, caller: SessionCaller): Promise<Account> {
  const { user, acting } = await requireFreshSession(ctx, caller)
  await inTransaction(ctx, async (tx) => {
    if (!(await removeAccount(tx, user.id, acting))) throw new AuthError('unauthenticated')
    await enqueueFarewell(tx, user, 'account_deleted', acting)
  })
  return accountOf(user)
}

export { deleteAccount as delete }
