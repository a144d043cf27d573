/**
 * The store: all SQL, one file per table, the same functions on SQLite and on PostgreSQL. It knows rows,
 * `null` and `Conflict`; it knows nothing of HTTP, of passwords or of what a use case may do.
 * Verbs: `find…` may give `null`; `add…`, `update…` and `delete…` write; `take…` reads and uses up at once.
 *
 * @module
 */
export * from './audit.ts'
export { isUnavailable } from './errors.ts'
export { MIGRATION_NAMES, migrate, pendingMigrations } from './migrate.ts'
export * from './moving.ts'
export { databaseExists, describeDatabase, isReady, openDatabase } from './open.ts'
export * from './outbox.ts'
export type { Database, Tx } from './schema.ts'
export * from './sessions.ts'
export * from './throttles.ts'
export * from './tokens.ts'
export * from './users.ts'
