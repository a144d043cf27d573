/**
 * SQLite for Kysely on a `DatabaseSync` of the application, which runs its own statements on the same connection. So:
 *
 * - Nothing waits inside a transaction. It ends before the event loop turns, and no timer, I/O callback or request of
 *   the application finds it open.
 * - A transaction of the application is never joined, because its rollback would undo what we have answered. We wait
 *   until it ends.
 * - The application may close it too early. SQLite then rolls back a transaction of ours.
 * - No pragma stays changed. Foreign keys are on for our statements only. Journal mode and durability are the
 *   application's choice.
 */
import type { StatementSync } from 'node:sqlite'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { isBusy } from '../dialect.ts'
import { GivenDatabaseError } from '../given.ts'
import type { Health } from '../health.ts'
import type { Naming } from '../naming.ts'
import type { PreparedReader } from '../prepared.ts'
import { BUSY_PAUSE_MS, BUSY_TIMEOUT_MS, type DatabaseSync, whileBusy } from './connection.ts'
import { Faults, healthOfShared } from './health.ts'
import { prepared, withCachedStatements, withFirstRow } from './statements.ts'

export function shareSqlite(
  database: DatabaseSync,
  naming: Naming,
): { dialect: Dialect; reader: PreparedReader; health: Health } {
  const first = withFirstRow(() => database, new Faults())
  const health = healthOfShared(database, naming)
  return {
    dialect: {
      createAdapter: () => new SharedAdapter(),
      createDriver: () => new SharedDriver(database),
      createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
    reader: { first: (...read) => whileOpen(() => first(...read)) },
    health: { ...health, probe: () => health.probe().catch((error) => Promise.reject(namedClosed(error))) },
  }
}

class SharedAdapter extends SqliteAdapter {
  /** See `keepsPragmas` in `dialect.ts`. */
  readonly keepsPragmas = true

  override get supportsTransactionalDdl() {
    return true
  }
}

/** The application has a transaction open. Counts as a held lock. */
class TransactionOpen extends Error {
  override readonly name = 'TransactionOpen'
  readonly code = 'transaction_open'
  // SQLITE_BUSY
  readonly errcode = 5
}

/** @throws {GivenDatabaseError} The application has closed the database. */
function whileOpen<Result>(run: () => Result): Result {
  try {
    return run()
  } catch (error) {
    throw namedClosed(error)
  }
}

function namedClosed(error: unknown): unknown {
  // The database is not open, or was opened again, which has finalized our statements.
  const isClosed = (error as { code?: unknown }).code === 'ERR_INVALID_STATE'
  return isClosed ? new GivenDatabaseError('database_closed', { cause: error }) : error
}

class SharedDriver implements Driver {
  readonly #database: DatabaseSync
  readonly #foreignKeys: StatementSync
  readonly #connection: DatabaseConnection
  /** Ends our transaction's setting of foreign keys. `null`: we have no transaction open. */
  #restore: (() => void) | null = null

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#foreignKeys = prepared(database, 'pragma foreign_keys')
    const { prepare } = withCachedStatements(database)
    const execute = <Row>({ sql, parameters }: CompiledQuery): QueryResult<Row> =>
      whileOpen(() => {
        const statement = prepare(sql)
        if (statement.reader) return { rows: statement.all(parameters) as Row[] }
        const { changes, lastInsertRowid } = statement.run(parameters)
        return { insertId: BigInt(lastInsertRowid), numAffectedRows: BigInt(changes), rows: [] }
      })
    this.#connection = {
      executeQuery: async <Row>(query: CompiledQuery) =>
        this.#restore === null
          ? whileBusy(() => this.#alone(() => execute<Row>(query)))
          : whileBusyAtOnce(() => execute<Row>(query)),
      // biome-ignore lint/correctness/useYield: nothing is streamed from SQLite.
      async *streamQuery() {
        throw new Error('a shared SQLite database does not stream')
      },
    }
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection
  }

  async releaseConnection(): Promise<void> {}

  async beginTransaction(): Promise<void> {
    await whileBusy(() => {
      const restore = this.#enterAlone()
      try {
        this.#database.exec('begin immediate')
      } catch (error) {
        restore()
        throw error
      }
      this.#restore = restore
    })
  }

  async commitTransaction(): Promise<void> {
    whileBusyAtOnce(() => whileOpen(() => this.#database.exec('commit')))
    this.#leave()
  }

  async rollbackTransaction(): Promise<void> {
    try {
      // When the disk is full or the database is closed, SQLite has already rolled back.
      if (this.#restore !== null && this.#database.isOpen && this.#database.isTransaction)
        this.#database.exec('rollback')
    } finally {
      this.#leave()
    }
  }

  /** The database belongs to the application, which closes it. */
  async destroy(): Promise<void> {}

  #leave(): void {
    this.#restore?.()
    this.#restore = null
  }

  /** Runs one statement outside of any transaction. */
  #alone<Result>(run: () => Result): Result {
    const restore = this.#enterAlone()
    try {
      return run()
    } finally {
      restore()
    }
  }

  /**
   * Switches foreign keys on. SQLite ignores that inside a transaction.
   *
   * @returns Switches them off again if they were off.
   * @throws {TransactionOpen}
   * @throws {GivenDatabaseError}
   */
  #enterAlone(): () => void {
    if (whileOpen(() => this.#database.isTransaction))
      throw new TransactionOpen(
        'the application has a transaction open on the database; commit it or roll it back before you await a call of Bienvenue',
      )
    const { foreign_keys: isOn } = whileOpen(() => this.#foreignKeys.get()) ?? {}
    if (isOn === 1) return () => {}
    this.#database.exec('pragma foreign_keys = on')
    return () => {
      if (this.#database.isOpen) this.#database.exec('pragma foreign_keys = off')
    }
  }
}

/** {@link whileBusy} inside a transaction: blocks, because the application must not run in between. */
function whileBusyAtOnce<Result>(run: () => Result): Result {
  const giveUpAt = performance.now() + BUSY_TIMEOUT_MS
  for (;;) {
    try {
      return run()
    } catch (error) {
      if (!isBusy(error) || performance.now() > giveUpAt) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_PAUSE_MS)
    }
  }
}
