import type { Kysely } from 'kysely'
import { engineOf } from './engine.ts'

/** Single-use tokens of every purpose. A newer one of the same purpose takes the place of the older. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const engine = engineOf(db)
  await db.schema
    .createTable('tokens')
    .addColumn('id', engine.uuid, (column) => column.primaryKey().notNull())
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('email', 'text', (column) => column.notNull())
    .addColumn('secret_hash', engine.bytes, (column) => column.notNull())
    .addColumn('created_at', engine.time, (column) => column.notNull())
    .addColumn('expires_at', engine.time, (column) => column.notNull())
    .addUniqueConstraint('tokens_user_id_purpose', ['user_id', 'purpose'])
    .modifyEnd(engine.strictClustered)
    .execute()
  await db.schema.createIndex('tokens_expires_at').on('tokens').column('expires_at').execute()
}
