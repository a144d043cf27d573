import type { Kysely } from 'kysely'
import { columnTypesOf } from '../dialect.ts'

/**
 * The mail queue. A row is written in the transaction of the change it is about, and deleted once the mail is sent.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const types = columnTypesOf(db)
  await db.schema
    .createTable('outbox')
    .addColumn('id', types.uuid, (column) => column.primaryKey().notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('user_id', 'integer', (column) => column.references('users.id').onDelete('cascade'))
    .addColumn('email', 'text')
    .addColumn('locale', 'text', (column) => column.notNull())
    .addColumn('details', 'text', (column) => column.notNull())
    .addColumn('created_at', types.time, (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('next_attempt_at', types.time, (column) => column.notNull())
    .modifyEnd(types.strictClustered)
    .execute()
  await db.schema.createIndex('outbox_next_attempt_at').on('outbox').column('next_attempt_at').execute()
  await db.schema.createIndex('outbox_user_id').on('outbox').column('user_id').execute()
}
