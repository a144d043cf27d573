import type { Kysely } from 'kysely'

/** The columns get the standard names: authentication method references (RFC 8176) and assurance level (NIST SP 800-63B). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('sessions').renameColumn('methods', 'amr').execute()
  await db.schema.alterTable('sessions').renameColumn('level', 'aal').execute()
}
