import * as store from '../db/index.ts'
import type { Context } from './context.ts'

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
  const now = ctx.now()
  return {
    sessions: await store.deleteExpiredSessions(ctx.db, now),
    tokens: await store.deleteExpiredTokens(ctx.db, now),
    throttles: await store.deleteExpiredThrottles(ctx.db, now),
  }
}
