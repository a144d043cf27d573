import type { Kysely } from 'kysely'
import { columnTypesOf } from '../dialect.ts'

/** Any number of sessions per user. The key is a time-ordered UUID, so that inserts go to the end of the index. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const types = columnTypesOf(db)
  await db.schema
    .createTable('sessions')
    .addColumn('id', types.uuid, (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('secret_hash', types.bytes, (column) => column.notNull())
    .addColumn('created_at', types.time, (column) => column.notNull())
    .addColumn('authenticated_at', types.time, (column) => column.notNull())
    .addColumn('last_seen_at', types.time, (column) => column.notNull())
    .addColumn('idle_expires_at', types.time)
    .addColumn('expires_at', types.time, (column) => column.notNull())
    .addColumn('methods', 'text', (column) => column.notNull())
    .addColumn('level', 'integer', (column) => column.notNull())
    .addColumn('ip_address', 'text')
    .addColumn('user_agent', 'text')
    .modifyEnd(types.strictClustered)
    .execute()
  await db.schema.createIndex('sessions_user_id').on('sessions').column('user_id').execute()
  await db.schema.createIndex('sessions_expires_at').on('sessions').column('expires_at').execute()
  await db.schema
    .createIndex('sessions_idle_expires_at')
    .on('sessions')
    .column('idle_expires_at')
    .where('idle_expires_at', 'is not', null)
    .execute()
}
