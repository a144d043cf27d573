import type { Kysely } from 'kysely'
import { columnTypesOf } from '../dialect.ts'

/** Sign-in with other providers: the providers, the users' identities there, and the sign-ins in progress. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const types = columnTypesOf(db)
  await db.schema
    .createTable('providers')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('preset', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('issuer', 'text', (column) => column.notNull())
    .addColumn('client_id', 'text', (column) => column.notNull())
    .addColumn('sealed_client_secret', types.bytes)
    .addColumn('scopes', 'text', (column) => column.notNull())
    .addColumn('tenants', 'text', (column) => column.notNull())
    .addColumn('creates_accounts', 'integer', (column) => column.notNull())
    .addColumn('linking', 'text', (column) => column.notNull())
    .addColumn('trusts_email', 'integer', (column) => column.notNull())
    .addColumn('created_at', types.time, (column) => column.notNull())
    .addColumn('disabled_at', types.time)
    .modifyEnd(types.strictClustered)
    .execute()

  await db.schema
    .createTable('identities')
    .addColumn('id', types.uuid, (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('provider_id', 'text', (column) => column.notNull())
    .addColumn('issuer', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('email', 'text')
    .addColumn('email_verified', 'integer', (column) => column.notNull())
    .addColumn('created_at', types.time, (column) => column.notNull())
    .addColumn('last_used_at', types.time)
    .addUniqueConstraint('identities_issuer_subject', ['issuer', 'subject'])
    .modifyEnd(types.strictClustered)
    .execute()
  for (const column of ['user_id', 'provider_id'])
    await db.schema.createIndex(`identities_${column}`).on('identities').column(column).execute()

  await db.schema
    .createTable('login_flows')
    .addColumn('id', types.uuid, (column) => column.primaryKey().notNull())
    .addColumn('secret_hash', types.bytes, (column) => column.notNull())
    .addColumn('provider_id', 'text', (column) => column.notNull())
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('user_id', 'integer', (column) => column.references('users.id').onDelete('cascade'))
    .addColumn('session_id', types.uuid)
    .addColumn('persistent', 'integer', (column) => column.notNull())
    .addColumn('return_to', 'text')
    .addColumn('used_at', types.time)
    .addColumn('identification', 'text')
    .addColumn('expires_at', types.time, (column) => column.notNull())
    .modifyEnd(types.strictClustered)
    .execute()
  for (const column of ['user_id', 'expires_at'])
    await db.schema.createIndex(`login_flows_${column}`).on('login_flows').column(column).execute()

  await db.schema
    .createTable('provider_sessions')
    .addColumn('session_id', types.uuid, (column) =>
      column.primaryKey().notNull().references('sessions.id').onDelete('cascade'),
    )
    .addColumn('provider_id', 'text', (column) => column.notNull())
    .addColumn('sid', 'text')
    .modifyEnd(types.strictClustered)
    .execute()
  await db.schema
    .createIndex('provider_sessions_provider_id_sid')
    .on('provider_sessions')
    .columns(['provider_id', 'sid'])
    .execute()

  // A sign-in that waits for a second factor remembers the provider at which it began.
  const pending = db.schema.alterTable('pending_sign_ins')
  await pending.addColumn('provider_id', 'text').execute()
  await pending.addColumn('provider_sid', 'text').execute()
}
