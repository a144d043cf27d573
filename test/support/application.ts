/** A database in which an application already has tables, some with the same names as ours. */
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { TABLE_NAMES } from '../../src/db/index.ts'
import { type EngineName, filePath, freshDatabase } from './engines.ts'

type Row = Readonly<Record<string, unknown>>

/** The tables of an application, over separate connections. */
export interface Application {
  readonly databaseUrl: string
  query(sql: string): Promise<readonly Row[]>
  /** The name of every table, index, trigger, view, sequence and function, with its schema on PostgreSQL. */
  objects(): Promise<readonly string[]>
  /** The definitions of the application's own objects, and every row of its tables. */
  contents(): Promise<unknown>
}

/** Creates the application's tables. Each of our tables has a namesake with different columns. */
export async function applicationDatabase(engine: EngineName): Promise<Application> {
  const databaseUrl = await freshDatabase(engine)
  const query = connectionTo(engine, databaseUrl)
  await query(readFileSync(`test/fixtures/application/${engine}.sql`, 'utf8'))
  for (const table of TABLE_NAMES) await query(`create table if not exists ${table} (theirs text)`)
  await query("insert into sessions values ('of the application')")
  return applicationIn(engine, databaseUrl)
}

/** The application's tables in a database that has them. */
export async function applicationIn(engine: EngineName, databaseUrl: string): Promise<Application> {
  const query = connectionTo(engine, databaseUrl)
  const { tables, objects } = CATALOGUE[engine]
  const names = async (statement: string) => (await query(statement)).map(({ name }) => String(name))
  const own = { tables: await names(tables), objects: await names(objects) }
  return {
    databaseUrl,
    query,
    objects: () => names(objects),
    async contents() {
      const found = await query(objects)
      const rows = await Promise.all(own.tables.map((table) => query(`select * from ${table}`)))
      return { objects: found.filter(({ name }) => own.objects.includes(String(name))), rows }
    },
  }
}

/** All objects, as rows with `name` and `definition`. */
const CATALOGUE = {
  sqlite: {
    // Includes the last id of each table that counts them.
    tables: "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
    objects:
      "select name, concat_ws(' ', type, sql, (select seq from sqlite_sequence where name = tables.name)) as definition from sqlite_master as tables where name not like 'sqlite_%' order by name",
  },
  postgres: {
    tables:
      "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'",
    objects: `
      select relnamespace::regnamespace || '.' || relname as name, concat_ws(' ', relkind,
        (select json_agg(format('%s %s %s %s', attname, format_type(atttypid, atttypmod), attnotnull, attidentity) order by attnum)
          from pg_attribute where attrelid = pg_class.oid and attnum > 0),
        (select json_agg(pg_get_constraintdef(pg_constraint.oid) order by conname) from pg_constraint where conrelid = pg_class.oid),
        case relkind when 'v' then pg_get_viewdef(pg_class.oid) when 'i' then pg_get_indexdef(pg_class.oid) end,
        case relkind when 'S' then pg_sequence_last_value(pg_class.oid)::text end) as definition
      from pg_class where relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
      union all
      select relnamespace::regnamespace || '.' || tgname, pg_get_triggerdef(pg_trigger.oid)
      from pg_trigger join pg_class on pg_class.oid = tgrelid where not tgisinternal
      union all
      select pronamespace::regnamespace || '.' || proname || '()', pg_get_functiondef(oid)
      from pg_proc where pronamespace::regnamespace::text !~ '^(pg_|information_schema)'
      union all
      select conrelid::regclass || '.' || conname, pg_get_constraintdef(pg_constraint.oid)
      from pg_constraint join pg_class on pg_class.oid = conrelid
      where contype <> 'n' and relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
      order by name`,
  },
} as const

function connectionTo(engine: EngineName, databaseUrl: string): Application['query'] {
  return engine === 'sqlite' ? onSqlite(databaseUrl) : onPostgres(databaseUrl)
}

function onSqlite(databaseUrl: string): Application['query'] {
  const database = new DatabaseSync(filePath(databaseUrl), { timeout: 5_000 })
  onTestFinished(() => database.close())
  return async (sql) => {
    if (/^select/i.test(sql)) return database.prepare(sql).all()
    database.exec(sql)
    return []
  }
}

function onPostgres(databaseUrl: string): Application['query'] {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 })
  pool.on('error', () => {})
  onTestFinished(() => pool.end())
  return async (sql) => (await pool.query<Row>(sql)).rows
}
