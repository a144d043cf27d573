import * as store from '../db/index.ts'
import { record } from './audit/record.ts'
import { SYSTEM } from './caller.ts'
import { type Context, inTransaction, secondsAfter, type TxContext } from './context.ts'
import { deleteStaleMail } from './delivery/outbox.ts'

/** How many rows each clean-up of the tables removed, or made to forget where something was done from. */
export type Removed = Readonly<Record<store.CleanUpName, number>>

const DAY_SECONDS = 86_400

/**
 * Removes what has ended by itself. Nothing depends on it, since an expired row is refused wherever it is
 * met; it keeps the tables small, and personal data no longer than it is needed. Any instance may run it at
 * any time.
 */
export async function deleteExpired(ctx: Context): Promise<Removed> {
  const now = ctx.now()
  const times = { now, forgetBefore: secondsAfter(now, -ctx.options.ipRetentionDays * DAY_SECONDS) }
  const removed: Partial<Record<store.CleanUpName, number>> = {}
  for (const { name, deleteSome } of store.CLEAN_UPS) {
    const batch: Batch = deleteSome === null ? RECORDED[name] : (tx, limit) => deleteSome(tx.db, times, limit)
    removed[name] = await inBatches(ctx, batch)
  }
  return removed as Removed
}

type Batch = (tx: TxContext, limit: number) => Promise<number>

/** The clean-ups that also write to the audit. */
const RECORDED: Readonly<Record<store.RecordedCleanUpName, Batch>> = {
  accounts: deleteUnconfirmed,
  mails: deleteStaleMail,
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
async function inBatches(ctx: Context, deleteSome: Batch): Promise<number> {
  let removed = 0
  for (;;) {
    const batch = await inTransaction(ctx, (tx) => deleteSome(tx, BATCH))
    if (batch === 0) return removed
    removed += batch
  }
}
