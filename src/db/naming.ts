/**
 * Where our tables are in a database that other programs use too: all in one schema, or all with one prefix. The code
 * uses the plain names, and `renaming.ts` puts the real ones in their place. Raw SQL names a table with `sql.table` and
 * a column with `sql.ref`, or with `prefixed` and `qualified` of `dialect.ts`.
 */
import { OptionError } from '../model/errors.ts'

/** The options of the same names. Empty: not set. */
export interface Naming {
  /** Begins the name of every table, index, trigger and function. */
  readonly tablePrefix: string
  /** The PostgreSQL schema of all of them. */
  readonly databaseSchema: string
}

/** The table that records which migrations ran. */
export const LEDGER = 'bienvenue_migrations'

export const PLAIN: Naming = { tablePrefix: '', databaseSchema: '' }

/** The longest prefix. PostgreSQL cuts names after 63 bytes, and none of ours has more than 33; a test compares. */
export const MAX_PREFIX_LENGTH = 30

export function isPlain({ tablePrefix, databaseSchema }: Naming): boolean {
  return tablePrefix === '' && databaseSchema === ''
}

/** @throws {OptionError} It is not a prefix of a name that needs no quotes. */
export function parseTablePrefix(text: string): void {
  // SQLite keeps `sqlite_` for itself.
  if (!/^(?!sqlite_)[a-z][a-z0-9_]*$/.test(text) || text.length > MAX_PREFIX_LENGTH)
    throw new OptionError(
      'tablePrefix',
      `expected at most ${MAX_PREFIX_LENGTH} small letters, digits and underscores, the first a letter, such as auth_`,
    )
}

/** @throws {OptionError} It is not the name of a schema that needs no quotes, or it belongs to PostgreSQL. */
export function parseDatabaseSchema(text: string): void {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(text))
    throw new OptionError(
      'databaseSchema',
      'expected at most 63 small letters, digits and underscores, the first not a digit, such as auth',
    )
  if (text.startsWith('pg_') || text === 'information_schema')
    throw new OptionError(
      'databaseSchema',
      'is the name of a schema of PostgreSQL itself; choose another one',
    )
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
