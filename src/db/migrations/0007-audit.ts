import { type Kysely, sql } from 'kysely'
import { columnTypesOf, isSqlite, prefixed, qualified } from '../dialect.ts'

/**
 * The audit log. The database itself refuses to delete a record before its time, and to change one except to remove
 * its IP address and user agent. So an attacker who controls the service's connection cannot do it either. No
 * foreign key, because a record outlives its account.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const types = columnTypesOf(db)
  await db.schema
    .createTable('audit')
    .addColumn('id', types.uuid, (column) => column.primaryKey().notNull())
    .addColumn('at', types.time, (column) => column.notNull())
    .addColumn('instance', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('user_id', 'integer')
    .addColumn('ip_address', 'text')
    .addColumn('user_agent', 'text')
    .addColumn('request_id', 'text')
    .addColumn('details', 'text', (column) => column.notNull())
    .addColumn('expires_at', types.time, (column) => column.notNull())
    .modifyEnd(types.strictClustered)
    .execute()
  await db.schema.createIndex('audit_user_id').on('audit').columns(['user_id', 'id']).execute()
  await db.schema.createIndex('audit_expires_at').on('audit').column('expires_at').execute()
  // For the clean-up of IP addresses and user agents, which starts with the oldest.
  await sql`create index ${sql.raw(prefixed(db, 'audit_traced'))} on ${sql.raw(qualified(db, 'audit'))} (at)
    where ip_address is not null or user_agent is not null`.execute(db)
  const guards = isSqlite(db) ? sqliteGuards : postgresGuards
  for (const statement of guards(db)) await sql.raw(statement).execute(db)
}

const LASTING = 'id, at, instance, actor, action, outcome, reason, user_id, request_id, details, expires_at'

const sqliteGuards = (db: Kysely<unknown>) => [
  `create trigger ${prefixed(db, 'audit_keeps_lines')} before update of ${LASTING} on ${qualified(db, 'audit')}
   begin select raise(abort, 'a line of the audit does not change'); end`,
  `create trigger ${prefixed(db, 'audit_only_forgets')} before update of ip_address, user_agent on ${qualified(db, 'audit')}
   when new.ip_address is not null or new.user_agent is not null
   begin select raise(abort, 'a line of the audit does not change'); end`,
  // `insert or replace` deletes a row without firing the trigger for deletions.
  `create trigger ${prefixed(db, 'audit_keeps_places')} before insert on ${qualified(db, 'audit')}
   when exists (select 1 from ${qualified(db, 'audit')} where id = new.id)
   begin select raise(abort, 'a line of the audit does not change'); end`,
  `create trigger ${prefixed(db, 'audit_keeps_its_time')} before delete on ${qualified(db, 'audit')}
   when old.expires_at > cast(unixepoch('subsec') * 1000 as integer)
   begin select raise(abort, 'a line of the audit is kept for its time'); end`,
]

const postgresGuards = (db: Kysely<unknown>) => [
  `create function ${qualified(db, 'bienvenue_guard_audit')}() returns trigger language plpgsql as $$
   begin
     if tg_op = 'TRUNCATE' then
       raise exception 'a line of the audit is kept for its time';
     elsif tg_op = 'DELETE' then
       if old.expires_at > extract(epoch from clock_timestamp()) * 1000 then
         raise exception 'a line of the audit is kept for its time';
       end if;
       return old;
     elsif row(${LASTING.replace(/\w+/g, 'new.$&')}) is distinct from row(${LASTING.replace(/\w+/g, 'old.$&')})
       or new.ip_address is not null or new.user_agent is not null then
       raise exception 'a line of the audit does not change';
     end if;
     return new;
   end $$`,
  `create trigger ${prefixed(db, 'audit_guard')} before update or delete on ${qualified(db, 'audit')}
   for each row execute function ${qualified(db, 'bienvenue_guard_audit')}()`,
  `create trigger ${prefixed(db, 'audit_guard_truncate')} before truncate on ${qualified(db, 'audit')}
   for each statement execute function ${qualified(db, 'bienvenue_guard_audit')}()`,
]
