/** From a database URL to an open, migrated database. */
import { accessSync, constants, existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Dialect, Kysely, sql } from 'kysely'
import { OptionError } from '../errors.ts'
import { type FileInUse, followLinks } from '../lib/output-file.ts'
import { needsPatience, useWriteAheadLog } from './dialect.ts'
import { type Health, useHealth } from './health.ts'
import { inspectSchema, migrate, pendingMigrations } from './migrate.ts'
import { type PreparedReader, useReader } from './prepared.ts'
import type { Database, Schema } from './tables/index.ts'
import { type DatabaseUrl, describeDatabase, parseDatabaseUrl, sqliteUrl } from './url.ts'

/** Whether there is a database to open: an SQLite file that is not there yet would be made. */
export function databaseExists(text: string): boolean {
  const database = locateDatabase(text)
  return database.dialect === 'postgres' || database.path === ':memory:' || existsSync(database.path)
}

/**
 * Reads a database URL, and looks where version 0.1 would have found the database: it read `sqlite:///srv/a.db` as an
 * absolute path, and decoded nothing. To make a new, empty database in place of the old one would lose every account.
 *
 * @throws {OptionError} As `parseDatabaseUrl`, or there is a database by the former reading alone.
 */
export function locateDatabase(text: string): DatabaseUrl {
  const database = parseDatabaseUrl(text)
  if (database.dialect === 'postgres' || database.path === ':memory:') return database
  const { path, formerPath } = database
  if (existsSync(path) || !existsSync(formerPath)) return database
  const former = sqliteUrl(formerPath.replace(/^\/+/, '/'))
  throw new OptionError(
    'databaseUrl',
    `this names the file ${resolve(path)}, which does not exist. An earlier version read it as ${former}, which exists: write that to use it, or ${sqliteUrl(path)} to start a new database`,
  )
}

/** The parameters of a PostgreSQL URL that name a file. */
const KEY_FILES = ['sslcert', 'sslkey', 'sslrootcert']

/** The files of a database, which no output may replace. */
export function filesInUse(text: string): FileInUse[] {
  const database = locateDatabase(text)
  if (database.dialect === 'postgres') {
    const { searchParams } = new URL(database.url)
    return KEY_FILES.flatMap((name) =>
      searchParams.getAll(name).map((file) => ({ file, what: `the ${name} of the database` })),
    )
  }
  if (database.path === ':memory:') return []
  // SQLite follows symbolic links, and keeps its other files beside the file itself.
  const file = followLinks(database.path)
  return [
    { file, what: 'the database' },
    ...['-wal', '-shm', '-journal'].map((suffix) => ({
      file: `${file}${suffix}`,
      what: `the ${suffix} file of the database`,
    })),
  ]
}

/** What {@link openDatabase} needs to know beside the URL. */
export interface OpenOptions {
  /** Whether to bring the schema up to date. Default `true`; `false` changes nothing at all. */
  migrate?: boolean
  /** Whether an SQLite file that is not there is made. Default `true`. */
  create?: boolean
  /** Told of faults of the database that belong to no request. */
  onError?: (error: Error) => void
  /** Told which migrations ran, where any did. */
  onMigrated?: (names: readonly string[]) => void
}

/**
 * Opens the database and brings its schema up to date. Safe when several processes do so at once.
 *
 * @throws {OptionError} The database cannot be reached or opened for writing, or belongs to something else
 *   or to a newer version.
 */
export async function openDatabase(databaseUrl: string, options: OpenOptions = {}): Promise<Database> {
  const { onError = () => {}, onMigrated = () => {}, create = true } = options
  const db = await connect(databaseUrl, { onError, create })
  try {
    const state = await inspectSchema(db)
    if (state.is !== 'ours' || state.pending.length > 0) {
      // What is done to a whole table takes longer than a request may.
      const patient = needsPatience(db) ? await connect(databaseUrl, { onError, isPatient: true }) : db
      try {
        // A refusal comes before the first change: also the journal mode is written into the file.
        await pendingMigrations(patient)
        if (options.migrate === false) return db
        await useWriteAheadLog(db)
        onMigrated(await migrate(patient))
      } finally {
        if (patient !== db) await patient.destroy()
      }
    } else if (options.migrate !== false) await useWriteAheadLog(db)
    return db
  } catch (error) {
    await db.destroy()
    throw error instanceof OptionError ? error : cannotUse(databaseUrl, error)
  }
}

/**
 * Opens a database as it is: looks at nothing, changes nothing, and waits for a statement as long as it takes.
 *
 * @param details - `readOnly`: whether an SQLite file cannot be written by this connection.
 * @throws {OptionError} It cannot be opened.
 */
export function openAsItIs(
  databaseUrl: string,
  { readOnly = false }: { readOnly?: boolean } = {},
): Promise<Database> {
  return connect(databaseUrl, { onError: () => {}, isPatient: true, readOnly })
}

async function connect(
  databaseUrl: string,
  {
    onError,
    isPatient = false,
    readOnly = false,
    create = true,
  }: { onError: (error: Error) => void; isPatient?: boolean; readOnly?: boolean; create?: boolean },
): Promise<Database> {
  const database = locateDatabase(databaseUrl)
  // Loaded only where used: either driver costs tens of milliseconds at start.
  if (database.dialect === 'postgres') {
    const { openPostgres } = await import('./postgres.ts')
    const db = assembled(openPostgres(database.url, { onIdleError: onError, isPatient }))
    try {
      await assertUtf8(db)
      return db
    } catch (error) {
      await db.destroy()
      throw error instanceof OptionError ? error : cannotUse(databaseUrl, error)
    }
  }
  const { openSqlite } = await import('./sqlite/driver.ts')
  try {
    assertFolder(database.path)
    return assembled(await openSqlite(database.path, { readOnly, create }))
  } catch (error) {
    throw cannotUse(databaseUrl, error)
  }
}

function assembled({
  dialect,
  reader,
  health,
}: {
  dialect: Dialect
  reader: PreparedReader
  health: Health
}): Database {
  const db = new Kysely<Schema>({ dialect })
  useReader(db, reader)
  useHealth(db, health)
  return db
}

/** Other encodings lack characters: an address or a name would be refused, or changed, when it is stored. */
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

/** Makes sure that an SQLite file that is not there could be made. @throws {OptionError} */
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

/** The refusal of a database for whatever went wrong with it. */
export function cannotUse(databaseUrl: string, cause: unknown): OptionError {
  // An AggregateError (every address of a host refused) has its reasons inside.
  const reasons = cause instanceof AggregateError ? cause.errors : [cause]
  const reason = reasons.map((error) => (error instanceof Error ? error.message : String(error))).join('; ')
  return new OptionError('databaseUrl', `cannot use ${describeDatabase(databaseUrl)}: ${reason}`, { cause })
}
