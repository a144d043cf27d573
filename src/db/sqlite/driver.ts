/**
 * SQLite for Kysely. One connection runs everything except prepared reads, so that the statements of this process
 * run in order; another one runs the prepared reads. WAL mode and retries let several processes share the file.
 */
import { setTimeout } from 'node:timers/promises'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from 'kysely'
import { isNoTransaction } from '../dialect.ts'
import type { Health } from '../health.ts'
import type { Naming } from '../naming.ts'
import type { PreparedReader } from '../prepared.ts'
import { type DatabaseSync, MEMORY, openForReading, openForWriting, whileBusy } from './connection.ts'
import { Faults, healthOfFile, healthOfShared } from './health.ts'
import { withCachedStatements, withFirstRow } from './statements.ts'

/** While other processes write, pause after each of our transactions, so that they can take the lock. */
const YIELD_PAUSE_MS = 1
/** How long a process counts as writing after we met its lock. */
const CONTENTION_LIFETIME_MS = 100

/**
 * Opens an SQLite database.
 *
 * @param path - A file, or `:memory:`.
 * @param details - `readOnly`: open an existing file without writing to it. `create`: create the file if it does
 *   not exist. `naming`: how our tables are named.
 * @throws The file cannot be opened; unless `readOnly`, also if it cannot be written.
 */
export async function openSqlite(
  path: string,
  { readOnly, create, naming }: { readOnly: boolean; create: boolean; naming: Naming },
): Promise<{ dialect: Dialect; reader: PreparedReader; health: Health }> {
  const writing = readOnly ? openForReading(path) : await openForWriting(path, { create })
  const faults = new Faults()
  let reading: DatabaseSync | undefined
  const openReader = () => {
    // A database in memory exists only in its one connection.
    reading ??= path === MEMORY || readOnly ? writing : openForReading(path)
    return reading
  }
  const database: SqliteDatabase = {
    ...withCachedStatements(writing),
    close() {
      if (reading !== undefined && reading !== writing) reading.close()
      writing.close()
    },
  }
  return {
    dialect: {
      createAdapter: () => new Adapter(),
      createDriver: () => new Driver(database, faults),
      createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
    reader: { first: withFirstRow(openReader, faults) },
    health: path === MEMORY ? healthOfShared(writing, naming) : healthOfFile(path, faults, naming),
  }
}

class Adapter extends SqliteAdapter {
  // SQLite's DDL is transactional. With the driver below, a migration takes the write lock before it reads which
  // migrations ran, so if several processes start at once, one migrates and the others wait.
  override get supportsTransactionalDdl() {
    return true
  }
}

class Driver extends SqliteDriver {
  /** When another process last held the write lock that we needed. */
  #busyAt = Number.NEGATIVE_INFINITY
  readonly #faults: Faults

  constructor(database: SqliteDatabase, faults: Faults) {
    super({ database })
    this.#faults = faults
  }

  // Our transactions write, so take the write lock at the start and wait for it there. Upgrading a read lock later
  // would fail at once if another process wrote in between.
  override async beginTransaction(connection: DatabaseConnection, settings?: TransactionSettings) {
    const begin = settings?.accessMode === 'read only' ? 'begin' : 'begin immediate'
    await connection.executeQuery(CompiledQuery.raw(begin))
  }

  // Otherwise this process would take the lock again at once, and others would starve.
  override async commitTransaction(connection: DatabaseConnection) {
    await super.commitTransaction(connection)
    if (performance.now() - this.#busyAt < CONTENTION_LIFETIME_MS) await setTimeout(YIELD_PAUSE_MS)
  }

  // When the disk is full, SQLite has already rolled back. A failing second rollback would hide the cause.
  override async rollbackTransaction(connection: DatabaseConnection) {
    await connection.executeQuery(CompiledQuery.raw('rollback')).catch((error: unknown) => {
      if (!isNoTransaction(error)) throw error
    })
  }

  override async acquireConnection() {
    const connection = await super.acquireConnection()
    const onBusy = () => {
      this.#busyAt = performance.now()
    }
    return {
      executeQuery: async <Row>(query: CompiledQuery) => {
        try {
          return await whileBusy(() => connection.executeQuery<Row>(query), onBusy)
        } catch (error) {
          this.#faults.note(error)
          throw error
        }
      },
      streamQuery: connection.streamQuery.bind(connection),
    } as DatabaseConnection
  }
}
