import * as store from '../../db/index.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'

/** Lists the live sessions of a user, most recently used first. Contains nothing that grants access. */
export function listSessions(ctx: Context, userId: number): Promise<store.SessionSummary[]> {
  return store.listSessionsOf(ctx.db, userId, ctx.now())
}

/** Ends every session of a user. Succeeds even if there is no such user. */
export function endSessions(ctx: Context, userId: number, caller: Caller = UNKNOWN_CALLER): Promise<void> {
  return inTransaction(ctx, async (tx) => {
    await store.deleteSessionsOf(tx.db, userId)
    await record(tx, { action: 'end_all_sessions', userId }, asOperator(caller))
  })
}

/**
 * Ends every session of every user.
 *
 * @returns How many ended.
 */
export function endEverySession(ctx: Context, caller: Caller = UNKNOWN_CALLER): Promise<number> {
  return inTransaction(ctx, async (tx) => {
    const ended = await store.deleteEverySession(tx.db)
    const event = { action: 'end_all_sessions', userId: null, details: { ended } } as const
    await record(tx, event, asOperator(caller))
    return ended
  })
}
