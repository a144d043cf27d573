/** The application's own database, which Bienvenue shares. */
import type { DatabaseSync } from 'node:sqlite'
import { OptionError } from '../model/errors.ts'

/** The part of a `Pool` of the package `pg` that Bienvenue uses. Any copy of `pg` from 8.11 on has it. */
export interface PostgresPool {
  readonly totalCount: number
  readonly ending: boolean
  connect(): Promise<unknown>
  query(text: string): Promise<unknown>
  end(): Promise<void>
}

/** The application's own database: a `Pool` of the package `pg`, or a `DatabaseSync` of `node:sqlite`. */
export type GivenDatabase = PostgresPool | DatabaseSync

/** The application's own database is closed or has no free connection. Has a code, because the log omits messages. */
export class GivenDatabaseError extends Error {
  override readonly name = 'GivenDatabaseError'
  readonly code: keyof typeof PROBLEMS

  constructor(code: keyof typeof PROBLEMS, details: { cause?: unknown } = {}) {
    super(PROBLEMS[code], details)
    this.code = code
  }
}

const PROBLEMS = {
  database_closed:
    'the application has closed the database that it passed to createAuth: call createAuth again with an open one, and close that only after auth.close()',
  no_free_connection:
    'the pool of the application had no free connection for 5 seconds: release your connection before you await a call of Bienvenue, or increase max',
} as const

export function isGivenPool(database: GivenDatabase): database is PostgresPool {
  return 'totalCount' in database
}

/** Whether this is an SQLite database without a file. */
export function isGivenInMemory(database: GivenDatabase): boolean {
  return !isGivenPool(database) && (database.location() ?? '') === ''
}

/**
 * The dialect of a database that the application passes. Recognizes it by its members, because the application may use
 * another copy of `pg`.
 *
 * @throws {OptionError} It is neither a pool nor a `DatabaseSync`, or it is closed.
 */
export function dialectOfGiven(given: unknown): 'sqlite' | 'postgres' {
  const has = (...names: readonly string[]) =>
    names.every((name) => typeof (given as Record<string, unknown>)[name] === 'function')
  if (typeof given === 'object' && given !== null) {
    // A client of `pg` has the methods too, but it cannot run several transactions at once.
    if (has('connect', 'query', 'end') && 'totalCount' in given)
      return opened('postgres', !('ending' in given && given.ending === true))
    if (has('prepare', 'exec', 'close') && 'isOpen' in given) return opened('sqlite', given.isOpen === true)
  }
  throw new OptionError('database', 'expected a Pool of the package pg, or a DatabaseSync of node:sqlite')
}

function opened<Name>(dialect: Name, isOpen: boolean): Name {
  if (isOpen) return dialect
  throw new OptionError('database', 'is closed: pass an open one, and close it only after auth.close()')
}
