import { type Kysely, sql } from 'kysely'
import { columnTypesOf, isSqlite, prefixed, qualified } from '../dialect.ts'

/**
 * Adds the time until which a record keeps its IP address and user agent. The database refuses to remove them earlier,
 * unless the account of the record is gone. Records that an older version wrote have no such time, and keep both for a
 * day, the minimum of the setting.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('audit').addColumn('origin_expires_at', columnTypesOf(db).time).execute()
  const guards = isSqlite(db) ? sqliteGuards : postgresGuards
  for (const statement of guards(db)) await sql.raw(statement).execute(db)
}

const DAY_MS = 86_400_000

const sqliteGuards = (db: Kysely<unknown>) => [
  `create trigger ${prefixed(db, 'audit_keeps_origin_time')} before update of origin_expires_at on ${qualified(db, 'audit')}
   begin select raise(abort, 'a line of the audit does not change'); end`,
  `create trigger ${prefixed(db, 'audit_keeps_origin')} before update of ip_address, user_agent on ${qualified(db, 'audit')}
   when (new.ip_address is not old.ip_address or new.user_agent is not old.user_agent)
     and coalesce(old.origin_expires_at, old.at + ${DAY_MS}) > cast(unixepoch('subsec') * 1000 as integer)
     and (old.user_id is null or exists (select 1 from ${prefixed(db, 'users')} where id = old.user_id))
   begin select raise(abort, 'a line of the audit keeps its origin for its time'); end`,
]

const postgresGuards = (db: Kysely<unknown>) => [
  // The schema is named, so that a temporary table cannot shadow the users table.
  `create function ${qualified(db, 'bienvenue_guard_audit_origin')}() returns trigger language plpgsql as $$
   declare
     has_account boolean := false;
   begin
     if new.origin_expires_at is distinct from old.origin_expires_at then
       raise exception 'a line of the audit does not change';
     end if;
     if row(new.ip_address, new.user_agent) is not distinct from row(old.ip_address, old.user_agent)
       or coalesce(old.origin_expires_at, old.at + ${DAY_MS}) <= extract(epoch from clock_timestamp()) * 1000 then
       return new;
     end if;
     if old.user_id is not null then
       execute format('select exists (select 1 from %I.${prefixed(db, 'users')} where id = $1)', tg_table_schema)
         into has_account using old.user_id;
       if not has_account then
         return new;
       end if;
     end if;
     raise exception 'a line of the audit keeps its origin for its time';
   end $$`,
  `create trigger ${prefixed(db, 'audit_guard_origin')} before update on ${qualified(db, 'audit')}
   for each row execute function ${qualified(db, 'bienvenue_guard_audit_origin')}()`,
]
