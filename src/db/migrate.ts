/** Versioned migrations: each runs once, in order, all that are missing in one transaction. */
import { type Migration, Migrator } from 'kysely/migration'
import { OptionError } from '../errors.ts'
import { maskEmail } from '../user.ts'
import {
  type Adoption,
  type AdoptionPlan,
  discardCopy,
  hasUsersTable,
  isAdoptable,
  planAdoption,
  preparedForAdoption,
} from './adoption/index.ts'
import * as users from './migrations/0001-users.ts'
import * as sessions from './migrations/0002-sessions.ts'
import * as tokens from './migrations/0003-tokens.ts'
import * as throttles from './migrations/0004-throttles.ts'
import * as confirmation from './migrations/0005-confirmation.ts'
import * as outbox from './migrations/0006-outbox.ts'
import * as audit from './migrations/0007-audit.ts'
import * as notices from './migrations/0008-notices.ts'
import type { Database } from './schema.ts'

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
}

/** Every migration of this version, in order. */
export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS)

const USERS = '0001-users'
const LEDGER = 'bienvenue_migrations'

function migrator(db: Database, onAdopted: (adoption: Adoption) => void): Migrator {
  const first: Migration = { up: (tx) => users.up(tx, onAdopted) }
  return new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...MIGRATIONS, [USERS]: first }) },
    migrationTableName: LEDGER,
    migrationLockTableName: 'bienvenue_migrations_lock',
  })
}

/** What a database is to this version. */
export type SchemaState =
  /** It has a users table that Bienvenue did not make: it may be adopted, or is something else. */
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
  if (!executed.includes(USERS) && (await hasUsersTable(db))) return { is: 'foreign' }
  return { is: 'ours', pending: MIGRATION_NAMES.filter((name) => !executed.includes(name)) }
}

/**
 * The migrations that this database still needs. Changes nothing.
 *
 * @throws {OptionError} The database belongs to a newer version, or has a users table that cannot be adopted as
 *   it stands: a problem for each thing that is in the way.
 */
export async function pendingMigrations(db: Database): Promise<readonly string[]> {
  const state = await inspectSchema(db)
  if (state.is === 'ours') return state.pending
  if (state.is === 'newer')
    throw new OptionError(
      'databaseUrl',
      'this database was made by a newer version of Bienvenue; nothing was changed',
    )
  const plan = await planAdoption(db).catch((error: unknown) => ({ error }))
  // Another process may have adopted it under our eyes: what we read is then half of the old, half of the new.
  if ((await inspectSchema(db)).is !== 'foreign') return pendingMigrations(db)
  if ('error' in plan) throw plan.error
  if (!isAdoptable(plan)) throw notAdoptable(plan)
  return MIGRATION_NAMES
}

/** How many problems are told of; `bienvenue adopt --plan` has them all. */
const PROBLEMS_TOLD = 20

function notAdoptable({ obstacles, sharedAddresses }: AdoptionPlan): OptionError {
  const problems = [
    ...obstacles,
    // Masked, since what stops a start is most often read in a log.
    ...sharedAddresses.map(
      ({ email, ids: [first = 0, ...others] }) =>
        `accounts ${[first, ...others].join(', ')} share the address ${maskEmail(email)}; to keep one of them: bienvenue adopt --keep ${first}`,
    ),
  ]
  const told = problems.slice(0, PROBLEMS_TOLD)
  if (problems.length > told.length)
    told.push(`${problems.length - told.length} more; all of them: bienvenue adopt --plan`)
  return new OptionError(
    'databaseUrl',
    'this database has a users table that Bienvenue did not make; nothing was changed. Before it can be adopted:',
    { others: told.map((problem) => ({ option: 'databaseUrl', problem })) },
  )
}

/**
 * Brings the schema up to date, all or nothing; a classic users table is adopted, after a copy. Of several
 * processes that start at once one migrates and the others wait for it.
 *
 * @param onAdopted - Told of an adoption once it is written for good.
 * @returns The names of the migrations that ran now.
 * @throws {OptionError} As {@link pendingMigrations}.
 */
export async function migrate(
  db: Database,
  onAdopted: (adoption: Adoption) => void = () => {},
): Promise<readonly string[]> {
  // Looks before anything is made: a refusal leaves the database as it was, and where nothing is to be done
  // the service gets along with a role that may not change the schema.
  if ((await pendingMigrations(db)).length === 0) return []
  let adoption: Adoption | undefined
  const run = () =>
    migrator(db, (done) => {
      adoption = done
    }).migrateToLatest()
  const isForeign = (await inspectSchema(db)).is === 'foreign'
  const { error, results = [] } = await (isForeign ? preparedForAdoption(db, run) : run())
  if (error !== undefined) {
    if (adoption !== undefined) discardCopy(db, adoption)
    throw error
  }
  if (adoption !== undefined) onAdopted(adoption)
  return results.map((result) => result.migrationName)
}
