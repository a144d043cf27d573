import type { Database, Tx } from '../db/index.ts'
import type { Hasher, Options } from '../options.ts'

/** What every use case is given first: the store, the clock, the hasher and the options. */
export interface Context {
  readonly db: Database
  readonly now: () => Date
  readonly hasher: Hasher
  readonly options: Options
}

/** A context inside a transaction. */
export interface TxContext extends Context {
  readonly db: Tx
}

/** What is known of the client behind a request. All of it may be absent: then nothing depends on it. */
export interface Client {
  /** Its IP address, as the connection tells it. A `TypeError` where it is none. */
  readonly ip?: string | undefined
  readonly userAgent?: string | undefined
}

/** Runs several steps as one: all happen, or none. Hash before it, not in it: SQLite has one writer. */
export function inTransaction<Result>(
  ctx: Context,
  work: (ctx: TxContext) => Promise<Result>,
): Promise<Result> {
  return ctx.db.transaction().execute((tx) => work({ ...ctx, db: tx }))
}

/** The moment so many seconds after another. */
export function secondsAfter(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1_000)
}
