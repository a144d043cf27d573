/**
 * SQLite for Kysely. One connection makes all writes, so that everything in this process happens in order, and another
 * one only reads. WAL and waiting for other writers let several processes share the file.
 */
import type { SQLInputValue, StatementSync } from 'node:sqlite'
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
import type { PreparedReader, Values } from '../prepared.ts'
import { type DatabaseSync, MEMORY, openForReading, openForWriting, whileBusy } from './connection.ts'
import { Faults, healthOfFile, healthOfMemory } from './health.ts'

/** How long our transactions leave the lock free behind them, and until how long after others were met. */
const POLITE_PAUSE_MS = 1
const POLITE_LIFETIME_MS = 100

/**
 * Opens an SQLite database.
 *
 * @param path - A file, made if it is not there, or `:memory:`.
 * @param details - `readOnly`: a file that is there, and is not written. `create`: whether to make one that is not.
 * @throws Where the file cannot be opened, for writing unless `readOnly`.
 */
export async function openSqlite(
  path: string,
  { readOnly, create }: { readOnly: boolean; create: boolean },
): Promise<{ dialect: Dialect; reader: PreparedReader; health: Health }> {
  const writing = readOnly ? openForReading(path) : await openForWriting(path, { create })
  const faults = new Faults()
  let reading: DatabaseSync | undefined
  const openReader = () => {
    // What is in memory is known to its one connection alone.
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
    health: path === MEMORY ? healthOfMemory(writing) : healthOfFile(path, faults),
  }
}

function withFirstRow(open: () => DatabaseSync, faults: Faults): PreparedReader['first'] {
  const statements = new Map<string, StatementSync>()
  const prepare = (sql: string) => {
    const statement = open().prepare(sql)
    // The driver's objects are slow to read.
    statement.setReturnArrays(true)
    statements.set(sql, statement)
    return statement
  }
  return (sql, parameters) => {
    try {
      const statement = statements.get(sql) ?? prepare(sql)
      return statement.get(...(parameters as readonly SQLInputValue[])) as Values | undefined
    } catch (error) {
      faults.note(error)
      throw error
    }
  }
}

// The shape that Kysely's driver expects. Preparing is a third of a short query's cost, and the set of
// statements is that of our source: each is prepared once.
function withCachedStatements(database: DatabaseSync): Pick<SqliteDatabase, 'prepare'> {
  const statements = new Map<string, ReturnType<typeof adapted>>()
  return {
    prepare(sql) {
      let statement = statements.get(sql)
      if (statement === undefined) {
        statement = adapted(database.prepare(sql))
        statements.set(sql, statement)
      }
      return statement
    },
  }
}

function adapted(statement: StatementSync) {
  const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters: readonly unknown[]) => statement.all(...values(parameters)),
    run: (parameters: readonly unknown[]) => statement.run(...values(parameters)),
    iterate: (parameters: readonly unknown[]) => statement.iterate(...values(parameters)),
  }
}

class Adapter extends SqliteAdapter {
  // SQLite's DDL is transactional; with the driver below a migration holds the write lock from its first
  // look at the state, so that of several processes that start at once one migrates and the rest wait.
  override get supportsTransactionalDdl() {
    return true
  }
}

class Driver extends SqliteDriver {
  /** When another process was last found to write. */
  #busyAt = Number.NEGATIVE_INFINITY
  readonly #faults: Faults

  constructor(database: SqliteDatabase, faults: Faults) {
    super({ database })
    this.#faults = faults
  }

  // Our transactions write. Taking the lock first makes them wait for each other, here at the beginning; a
  // read lock that wants to become a write lock later fails at once where another writer came between.
  override async beginTransaction(connection: DatabaseConnection, settings?: TransactionSettings) {
    const begin = settings?.accessMode === 'read only' ? 'begin' : 'begin immediate'
    await connection.executeQuery(CompiledQuery.raw(begin))
  }

  // Who has just let go of the lock would be the first to take it again: others would starve.
  override async commitTransaction(connection: DatabaseConnection) {
    await super.commitTransaction(connection)
    if (performance.now() - this.#busyAt < POLITE_LIFETIME_MS) await setTimeout(POLITE_PAUSE_MS)
  }

  // On a full disk SQLite has rolled back by itself; a second rollback would fail and hide the reason.
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
