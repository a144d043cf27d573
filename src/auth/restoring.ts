import * as store from '../db/index.ts'
import { record } from './audit.ts'
import { type Context, inTransaction } from './context.ts'

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
): Promise<FinishedRestore> {
  return inTransaction(ctx, async (tx) => {
    const ended = {
      sessions: keepSessions ? 0 : await store.deleteEverySession(tx.db),
      tokens: keepSessions ? 0 : await store.deleteEveryToken(tx.db),
    }
    await record(tx, { action: 'restore_database', actor: 'operator', userId: null, details: ended })
    return ended
  })
}
