import type { Kysely } from 'kysely'
import { columnTypesOf } from '../dialect.ts'

/** Short codes in mail. A browser has at most one for each purpose; a new one replaces it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const types = columnTypesOf(db)
  await db.schema
    .createTable('mail_codes')
    .addColumn('id', types.uuid, (column) => column.primaryKey().notNull())
    .addColumn('secret_hash', 'text')
    .addColumn('user_id', 'integer', (column) => column.references('users.id').onDelete('cascade'))
    .addColumn('email', 'text', (column) => column.notNull())
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('browser_hash', types.bytes, (column) => column.notNull())
    .addColumn('expires_at', types.time, (column) => column.notNull())
    .addUniqueConstraint('mail_codes_browser_hash_purpose', ['browser_hash', 'purpose'])
    .modifyEnd(types.strictClustered)
    .execute()
  await db.schema.createIndex('mail_codes_user_id').on('mail_codes').column('user_id').execute()
  await db.schema.createIndex('mail_codes_expires_at').on('mail_codes').column('expires_at').execute()
}
