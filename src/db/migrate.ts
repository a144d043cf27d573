/** Versioned migrations: each runs once, in order, all that are missing in one transaction. */
import { type Migration, Migrator } from 'kysely/migration'
import { OptionError } from '../errors.ts'
import { hasUsersTable } from './dialect.ts'
import * as users from './migrations/0001-users.ts'
import * as sessions from './migrations/0002-sessions.ts'
import * as tokens from './migrations/0003-tokens.ts'
import * as throttles from './migrations/0004-throttles.ts'
import * as confirmation from './migrations/0005-confirmation.ts'
import * as outbox from './migrations/0006-outbox.ts'
import * as audit from './migrations/0007-audit.ts'
import * as notices from './migrations/0008-notices.ts'
import * as auditActors from './migrations/0009-audit-actors.ts'
import * as sessionAmrAal from './migrations/0010-session-amr-aal.ts'
import type { Database } from './tables/index.ts'

/** Only ever grows: what is released has run somewhere. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-users': users,
  '0002-sessions': sessions,
  '0003-tokens': tokens,
  '0004-throttles': throttles,
  '0005-confirmation': confirmation,
  '0006-outbox': outbox,
  '0007-audit': audit,
  '0008-notices': notices,
  '0009-audit-actors': auditActors,
  '0010-session-amr-aal': sessionAmrAal,
}

/** Every migration of this version, in order. */
export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS)

/** The migration that makes the users table. */
export const USERS_MIGRATION = '0001-users'
const LEDGER = 'bienvenue_migrations'

/** What a database is to this version. */
export type SchemaState =
  /** It has a users table that Bienvenue did not make: that of the Flask exercise, or another program's. */
  | { readonly is: 'foreign' }
  /** It has migrations that this version does not know. */
  | { readonly is: 'newer' }
  /** It is ours or empty, and these migrations have not run yet. */
  | { readonly is: 'ours'; readonly pending: readonly string[] }

/** Looks at the schema, and changes nothing. */
export async function inspectSchema(db: Database): Promise<SchemaState> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  const rows = tables.some(({ name }) => name === LEDGER)
    ? await db.withTables<{ [LEDGER]: { name: string } }>().selectFrom(LEDGER).select('name').execute()
    : []
  const executed = rows.map(({ name }) => name)
  if (executed.some((name) => !Object.hasOwn(MIGRATIONS, name))) return { is: 'newer' }
  if (!executed.includes(USERS_MIGRATION) && (await hasUsersTable(db))) return { is: 'foreign' }
  return { is: 'ours', pending: MIGRATION_NAMES.filter((name) => !executed.includes(name)) }
}

/**
 * The migrations that this database still needs. Changes nothing.
 *
 * @throws {OptionError} The database belongs to a newer version, or has a users table that Bienvenue did not make.
 */
export async function pendingMigrations(db: Database): Promise<readonly string[]> {
  const state = await inspectSchema(db)
  if (state.is === 'ours') return state.pending
  throw new OptionError(
    'databaseUrl',
    state.is === 'newer'
      ? 'this database was made by a newer version of Bienvenue; nothing was changed'
      : 'this database has a users table that Bienvenue did not make; nothing was changed. If a service of the Flask exercise made it, run: bienvenue adopt',
  )
}

/**
 * Brings the schema up to date, all or nothing. Of several processes that start at once one migrates and the others
 * wait for it.
 *
 * @returns The names of the migrations that ran now.
 * @throws {OptionError} As {@link pendingMigrations}.
 */
export async function migrate(db: Database): Promise<readonly string[]> {
  // Looks before anything is made: a refusal leaves the database as it was, and where nothing is to be done
  // the service gets along with a role that may not change the schema.
  if ((await pendingMigrations(db)).length === 0) return []
  return runMigrations(db, MIGRATIONS)
}

/**
 * Runs the migrations that are missing, in one transaction under their lock.
 *
 * @returns The names of those that ran.
 */
export async function runMigrations(
  db: Database,
  migrations: Readonly<Record<string, Migration>>,
): Promise<readonly string[]> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: LEDGER,
    migrationLockTableName: 'bienvenue_migrations_lock',
  })
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
  return results.map((result) => result.migrationName)
}
