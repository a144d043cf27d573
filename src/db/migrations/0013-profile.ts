import type { Kysely } from 'kysely'

/** The profile of a user, and the metadata of the application, as JSON. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const column of ['name', 'picture', 'metadata', 'private_metadata'])
    await db.schema.alterTable('users').addColumn(column, 'text').execute()
}
