import { type Account, accountOf } from '../../model/user.ts'
import type { SessionCaller } from '../caller.ts'
import type { Context } from '../context.ts'
import { requireSession } from '../sessions/guards.ts'

/**
 * The account of the caller.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session.
 */
export async function get(ctx: Context, caller: SessionCaller): Promise<Account> {
  const { user } = await requireSession(ctx, caller)
  return accountOf(user)
}
