import type { Kysely } from 'kysely'

/** How the client of a session presents its token. Existing sessions use cookies. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('sessions')
    .addColumn('transport', 'text', (column) => column.notNull().defaultTo('cookie'))
    .execute()
}
