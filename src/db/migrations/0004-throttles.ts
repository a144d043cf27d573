import type { Kysely } from 'kysely'
import { columnTypesOf } from '../dialect.ts'

/** Counters of attempts, shared by all instances of the service. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const types = columnTypesOf(db)
  await db.schema
    .createTable('throttles')
    .addColumn('key', 'text', (column) => column.primaryKey().notNull())
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('blocked_until', types.time, (column) => column.notNull())
    .addColumn('expires_at', types.time, (column) => column.notNull())
    .modifyEnd(types.strictClustered)
    .execute()
  await db.schema.createIndex('throttles_expires_at').on('throttles').column('expires_at').execute()
}
