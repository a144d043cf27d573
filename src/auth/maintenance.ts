import * as store from '../db/index.ts'
import { type Context, inTransaction } from './context.ts'

/** How many rows a clean-up removed. */
export interface Removed {
  readonly sessions: number
  readonly tokens: number
  readonly throttles: number
}

/**
 * Removes what has ended by itself: expired sessions, tokens and counters. Nothing depends on it, since an
 * expired row is refused wherever it is met; it keeps the tables small. Any instance may run it at any time.
 */
export async function deleteExpired(ctx: Context): Promise<Removed> {
  return {
    sessions: await inBatches(ctx, store.deleteExpiredSessions),
    tokens: await inBatches(ctx, store.deleteExpiredTokens),
    throttles: await store.deleteExpiredThrottles(ctx.db, ctx.now()),
  }
}

const BATCH = 500

// Small transactions, so that requests get their turn between them.
async function inBatches(ctx: Context, deleteSome: typeof store.deleteExpiredSessions): Promise<number> {
  const now = ctx.now()
  let removed = 0
  for (;;) {
    const batch = await inTransaction(ctx, ({ db }) => deleteSome(db, now, BATCH))
    if (batch === 0) return removed
    removed += batch
  }
}
