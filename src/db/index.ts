/**
 * The store: all SQL, in one file per table, with the same functions on SQLite and PostgreSQL. It handles rows,
 * `null` and `Conflict`, and knows nothing about HTTP, passwords or permissions.
 *
 * Verbs in names: `find…` may return `null`; `add…`, `update…` and `delete…` write; `take…` reads and consumes atomically.
 *
 * @module
 */

export { isUnavailable, transactionWithoutSync } from './dialect.ts'
export type { GivenDatabase, PostgresPool } from './given.ts'
export { healthOf, isReady } from './health.ts'
export { inspectSchema, MIGRATION_NAMES, migrate, pendingMigrations } from './migrate.ts'
export {
  assertCreatable,
  cannotUse,
  databaseExists,
  filesInUse,
  openAsItIs,
  openDatabase,
  privateFiles,
} from './open.ts'
export {
  countSealed,
  listSealed,
  replaceSealed,
  SEALED_COLUMNS,
  type SealedColumnName,
} from './sealed.ts'
export * from './tables/index.ts'
export {
  type Adoption,
  type AdoptionPlan,
  adoptUsers,
  assertAdoptable,
  isAdoptable,
  keepAccount,
  planAdoption,
} from './tools/adoption/index.ts'
export { type BackupContents, backUpDatabase, restoreDatabase } from './tools/backup.ts'
export { moveDatabase } from './tools/move.ts'
export { describeDatabase, isInMemory } from './url.ts'
