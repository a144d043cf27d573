import type { Kysely } from 'kysely'

/** Lets an import find out whether an account has a user handle. Not unique, because migrations only add (decision 0027). */
export async function up(db: Kysely<{ users: { webauthn_handle: string | null } }>): Promise<void> {
  await db.schema
    .createIndex('users_webauthn_handle')
    .on('users')
    .column('webauthn_handle')
    // Most accounts have no handle.
    .where('webauthn_handle', 'is not', null)
    .execute()
}
