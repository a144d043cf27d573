/** Prepared statements of SQLite, each prepared once. */
import type { SQLInputValue, StatementSync } from 'node:sqlite'
import type { SqliteDatabase } from 'kysely'
import type { PreparedReader, Values } from '../prepared.ts'
import type { DatabaseSync } from './connection.ts'
import type { Faults } from './health.ts'

export function withFirstRow(open: () => DatabaseSync, faults: Faults): PreparedReader['first'] {
  const statements = new Map<string, StatementSync>()
  const prepare = (sql: string) => {
    const statement = prepared(open(), sql)
    // Arrays, because reading the driver's row objects is slow.
    statement.setReturnArrays(true)
    statements.set(sql, statement)
    return statement
  }
  return (sql, parameters) => {
    try {
      const statement = statements.get(sql) ?? prepare(sql)
      return statement.get(...(parameters as readonly SQLInputValue[])) as Values | undefined
    } catch (error) {
      faults.note(error)
      throw error
    }
  }
}

// The shape that Kysely's driver expects. Preparing is a third of a short query's cost. The cache is bounded,
// because our source has a fixed set of statements.
export function withCachedStatements(database: DatabaseSync): Pick<SqliteDatabase, 'prepare'> {
  const statements = new Map<string, ReturnType<typeof asKyselyStatement>>()
  return {
    prepare(sql) {
      let statement = statements.get(sql)
      if (statement === undefined) {
        statement = asKyselyStatement(prepared(database, sql))
        statements.set(sql, statement)
      }
      return statement
    },
  }
}

function asKyselyStatement(statement: StatementSync) {
  const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters: readonly unknown[]) => statement.all(...values(parameters)),
    run: (parameters: readonly unknown[]) => statement.run(...values(parameters)),
    iterate: (parameters: readonly unknown[]) => statement.iterate(...values(parameters)),
  }
}

/** Prepares a statement. Sets the form of its results, because the application may have changed the defaults. */
export function prepared(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql)
  statement.setReadBigInts(false)
  statement.setReturnArrays(false)
  return statement
}
