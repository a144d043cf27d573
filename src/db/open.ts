/** From a database URL to an open, migrated database. */
import { accessSync, constants, existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Dialect, Kysely, sql } from 'kysely'
import { type FileInUse, followLinks } from '../lib/output-file.ts'
import { OptionError } from '../model/errors.ts'
import { hasStatementTimeout, useWriteAheadLog } from './dialect.ts'
import { type GivenDatabase, isGivenPool } from './given.ts'
import { type Health, useHealth } from './health.ts'
import { inspectUsableSchema, migrate } from './migrate.ts'
import { type Naming, PLAIN } from './naming.ts'
import { type PreparedReader, useReader } from './prepared.ts'
import { withNaming } from './renaming.ts'
import type { NotDurable } from './sqlite/group-commit.ts'
import { type Database, type Schema, TABLE_NAMES } from './tables/index.ts'
import { type DatabaseUrl, describeDatabase, parseDatabaseUrl, sqliteUrl } from './url.ts'

/** Whether the database exists. Opening an SQLite file that does not exist would create it. */
export function databaseExists(text: string): boolean {
  const database = locateDatabase(text)
  return database.dialect === 'postgres' || database.path === ':memory:' || existsSync(database.path)
}

/**
 * Parses a database URL, and guards databases of version 0.1. That version read `sqlite:///srv/a.db` as an absolute
 * path and did not percent-decode. If a file exists only at the path that it would have used, refuse: creating an empty
 * database at the new path would look as if every account were lost.
 *
 * @throws {OptionError} As `parseDatabaseUrl`, or the file exists only at the path that version 0.1 would have used.
 */
export function locateDatabase(text: string): DatabaseUrl {
  const database = parseDatabaseUrl(text)
  if (database.dialect === 'postgres' || database.path === ':memory:') return database
  const { path, formerPath } = database
  if (existsSync(path) || !existsSync(formerPath)) return database
  const former = sqliteUrl(formerPath.replace(/^\/+/, '/'))
  throw new OptionError(
    'databaseUrl',
    `the file ${resolve(path)} does not exist. An earlier version read it as ${former}, which exists: write that to use it, or ${sqliteUrl(path)} to start a new database`,
  )
}

/** The parameters of a PostgreSQL URL that name a file, with whether only the service should be able to read it. */
const KEY_FILES = { sslcert: false, sslkey: true, sslrootcert: false }

interface DatabaseFile extends FileInUse {
  readonly file: string
  readonly isPrivate: boolean
}

/** The files that the database uses. No output may replace them. */
export function filesInUse(text: string): DatabaseFile[] {
  const database = locateDatabase(text)
  if (database.dialect === 'postgres') {
    const { searchParams } = new URL(database.url)
    return Object.entries(KEY_FILES).flatMap(([name, isPrivate]) =>
      searchParams.getAll(name).map((file) => ({ file, what: `the ${name} of the database`, isPrivate })),
    )
  }
  if (database.path === ':memory:') return []
  // SQLite follows symbolic links, and keeps its other files next to the target.
  const file = followLinks(database.path)
  return [
    { file, what: 'the database', isPrivate: true },
    ...['-wal', '-shm', '-journal'].map((suffix) => ({
      file: `${file}${suffix}`,
      what: `the ${suffix} file of the database`,
      isPrivate: true,
    })),
  ]
}

/** The files of the database that only the service should be able to read: all of them except certificates. */
export function privateFiles(text: string): string[] {
  return filesInUse(text)
    .filter(({ isPrivate }) => isPrivate)
    .map(({ file }) => file)
}

/** Options of {@link openDatabase}. */
export interface OpenOptions {
  /** Whether to bring the schema up to date. Default `true`; `false` changes nothing at all. */
  migrate?: boolean
  /** Whether to create an SQLite file that does not exist. Default `true`. */
  create?: boolean
  /** How our tables are named. Default: the plain names. */
  naming?: Naming
  /** Called when PostgreSQL drops a connection outside of any request. */
  onError?: (error: Error) => void
  /**
   * Called when SQLite's log cannot be synced. From then on every write is refused, until the database is opened again.
   */
  onLost?: (error: NotDurable) => void
  /** Called with the migrations that ran, if any did. */
  onMigrated?: (names: readonly string[]) => void
  /** Called with the migrations of newer versions, if the database has any. This version works on the schema. */
  onNewerSchema?: (names: readonly string[]) => void
}

/**
 * Opens the database and brings its schema up to date. Several processes may do so at once.
 *
 * @param source - A database URL, or a database of the application, which stays open when this one is destroyed.
 * @throws {OptionError} The database cannot be reached or opened for writing, or has a schema that this version can
 *   neither use nor migrate.
 */
export async function openDatabase(
  source: string | GivenDatabase,
  options: OpenOptions = {},
): Promise<Database> {
  const { onError = () => {}, onLost = () => {}, onMigrated = () => {}, onNewerSchema = () => {} } = options
  const { create = true, naming = PLAIN } = options
  const db = await connect(source, { onError, onLost, create, naming, groupsCommits: true })
  try {
    // Refuse before the first change. Setting the journal mode already writes to the file.
    const { pending, newer } = await inspectUsableSchema(db)
    if (options.migrate !== false) {
      await useWriteAheadLog(db)
      if (pending.length > 0) onMigrated(await migrateWithoutTimeout(source, db, naming))
    }
    if (newer.length > 0) onNewerSchema(newer)
    return db
  } catch (error) {
    await db.destroy()
    throw refusalOf(source, error)
  }
}

/** Migrates. Where statements time out, uses another connection, because a change to a whole table may take long. */
async function migrateWithoutTimeout(
  source: string | GivenDatabase,
  db: Database,
  naming: Naming,
): Promise<readonly string[]> {
  if (!hasStatementTimeout(db)) return migrate(db)
  const patient = await connect(source, { onError: () => {}, hasTimeout: false, naming })
  try {
    return await migrate(patient)
  } finally {
    await patient.destroy()
  }
}

/**
 * Opens a database without inspecting or changing its schema. Its statements have no time-out.
 *
 * @param details - `readOnly`: opens an SQLite file for reading only. Default `false`. `naming`: how our tables are
 *   named. Default: the plain names.
 * @throws {OptionError} The database cannot be opened.
 */
export function openAsItIs(
  databaseUrl: string,
  { readOnly = false, naming = PLAIN }: { readOnly?: boolean; naming?: Naming } = {},
): Promise<Database> {
  return connect(databaseUrl, { onError: () => {}, hasTimeout: false, readOnly, naming })
}

async function connect(
  source: string | GivenDatabase,
  {
    onError,
    hasTimeout = true,
    readOnly = false,
    create = true,
    groupsCommits = false,
    onLost = () => {},
    naming,
  }: {
    onError: (error: Error) => void
    onLost?: (error: NotDurable) => void
    groupsCommits?: boolean
    hasTimeout?: boolean
    readOnly?: boolean
    create?: boolean
    naming: Naming
  },
): Promise<Database> {
  const database = typeof source === 'string' ? locateDatabase(source) : givenOf(source)
  // Load only the driver in use: each costs tens of milliseconds at start.
  if (database.dialect === 'postgres') {
    const { openPostgres, sharePostgres } = await import('./postgres.ts')
    const connections = { onIdleError: onError, hasTimeout, naming }
    const db = assembled(
      'pool' in database
        ? sharePostgres(database.pool, connections)
        : openPostgres(database.url, connections),
      naming,
    )
    try {
      await assertUtf8(db)
      return db
    } catch (error) {
      await db.destroy()
      throw refusalOf(source, error)
    }
  }
  if (naming.databaseSchema !== '')
    throw new OptionError('databaseSchema', 'SQLite has no schemas; use a table prefix instead')
  try {
    if ('connection' in database) {
      const { shareSqlite } = await import('./sqlite/shared.ts')
      return assembled(shareSqlite(database.connection, naming), naming)
    }
    const { openSqlite } = await import('./sqlite/driver.ts')
    assertFolder(database.path)
    const details = { readOnly, create, naming, groupsCommits, onLost }
    return assembled(await openSqlite(database.path, details), naming)
  } catch (error) {
    throw refusalOf(source, error)
  }
}

function givenOf(given: GivenDatabase) {
  return isGivenPool(given)
    ? ({ dialect: 'postgres', pool: given } as const)
    : ({ dialect: 'sqlite', connection: given } as const)
}

function assembled(
  { dialect, reader, health }: { dialect: Dialect; reader: PreparedReader; health: Health },
  naming: Naming,
): Database {
  const db = new Kysely<Schema>({ dialect: withNaming(dialect, naming, TABLE_NAMES) })
  useReader(db, reader)
  useHealth(db, health)
  return db
}

/** Other encodings lack characters, so storing an address or a name could fail or change it. */
async function assertUtf8(db: Database): Promise<void> {
  const { rows } = await sql<{
    encoding: string
  }>`select current_setting('server_encoding') as encoding`.execute(db)
  const encoding = rows[0]?.encoding
  if (encoding !== 'UTF8')
    throw new OptionError(
      'databaseUrl',
      `this database stores text as ${encoding}, and Bienvenue needs UTF8: create a new one with createdb --encoding=UTF8 --template=template0 NAME`,
    )
}

function assertFolder(path: string): void {
  const folder = dirname(resolve(path))
  if (!existsSync(folder)) throw new Error(`there is no directory ${folder}`)
}

/** Checks that an SQLite file could be created. @throws {OptionError} It could not. */
export function assertCreatable(databaseUrl: string): void {
  const database = locateDatabase(databaseUrl)
  if (database.dialect === 'postgres') return
  try {
    assertFolder(database.path)
    accessSync(dirname(resolve(database.path)), constants.W_OK)
  } catch (error) {
    throw cannotUse(databaseUrl, error)
  }
}

/** Converts an error, so that it names the option that the database comes from. */
function refusalOf(source: string | GivenDatabase, error: unknown): OptionError {
  if (typeof source === 'string') return error instanceof OptionError ? error : cannotUse(source, error)
  if (!(error instanceof OptionError))
    return new OptionError('database', `cannot use the given database: ${reasonOf(error)}`, { cause: error })
  if (error.option !== 'databaseUrl') return error
  return new OptionError('database', error.problems[0]?.problem ?? '', { cause: error })
}

/** Wraps an error of the database, naming the database without its password. */
export function cannotUse(databaseUrl: string, cause: unknown): OptionError {
  const problem = `cannot use ${describeDatabase(databaseUrl)}: ${reasonOf(cause)}`
  return new OptionError('databaseUrl', problem, { cause })
}

function reasonOf(cause: unknown): string {
  // An AggregateError (every address of a host refused) holds its reasons inside.
  const reasons = cause instanceof AggregateError ? cause.errors : [cause]
  return reasons.map((error) => (error instanceof Error ? error.message : String(error))).join('; ')
}
