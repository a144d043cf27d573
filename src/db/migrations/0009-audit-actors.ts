import { type Kysely, sql } from 'kysely'
import { isSqlite } from '../dialect.ts'

/** Who acted, and on whose behalf. Older records have neither. Like the rest of a record, both never change. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('audit').addColumn('actor_id', 'text').execute()
  await db.schema.alterTable('audit').addColumn('on_behalf_of', 'integer').execute()
  await sql.raw(isSqlite(db) ? SQLITE_GUARD : POSTGRES_GUARD).execute(db)
}

const SQLITE_GUARD = `create trigger audit_keeps_actors before update of actor_id, on_behalf_of on audit
  begin select raise(abort, 'a line of the audit does not change'); end`

const LASTING =
  'id, at, instance, actor, actor_id, on_behalf_of, action, outcome, reason, user_id, request_id, details, expires_at'

const POSTGRES_GUARD = `create or replace function bienvenue_guard_audit() returns trigger language plpgsql as $$
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
   end $$`
