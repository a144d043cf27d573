import type { Kysely } from 'kysely'
import { columnTypesOf } from './columns.ts'

/** The classic table: its five columns first, then ours. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const types = columnTypesOf(db)
  await db.schema
    .createTable('users')
    .addColumn('id', 'integer', (column) => types.countingKey(column))
    .addColumn('email', 'text', (column) => column.notNull())
    .addColumn('hashed_password', 'text', (column) => column.notNull())
    .addColumn('session_id', 'text')
    .addColumn('reset_token', 'text')
    .addColumn('normalized_email', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', types.time, (column) => column.notNull())
    .addColumn('password_version', 'integer', (column) => column.notNull())
    .addColumn('disabled_at', types.time)
    .modifyEnd(types.strict)
    .execute()
}
