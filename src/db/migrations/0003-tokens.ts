import type { Kysely } from 'kysely'
import { columnTypesOf } from '../dialect.ts'

/** Single-use tokens. A user has at most one for each purpose; a new one replaces it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const types = columnTypesOf(db)
  await db.schema
    .createTable('tokens')
    .addColumn('id', types.uuid, (column) => column.primaryKey().notNull())
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('email', 'text', (column) => column.notNull())
    .addColumn('secret_hash', types.bytes, (column) => column.notNull())
    .addColumn('created_at', types.time, (column) => column.notNull())
    .addColumn('expires_at', types.time, (column) => column.notNull())
    .addUniqueConstraint('tokens_user_id_purpose', ['user_id', 'purpose'])
    .modifyEnd(types.strictClustered)
    .execute()
  await db.schema.createIndex('tokens_expires_at').on('tokens').column('expires_at').execute()
}
