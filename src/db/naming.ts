/**
 * The names of our tables in a database that other programs use too: in a schema, with a prefix, or both. The code uses
 * the plain names, and `renaming.ts` replaces them with the real ones. Raw SQL names a table with `sql.table` and
 * a column with `sql.ref`, or with `prefixed` and `qualified` of `dialect.ts`.
 */
import { OptionError } from '../model/errors.ts'

/** The options with the same names. Empty: not set. */
export interface Naming {
  /** The prefix of every table, index, trigger and function name. */
  readonly tablePrefix: string
  /** The PostgreSQL schema that contains them all. */
  readonly databaseSchema: string
}

/** The table that records which migrations ran. */
export const LEDGER = 'bienvenue_migrations'

export const PLAIN: Naming = { tablePrefix: '', databaseSchema: '' }

/** The longest prefix. PostgreSQL truncates names to 63 bytes, and our longest name has 33, which a test checks. */
export const MAX_PREFIX_LENGTH = 30

export function isPlain({ tablePrefix, databaseSchema }: Naming): boolean {
  return tablePrefix === '' && databaseSchema === ''
}

/** @throws {OptionError} The text is not a valid prefix. Names with it must not need quotes. */
export function parseTablePrefix(text: string): void {
  // SQLite reserves `sqlite_`.
  if (!/^(?!sqlite_)[a-z][a-z0-9_]*$/.test(text) || text.length > MAX_PREFIX_LENGTH)
    throw new OptionError(
      'tablePrefix',
      `expected at most ${MAX_PREFIX_LENGTH} lower-case letters, digits and underscores, the first a letter, such as auth_`,
    )
}

/** @throws {OptionError} The text is not a schema name without quotes, or the schema belongs to PostgreSQL. */
export function parseDatabaseSchema(text: string): void {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(text))
    throw new OptionError(
      'databaseSchema',
      'expected at most 63 lower-case letters, digits and underscores, the first not a digit, such as auth',
    )
  if (text.startsWith('pg_') || text === 'information_schema')
    throw new OptionError('databaseSchema', 'is a schema of PostgreSQL itself; choose another name')
}

/** The real name of a table, index, trigger, function or constraint, without the schema. */
export function prefixedBy({ tablePrefix }: Naming, name: string): string {
  return `${tablePrefix}${name}`
}

/** The real name of a table or function, as SQL. */
export function qualifiedBy(naming: Naming, name: string): string {
  const prefixed = prefixedBy(naming, name)
  return naming.databaseSchema === '' ? prefixed : `"${naming.databaseSchema}".${prefixed}`
}
