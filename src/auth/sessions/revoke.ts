import * as store from '../../db/index.ts'
import type { TxContext } from '../context.ts'
import { cancelLinks } from '../delivery/enqueue.ts'

/** Ends every session of an account, and voids its tokens, mailed codes, queued links and pending sign-ins. */
export async function revokeSessionsAndTokens(tx: TxContext, userId: number): Promise<void> {
  await store.deleteSessionsOf(tx.db, userId)
  await revokeTokens(tx, userId)
}

/** Voids every token, mailed code and pending sign-in of an account, and every queued mail with a link. */
export async function revokeTokens(tx: TxContext, userId: number): Promise<void> {
  await store.deleteTokensOf(tx.db, userId)
  await store.deleteMailCodesOf(tx.db, userId)
  await store.deletePendingSignInsOf(tx.db, userId)
  await cancelLinks(tx, userId)
}
