/** Removes factors, for their owner and for operators. */
import * as store from '../../db/index.ts'
import { isUuid } from '../../lib/random.ts'
import { AuthError } from '../../model/errors.ts'
import type { User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { Caller, SessionCaller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { lockUserOf, requireStrongSession } from '../sessions/guards.ts'
import { revokeOthers } from '../sessions/revoke.ts'
import { hasWayIn } from '../users/state.ts'
import { factorsOf, mustHaveSecondFactor, policyFor } from './state.ts'

/** The factor to remove. */
export type RemovedFactor = { readonly factor: 'totp' } | { readonly factor: 'passkey'; readonly id: string }

/**
 * Removes a factor of the caller, and ends their other sessions. If none is left, the second factor is disabled and the
 * recovery codes stop working.
 *
 * @throws {AuthError} What `requireStrongSession` throws; `not_found`; `last_factor`; `last_way_in`.
 */
export async function removeFactor(
  ctx: Context,
  removed: RemovedFactor,
  caller: SessionCaller,
): Promise<void> {
  const { session, acting } = await requireStrongSession(ctx, caller)
  await inTransaction(ctx, async (tx) => {
    const user = await lockUserOf(tx, session)
    const hadWayIn = await hasWayIn(tx, user)
    const name = await deleteFactor(tx, user, removed)
    const { hasAny, passkeys } = await factorsOf(tx, user.id)
    const isLast = !hasAny
    // Checked after the deletion, so that two requests cannot each count the other's factor. A refusal undoes it.
    const lacksPasskey = policyFor(tx, user) === 'passkey' && passkeys.length === 0
    if (lacksPasskey || (isLast && mustHaveSecondFactor(tx, user))) throw new AuthError('last_factor')
    // A security key, for example, is no way in.
    if (hadWayIn && !(await hasWayIn(tx, user))) throw new AuthError('last_way_in')
    const details = removed.factor === 'passkey' ? { passkey: removed.id } : {}
    await record(tx, { action: 'remove_factor', reason: removed.factor, userId: user.id, details }, acting)
    await enqueueMail(tx, user, `${removed.factor}_removed`, acting, {
      details: name === null ? {} : { name },
    })
    if (isLast) await disable(tx, user, acting)
    await revokeOthers(tx, user.id, session)
  })
}

/** @returns The name of the passkey, or `null` for an app. */
async function deleteFactor(tx: TxContext, { id }: User, removed: RemovedFactor): Promise<string | null> {
  if (removed.factor === 'totp') {
    if (!(await store.deleteTotp(tx.db, id))) throw new AuthError('not_found')
    return null
  }
  const name = isUuid(removed.id) ? await store.deletePasskey(tx.db, { id: removed.id, userId: id }) : null
  if (name === null) throw new AuthError('not_found')
  return name
}

/** Disables the second factor. Without any factor left, recovery codes are useless, so they are deleted. */
export async function disable(tx: TxContext, user: User, acting: Caller): Promise<void> {
  if (!(await factorsOf(tx, user.id)).hasAny) await store.deleteRecoveryCodes(tx.db, user.id)
  if (user.secondFactorEnabledAt === null) return
  await store.updateSecondFactor(tx.db, user.id, { enabledAt: null })
  await record(tx, { action: 'disable_second_factor', userId: user.id }, acting)
  await enqueueMail(tx, user, 'second_factor_disabled', acting)
}
