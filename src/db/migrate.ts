/** Versioned migrations: each runs once, in order, all that are missing in one transaction. */
import { type Migration, Migrator } from 'kysely/migration'
import { OptionError } from '../errors.ts'
import * as users from './migrations/0001-users.ts'
import * as sessions from './migrations/0002-sessions.ts'
import * as tokens from './migrations/0003-tokens.ts'
import * as throttles from './migrations/0004-throttles.ts'
import type { Database } from './schema.ts'

/** Only ever grows: what is released has run somewhere. */
const MIGRATIONS: Record<string, Migration> = {
  '0001-users': users,
  '0002-sessions': sessions,
  '0003-tokens': tokens,
  '0004-throttles': throttles,
}

/** Every migration of this version, in order. */
export const MIGRATION_NAMES = Object.keys(MIGRATIONS)

const LEDGER = 'bienvenue_migrations'

function migrator(db: Database): Migrator {
  return new Migrator({
    db,
    provider: { getMigrations: async () => MIGRATIONS },
    migrationTableName: LEDGER,
    migrationLockTableName: 'bienvenue_migrations_lock',
  })
}

/**
 * Brings the schema up to date, all or nothing. Of several processes that start at once one migrates and
 * the others wait for it.
 *
 * @returns The names of the migrations that ran now.
 * @throws {OptionError} The database belongs to something else or to a newer version.
 */
export async function migrate(db: Database): Promise<string[]> {
  await assertOurs(db)
  const { error, results = [] } = await migrator(db).migrateToLatest()
  if (error !== undefined) throw explained(error)
  return results.map((result) => result.migrationName)
}

/** Looks before anything is made: a refusal leaves the database as it was. */
async function assertOurs(db: Database): Promise<void> {
  const tables = (await db.introspection.getTables({ withInternalKyselyTables: true })).map(
    ({ name }) => name,
  )
  if (tables.includes('users') && !tables.includes(LEDGER)) {
    throw new OptionError(
      'databaseUrl',
      'this database has a users table that Bienvenue did not make; nothing was changed',
    )
  }
}

/** The migrations of this version, and when each ran on this database. Changes nothing. */
export async function migrations(db: Database): Promise<{ name: string; executedAt: Date | null }[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  const executed = tables.some((table) => table.name === LEDGER)
    ? await db
        .withTables<{ [LEDGER]: { name: string; timestamp: string } }>()
        .selectFrom(LEDGER)
        .select(['name', 'timestamp'])
        .execute()
    : []
  const times = new Map(executed.map((row) => [row.name, new Date(row.timestamp)]))
  return MIGRATION_NAMES.map((name) => ({ name, executedAt: times.get(name) ?? null }))
}

/** Whether no migration is missing. */
export async function isUpToDate(db: Database): Promise<boolean> {
  return (await migrations(db)).every((migration) => migration.executedAt !== null)
}

function explained(error: unknown): unknown {
  const message = error instanceof Error ? error.message : ''
  if (/previously executed migration .* is missing/.test(message)) {
    return new OptionError('databaseUrl', 'this database was made by a newer version of Bienvenue', {
      cause: error,
    })
  }
  return error
}
