import type { Kysely } from 'kysely'
import { columnTypesOf } from '../dialect.ts'

/** The users table: the five columns of the exercise first, then ours. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await usersTable(db).modifyEnd(columnTypesOf(db).strict).execute()
}

/** The table without options. Adoption also uses it. */
export function usersTable<Tables>(db: Kysely<Tables>) {
  const types = columnTypesOf(db)
  return db.schema
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
}
