/** A whole database from one dialect to the other, or to another place: every row, compared at the end. */
import { sql } from 'kysely'
import { MaintenanceError, OptionError } from '../../errors.ts'
import { sha256 } from '../../lib/digest.ts'
import { assertNotInUse, openOutput } from '../../lib/output-file.ts'
import { continueAfterUserId, findLastUserId } from '../dialect.ts'
import { inspectSchema } from '../migrate.ts'
import { databaseExists, filesInUse, locateDatabase, openAsItIs, openDatabase } from '../open.ts'
import { type Database, type Schema, TABLE_NAMES, TABLES, type Tx } from '../tables/index.ts'
import { describeDatabase, sqliteUrl } from '../url.ts'

/** What a table had, here and there. */
export interface MovedTable {
  readonly table: keyof Schema
  readonly rows: number
  /** Equal where every row is: the sum of the SHA-256 of the rows, in hexadecimal. In whatever order they come. */
  readonly checksum: string
}

/** What {@link moveDatabase} is told. */
export interface MoveRequest {
  readonly from: string
  readonly to: string
  /** Whether to leave columns behind that Bienvenue does not know, rather than refuse. */
  readonly withoutExtraColumns: boolean
}

const PAGE = 500

type Row = Readonly<Record<string, unknown>>

/**
 * Copies every row to an empty database, in one transaction there. The source is read at one moment, and nothing in
 * it changes. Sessions and tokens stay good.
 *
 * @returns The tables as they are in both.
 * @throws {OutputError} The target is the source.
 * @throws {MaintenanceError} The source is not of this version, the target is not empty, or they differ at the end.
 */
export async function moveDatabase({ from, to, withoutExtraColumns }: MoveRequest): Promise<MovedTable[]> {
  if (!databaseExists(from))
    throw new OptionError('databaseUrl', `there is no database at ${describeDatabase(from)} yet`)
  const source = await openAsItIs(from, { readOnly: true })
  try {
    const state = await inspectSchema(source)
    if (state.is !== 'ours' || state.pending.length > 0)
      throw new MaintenanceError(
        `${describeDatabase(from)} has not the schema of this version: bienvenue migrate`,
      )
    return await writeTarget(from, to, async (target) => {
      const columns = await columnsOf(target)
      assertNoneLost(await columnsOf(source), columns, withoutExtraColumns)
      return copyAll(source, target, columns)
    })
  } finally {
    await source.destroy()
  }
}

/** An SQLite file that does not exist yet gets its name when everything is in it. */
async function writeTarget<Result>(
  from: string,
  to: string,
  write: (target: Database) => Promise<Result>,
): Promise<Result> {
  const writeTo = async (url: string) => {
    const target = await openEmpty(url)
    try {
      return await write(target)
    } finally {
      await target.destroy()
    }
  }
  const database = parseTarget(to)
  if (database.dialect === 'postgres') return writeTo(to)
  const inUse = filesInUse(from)
  for (const { file } of filesInUse(to)) assertNotInUse(file, inUse)
  if (databaseExists(to)) return writeTo(to)
  const output = openOutput(database.path, { inUse, replace: false })
  try {
    const result = await writeTo(sqliteUrl(output.path))
    output.publish()
    return result
  } finally {
    output.discard()
  }
}

function parseTarget(to: string) {
  try {
    return locateDatabase(to)
  } catch (error) {
    throw ofTarget(error)
  }
}

function ofTarget(error: unknown): unknown {
  if (!(error instanceof OptionError)) return error
  return new MaintenanceError(`the target: ${error.problems[0]?.problem}`, { cause: error })
}

/** A migrated database without a row. */
async function openEmpty(url: string): Promise<Database> {
  try {
    const target = await openAsItIs(url)
    const { is } = await inspectSchema(target).finally(() => target.destroy())
    if (is === 'foreign') throw notEmpty(url)
    await (await openDatabase(url)).destroy()
  } catch (error) {
    throw ofTarget(error)
  }
  const target = await openAsItIs(url)
  try {
    for (const table of TABLE_NAMES) {
      const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(target)
      if (rows.length > 0) throw notEmpty(url)
    }
    return target
  } catch (error) {
    await target.destroy()
    throw error
  }
}

function notEmpty(url: string): MaintenanceError {
  return new MaintenanceError(
    `the target, ${describeDatabase(url)}, is not empty; a move wants a new database. Nothing was changed`,
  )
}

type Columns = Readonly<Record<keyof Schema, readonly string[]>>

/** By name, so that the order is the same in both, however a table came to be. */
async function columnsOf(db: Database): Promise<Columns> {
  const tables = await db.introspection.getTables()
  const ofTable = (table: string) =>
    tables
      .find(({ name }) => name === table)
      ?.columns.map(({ name }) => name)
      .toSorted() ?? []
  return Object.fromEntries(TABLE_NAMES.map((table) => [table, ofTable(table)])) as Record<
    keyof Schema,
    string[]
  >
}

function assertNoneLost(here: Columns, there: Columns, mayBeLost: boolean): void {
  const extra = TABLE_NAMES.flatMap((table) =>
    here[table].filter((column) => !there[table].includes(column)).map((column) => `${table}.${column}`),
  )
  if (extra.length === 0 || mayBeLost) return
  throw new MaintenanceError(
    `Bienvenue does not know these columns, and would leave them behind: ${extra.join(', ')}; --without-extra-columns does. Nothing was changed`,
  )
}

function copyAll(source: Database, target: Database, columns: Columns): Promise<MovedTable[]> {
  const snapshot = source.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  return snapshot.execute((from) =>
    target.transaction().execute(async (into) => {
      const moved: MovedTable[] = []
      for (const table of TABLE_NAMES) moved.push(await copyTable(from, into, table, columns[table]))
      for (const here of moved) {
        const there = await summarise(into, here.table, columns[here.table])
        if (there.rows !== here.rows || there.checksum !== here.checksum)
          throw new MaintenanceError(`${here.table} is not the same in both; nothing was moved`)
      }
      const last = await lastUserId(from)
      if (last > 0) await continueAfterUserId(into, last)
      return moved
    }),
  )
}

async function copyTable(
  from: Tx,
  into: Tx,
  table: keyof Schema,
  columns: readonly string[],
): Promise<MovedTable> {
  const insert = (rows: readonly Row[]) => {
    const values = rows.map((row) => sql`(${sql.join(columns.map((column) => row[column]))})`)
    return sql`
      insert into ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))})
      values ${sql.join(values)}`.compile(into)
  }
  // Every full page is one and the same statement: built once.
  let whole: ReturnType<typeof insert> | undefined
  return summarise(from, table, columns, async (rows) => {
    if (rows.length < PAGE) await into.executeQuery(insert(rows))
    else {
      whole ??= insert(rows)
      const parameters = rows.flatMap((row) => columns.map((column) => row[column]))
      await into.executeQuery({ ...whole, parameters })
    }
  })
}

/** Reads a table by its key, a page at a time. */
async function summarise(
  db: Tx,
  table: keyof Schema,
  columns: readonly string[],
  onPage: (rows: readonly Row[]) => Promise<void> = async () => {},
): Promise<MovedTable> {
  const key = TABLES[table].key
  const pageBehind = (last: unknown) => sql<Row>`
    select ${sql.join(columns.map((column) => sql.ref(column)))} from ${sql.table(table)}
    where ${last === undefined ? sql`true` : sql`${sql.ref(key)} > ${last}`}
    order by ${sql.ref(key)} limit ${sql.lit(PAGE)}`
  let [count, sum] = [0, 0n]
  let last: unknown
  for (;;) {
    const { rows } = await pageBehind(last).execute(db)
    for (const row of rows) sum = BigInt.asUintN(256, sum + digestOf(row, columns))
    count += rows.length
    if (rows.length > 0) await onPage(rows)
    if (rows.length < PAGE) return { table, rows: count, checksum: sum.toString(16).padStart(64, '0') }
    last = rows.at(-1)?.[key]
  }
}

function digestOf(row: Row, columns: readonly string[]): bigint {
  const values = columns.map((column) => {
    const value = row[column]
    // Wrapped, so that bytes are no text.
    return value instanceof Uint8Array ? [Buffer.from(value).toString('hex')] : value
  })
  return BigInt(`0x${Buffer.from(sha256(JSON.stringify(values))).toString('hex')}`)
}

/** The last number that was given, also where the account is gone and its lines in the audit are not. */
async function lastUserId(db: Tx): Promise<number> {
  const { rows } = await sql<{ id: number | null }>`
    select max(id) as id from users union all select max(user_id) as id from audit`.execute(db)
  return Math.max(0, (await findLastUserId(db)) ?? 0, ...rows.map(({ id }) => id ?? 0))
}
