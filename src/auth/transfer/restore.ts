import * as store from '../../db/index.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'

/** What {@link finishRestore} takes. */
export interface FinishRestoreRequest {
  /** Whether sessions and tokens stay valid. Only for a copy of a database that was not used after the backup. */
  readonly keepSessions: boolean
}

/** How many sessions and tokens ended. */
export interface FinishedRestore {
  readonly sessions: number
  readonly tokens: number
}

/**
 * Ends every session, token, mailed code and pending sign-in after a restore, unless `keepSessions` is set. Sessions
 * that ended after the backup and tokens that were used after it are valid again in the restored database, so a thief
 * could use them.
 */
export function finishRestore(
  ctx: Context,
  request: FinishRestoreRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<FinishedRestore> {
  return inTransaction(ctx, async (tx) => {
    const ended = { sessions: 0, tokens: 0 }
    if (!request.keepSessions) {
      await store.deleteEveryMailCode(tx.db)
      await store.deleteEveryPendingSignIn(tx.db)
      ended.sessions = await store.deleteEverySession(tx.db)
      ended.tokens = await store.deleteEveryToken(tx.db)
    }
    const event = { action: 'restore_database', userId: null, details: ended } as const
    await record(tx, event, asOperator(caller))
    return ended
  })
}
