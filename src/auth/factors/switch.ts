import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import { record } from '../audit/record.ts'
import type { SessionCaller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { lockUserOf, requireStrongSession } from '../sessions/guards.ts'
import { revokeOthers } from '../sessions/revoke.ts'
import { disable } from './removal.ts'
import { assertBoolean, factorsOf, mustHaveSecondFactor } from './state.ts'

/** What {@link setSecondFactor} takes. */
export interface SecondFactorRequest {
  /** Whether a sign-in with a password needs a second factor. */
  enabled: boolean
}

/**
 * Enables or disables the second factor of the caller, and ends their other sessions. Disabling it keeps the factors: a passkey
 * still signs in. The owner gets a notice when it is disabled.
 *
 * @throws {AuthError} `unauthenticated`; `second_factor_required` or `reauthentication_required`, with `accepts`;
 *   `no_second_factor`: there is none to enable; `last_factor`: the account must have one; `missing_field` or `invalid_field`
 *   with `field`.
 */
export async function setSecondFactor(
  ctx: Context,
  request: SecondFactorRequest,
  caller: SessionCaller,
): Promise<void> {
  const { user, session, acting } = await requireStrongSession(ctx, caller)
  const { enabled } = request
  assertBoolean(enabled, 'enabled')
  await inTransaction(ctx, async (tx) => {
    const locked = await lockUserOf(tx, session)
    if (!enabled) {
      if (mustHaveSecondFactor(tx, locked)) throw new AuthError('last_factor')
      await disable(tx, locked, acting)
    } else if (locked.secondFactorEnabledAt === null) {
      // A factor that cannot be used here would lock the user out.
      const { usable } = await factorsOf(tx, user.id)
      if (usable.every((factor) => factor === 'recovery_code')) throw new AuthError('no_second_factor')
      await store.updateSecondFactor(tx.db, user.id, { enabledAt: tx.now() })
      await record(tx, { action: 'enable_second_factor', userId: user.id }, acting)
    }
    await revokeOthers(tx, user.id, session)
  })
}
