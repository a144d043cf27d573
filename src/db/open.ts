/** From a database URL to an open, migrated database. */
import { existsSync } from 'node:fs'
import { type Dialect, Kysely, sql } from 'kysely'
import { OptionError } from '../errors.ts'
import { type FileInUse, followLinks } from '../lib/output-file.ts'
import { inspectSchema, migrate, pendingMigrations } from './migrate.ts'
import { isSqlite } from './migrations/columns.ts'
import { type PreparedReader, useReader } from './prepared.ts'
import type { Database, Schema } from './schema.ts'

type DatabaseUrl = { engine: 'sqlite'; path: string } | { engine: 'postgres'; url: string }

/**
 * Reads `sqlite:PATH`, `sqlite::memory:` or `postgres://…`.
 *
 * @throws {OptionError} Any other form. The message never repeats the URL, which may hold a password.
 */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase()
  if (scheme === 'sqlite') {
    const path = text.slice('sqlite:'.length)
    if (path === '' || path.includes('\0'))
      throw new OptionError('databaseUrl', 'sqlite: needs a path behind it')
    return { engine: 'sqlite', path }
  }
  if (scheme === 'postgres' || scheme === 'postgresql') {
    // An `@` behind the authority is of a password that was not percent-encoded: it would be cut there, and
    // what is left of it taken for a host or a path.
    if (!/^[a-z]+:\/\/[^/?#]*(?:\/[^@#]*)?$/i.test(text) || !URL.canParse(text))
      throw new OptionError(
        'databaseUrl',
        'this is not a valid PostgreSQL URL; special characters of the password have to be percent-encoded',
      )
    return { engine: 'postgres', url: text }
  }
  const problem = scheme === undefined ? 'there is no scheme' : `there is no database for "${scheme}:"`
  throw new OptionError('databaseUrl', `${problem}; use sqlite:PATH, sqlite::memory: or postgres://…`)
}

/** The URL of an SQLite file: what {@link parseDatabaseUrl} reads. */
export function sqliteUrl(path: string): string {
  return `sqlite:${path}`
}

/** The database of a URL as one may show it: without its password. */
export function describeDatabase(text: string): string {
  const database = parseDatabaseUrl(text)
  if (database.engine === 'sqlite') return text
  const { host, pathname, username } = new URL(database.url)
  return `postgres://${username === '' ? '' : `${username}@`}${host}${pathname}`
}

/** Whether there is a database to open: an SQLite file that is not there yet would be made. */
export function databaseExists(text: string): boolean {
  const database = parseDatabaseUrl(text)
  return database.engine === 'postgres' || database.path === ':memory:' || existsSync(database.path)
}

/** The parameters of a PostgreSQL URL that name a file. */
const KEY_FILES = ['sslcert', 'sslkey', 'sslrootcert']

/** The files of a database, which no output may replace. */
export function filesInUse(text: string): FileInUse[] {
  const database = parseDatabaseUrl(text)
  if (database.engine === 'postgres') {
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
  const { onError = () => {}, onMigrated = () => {} } = options
  const db = await connect(databaseUrl, { onError })
  try {
    const state = await inspectSchema(db)
    if (state.is !== 'ours' || state.pending.length > 0) {
      // What is done to a whole table takes longer than a request may.
      const patient = isSqlite(db) ? db : await connect(databaseUrl, { onError, isPatient: true })
      try {
        // A refusal comes before the first change: also the journal mode is written into the file.
        await pendingMigrations(patient)
        if (options.migrate === false) return db
        if (isSqlite(db)) await sql`pragma journal_mode = wal`.execute(db)
        onMigrated(await migrate(patient))
      } finally {
        if (patient !== db) await patient.destroy()
      }
    } else if (isSqlite(db) && options.migrate !== false) await sql`pragma journal_mode = wal`.execute(db)
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
  }: { onError: (error: Error) => void; isPatient?: boolean; readOnly?: boolean },
): Promise<Database> {
  const database = parseDatabaseUrl(databaseUrl)
  // Loaded only where used: either driver costs tens of milliseconds at start.
  if (database.engine === 'postgres') {
    const { openPostgres } = await import('./postgres.ts')
    return withReader(openPostgres(database.url, { onIdleError: onError, isPatient }))
  }
  const { openSqlite } = await import('./sqlite.ts')
  try {
    return withReader(await openSqlite(database.path, { readOnly }))
  } catch (error) {
    throw cannotUse(databaseUrl, error)
  }
}

function withReader({ dialect, reader }: { dialect: Dialect; reader: PreparedReader }): Database {
  const db = new Kysely<Schema>({ dialect })
  useReader(db, reader)
  return db
}

/** The refusal of a database for whatever went wrong with it. */
export function cannotUse(databaseUrl: string, cause: unknown): OptionError {
  // An AggregateError (every address of a host refused) has its reasons inside.
  const reasons = cause instanceof AggregateError ? cause.errors : [cause]
  const reason = reasons.map((error) => (error instanceof Error ? error.message : String(error))).join('; ')
  return new OptionError('databaseUrl', `cannot use ${describeDatabase(databaseUrl)}: ${reason}`, { cause })
}

/** Whether the database answers and has just the migrations of this version. */
export async function isReady(db: Database): Promise<boolean> {
  const state = await inspectSchema(db)
  return state.is === 'ours' && state.pending.length === 0
}
