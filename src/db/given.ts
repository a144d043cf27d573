/** A database that the application opened, and that Bienvenue shares with it. */
import type { DatabaseSync } from 'node:sqlite'
import { OptionError } from '../model/errors.ts'

/** What Bienvenue uses of a `Pool` of the package `pg`, in any copy from version 8.11 on. */
export interface PostgresPool {
  readonly totalCount: number
  connect(): Promise<unknown>
  query(text: string): Promise<unknown>
  end(): Promise<void>
}

/** The application's own database: a `Pool` of the package `pg`, or a `DatabaseSync` of `node:sqlite`. */
export type GivenDatabase = PostgresPool | DatabaseSync

export function isGivenPool(database: GivenDatabase): database is PostgresPool {
  return 'totalCount' in database
}

/** Whether this is an SQLite database without a file. */
export function isGivenInMemory(database: GivenDatabase): boolean {
  return !isGivenPool(database) && (database.location() ?? '') === ''
}

/**
 * The dialect of a database that the application passes. Knows it by its members, because the application may use
 * another copy of `pg`.
 *
 * @throws {OptionError} It is neither a pool nor a `DatabaseSync`.
 */
export function dialectOfGiven(given: unknown): 'sqlite' | 'postgres' {
  const has = (...names: readonly string[]) =>
    names.every((name) => typeof (given as Record<string, unknown>)[name] === 'function')
  if (typeof given === 'object' && given !== null) {
    // A client of `pg` has the methods too, but it cannot run several transactions at once.
    if (has('connect', 'query', 'end') && 'totalCount' in given) return 'postgres'
    if (has('prepare', 'exec', 'close') && 'isTransaction' in given) return 'sqlite'
  }
  throw new OptionError('database', 'expected a Pool of the package pg, or a DatabaseSync of node:sqlite')
}
