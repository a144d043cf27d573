import { sql } from 'kysely'
import { columnTypesOf, continueAfterUserId, findLastUserId, isUnavailable } from '../../dialect.ts'
import { usersTable } from '../../migrations/0001-users.ts'
import { asideOf, copySqlite, removeCopy } from '../../sqlite/files.ts'
import { type Database, TABLES } from '../../tables/index.ts'
import { type AdoptionDialect, CLASSIC_COLUMNS } from './dialect.ts'

interface ColumnRow {
  name: string
  type: string
  notnull: number
  dflt_value: string | null
  pk: number
  hidden: number
}

/** SQLite can alter little of a table, so create ours, fill it and drop the old one. */
export const sqlite: AdoptionDialect = {
  async describe(db) {
    const columns = await columnsOf(db, 'users')
    const key = columns.filter(({ pk }) => pk > 0)
    const obstacles: string[] = []
    if (key.length !== 1 || key[0]?.name !== 'id' || key[0].type.toLowerCase() !== 'integer')
      obstacles.push('its primary key is not a single integer column named id')
    // Generated columns, and hidden columns of virtual tables.
    for (const { name } of columns.filter(({ hidden }) => hidden !== 0))
      obstacles.push(`its column ${name} is generated, which would be lost; drop it`)
    const keys = await sql<{ from: string }>`select "from" from pragma_foreign_key_list('users')`.execute(db)
    for (const { from } of keys.rows)
      obstacles.push(
        `its column ${from} has a foreign key, which would be lost; recreate the table without it`,
      )
    obstacles.push(...(await brokenViews(db)))
    return {
      columns: columns.map(({ name, notnull, dflt_value }) => ({
        name,
        isRequired: notnull === 1 && dflt_value === null,
        // SQLite stores bytes in a column of any declared type.
        isBytes: true,
      })),
      obstacles,
    }
  },

  async copy(tx) {
    const { rows } = await sql<{ file: string }>`
      select file from pragma_database_list where name = 'main'`.execute(tx)
    const file = rows[0]?.file ?? ''
    const copy = asideOf(file, 'adoption')
    // Over another connection, because this one is in a transaction. It holds the write lock and has written nothing.
    copySqlite(file, copy)
    return copy
  },

  discardCopy: removeCopy,

  // Otherwise foreign keys of other tables would follow the renamed table, and dropping it would delete their rows.
  async withSettings(db, run) {
    await sql`pragma foreign_keys = off`.execute(db)
    await sql`pragma legacy_alter_table = on`.execute(db)
    try {
      return await run()
    } finally {
      await sql`pragma legacy_alter_table = off`.execute(db)
      await sql`pragma foreign_keys = on`.execute(db)
    }
  },

  async rebuild(tx) {
    const { rows: kept } = await sql<{ sql: string }>`
      select sql from sqlite_master
      where lower(tbl_name) = 'users' and type in ('index', 'trigger') and sql is not null`.execute(tx)
    const uniques = await uniqueConstraints(tx)
    const lastId = await findLastUserId(tx)
    const old = await freeName(tx, 'users_before_adoption')
    await sql`alter table users rename to ${sql.table(old)}`.execute(tx)
    const extras = (await columnsOf(tx, old)).filter(({ name }) => !CLASSIC_COLUMNS.includes(name))
    await createUsers(tx, extras)
    const values = {
      id: sql`old.id`,
      email: sql`adopted.email`,
      hashed_password: sql`coalesce(cast(old.hashed_password as text), '!')`,
      normalized_email: sql`adopted.normalized_email`,
      created_at: sql.lit(Date.now()),
      password_version: sql.lit(1),
      ...Object.fromEntries(extras.map(({ name }) => [name, sql.id('old', name)])),
    }
    await sql`
      insert into users (${sql.join(Object.keys(values).map((name) => sql.id(name)))})
      select ${sql.join(Object.values(values))}
      from ${sql.table(old)} as old join bienvenue_adoption as adopted on adopted.id = old.id
      order by old.id`.execute(tx)
    await tx.schema.dropTable(old).execute()
    if (lastId !== null) await continueAfterUserId(tx, lastId)
    for (const statement of kept) await sql.raw(statement.sql).execute(tx)
    for (const columns of uniques) {
      const name = await freeName(tx, `users_${columns.join('_')}`)
      const list = sql.join(columns.map((column) => sql.id(column)))
      await sql`create unique index ${sql.id(name)} on users (${list})`.execute(tx)
    }
  },

  bytesAsText: (column) => sql`cast(${sql.ref(column)} as text)`,

  async listReferences(db) {
    const { rows } = await sql<{ name: string }>`
      select distinct tables.name as name
      from sqlite_master as tables, pragma_foreign_key_list(tables.name) as keys
      where tables.type = 'table' and lower(keys."table") = 'users' order by 1`.execute(db)
    return rows.map(({ name }) => name)
  },
}

/** Creates the table of the first migration, followed by the columns that Bienvenue does not know, as declared. */
async function createUsers(tx: Database, extras: readonly ColumnRow[]): Promise<void> {
  const table = usersTable(tx)
  if (extras.length === 0) return table.modifyEnd(columnTypesOf(tx).strict).execute()
  // Not strict, because strict tables allow only some of the types that the other columns may have.
  await extras
    .reduce(
      (builder, { name, type, notnull, dflt_value }) =>
        builder.addColumn(name, sql.raw(type), (column) => {
          const declared = notnull === 1 ? column.notNull() : column
          return dflt_value === null ? declared : declared.defaultTo(sql.raw(defaultOf(dflt_value)))
        }),
      table,
    )
    .execute()
}

/** A default as it is declared. SQLite takes a name for text, but not inside parentheses, which expressions need. */
function defaultOf(declared: string): string {
  return /^(?:\w+|"(?:[^"]|"")*")$/.test(declared) ? declared : `(${declared})`
}

const OUR_NAMES = [...CLASSIC_COLUMNS, ...Object.keys(TABLES.users.columns)]

/** SQLite ignores the letter case of names, so a column of ours is returned under our spelling. */
async function columnsOf(db: Database, table: string): Promise<ColumnRow[]> {
  const { rows } = await sql<ColumnRow>`select * from pragma_table_xinfo(${table})`.execute(db)
  return rows.map((row) => {
    const name = row.name.toLowerCase()
    return OUR_NAMES.includes(name) ? { ...row, name } : row
  })
}

/** Views that name something that does not exist. SQLite creates them, but then refuses to alter tables. */
async function brokenViews(db: Database): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from sqlite_master where type = 'view'`.execute(db)
  const obstacles: string[] = []
  for (const { name } of rows)
    await sql`select 1 from ${sql.id(name)} limit 0`.execute(db).catch((error: unknown) => {
      if (isUnavailable(error)) throw error
      obstacles.push(`the view ${name} does not work (${(error as Error).message}); drop it`)
    })
  return obstacles
}

/** The name, or the first one with a number after it that no table or index has. */
async function freeName(db: Database, wanted: string): Promise<string> {
  const { rows } = await sql<{ name: string }>`select lower(name) as name from sqlite_master`.execute(db)
  const isTaken = (name: string) => rows.some((row) => row.name === name.toLowerCase())
  let name = wanted
  for (let number = 2; isTaken(name); number++) name = `${wanted}_${number}`
  return name
}

/** The columns of each unique constraint. Unlike an index, a constraint has no statement to copy. */
async function uniqueConstraints(db: Database): Promise<string[][]> {
  const { rows } = await sql<{ constraint: string; column: string }>`
    select list.name as "constraint", info.name as "column"
    from pragma_index_list('users') as list, pragma_index_info(list.name) as info
    where list.origin = 'u' order by list.seq, info.seqno`.execute(db)
  const columns = Map.groupBy(rows, ({ constraint }) => constraint)
  return [...columns.values()].map((parts) => parts.map(({ column }) => column))
}
