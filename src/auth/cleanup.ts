import * as store from '../db/index.ts'
import { record } from './audit/record.ts'
import { SYSTEM } from './caller.ts'
import { type Context, inTransaction, secondsAfter, type TxContext } from './context.ts'
import { deleteStaleMail } from './delivery/send.ts'

/** How many rows each clean-up deleted, or cleared of IP address and user agent. */
export type Removed = Readonly<Record<store.CleanUpName, number>>

const DAY_SECONDS = 86_400

/**
 * Deletes what has expired: sessions, tokens, counters, accounts that were not confirmed in time, mail that was not
 * sent in time, and audit records after their retention. Removes IP addresses and user agents from audit records after
 * `options.ipRetentionDays`. Nothing depends on it for security, because expired rows are refused when they are read.
 * The `bienvenue serve` command runs it every hour; a program that embeds the library must call it. Any number of
 * instances may run it at the same time.
 *
 * @returns How many rows were deleted or cleared, by kind.
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

/** The clean-ups that also add audit records. */
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

// Small transactions, so that requests do not wait long for the writer.
async function inBatches(ctx: Context, deleteSome: Batch): Promise<number> {
  let removed = 0
  for (;;) {
    const batch = await inTransaction(ctx, (tx) => deleteSome(tx, BATCH))
    if (batch === 0) return removed
    removed += batch
  }
}
