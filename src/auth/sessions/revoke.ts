import * as store from '../../db/index.ts'
import type { TxContext } from '../context.ts'
import { cancelLinks } from '../delivery/enqueue.ts'

/** Ends every session of an account, and voids its tokens, mailed codes, queued links and pending sign-ins. */
export async function revokeSessionsAndTokens(tx: TxContext, userId: number): Promise<void> {
  await store.deleteSessionsOf(tx.db, userId)
  await revokeTokens(tx, userId)
}

/**
 * Ends the sessions of an account except one, and voids its pending sign-ins, because its factors have changed: a
 * stolen session must not survive that.
 *
 * @param kept - The session that made the change. `null` if a sign-in made it, whose session has not started yet.
 */
export async function revokeOthers(
  tx: TxContext,
  userId: number,
  kept: { readonly id: string; readonly userId: number } | null,
): Promise<void> {
  if (kept === null) await store.deleteSessionsOf(tx.db, userId)
  else await store.deleteOtherSessions(tx.db, kept)
  await store.deletePendingSignInsOf(tx.db, userId)
}

/** Voids every token, mailed code and pending sign-in of an account, and every queued mail with a link. */
export async function revokeTokens(tx: TxContext, userId: number): Promise<void> {
  await store.deleteTokensOf(tx.db, userId)
  await store.voidMailCodesOf(tx.db, userId)
  await store.deletePendingSignInsOf(tx.db, userId)
  await cancelLinks(tx, userId)
}
