/**
 * The store: all SQL, one file per table, the same functions on SQLite and on PostgreSQL. It knows rows,
 * `null` and `Conflict`; it knows nothing of HTTP, of passwords or of what a use case may do.
 * Verbs: `find…` may give `null`; `add…`, `update…` and `delete…` write; `take…` reads and uses up at once.
 *
 * @module
 */

export { isUnavailable, transactionWithoutSync } from './dialect.ts'
export { healthOf, isReady } from './health.ts'
export { inspectSchema, MIGRATION_NAMES, migrate, pendingMigrations } from './migrate.ts'
export { assertCreatable, cannotUse, databaseExists, filesInUse, openAsItIs, openDatabase } from './open.ts'
export * from './tables/audit.ts'
export {
  CLEAN_UPS,
  type CleanUpName,
  type Database,
  type RecordedCleanUpName,
  TABLE_NAMES,
  TABLES,
  type Tx,
} from './tables/index.ts'
export * from './tables/outbox.ts'
export * from './tables/sessions.ts'
export * from './tables/throttles.ts'
export * from './tables/tokens.ts'
export * from './tables/users.ts'
export * from './tables/users-bulk.ts'
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
