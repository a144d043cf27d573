/**
 * Versioned migrations. Each runs once, in order; all missing ones run in one transaction. Released migrations are frozen, and
 * from 0011 on a migration only adds (docs/decisions/0027-migrations-only-add.md).
 */
import { type Migration, Migrator } from 'kysely/migration'
import { OptionError } from '../model/errors.ts'
import {
  createSchema,
  duplicateColumnOf,
  hasTable,
  isForbidden,
  isNameTaken,
  namingOf,
  qualified,
} from './dialect.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { isPlain, LEDGER } from './naming.ts'
import type { Database } from './tables/index.ts'

/** The names of this version's migrations, in order. */
export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS)

/** The migration that creates the users table. */
export const USERS_MIGRATION = '0001-users'

/** The migrations of a database that is ours or empty. */
export interface KnownSchema {
  /** Migrations of this version that have not run. */
  readonly pending: readonly string[]
  /** Migrations of newer versions that have run. They only add, so this version works on the result. */
  readonly newer: readonly string[]
}

/** How a database relates to this version. */
export type SchemaState =
  /** It has a users table that Bienvenue did not create: the Flask exercise's, or another program's. */
  { readonly is: 'foreign' } | ({ readonly is: 'ours' } & KnownSchema)

/** Inspects the schema without changing anything. */
export async function inspectSchema(db: Database): Promise<SchemaState> {
  // Look for the users table first: if another process migrates between the two queries, its ledger is then visible too.
  const hasUsers = await hasTable(db, 'users')
  const rows = (await hasTable(db, LEDGER))
    ? await db.withTables<{ [LEDGER]: { name: string } }>().selectFrom(LEDGER).select('name').execute()
    : []
  const executed = rows.map(({ name }) => name)
  if (hasUsers && !executed.includes(USERS_MIGRATION)) return { is: 'foreign' }
  return {
    is: 'ours',
    pending: MIGRATION_NAMES.filter((name) => !executed.includes(name)),
    newer: executed.filter((name) => !Object.hasOwn(MIGRATIONS, name)).toSorted(),
  }
}

/**
 * Inspects the schema, and refuses one that this version cannot use or migrate. Changes nothing.
 *
 * @throws {OptionError} The database has a users table that Bienvenue did not create, or another version migrated it
 *   and left out a migration that this version needs.
 */
export async function inspectUsableSchema(db: Database): Promise<KnownSchema> {
  const state = await inspectSchema(db)
  if (state.is === 'foreign') throw foreignTable(db)
  const { pending, newer } = state
  if (pending.length > 0 && newer.length > 0)
    throw new OptionError(
      'databaseUrl',
      `this database has migrations of another version of Bienvenue (${newer.join(', ')}) and lacks ${pending.join(', ')}; nothing was changed. Start the version that migrated it, or restore a backup`,
    )
  return state
}

const OTHER_NAMES =
  'set BIENVENUE_TABLE_PREFIX, or BIENVENUE_DATABASE_SCHEMA on PostgreSQL, to keep the tables of Bienvenue apart'

function foreignTable(db: Database): OptionError {
  const naming = namingOf(db)
  if (isPlain(naming))
    return new OptionError(
      'databaseUrl',
      `this database has a users table that Bienvenue did not make; nothing was changed. If it belongs to your application, ${OTHER_NAMES}. If a service of the Flask exercise made it, run: bienvenue adopt`,
    )
  return new OptionError(
    naming.tablePrefix === '' ? 'databaseSchema' : 'tablePrefix',
    `this database has a table ${qualified(db, 'users')} that Bienvenue did not make; nothing was changed. Choose another name`,
  )
}

/**
 * Lists the migrations that the database still needs. Changes nothing.
 *
 * @throws {OptionError} As {@link inspectUsableSchema}.
 */
export async function pendingMigrations(db: Database): Promise<readonly string[]> {
  return (await inspectUsableSchema(db)).pending
}

/**
 * Brings the schema up to date, all or nothing. If several processes do so at once, one migrates and the others wait.
 *
 * @returns The names of the migrations that ran now.
 * @throws {OptionError} As {@link inspectUsableSchema}; or an adopted table has a column with the name of a new one.
 */
export async function migrate(db: Database): Promise<readonly string[]> {
  // Look first: a refusal must leave the database unchanged, and a service whose schema is up to date must start
  // with a role that is not allowed to change the schema.
  if ((await pendingMigrations(db)).length === 0) return []
  try {
    return await runMigrations(db, MIGRATIONS)
  } catch (error) {
    const column = duplicateColumnOf(error)
    if (column === null) throw error
    throw new OptionError(
      'databaseUrl',
      `the table ${qualified(db, 'users')} has a column ${column} of another program, and this version needs that name; nothing was changed. Rename it: alter table ${qualified(db, 'users')} rename column ${column} to old_${column}`,
      { cause: error },
    )
  }
}

/**
 * Runs the missing migrations in one transaction, under Kysely's migration lock.
 *
 * @returns The names of the migrations that ran.
 * @throws {OptionError} The schema of our tables is missing and the role is not allowed to create it, or something else has the
 *   name of one of our tables.
 */
export async function runMigrations(
  db: Database,
  migrations: Readonly<Record<string, Migration>>,
): Promise<readonly string[]> {
  try {
    await createSchema(db)
  } catch (cause) {
    if (!isForbidden(cause)) throw cause
    const { databaseSchema } = namingOf(db)
    throw new OptionError(
      'databaseSchema',
      `there is no schema ${databaseSchema}, and the database role is not allowed to create it; as an administrator, run: create schema "${databaseSchema}" authorization ROLE`,
      { cause },
    )
  }
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: LEDGER,
    migrationLockTableName: 'bienvenue_migrations_lock',
  })
  const { error, results = [] } = await migrator.migrateToLatest()
  if (isNameTaken(error))
    throw new OptionError(
      'databaseUrl',
      `this database has a table of another program whose name Bienvenue needs (${error.message}); its tables were not changed. To use this database anyway, ${OTHER_NAMES}`,
      { cause: error },
    )
  if (error !== undefined) throw error
  return results.map((result) => result.migrationName)
}
