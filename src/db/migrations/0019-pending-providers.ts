import type { Kysely } from 'kysely'

/** Lets a logout at a provider find the sign-ins that began there and still wait for a second factor. */
export async function up(
  db: Kysely<{ pending_sign_ins: { provider_id: string | null; provider_sid: string | null } }>,
): Promise<void> {
  await db.schema
    .createIndex('pending_sign_ins_provider')
    .on('pending_sign_ins')
    .columns(['provider_id', 'provider_sid'])
    // Most of them began with a password.
    .where('provider_id', 'is not', null)
    .execute()
}
