/**
 * Prepared statements for the reads that every request makes. The statement is built once by the query builder and then run as
 * the driver's own prepared statement. On SQLite this takes a sixth of the time.
 */
import type { Compilable } from 'kysely'
import type { Database } from './tables/index.ts'

/** Runs prepared statements outside of any transaction. */
export interface PreparedReader {
  /** The values of the first row, or `undefined`. Sees all committed changes. */
  first(sql: string, parameters: readonly unknown[]): Values | undefined | Promise<Values | undefined>
}

/** The values of a row, in the order of the columns that the query selects. */
export type Values = readonly unknown[]

const readers = new WeakMap<Database, PreparedReader>()

/** Registers the reader for the prepared reads of a database. */
export function useReader(db: Database, reader: PreparedReader): void {
  readers.set(db, reader)
}

/**
 * Prepares a read with one parameter. Inside a transaction, which has no reader, it runs as an ordinary query.
 *
 * @param build - Builds the query. The value occurs once in it, and all column names differ.
 */
export function prepared(
  build: (db: Database, value: string) => Compilable & { executeTakeFirst(): Promise<object | undefined> },
): (db: Database, value: string) => Values | undefined | Promise<Values | undefined> {
  const statements = new WeakMap<PreparedReader, string>()
  return (db, value) => {
    const reader = readers.get(db)
    if (reader === undefined) return build(db, value).executeTakeFirst().then(valuesOf)
    let statement = statements.get(reader)
    if (statement === undefined) {
      statement = build(db, value).compile().sql
      statements.set(reader, statement)
    }
    return reader.first(statement, [value])
  }
}

function valuesOf(row: object | undefined): Values | undefined {
  return row && Object.values(row)
}
