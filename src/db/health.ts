/** Whether a database can be read and written. `doctor` and `/readyz` report it. */
import { TimeLimitExceeded, withinLimit } from '../lib/time-limit.ts'
import { MIGRATION_NAMES } from './migrate.ts'
import type { Database } from './tables/index.ts'

/** Health checks that each driver implements. */
export interface Health {
  /**
   * Reads the database as a new connection would. Takes no write lock.
   *
   * @returns The migrations that have run.
   * @throws It cannot be read, or is known to refuse writes.
   */
  probe(): Promise<readonly string[]>
  /** Writes in a transaction that is rolled back. @throws The database cannot be written. */
  assertWritable(): Promise<void>
  /** Reads the whole file and lists the damage in it. `null` if the database has no file of its own. */
  readonly findDamage: (() => readonly string[]) | null
}

/** The database does not answer, or cannot do its work. Has a code, because the log omits error messages. */
export class DatabaseFault extends Error {
  override readonly name = 'DatabaseFault'
  readonly code: 'read_only' | 'replaced' | 'no_answer'

  constructor(code: DatabaseFault['code'], message: string) {
    super(message)
    this.code = code
  }
}

type Registered = Health & { readonly isReady: () => Promise<boolean> }

const healths = new WeakMap<Database, Registered>()

/** Registers the driver's checks for {@link isReady} and {@link healthOf}. */
export function useHealth(db: Database, health: Health): void {
  const isReady = shared(async () => {
    // Other migrations are from newer versions. They only add, so this version works with them.
    const executed = new Set(await health.probe())
    return MIGRATION_NAMES.every((name) => executed.has(name))
  })
  healths.set(db, { ...health, isReady })
}

/** The health checks of a database that `openDatabase` opened. */
export function healthOf(db: Database): Registered {
  const health = healths.get(db)
  if (health === undefined) throw new Error('this database was not opened by openDatabase')
  return health
}

/**
 * Whether the database can do its work and has every migration of this version; it may have newer ones. Probes at most
 * once a second for all callers.
 *
 * @throws The database cannot be read or written, or does not answer within a second.
 */
export function isReady(db: Database): Promise<boolean> {
  return healthOf(db).isReady()
}

export const PROBE_EVERY_MS = 1_000
export const PROBE_TIMEOUT_MS = 1_000

/** Shares a result among all callers for a second. Never runs two probes at once. */
function shared<Result>(probe: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined
  let probedAt = 0
  let isProbing = false
  return () => {
    if (result !== undefined && (isProbing || performance.now() - probedAt < PROBE_EVERY_MS)) return result
    probedAt = performance.now()
    isProbing = true
    const probing = probe().finally(() => {
      isProbing = false
    })
    result = withinTime(probing)
    return result
  }
}

async function withinTime<Result>(result: Promise<Result>): Promise<Result> {
  try {
    return await withinLimit(PROBE_TIMEOUT_MS, () => result)
  } catch (error) {
    if (!(error instanceof TimeLimitExceeded)) throw error
    throw new DatabaseFault('no_answer', `the database did not answer within ${PROBE_TIMEOUT_MS} ms`)
  }
}
