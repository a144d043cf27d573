import type { Kysely } from 'kysely'
import { engineOf } from './engine.ts'

/** Many sessions per user. The key is a time-ordered UUID, so that inserts stay at the end of the index. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const engine = engineOf(db)
  await db.schema
    .createTable('sessions')
    .addColumn('id', engine.uuid, (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('secret_hash', engine.bytes, (column) => column.notNull())
    .addColumn('created_at', engine.time, (column) => column.notNull())
    .addColumn('authenticated_at', engine.time, (column) => column.notNull())
    .addColumn('last_seen_at', engine.time, (column) => column.notNull())
    .addColumn('idle_expires_at', engine.time)
    .addColumn('expires_at', engine.time, (column) => column.notNull())
    .addColumn('methods', 'text', (column) => column.notNull())
    .addColumn('level', 'integer', (column) => column.notNull())
    .addColumn('address', 'text')
    .addColumn('user_agent', 'text')
    .modifyEnd(engine.strictClustered)
    .execute()
  await db.schema.createIndex('sessions_user_id').on('sessions').column('user_id').execute()
  await db.schema.createIndex('sessions_expires_at').on('sessions').column('expires_at').execute()
}
