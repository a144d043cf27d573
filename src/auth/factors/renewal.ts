import { AuthError } from '../../model/errors.ts'
import { record } from '../audit/record.ts'
import type { SessionCaller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { lockUserOf, requireStrongSession } from '../sessions/guards.ts'
import { revokeOthers } from '../sessions/revoke.ts'
import { newRecoveryCodes } from './recovery-codes.ts'
import { factorsOf } from './state.ts'

/**
 * Makes ten new recovery codes. The old ones stop working, and the other sessions end. The owner gets a notice.
 *
 * @returns The codes, such as `37KQ2M9-XTPA4B1`. They cannot be shown again.
 * @throws {AuthError} `unauthenticated`: there is no live session; `second_factor_required` or
 *   `reauthentication_required`, with `accepts`; `no_second_factor`: there is no factor that a code could replace;
 *   `unavailable`: too many passwords wait to be hashed.
 */
export async function renewRecoveryCodes(ctx: Context, caller: SessionCaller): Promise<readonly string[]> {
  const { user, session, acting } = await requireStrongSession(ctx, caller)
  if (!(await factorsOf(ctx, user.id)).hasAny) throw new AuthError('no_second_factor')
  const fresh = await newRecoveryCodes(ctx)
  await inTransaction(ctx, async (tx) => {
    await lockUserOf(tx, session)
    await fresh.save(tx, user.id)
    await revokeOthers(tx, user.id, session)
    await record(tx, { action: 'renew_recovery_codes', userId: user.id }, acting)
    await enqueueMail(tx, user, 'recovery_codes_renewed', acting)
  })
  return fresh.codes
}
