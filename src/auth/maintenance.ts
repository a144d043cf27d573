import * as store from '../db/index.ts'
import { record } from './audit.ts'
import { SYSTEM } from './caller.ts'
import { type Context, inTransaction, secondsAfter, type TxContext } from './context.ts'
import { deleteStaleMail } from './outbox.ts'

/** How many rows a clean-up removed or made to forget. */
export interface Removed {
  readonly sessions: number
  readonly tokens: number
  readonly throttles: number
  /** Accounts whose address nobody confirmed in time. */
  readonly accounts: number
  /** Mail that was not sent in time. */
  readonly mails: number
  /** Lines of the audit whose time is over. */
  readonly auditRecords: number
  /** Lines of the audit that forgot from where something was done. */
  readonly auditOrigins: number
}

const DAY_SECONDS = 86_400

/**
 * Removes what has ended by itself. Nothing depends on it, since an expired row is refused wherever it is
 * met; it keeps the tables small, and personal data no longer than it is needed. Any instance may run it at
 * any time.
 */
export async function deleteExpired(ctx: Context): Promise<Removed> {
  const now = ctx.now()
  const forgetBefore = secondsAfter(now, -ctx.options.ipRetentionDays * DAY_SECONDS)
  return {
    sessions: await inBatches(ctx, (tx, limit) => store.deleteExpiredSessions(tx.db, now, limit)),
    tokens: await inBatches(ctx, (tx, limit) => store.deleteExpiredTokens(tx.db, now, limit)),
    throttles: await inBatches(ctx, (tx, limit) => store.deleteExpiredThrottles(tx.db, now, limit)),
    accounts: await inBatches(ctx, deleteUnconfirmed),
    mails: await inBatches(ctx, deleteStaleMail),
    auditRecords: await inBatches(ctx, (tx, limit) => store.deleteExpiredAuditRecords(tx.db, now, limit)),
    auditOrigins: await inBatches(ctx, (tx, limit) => store.forgetAuditOrigins(tx.db, forgetBefore, limit)),
  }
}

async function deleteUnconfirmed(tx: TxContext, limit: number): Promise<number> {
  const removed = await store.deleteUnconfirmedUsers(tx.db, tx.now(), limit)
  if (removed > 0) {
    const event = { action: 'delete_unconfirmed_accounts', userId: null } as const
    await record(tx, { ...event, details: { removed } }, SYSTEM)
  }
  return removed
}

const BATCH = 500

// Small transactions, so that requests get their turn between them.
async function inBatches(
  ctx: Context,
  deleteSome: (tx: TxContext, limit: number) => Promise<number>,
): Promise<number> {
  let removed = 0
  for (;;) {
    const batch = await inTransaction(ctx, (tx) => deleteSome(tx, BATCH))
    if (batch === 0) return removed
    removed += batch
  }
}
