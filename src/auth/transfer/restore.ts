import * as store from '../../db/index.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'

/** What {@link finishRestore} takes. */
export interface FinishRestoreRequest {
  /** Whether sessions and tokens of the backup stay valid: for a copy of a database that has not been used since. */
  readonly keepSessions: boolean
}

/** How many sessions and tokens a restore ended. */
export interface FinishedRestore {
  readonly sessions: number
  readonly tokens: number
}

/**
 * Ends every session and token that came back with a backup. Sessions that ended since the backup, and tokens that were
 * used, are valid again in it, so a thief would get them back.
 */
export function finishRestore(
  ctx: Context,
  { keepSessions }: FinishRestoreRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<FinishedRestore> {
  return inTransaction(ctx, async (tx) => {
    const ended = {
      sessions: keepSessions ? 0 : await store.deleteEverySession(tx.db),
      tokens: keepSessions ? 0 : await store.deleteEveryToken(tx.db),
    }
    const event = { action: 'restore_database', userId: null, details: ended } as const
    await record(tx, event, asOperator(caller))
    return ended
  })
}
