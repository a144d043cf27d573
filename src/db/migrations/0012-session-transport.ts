import type { Kysely } from 'kysely'

/** How the client of a session presents its token. Sessions from before have cookies. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('sessions')
    .addColumn('transport', 'text', (column) => column.notNull().defaultTo('cookie'))
    .execute()
}
