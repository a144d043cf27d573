import type { Kysely } from 'kysely'
import { columnTypesOf } from '../dialect.ts'

/** Confirmation of addresses, compromised passwords, and the language of mail. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { time } = columnTypesOf(db)
  await db.schema.alterTable('users').addColumn('email_verified_at', time).execute()
  await db.schema.alterTable('users').addColumn('unconfirmed_until', time).execute()
  await db.schema.alterTable('users').addColumn('password_compromised_at', time).execute()
  await db.schema.alterTable('users').addColumn('locale', 'text').execute()
  await db.schema
    .createIndex('users_unconfirmed_until')
    .on('users')
    .column('unconfirmed_until')
    .where('unconfirmed_until', 'is not', null)
    .execute()
}
