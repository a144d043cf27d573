import type { Kysely } from 'kysely'

/** Whether a session outlives the browser. Existing sessions do. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('sessions')
    .addColumn('persistent', 'integer', (column) => column.notNull().defaultTo(1))
    .execute()
}
