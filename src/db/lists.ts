import { sql } from 'kysely'
import { isSqlite } from './migrations/columns.ts'
import type { Database } from './schema.ts'

/** A list as one parameter, for `in`: the statement is the same however long it is. */
export function listed<Value>(db: Database, type: 'text' | 'integer', values: readonly Value[]) {
  if (isSqlite(db)) return sql<Value>`(select value from json_each(${JSON.stringify(values)}))`
  const array = sql`${[...values]}`
  return type === 'text'
    ? sql<Value>`(select unnest(${array}::text[]))`
    : sql<Value>`(select unnest(${array}::integer[]))`
}
