import * as store from '../../db/index.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'

/** What {@link finishRestore} is told. */
export interface FinishRestoreRequest {
  /** Whether what was open when the backup was made is open again. */
  readonly keepSessions: boolean
}

/** What a restore has ended. */
export interface FinishedRestore {
  readonly sessions: number
  readonly tokens: number
}

/**
 * Ends what came back with a backup. Sessions that were ended since, and tokens that were used, are in it alive:
 * whoever stole one would have it again.
 */
export function finishRestore(
  ctx: Context,
  { keepSessions }: FinishRestoreRequest,
  caller: Caller,
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
