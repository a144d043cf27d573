/**
 * SQLite through Node's own `node:sqlite`. One connection for all that writes, so that everything in this
 * process is in order, and one that only reads; WAL and a busy timeout, so that other processes can share
 * the file.
 */
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
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
} from 'kysely'
import type { PreparedReader } from './prepared.ts'

/** How long a statement waits for another process's write before it gives up with SQLITE_BUSY. */
const BUSY_TIMEOUT_MS = 5_000

/**
 * Opens an SQLite database.
 *
 * @param path - A file, made if it is not there, or `:memory:`.
 * @throws Where the file cannot be opened for writing.
 */
export function openSqlite(path: string): { dialect: Dialect; reader: PreparedReader } {
  const writing = openForWriting(path)
  // What is in memory is known to its one connection alone.
  const reading =
    path === ':memory:' ? writing : new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
  const database: SqliteDatabase = {
    ...withCachedStatements(writing),
    close() {
      if (reading !== writing) reading.close()
      writing.close()
    },
  }
  return {
    dialect: {
      createAdapter: () => new Adapter(),
      createDriver: () => new Driver({ database }),
      createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
    reader: { first: withFirstRow(reading) },
  }
}

function openForWriting(path: string): DatabaseSync {
  // SQLite would make a new file readable by everyone; its WAL takes the mode of the file.
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600))
  const database = new DatabaseSync(path, {
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
    timeout: BUSY_TIMEOUT_MS,
  })
  try {
    // NORMAL would be faster and lose the last commits when the machine, not the process, dies.
    database.exec('pragma journal_mode = wal; pragma synchronous = full; begin immediate; rollback')
  } catch (error) {
    database.close()
    throw error
  }
  return database
}

function withFirstRow(database: DatabaseSync): PreparedReader['first'] {
  const statements = new Map<string, StatementSync>()
  return (sql, parameters) => {
    let statement = statements.get(sql)
    if (statement === undefined) {
      statement = database.prepare(sql)
      statements.set(sql, statement)
    }
    return statement.get(...(parameters as readonly SQLInputValue[]))
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
  // Our transactions write. Taking the lock first makes them wait for each other (busy timeout); a read
  // lock that wants to become a write lock later fails at once where another writer came between.
  override async beginTransaction(connection: DatabaseConnection) {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
}
