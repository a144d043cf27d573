import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { type EngineName, freshDatabase, onBothEngines } from '../../../test/support/engines.ts'
import { type Database, openDatabase } from '../index.ts'
import { TABLES } from './index.ts'
import type { Column, Table } from './table.ts'

const TYPES: Readonly<Record<EngineName, Readonly<Record<Column['type'], string>>>> = {
  sqlite: {
    integer: 'INTEGER',
    text: 'TEXT',
    uuid: 'TEXT',
    time: 'INTEGER',
    count: 'INTEGER',
    json: 'TEXT',
    bytes: 'BLOB',
  },
  postgres: {
    integer: 'int4',
    text: 'text',
    uuid: 'uuid',
    time: 'int8',
    count: 'int8',
    json: 'text',
    bytes: 'bytea',
  },
}

async function keyOf(db: Database, engine: EngineName, table: string): Promise<string[]> {
  const { rows } = await (engine === 'sqlite'
    ? sql<{ name: string }>`select name from pragma_table_info(${table}) where pk > 0`
    : sql<{ name: string }>`
        select attname as name from pg_index join pg_attribute on attrelid = indrelid and attnum = any (indkey)
        where indisprimary and indrelid = ${table}::regclass`
  ).execute(db)
  return rows.map(({ name }) => name)
}

/** Whether the database counts the keys of a table. Kysely says so for every key of SQLite that is an integer. */
async function countsKeys(db: Database, engine: EngineName, table: string): Promise<boolean> {
  if (engine === 'postgres') return true
  const { rows } = await sql<{ sql: string }>`select sql from sqlite_master where name = ${table}`.execute(db)
  return rows.some((row) => row.sql.includes('autoincrement'))
}

// Kysely's own tables have this prefix.
const isOurs = ({ name }: { name: string }) => !name.startsWith('bienvenue_')

onBothEngines('the registry of tables', (engine) => {
  it('describes every table as the migrations create it: columns in order, types, null, generated values, key [DAT-01]', async () => {
    const db = await openDatabase(await freshDatabase(engine))
    onTestFinished(() => db.destroy())
    const found: Record<string, unknown> = {}
    for (const { name, columns } of (await db.introspection.getTables()).filter(isOurs)) {
      const counts = await countsKeys(db, engine, name)
      found[name] = {
        columns: columns.map((column) => [
          column.name,
          column.dataType,
          column.isNullable,
          column.isAutoIncrementing && counts,
        ]),
        key: await keyOf(db, engine, name),
      }
    }
    const described = Object.entries<Table>(TABLES).map(([name, { columns, key }]) => [
      name,
      {
        columns: Object.entries(columns).map(([column, { type, nullable = false, generated = false }]) => [
          column,
          TYPES[engine][type],
          nullable,
          generated,
        ]),
        key: [key],
      },
    ])
    expect(Object.fromEntries(described)).toEqual(found)
  })
})

it('names a protection for every secret, and allows none in a log [DAT-01]', () => {
  for (const [name, { columns }] of Object.entries<Table>(TABLES))
    for (const [column, about] of Object.entries(columns))
      if (about.class === 'secret')
        expect([about.protection !== undefined, about.log], `${name}.${column}`).toEqual([true, 'no'])
})
