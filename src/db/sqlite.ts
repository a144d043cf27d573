/**
 * SQLite through Node's own `node:sqlite`. One connection for all that writes, so that everything in this
 * process is in order, and one that only reads; WAL and a wait for other writers, so that other processes
 * can share the file.
 */
import '../lib/require-node.ts'

import { accessSync, closeSync, constants, existsSync, openSync, rmSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { SQLInputValue, StatementSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
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
import { MaintenanceError } from '../errors.ts'
import { openOutput } from '../lib/output-file.ts'
import { isBusy, isDamaged, isNoTransaction, isUnavailable } from './dialect.ts'
import { DatabaseFault, type Health } from './health.ts'
import { type PreparedReader, rowOf } from './prepared.ts'

// Not imported: require-node.ts says why.
const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
type DatabaseSync = InstanceType<typeof DatabaseSync>

/** How long a statement waits for another process's write before it gives up with SQLITE_BUSY. */
const BUSY_TIMEOUT_MS = 5_000
/** Between two tries: SQLite has no queue, and where others write all the time the lock is seldom free for longer. */
const BUSY_PAUSE_MS = 2
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
    reading ??= path === ':memory:' || readOnly ? writing : openForReading(path)
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

const MEMORY = ':memory:'

function openForReading(path: string): DatabaseSync {
  return new DatabaseSync(locationOf(path, 'ro'), { readOnly: true, timeout: BUSY_TIMEOUT_MS })
}

/** Never makes a file, which SQLite would do by default. */
function openExisting(path: string): DatabaseSync {
  return new DatabaseSync(locationOf(path, 'rw'), {
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
  })
}

// SQLite reads a path that begins with "file:" as a URI with parameters. In a URI that we make, it is a path.
function locationOf(path: string, mode: 'ro' | 'rw'): string | URL {
  return path === MEMORY ? path : new URL(`${pathToFileURL(resolve(path))}?mode=${mode}`)
}

async function openForWriting(path: string, { create }: { create: boolean }): Promise<DatabaseSync> {
  // SQLite would make a new file readable by everyone; its WAL takes the mode of the file. An existing file is not
  // opened here: closing it would release the POSIX locks that this process holds on it
  // (https://www.sqlite.org/howtocorrupt.html, 2.2).
  if (create && path !== MEMORY && !existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  const database = openExisting(path)
  try {
    // FULL: a commit that was answered survives a power cut. The empty transaction finds out whether the
    // file can be written.
    await whileBusy(() => database.exec('pragma synchronous = full; begin immediate; rollback'))
  } catch (error) {
    database.close()
    throw error
  }
  return database
}

/**
 * Copies a database to a new file with mode 0600.
 *
 * @throws {OutputError} The file exists, or cannot be written.
 */
export function copySqlite(path: string, copy: string): void {
  const output = openOutput(copy, { inUse: [], replace: false })
  try {
    copyInto(path, output.path)
    output.publish()
  } finally {
    output.discard()
  }
}

/**
 * Copies a database into an empty file, as it is at this moment and while others write: in one read transaction. What
 * was deleted is not copied.
 */
export function copyInto(path: string, empty: string): void {
  const database = openForReading(path)
  try {
    database.prepare('vacuum into ?').run(resolve(empty))
  } finally {
    database.close()
  }
}

/**
 * What SQLite finds wrong with a file: its pages and its foreign keys. Empty where all is well.
 *
 * @param details - `thorough`: also whether each index has just the rows of its table, which takes several times as long.
 */
export function checkSqlite(path: string, { thorough }: { thorough: boolean }): string[] {
  const database = openForReading(path)
  try {
    const check = thorough ? 'integrity_check' : 'quick_check'
    const pages = database.prepare(`select ${check} as said from pragma_${check}`).all()
    const keys = database.prepare('select "table" from pragma_foreign_key_check').all()
    return [
      ...pages.map(({ said }) => String(said)).filter((said) => said !== 'ok'),
      ...keys.map(({ table }) => `a row of ${table} refers to one that is not there`),
    ]
  } catch (error) {
    if (isDamaged(error)) return [(error as Error).message]
    throw error
  } finally {
    database.close()
  }
}

/**
 * Takes a database for itself alone, with all that its WAL holds written into its file.
 *
 * @returns Lets go of it.
 * @throws {MaintenanceError} A service or another program has it open, even where it does nothing.
 */
export function lockSqlite(path: string): () => void {
  // What is no database any more is nobody's. Who could write to it would, in closing it, throw its WAL away.
  if (!isReadable(path)) return () => {}
  const database = openExisting(path)
  try {
    // In WAL mode everybody who has the file open holds a lock on it, which the exclusive mode does not share.
    database.exec(
      'pragma locking_mode = exclusive; begin immediate; rollback; pragma wal_checkpoint(truncate)',
    )
  } catch (error) {
    database.close()
    if (!isBusy(error)) throw error
    throw new MaintenanceError(
      'the database is in use: stop the service and every command on it first; nothing was changed',
      { cause: error },
    )
  }
  return () => database.close()
}

function isReadable(path: string): boolean {
  const database = openForReading(path)
  try {
    database.prepare('select count(*) from sqlite_master').get()
    return true
  } catch (error) {
    if (isDamaged(error)) return false
    throw error
  } finally {
    database.close()
  }
}

/** Where a file is kept as it was before something was done to it. */
export function asideOf(path: string, before: 'adoption' | 'restore'): string {
  return `${path}.before-${before}-${new Date().toISOString().replaceAll(/[-:]/g, '')}`
}

/** Removes a copy of {@link copySqlite}. */
export function removeCopy(copy: string): void {
  rmSync(copy, { force: true })
}

/** What the statements of this process last failed with, where the database was at fault. */
class Faults {
  last: Error | null = null

  note(error: unknown): void {
    // Damage stays: it outlives other faults.
    if (!(error instanceof Error) || (this.last !== null && isDamaged(this.last))) return
    if (isDamaged(error) || (isUnavailable(error) && !isBusy(error))) this.last = error
  }
}

function healthOfFile(path: string, faults: Faults): Health {
  const opened = identityOf(path)
  return {
    async probe() {
      // Our connections would go on with the file that they opened. What is written to it would be lost.
      if (identityOf(path) !== opened)
        throw new DatabaseFault('replaced', 'the file was removed or replaced: restart the service')
      accessSync(path, constants.W_OK)
      // A new connection reads the file itself. Ours would answer from memory.
      const database = openForReading(path)
      try {
        const ran = migrationsIn(database)
        if (faults.last !== null) {
          if (isDamaged(faults.last)) throw faults.last
          // A full disk shows only in writes. After one failed, try one with each look, until it works.
          tryToWrite(path)
          faults.last = null
        }
        return ran
      } finally {
        database.close()
      }
    },
    assertWritable: () => whileBusy(() => tryToWrite(path)),
    findDamage: () => checkSqlite(path, { thorough: false }),
  }
}

function healthOfMemory(database: DatabaseSync): Health {
  return {
    probe: async () => migrationsIn(database),
    assertWritable: async () => {},
    findDamage: null,
  }
}

/** Which file has this name, or `null`. */
function identityOf(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`
}

function migrationsIn(database: DatabaseSync): string[] {
  const ledger = database.prepare("select 1 from sqlite_master where name = 'bienvenue_migrations'").get()
  if (ledger === undefined) return []
  return database
    .prepare('select name from bienvenue_migrations')
    .all()
    .map(({ name }) => String(name))
}

/** Writes to the disk in a transaction that is rolled back. @throws That fails, or another process writes. */
function tryToWrite(path: string): void {
  const database = openExisting(path)
  try {
    // A small write would stay in the cache until a commit. Without a cache, SQLite has to write it to the disk.
    database.exec('pragma cache_size = 1; begin immediate; create table bienvenue_check (filling blob)')
    database.exec('insert into bienvenue_check values (zeroblob(262144)); rollback')
  } finally {
    database.close()
  }
}

function withFirstRow(open: () => DatabaseSync, faults: Faults): PreparedReader['first'] {
  const statements = new Map<string, { statement: StatementSync; columns: readonly string[] }>()
  const prepare = (sql: string) => {
    const statement = open().prepare(sql)
    // Objects of the driver are slow to read: it gives the values.
    statement.setReturnArrays(true)
    const prepared = { statement, columns: statement.columns().map(({ name }) => name) }
    statements.set(sql, prepared)
    return prepared
  }
  return (sql, parameters) => {
    try {
      const { statement, columns } = statements.get(sql) ?? prepare(sql)
      const values = statement.get(...(parameters as readonly SQLInputValue[])) as unknown[] | undefined
      return values && rowOf(columns, values)
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

/** Tries again while another process writes. The event loop goes on meanwhile: SQLite itself waits asleep. */
async function whileBusy<Result>(
  run: () => Result | Promise<Result>,
  onBusy: () => void = () => {},
): Promise<Result> {
  const giveUpAt = performance.now() + BUSY_TIMEOUT_MS
  for (;;) {
    try {
      return await run()
    } catch (error) {
      if (!isBusy(error) || performance.now() > giveUpAt) throw error
      onBusy()
      await setTimeout(BUSY_PAUSE_MS)
    }
  }
}
