import { type Kysely, sql } from 'kysely'
import { isSqlite, prefixed, qualified } from '../dialect.ts'

/** Who acted, and on whose behalf. Older records have neither. Like the rest of a record, both never change. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('audit').addColumn('actor_id', 'text').execute()
  await db.schema.alterTable('audit').addColumn('on_behalf_of', 'integer').execute()
  const guard = isSqlite(db) ? sqliteGuard : postgresGuard
  await sql.raw(guard(db)).execute(db)
}

const sqliteGuard = (
  db: Kysely<unknown>,
) => `create trigger ${prefixed(db, 'audit_keeps_actors')} before update of actor_id, on_behalf_of on ${qualified(db, 'audit')}
  begin select raise(abort, 'a line of the audit does not change'); end`

const LASTING =
  'id, at, instance, actor, actor_id, on_behalf_of, action, outcome, reason, user_id, request_id, details, expires_at'

const postgresGuard = (
  db: Kysely<unknown>,
) => `create or replace function ${qualified(db, 'bienvenue_guard_audit')}() returns trigger language plpgsql as $$
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
