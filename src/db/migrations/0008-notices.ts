import { type Kysely, sql } from 'kysely'
import { columnTypesOf, isSqlite, prefixed, qualified } from '../dialect.ts'

/** The kinds of notices in this version, and those that are sent first. */
const VITAL = ['email_change_requested', 'email_changed', 'password_changed', 'account_deleted']
const NOTICES = [...VITAL, 'new_device', 'signed_in_after_failures']

/**
 * Notices outlive their account, so that an attacker who takes it over cannot suppress them by deleting it. Each
 * keeps its address, priority, number of events and the reason of the last failure.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Until now a notice went to the account's address at the time of sending.
  const { users, outbox } = columnsOf(db)
  await sql`update ${tableOf(db, 'outbox')} set email = (select ${users}.email from ${tableOf(db, 'users')} where ${users}.id = ${outbox}.user_id)
    where email is null and kind in (${listOf(NOTICES)})`.execute(db)
  await (isSqlite(db) ? rebuild(db) : alter(db))
  await sql`update ${tableOf(db, 'outbox')} set priority = 0 where kind in (${listOf(VITAL)})`.execute(db)
  await db.schema.createIndex('outbox_due').on('outbox').columns(['priority', 'next_attempt_at']).execute()
}

/** Changes the table in place, so that it keeps the privileges granted on it. */
async function alter(db: Kysely<unknown>): Promise<void> {
  const key = sql.raw(prefixed(db, 'outbox_user_id_fkey'))
  await sql`alter table ${tableOf(db, 'outbox')}
    drop constraint ${key},
    add constraint ${key} foreign key (user_id) references ${tableOf(db, 'users')} (id) on delete set null,
    add column priority integer not null default 1,
    add column events integer not null default 1,
    add column problem text`.execute(db)
  await db.schema.dropIndex('outbox_next_attempt_at').execute()
}

/** SQLite cannot change a foreign key: https://www.sqlite.org/lang_altertable.html#otheralter */
async function rebuild(db: Kysely<unknown>): Promise<void> {
  const types = columnTypesOf(db)
  await db.schema
    .createTable('outbox_rebuilt')
    .addColumn('id', types.uuid, (column) => column.primaryKey().notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('user_id', 'integer', (column) => column.references('users.id').onDelete('set null'))
    .addColumn('email', 'text')
    .addColumn('locale', 'text', (column) => column.notNull())
    .addColumn('details', 'text', (column) => column.notNull())
    .addColumn('created_at', types.time, (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('next_attempt_at', types.time, (column) => column.notNull())
    .addColumn('priority', 'integer', (column) => column.notNull().defaultTo(1))
    .addColumn('events', 'integer', (column) => column.notNull().defaultTo(1))
    .addColumn('problem', 'text')
    .modifyEnd(types.strictClustered)
    .execute()
  await sql`insert into ${tableOf(db, 'outbox_rebuilt')}
      (id, kind, user_id, email, locale, details, created_at, attempts, next_attempt_at)
    select id, kind, user_id, email, locale, details, created_at, attempts, next_attempt_at
    from ${tableOf(db, 'outbox')}`.execute(db)
  await db.schema.dropTable('outbox').execute()
  await db.schema.alterTable('outbox_rebuilt').renameTo('outbox').execute()
  await db.schema.createIndex('outbox_user_id').on('outbox').column('user_id').execute()
}

function tableOf(db: Kysely<unknown>, name: string) {
  return sql.raw(qualified(db, name))
}

/** The table names that qualify a column. */
function columnsOf(db: Kysely<unknown>) {
  return { users: sql.raw(prefixed(db, 'users')), outbox: sql.raw(prefixed(db, 'outbox')) }
}

// Literals, because the fixtures record statements without parameters.
function listOf(kinds: readonly string[]) {
  return sql.join(kinds.map((kind) => sql.lit(kind)))
}
