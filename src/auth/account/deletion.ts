import { type Account, accountOf } from '../../model/user.ts'
import type { SessionCaller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { enqueueFarewell } from '../delivery/enqueue.ts'
import { lockUserOf, requireStrongSession } from '../sessions/guards.ts'
import { removeAccount } from './removal.ts'

async function deleteAccount(ctx: Context, caller: SessionCaller): Promise<Account> {
  const { user, session, acting } = await requireStrongSession(ctx, caller)
  await inTransaction(ctx, async (tx) => {
    await lockUserOf(tx, session)
    await removeAccount(tx, user.id, acting)
    await enqueueFarewell(tx, user, 'account_deleted', acting)
  })
  return accountOf(user)
}

export {
  /**
   * Deletes the caller's account permanently, with its sessions and tokens, and sends a last mail to its address. Its
   * audit records stay until their retention ends, without IP address and user agent.
   *
   * @returns The deleted account.
   * @throws {AuthError} `unauthenticated`: there is no live session; `reauthentication_required` or
   *   `second_factor_required`, with `accepts`.
   */
  deleteAccount as delete,
}
