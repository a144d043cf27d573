import type { Kysely } from 'kysely'
import { columnTypesOf } from '../dialect.ts'

/** Second factors: TOTP, recovery codes and passkeys, and the steps of a sign-in that needs them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const types = columnTypesOf(db)
  const users = db.schema.alterTable('users')
  await users.addColumn('second_factor_enabled_at', types.time).execute()
  await users.addColumn('second_factor_required_at', types.time).execute()
  await users.addColumn('webauthn_handle', 'text').execute()

  await db.schema
    .createTable('totp')
    .addColumn('user_id', 'integer', (column) =>
      column.primaryKey().notNull().references('users.id').onDelete('cascade'),
    )
    .addColumn('sealed_secret', types.bytes)
    .addColumn('confirmed_at', types.time)
    .addColumn('last_step', 'integer')
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('disabled_at', types.time)
    .addColumn('pending_sealed_secret', types.bytes)
    .addColumn('pending_expires_at', types.time)
    .modifyEnd(types.strictClustered)
    .execute()

  await db.schema.createIndex('totp_pending_expires_at').on('totp').column('pending_expires_at').execute()

  await db.schema
    .createTable('recovery_codes')
    .addColumn('id', types.uuid, (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('code_hash', 'text', (column) => column.notNull())
    .addColumn('created_at', types.time, (column) => column.notNull())
    .addColumn('used_at', types.time)
    .addUniqueConstraint('recovery_codes_user_id_position', ['user_id', 'position'])
    .modifyEnd(types.strictClustered)
    .execute()

  await db.schema
    .createTable('passkeys')
    .addColumn('id', types.uuid, (column) => column.primaryKey().notNull())
    .addColumn('credential_id', 'text', (column) => column.notNull())
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('public_key', types.bytes, (column) => column.notNull())
    .addColumn('algorithm', 'integer', (column) => column.notNull())
    .addColumn('sign_count', types.time, (column) => column.notNull())
    .addColumn('backup_eligible', 'integer', (column) => column.notNull())
    .addColumn('backed_up', 'integer', (column) => column.notNull())
    .addColumn('user_verified', 'integer', (column) => column.notNull())
    .addColumn('discoverable', 'integer', (column) => column.notNull())
    .addColumn('transports', 'text', (column) => column.notNull())
    .addColumn('aaguid', types.uuid, (column) => column.notNull())
    .addColumn('rp_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', types.time, (column) => column.notNull())
    .addColumn('last_used_at', types.time)
    .addUniqueConstraint('passkeys_credential_id', ['credential_id'])
    .modifyEnd(types.strictClustered)
    .execute()
  await db.schema.createIndex('passkeys_user_id').on('passkeys').column('user_id').execute()

  await db.schema
    .createTable('pending_sign_ins')
    .addColumn('id', types.uuid, (column) => column.primaryKey().notNull())
    .addColumn('secret_hash', types.bytes, (column) => column.notNull())
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('next', 'text', (column) => column.notNull())
    .addColumn('method', 'text', (column) => column.notNull())
    .addColumn('amr', 'text', (column) => column.notNull())
    .addColumn('password_version', 'integer', (column) => column.notNull())
    .addColumn('persistent', 'integer', (column) => column.notNull())
    .addColumn('transport', 'text', (column) => column.notNull())
    .addColumn('return_to', 'text')
    .addColumn('notice_id', types.uuid)
    .addColumn('created_at', types.time, (column) => column.notNull())
    .addColumn('expires_at', types.time, (column) => column.notNull())
    .modifyEnd(types.strictClustered)
    .execute()
  for (const column of ['user_id', 'expires_at'])
    await db.schema.createIndex(`pending_sign_ins_${column}`).on('pending_sign_ins').column(column).execute()

  await db.schema
    .createTable('ceremonies')
    .addColumn('id', types.uuid, (column) => column.primaryKey().notNull())
    .addColumn('challenge', types.bytes, (column) => column.notNull())
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('user_id', 'integer', (column) => column.references('users.id').onDelete('cascade'))
    .addColumn('browser_hash', types.bytes, (column) => column.notNull())
    .addColumn('expires_at', types.time, (column) => column.notNull())
    .modifyEnd(types.strictClustered)
    .execute()
  for (const column of ['user_id', 'expires_at'])
    await db.schema.createIndex(`ceremonies_${column}`).on('ceremonies').column(column).execute()
}
