/** Whether a database can be read and written: what `doctor` and `/readyz` say of it. */
import { MIGRATION_NAMES } from './migrate.ts'
import type { Database } from './tables/index.ts'

/** What a driver finds out about its own database. */
export interface Health {
  /**
   * Reads the database as somebody would who opens it now. Takes no write lock.
   *
   * @returns The migrations that have run.
   * @throws It cannot be read, or is known to refuse writes.
   */
  probe(): Promise<readonly string[]>
  /** Writes, in a transaction that is rolled back. @throws It cannot be written. */
  assertWritable(): Promise<void>
  /** What is wrong inside the file, all of which is read. `null` where there is no file of ours. */
  readonly findDamage: (() => readonly string[]) | null
}

/** A database that answers, and still cannot do its work. Carries a code, because the log leaves messages out. */
export class DatabaseFault extends Error {
  override readonly name = 'DatabaseFault'
  readonly code: 'read_only' | 'replaced' | 'no_answer'

  constructor(code: DatabaseFault['code'], message: string) {
    super(message)
    this.code = code
  }
}

const healths = new WeakMap<Database, Health & { readonly isReady: () => Promise<boolean> }>()

/** Lets {@link isReady} and {@link healthOf} ask this driver. */
export function useHealth(db: Database, health: Health): void {
  const isReady = shared(async () => {
    const ran = await health.probe()
    return ran.length === MIGRATION_NAMES.length && MIGRATION_NAMES.every((name) => ran.includes(name))
  })
  healths.set(db, { ...health, isReady })
}

/** The health of a database that `openDatabase` has opened. */
export function healthOf(db: Database): Health {
  return known(db)
}

/**
 * Whether the database can do its work and has just the migrations of this version. Looks once a second at the most,
 * for all that ask.
 *
 * @throws It cannot be read or written, or gives no answer within a second.
 */
export function isReady(db: Database): Promise<boolean> {
  return known(db).isReady()
}

function known(db: Database) {
  const health = healths.get(db)
  if (health === undefined) throw new Error('this database was not opened by openDatabase')
  return health
}

const PROBE_EVERY_MS = 1_000
const PROBE_TIMEOUT_MS = 1_000

/** Gives everybody the answer of the newest look, which is a second old at the most. Two never run at once. */
function shared<Answer>(look: () => Promise<Answer>): () => Promise<Answer> {
  let answer: Promise<Answer> | undefined
  let lookedAt = 0
  let isLooking = false
  return () => {
    if (answer !== undefined && (isLooking || performance.now() - lookedAt < PROBE_EVERY_MS)) return answer
    lookedAt = performance.now()
    isLooking = true
    const looking = look().finally(() => {
      isLooking = false
    })
    answer = withinTime(looking)
    return answer
  }
}

async function withinTime<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const { promise: timeout, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new DatabaseFault('no_answer', `the database gave no answer within ${PROBE_TIMEOUT_MS} ms`)),
    PROBE_TIMEOUT_MS,
  )
  timer.unref()
  try {
    return await Promise.race([answer, timeout])
  } finally {
    clearTimeout(timer)
  }
}
