import { type AuditRecord, type Database, type Tx, transactionWithoutSync } from '../db/index.ts'
import type { Keyring } from '../lib/keyring.ts'
import type { Hasher, Options } from '../options/index.ts'
import type { PasswordPolicy } from './passwords/policy/index.ts'

/** What every use case is given first: the store, the clock, the hasher and the options. */
export interface Context {
  readonly db: Database
  readonly now: () => Date
  readonly hasher: Hasher
  readonly policy: PasswordPolicy
  readonly options: Options
  /** Signs what clients keep for us; `null` where no secret key is set. */
  readonly keys: Keyring | null
  /** Whether there is a mailer: without one nothing is put into the outbox. */
  readonly sendsMail: boolean
  /** Names this process in the audit. */
  readonly instance: string
  /** Told of each line of the audit once it is written for good. */
  readonly onAudit: (record: AuditRecord) => void
  /** Told that there is new mail in the outbox. */
  readonly onMail: () => void
  /** Does something once what the context belongs to is written for good: at once, outside of a transaction. */
  readonly afterCommit: (act: () => void) => void
}

/** A context inside a transaction. */
export interface TxContext extends Context {
  readonly db: Tx
}

/**
 * Runs several steps as one: all happen, or none. Hash before it, not in it: SQLite has one writer.
 *
 * @param details - `sync`: whether to wait for the disk. `false` for counters, which a power cut may set back.
 */
export async function inTransaction<Result>(
  ctx: Context,
  work: (ctx: TxContext) => Promise<Result>,
  { sync = true }: { sync?: boolean } = {},
): Promise<Result> {
  const acts: (() => void)[] = []
  const afterCommit = (act: () => void) => void acts.push(act)
  const execute = (tx: Tx) => work({ ...ctx, db: tx, afterCommit })
  const result = sync
    ? await ctx.db.transaction().execute(execute)
    : await transactionWithoutSync(ctx.db, execute)
  for (const act of acts) act()
  return result
}

/** The moment so many seconds after another. */
export function secondsAfter(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1_000)
}
