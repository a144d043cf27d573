import * as store from '../../db/index.ts'
import { isUserId } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'

/** Lists the live sessions of a user, most recently used first. Contains nothing that grants access. */
export async function listSessions(ctx: Context, userId: number): Promise<store.SessionSummary[]> {
  if (!isUserId(userId)) return []
  return store.listSessionsOf(ctx.db, userId, ctx.now())
}

/** Ends every session of a user. Succeeds even if there is no such user. */
export async function endSessions(
  ctx: Context,
  userId: number,
  caller: Caller = UNKNOWN_CALLER,
): Promise<void> {
  if (!isUserId(userId)) return
  await inTransaction(ctx, async (tx) => {
    await store.deleteSessionsOf(tx.db, userId)
    await record(tx, { action: 'end_all_sessions', userId }, asOperator(caller))
  })
}

/** Sessions per transaction. Sign-ins of their users wait for it, and PostgreSQL limits the time of a statement. */
const BATCH = 5_000

/**
 * Ends every session of every user, the oldest first. More than 5,000 take several transactions, each with its own audit record.
 * If one fails, those before it stay, and the call can be repeated.
 *
 * @returns How many ended.
 */
export async function endEverySession(ctx: Context, caller: Caller = UNKNOWN_CALLER): Promise<number> {
  for (let total = 0; ; ) {
    const ended = await inTransaction(ctx, (tx) => endOldestSessions(tx, caller))
    total += ended
    if (ended < BATCH) return total
  }
}

async function endOldestSessions(tx: TxContext, caller: Caller): Promise<number> {
  const ended = await store.deleteOldestSessions(tx.db, BATCH)
  const event = { action: 'end_all_sessions', userId: null, details: { ended } } as const
  await record(tx, event, asOperator(caller))
  return ended
}
