/**
 * Every difference between SQLite and PostgreSQL, apart from their drivers. Code that differs between the dialects calls
 * a function of this file, or {@link forDialect} if each dialect has a file of its own.
 */
import {
  type ColumnDefinitionBuilder,
  type Kysely,
  type RawBuilder,
  type SelectQueryBuilder,
  SqliteAdapter,
  sql,
  type Transaction,
} from 'kysely'
import { type Naming, PLAIN, prefixedBy, qualifiedBy } from './naming.ts'

export type DialectName = 'sqlite' | 'postgres'

// This file does not depend on the schema, so that migrations can use it.
// biome-ignore lint/suspicious/noExplicitAny: Kysely is invariant in its tables.
type AnyDatabase = Kysely<any>

/** Chooses the form for the dialect of this database. */
export function forDialect<Tables, Form>(
  db: Kysely<Tables>,
  forms: Readonly<Record<DialectName, Form>>,
): Form {
  return forms[isSqlite(db) ? 'sqlite' : 'postgres']
}

/** Exported for migrations, which are frozen. Everything else calls the functions below. */
export function isSqlite<Tables>(db: Kysely<Tables>): boolean {
  return db.getExecutor().adapter instanceof SqliteAdapter
}

// Column types. Released migrations use them: only add to them.

interface ColumnTypes {
  /** A UUID. */
  uuid: 'uuid' | 'text'
  /** Bytes. */
  bytes: 'bytea' | 'blob'
  /** Milliseconds since 1970, UTC. */
  time: 'bigint' | 'integer'
  /** An auto-incrementing primary key that never reuses a number. */
  countingKey: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder
  /** Table option: columns reject values of other types. */
  strict: RawBuilder<unknown>
  /** The same, with rows stored in the order of the primary key: one look-up instead of two. */
  strictClustered: RawBuilder<unknown>
}

const COLUMN_TYPES: Readonly<Record<DialectName, ColumnTypes>> = {
  sqlite: {
    uuid: 'text',
    bytes: 'blob',
    time: 'integer',
    countingKey: (column) => column.primaryKey().autoIncrement().notNull(),
    strict: sql`strict`,
    strictClustered: sql`strict, without rowid`,
  },
  postgres: {
    uuid: 'uuid',
    bytes: 'bytea',
    time: 'bigint',
    // By default, not always: an import supplies its own ids.
    countingKey: (column) => column.primaryKey().generatedByDefaultAsIdentity(),
    strict: sql``,
    strictClustered: sql``,
  },
}

export function columnTypesOf<Tables>(db: Kysely<Tables>): ColumnTypes {
  return forDialect(db, COLUMN_TYPES)
}

// Expressions.

/** A list as one parameter, for `in`, so that the statement is the same for any number of values. */
export function listed<Value>(
  db: AnyDatabase,
  type: 'text' | 'integer',
  values: readonly Value[],
): RawBuilder<Value> {
  if (isSqlite(db)) return sql<Value>`(select value from json_each(${JSON.stringify(values)}))`
  const array = sql`${[...values]}`
  return type === 'text'
    ? sql<Value>`(select unnest(${array}::text[]))`
    : sql<Value>`(select unnest(${array}::integer[]))`
}

/**
 * Rows as one parameter, for `insert into … (columns)`, so that the statement is the same for any number of rows. Bytes are a
 * `Uint8Array`.
 */
export function listedRows(
  db: AnyDatabase,
  columns: Readonly<Record<string, 'integer' | 'text' | 'time' | 'json' | 'count' | 'uuid' | 'bytes'>>,
  rows: readonly Readonly<Record<string, unknown>>[],
): RawBuilder<unknown> {
  const json = JSON.stringify(rows.map(inHex))
  const entries = Object.entries(columns)
  if (isSqlite(db)) {
    const values = entries.map(([name, type]) => {
      const value = sql`value ->> ${sql.lit(name)}`
      return type === 'bytes' ? sql`unhex(${value})` : value
    })
    return sql`select ${sql.join(values)} from json_each(${json})`
  }
  const types = {
    ...columnTypesOf(db),
    integer: 'integer',
    text: 'text',
    json: 'text',
    count: 'bigint',
    bytes: 'text',
  }
  const record = entries.map(([name, type]) => sql`${sql.ref(name)} ${sql.raw(types[type])}`)
  const values = entries.map(([name, type]) =>
    type === 'bytes' ? sql`decode(${sql.ref(name)}, 'hex')` : sql.ref(name),
  )
  return sql`
    select ${sql.join(values)}
    from json_to_recordset(${json}) as record (${sql.join(record)})`
}

/** JSON has no bytes. `toJSON` of a `Buffer` would write an object. */
function inHex(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    ]),
  )
}

/** The clock of the database, in milliseconds since 1970. */
export function clockOf(db: AnyDatabase): RawBuilder<number> {
  return isSqlite(db)
    ? sql`cast(unixepoch('subsec') * 1000 as integer)`
    : sql`extract(epoch from clock_timestamp()) * 1000`
}

// Names. See `naming.ts`.

/** The naming of a database or transaction. */
export function namingOf(db: AnyDatabase): Naming {
  return (db.getExecutor().adapter as { naming?: Naming }).naming ?? PLAIN
}

/** The real name of a table, index, trigger, function or constraint, without the schema. */
export function prefixed(db: AnyDatabase, name: string): string {
  return prefixedBy(namingOf(db), name)
}

/** The real name of a table or function, as SQL. */
export function qualified(db: AnyDatabase, name: string): string {
  return qualifiedBy(namingOf(db), name)
}

/** The schemas in which our tables can be, in the order in which the database looks for a name. */
export async function schemasOf(db: AnyDatabase): Promise<readonly (string | undefined)[]> {
  if (isSqlite(db)) return [undefined]
  const { databaseSchema } = namingOf(db)
  if (databaseSchema !== '') return [databaseSchema]
  const { rows } = await sql<{ schema: string }>`select unnest(current_schemas(false)) as schema`.execute(db)
  return rows.map(({ schema }) => schema)
}

// The database catalogue.

/** Creates the configured PostgreSQL schema if it is missing. Does nothing if none is configured. */
export async function createSchema(db: AnyDatabase): Promise<void> {
  const { databaseSchema } = namingOf(db)
  if (databaseSchema === '' || (await hasSchema(db, databaseSchema))) return
  try {
    await db.schema.createSchema(databaseSchema).ifNotExists().execute()
  } catch (error) {
    // If several processes create it at once, all but one can fail.
    if (!(await hasSchema(db, databaseSchema))) throw error
  }
}

async function hasSchema(db: AnyDatabase, name: string): Promise<boolean> {
  const { rows } = await sql`select 1 from pg_namespace where nspname = ${name}`.execute(db)
  return rows.length > 0
}

/**
 * Whether there is a table or view with the name of one of ours, in any spelling that the dialect treats as the same.
 * Looks up a single name, because listing all tables with their columns takes several times as long on PostgreSQL.
 */
export async function hasTable(db: AnyDatabase, name: string): Promise<boolean> {
  const real = qualified(db, name)
  const query = isSqlite(db)
    ? sql`select 1 from sqlite_master where lower(name) = ${real} and type in ('table', 'view')`
    : sql`select 1 where to_regclass(${real}) is not null`
  return (await query.execute(db)).rows.length > 0
}

/** The last id that the database generated, or `null` if there is none or the id is not auto-incrementing. */
export async function findLastUserId(db: AnyDatabase): Promise<number | null> {
  const users = qualified(db, 'users')
  if (isSqlite(db)) {
    const kept = await sql`select 1 from sqlite_master where name = 'sqlite_sequence'`.execute(db)
    if (kept.rows.length === 0) return null
    const { rows } = await sql<{ seq: number }>`
      select seq from sqlite_sequence where name = ${users} collate nocase`.execute(db)
    return rows[0]?.seq ?? null
  }
  const { rows } = await sql<{ last: number | null }>`
    select pg_sequence_last_value(pg_get_serial_sequence(${users}, 'id')::regclass) as last`.execute(db)
  return rows[0]?.last ?? null
}

/** Makes the next generated user id greater than this one. */
export async function continueAfterUserId(db: AnyDatabase, id: number): Promise<void> {
  const users = qualified(db, 'users')
  if (isSqlite(db)) {
    await sql`delete from sqlite_sequence where name = ${users}`.execute(db)
    await sql`insert into sqlite_sequence (name, seq) values (${users}, ${id})`.execute(db)
  } else {
    await sql`select setval(pg_get_serial_sequence(${users}, 'id'), ${id})`.execute(db)
  }
}

/** Makes PostgreSQL continue after ids that are about to be inserted explicitly. SQLite does this on its own. */
export async function reserveUserIds(tx: AnyDatabase, highest: number): Promise<void> {
  if (isSqlite(tx) || ((await findLastUserId(tx)) ?? 0) >= highest) return
  await continueAfterUserId(tx, highest)
}

// Waiting for the disk and for locks.

/** Whether the connection belongs to the application. Its settings must stay as they are. */
function keepsPragmas<Tables>(db: Kysely<Tables>): boolean {
  return (db.getExecutor().adapter as { keepsPragmas?: boolean }).keepsPragmas === true
}

/** How a connection to an SQLite file commits. */
export interface CommitMode {
  /** Whether its commits wait for the disk. */
  waitsForDisk: boolean
}

/**
 * Runs a single write that a power failure may undo. On SQLite it does not wait for the disk. The next commit that waits
 * makes it durable too, because a sync covers the whole log file.
 */
export async function withoutSync<Tables, Result>(
  db: Kysely<Tables>,
  write: (connection: Kysely<Tables>) => Promise<Result>,
): Promise<Result> {
  if (!isSqlite(db)) return write(db)
  return db.connection().execute(async (connection) => {
    await skipSync(connection)
    return write(connection)
  })
}

/**
 * Runs a transaction that a power failure may undo. It does not wait for the disk. On both databases the next commit that
 * waits makes it durable too, because the log is written in order.
 *
 * @see {@link https://www.postgresql.org/docs/current/wal-async-commit.html}
 */
export function transactionWithoutSync<Tables, Result>(
  db: Kysely<Tables>,
  work: (tx: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return db.transaction().execute(async (tx) => {
    await skipSync(tx)
    return work(tx)
  })
}

/** An application's own SQLite connection ignores this: its durability is the application's choice. */
async function skipSync<Tables>(connection: Kysely<Tables>): Promise<void> {
  if (isSqlite(connection)) {
    await connection.getExecutor().provideConnection(async (sqlite) => {
      Object.assign(sqlite, { waitsForDisk: false } satisfies CommitMode)
    })
  } else {
    await sql`set local synchronous_commit = off`.execute(connection)
  }
}

/**
 * Locks the rows that a query finds, and leaves out those that another transaction has locked. It never waits for a
 * lock, so it cannot deadlock. SQLite has one writer and needs no locks.
 */
export function skippingLocked<Tables, Table extends keyof Tables, Row>(
  db: AnyDatabase,
  query: SelectQueryBuilder<Tables, Table, Row>,
): SelectQueryBuilder<Tables, Table, Row> {
  return isSqlite(db) ? query : query.forUpdate().skipLocked()
}

/** Locks the rows that a query finds, in its order. SQLite has one writer and needs no locks. */
export function locking<Tables, Table extends keyof Tables, Row>(
  db: AnyDatabase,
  query: SelectQueryBuilder<Tables, Table, Row>,
): SelectQueryBuilder<Tables, Table, Row> {
  return isSqlite(db) ? query : query.forUpdate()
}

/** Lets readers and one writer use an SQLite file at the same time. The file records the mode. */
export async function useWriteAheadLog(db: AnyDatabase): Promise<void> {
  if (isSqlite(db) && !keepsPragmas(db)) await sql`pragma journal_mode = wal`.execute(db)
}

/** Whether statements of this dialect time out by default. */
export function hasStatementTimeout(db: AnyDatabase): boolean {
  return !isSqlite(db)
}

// Errors.

const SQLITE_CONSTRAINT_PRIMARY_KEY = 1555
const SQLITE_CONSTRAINT_UNIQUE = 2067
const POSTGRES_UNIQUE_VIOLATION = '23505'
const POSTGRES_LOCK_NOT_AVAILABLE = '55P03'
const POSTGRES_INSUFFICIENT_PRIVILEGE = '42501'
// Duplicate table or index, function, other object.
const POSTGRES_NAME_TAKEN = new Set(['42P07', '42723', '42710'])
const POSTGRES_DUPLICATE_COLUMN = '42701'
// Invalid statement name, duplicate prepared statement.
const POSTGRES_STATEMENT_LOST = new Set<unknown>(['26000', '42P05'])

// https://www.sqlite.org/rescode.html, the primary codes: busy, read-only, I/O error, full, cannot open.
const SQLITE_BUSY = 5
const SQLITE_UNAVAILABLE = new Set([SQLITE_BUSY, 8, 10, 13, 14])
// Corrupt; not a database.
const SQLITE_DAMAGED = new Set([11, 26])
// https://www.postgresql.org/docs/current/errcodes-appendix.html: connection exceptions, insufficient resources,
// operator intervention, read-only, a database that is missing or refuses connections, and transactions rolled back
// because of another one. Then the socket errors of Node.
const POSTGRES_UNAVAILABLE =
  /^(?:08...|53...|57P0.|25006|28P01|3D000|40...|55000|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/
// See `given.ts`.
const GIVEN_UNAVAILABLE = new Set<unknown>(['database_closed', 'no_free_connection'])
// `pg` throws these without a code.
const POSTGRES_GONE =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout)/
// What Kysely, `pg` and `node:sqlite` throw after `destroy`.
const CLOSED =
  /^(?:driver has already been destroyed|Cannot use a pool after calling end|database is not open|statement has been finalized)/

/** Whether the database rather than the statement is at fault, so that the same request may succeed later. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  if (typeof errcode === 'number') return SQLITE_UNAVAILABLE.has(errcode & 0xff)
  if (GIVEN_UNAVAILABLE.has(code)) return true
  if (error instanceof AggregateError && error.errors.some(isUnavailable)) return true
  if (CLOSED.test(error.message) || POSTGRES_GONE.test(error.message)) return true
  return typeof code === 'string' && POSTGRES_UNAVAILABLE.test(code)
}

/** Whether PostgreSQL gave no answer in time. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout'
}

/**
 * Whether the connection of the server does not have a named statement, or has another one of this name. A pooler in transaction
 * mode lends each transaction another connection, and an application can run `deallocate all` on its own.
 */
export function isStatementLost(error: unknown): boolean {
  return POSTGRES_STATEMENT_LOST.has((error as { code?: unknown }).code)
}

/** Whether another process holds the lock that an SQLite statement needs. The statement had no effect. */
export function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' && (errcode & 0xff) === SQLITE_BUSY
}

/** Whether an SQLite file is damaged or not a database. */
export function isDamaged(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' && SQLITE_DAMAGED.has(errcode & 0xff)
}

/** Whether a rollback failed because no transaction is active. */
export function isNoTransaction(error: unknown): boolean {
  return error instanceof Error && error.message.includes('no transaction is active')
}

/** Whether another transaction held a lock for longer than `lock_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return (error as { code?: unknown }).code === POSTGRES_LOCK_NOT_AVAILABLE
}

/** Whether the database role lacks the privilege for the statement. */
export function isForbidden(error: unknown): boolean {
  return (error as { code?: unknown }).code === POSTGRES_INSUFFICIENT_PRIVILEGE
}

/** Whether a table, index, trigger or function could not be created because the name is taken. */
export function isNameTaken(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  return (
    POSTGRES_NAME_TAKEN.has(String(code)) ||
    (errcode === 1 && /\balready (?:exists|an? )/.test(error.message))
  )
}

/** Whether a write failed because a unique value already exists. */
export function isUniqueViolation(error: unknown): boolean {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  return (
    code === POSTGRES_UNIQUE_VIOLATION ||
    errcode === SQLITE_CONSTRAINT_UNIQUE ||
    errcode === SQLITE_CONSTRAINT_PRIMARY_KEY
  )
}

/** The column that could not be added because the table already has one of this name. `null` for any other error. */
export function duplicateColumnOf(error: unknown): string | null {
  const { code, message } = error as { code?: unknown; message?: unknown }
  const form = code === POSTGRES_DUPLICATE_COLUMN ? /^column "(\w+)"/ : /^duplicate column name: (\w+)$/
  return form.exec(String(message))?.[1] ?? null
}
