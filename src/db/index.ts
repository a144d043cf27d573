/**
 * The store: all SQL, one file per table, the same functions on SQLite and on PostgreSQL. It knows rows,
 * `null` and `Conflict`; it knows nothing of HTTP, of passwords or of what a use case may do.
 * Verbs: `find…` may give `null`; `add…`, `update…` and `delete…` write; `take…` reads and uses up at once.
 *
 * @module
 */
export {
  type Adoption,
  type AdoptionPlan,
  adoptUsers,
  assertAdoptable,
  isAdoptable,
  keepAccount,
  planAdoption,
} from './adoption/index.ts'
export * from './audit.ts'
export { type BackupContents, backUpDatabase, restoreDatabase } from './backup.ts'
export { isUnavailable } from './dialect.ts'
export { healthOf, isReady } from './health.ts'
export { inspectSchema, MIGRATION_NAMES, migrate, pendingMigrations } from './migrate.ts'
export { moveDatabase } from './move.ts'
export { assertCreatable, cannotUse, databaseExists, filesInUse, openAsItIs, openDatabase } from './open.ts'
export * from './outbox.ts'
export type { Database, Tx } from './schema.ts'
export * from './sessions.ts'
export * from './throttles.ts'
export * from './tokens.ts'
export { describeDatabase, isInMemory } from './url.ts'
export * from './users.ts'
export * from './users-bulk.ts'
