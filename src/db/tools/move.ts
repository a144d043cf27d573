/** Copies a whole database to another place, also to the other dialect, and compares every row at the end. */
import { sql } from 'kysely'
import { sha256 } from '../../lib/digest.ts'
import { assertNotInUse, openOutput } from '../../lib/output-file.ts'
import { MaintenanceError, OptionError } from '../../model/errors.ts'
import { continueAfterUserId, findLastUserId } from '../dialect.ts'
import { inspectSchema, type KnownSchema } from '../migrate.ts'
import { type Naming, PLAIN, parseDatabaseSchema, parseTablePrefix } from '../naming.ts'
import { databaseExists, filesInUse, locateDatabase, openAsItIs, openDatabase } from '../open.ts'
import { type Database, type Schema, TABLE_NAMES, TABLES, type Tx } from '../tables/index.ts'
import { describeDatabase, sqliteUrl } from '../url.ts'
import { refusalOf } from './refusal.ts'

/** A table that is the same in source and target. */
export interface MovedTable {
  readonly table: keyof Schema
  readonly rows: number
  /** The sum of the SHA-256 of all rows modulo 2^256, in hexadecimal. Does not depend on the order of the rows. */
  readonly checksum: string
}

/** What {@link moveDatabase} takes. */
export interface MoveRequest {
  readonly from: string
  readonly to: string
  /** How the tables are named in the source. Default: the plain names. */
  readonly naming?: Naming
  /** How they are named in the target, where it differs. Without a schema, a PostgreSQL target uses that of the source. */
  readonly toNaming?: Partial<Naming>
  /** Whether to leave columns behind that Bienvenue does not know. If not, the move is refused. */
  readonly withoutExtraColumns: boolean
}

const PAGE = 500

type Row = Readonly<Record<string, unknown>>

/**
 * Copies every row to an empty database, in one transaction. Reads the source in one snapshot and does not change it.
 * Sessions and tokens stay valid.
 *
 * @returns The tables, which are the same in both.
 * @throws {OutputError} The target is the source.
 * @throws {MaintenanceError} Either schema is not exactly that of this version, the target is not empty, the target
 *   refuses a row, or a table differs at the end.
 */
export async function moveDatabase(request: MoveRequest): Promise<MovedTable[]> {
  const { from, to, naming = PLAIN, withoutExtraColumns } = request
  if (!databaseExists(from))
    throw new OptionError('databaseUrl', `there is no database at ${describeDatabase(from)} yet`)
  const source = await openAsItIs(from, { readOnly: true, naming })
  try {
    const state = await inspectSchema(source)
    if (state.is !== 'ours' || state.pending.length > 0)
      throw new MaintenanceError(
        `${describeDatabase(from)} does not have the schema of this version; run bienvenue migrate first`,
      )
    assertNotNewer(describeDatabase(from), state)
    return await writeTarget(from, to, targetNaming(request), async (target) => {
      const columns = await columnsOf(target)
      assertNoColumnLost(await columnsOf(source), columns, withoutExtraColumns)
      return copyAll(source, target, columns)
    })
  } finally {
    await source.destroy()
  }
}

/**
 * Refuses a schema with newer migrations. This version would not copy newer columns and tables, and would not fill in what
 * newer migrations add.
 */
function assertNotNewer(what: string, { newer }: KnownSchema): void {
  if (newer.length === 0) return
  throw new MaintenanceError(
    `${what} was migrated by a newer version of Bienvenue (${newer.join(', ')}); run move with that version. Nothing was changed`,
  )
}

/** Writes a new SQLite file under a temporary name until it is complete. */
async function writeTarget<Result>(
  from: string,
  to: string,
  naming: Naming,
  write: (target: Database) => Promise<Result>,
): Promise<Result> {
  const writeTo = async (url: string) => {
    const target = await openEmpty(url, naming)
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
    throw asTargetError(error)
  }
}

/** @throws {MaintenanceError} A name is invalid. */
function targetNaming({ to, naming = PLAIN, toNaming = {} }: MoveRequest): Naming {
  const { tablePrefix = naming.tablePrefix, databaseSchema } = toNaming
  const inherited = parseTarget(to).dialect === 'postgres' ? naming.databaseSchema : ''
  const names = { tablePrefix, databaseSchema: databaseSchema ?? inherited }
  try {
    if (names.tablePrefix !== '') parseTablePrefix(names.tablePrefix)
    if (names.databaseSchema !== '') parseDatabaseSchema(names.databaseSchema)
    return names
  } catch (error) {
    throw asTargetError(error)
  }
}

function asTargetError(error: unknown): unknown {
  if (!(error instanceof OptionError)) return error
  return new MaintenanceError(`the target: ${error.problems[0]?.problem}`, { cause: error })
}

/** Opens a migrated database without rows. */
async function openEmpty(url: string, naming: Naming): Promise<Database> {
  try {
    const target = await openAsItIs(url, { naming })
    const state = await inspectSchema(target).finally(() => target.destroy())
    if (state.is === 'foreign') throw notEmpty(url)
    assertNotNewer(`the target, ${describeDatabase(url)},`, state)
    await (await openDatabase(url, { naming })).destroy()
  } catch (error) {
    throw asTargetError(error)
  }
  const target = await openAsItIs(url, { naming })
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
    `the target, ${describeDatabase(url)}, is not empty; name a new database. Nothing was changed`,
  )
}

type Columns = Readonly<Record<keyof Schema, readonly string[]>>

/** Sorts the columns by name, so that their order is the same in both databases. */
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

function assertNoColumnLost(source: Columns, target: Columns, mayBeLost: boolean): void {
  const extra = TABLE_NAMES.flatMap((table) =>
    source[table].filter((column) => !target[table].includes(column)).map((column) => `${table}.${column}`),
  )
  if (extra.length === 0 || mayBeLost) return
  throw new MaintenanceError(
    `Bienvenue does not know these columns and would not copy them: ${extra.join(', ')}. Add --without-extra-columns to leave them behind. Nothing was changed`,
  )
}

function copyAll(source: Database, target: Database, columns: Columns): Promise<MovedTable[]> {
  const snapshot = source.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  return snapshot.execute((from) =>
    target.transaction().execute(async (into) => {
      const moved: MovedTable[] = []
      for (const table of TABLE_NAMES)
        moved.push(
          await copyTable(from, into, table, columns[table]).catch((error: unknown) => {
            throw refusalOf(error, `${table} cannot be copied, and nothing was moved`)
          }),
        )
      for (const { table, rows, checksum } of moved) {
        const copy = await summarise(into, table, columns[table])
        if (copy.rows !== rows || copy.checksum !== checksum)
          throw new MaintenanceError(`the copy of ${table} differs from the source; nothing was moved`)
      }
      const last = await highestUserId(from)
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
  // The statement for a full page is always the same, so build it once.
  let fullPage: ReturnType<typeof insert> | undefined
  return summarise(from, table, columns, async (rows) => {
    if (rows.length < PAGE) await into.executeQuery(insert(rows))
    else {
      fullPage ??= insert(rows)
      const parameters = rows.flatMap((row) => columns.map((column) => row[column]))
      await into.executeQuery({ ...fullPage, parameters })
    }
  })
}

/** Reads a table in pages, by its key. */
async function summarise(
  db: Tx,
  table: keyof Schema,
  columns: readonly string[],
  onPage: (rows: readonly Row[]) => Promise<void> = async () => {},
): Promise<MovedTable> {
  const key = TABLES[table].key
  const pageAfter = (last: unknown) => sql<Row>`
    select ${sql.join(columns.map((column) => sql.ref(column)))} from ${sql.table(table)}
    where ${last === undefined ? sql`true` : sql`${sql.ref(key)} > ${last}`}
    order by ${sql.ref(key)} limit ${sql.lit(PAGE)}`
  let [count, sum] = [0, 0n]
  let last: unknown
  for (;;) {
    const { rows } = await pageAfter(last).execute(db)
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
    // Wrapped, so that bytes never equal text.
    return value instanceof Uint8Array ? [Buffer.from(value).toString('hex')] : value
  })
  return BigInt(`0x${Buffer.from(sha256(JSON.stringify(values))).toString('hex')}`)
}

/** The highest user id ever given. The account may be gone while audit records still refer to its id. */
async function highestUserId(db: Tx): Promise<number> {
  const { rows } = await sql<{ id: number | null }>`
    select max(id) as id from ${sql.table('users')} union all select max(user_id) as id from ${sql.table('audit')}`.execute(
    db,
  )
  return Math.max(0, (await findLastUserId(db)) ?? 0, ...rows.map(({ id }) => id ?? 0))
}
