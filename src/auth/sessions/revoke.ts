import * as store from '../../db/index.ts'
import type { TxContext } from '../context.ts'
import { cancelLinks } from '../delivery/enqueue.ts'

/** Ends every session of an account, and voids its tokens, mailed codes and queued links. */
export async function revokeSessionsAndTokens(tx: TxContext, userId: number): Promise<void> {
  await store.deleteSessionsOf(tx.db, userId)
  await revokeTokens(tx, userId)
}

/** Voids every token and every mailed code of an account, and every queued mail with a link. */
export async function revokeTokens(tx: TxContext, userId: number): Promise<void> {
  await store.deleteTokensOf(tx.db, userId)
  await store.deleteMailCodesOf(tx.db, userId)
  await cancelLinks(tx, userId)
}
