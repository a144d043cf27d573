/** The numbers of accounts: which was given last, also where its account is gone, so that none is given twice. */
import { sql } from 'kysely'
import { isSqlite } from './migrations/columns.ts'
import type { Database } from './schema.ts'

/** The last number that was given to an account, or `null` where none was, or nobody kept count. */
export async function findLastUserId(db: Database): Promise<number | null> {
  if (isSqlite(db)) {
    const kept = await sql`select 1 from sqlite_master where name = 'sqlite_sequence'`.execute(db)
    if (kept.rows.length === 0) return null
    const { rows } = await sql<{ seq: number }>`select seq from sqlite_sequence where name = 'users'`.execute(
      db,
    )
    return rows[0]?.seq ?? null
  }
  const { rows } = await sql<{ last: number | null }>`
    select pg_sequence_last_value(pg_get_serial_sequence('users', 'id')::regclass) as last`.execute(db)
  return rows[0]?.last ?? null
}

/** Lets the next account have a number behind this one. */
export async function continueAfterUserId(db: Database, id: number): Promise<void> {
  if (isSqlite(db)) {
    await sql`delete from sqlite_sequence where name = 'users'`.execute(db)
    await sql`insert into sqlite_sequence (name, seq) values ('users', ${id})`.execute(db)
  } else {
    await sql`select setval(pg_get_serial_sequence('users', 'id'), ${id})`.execute(db)
  }
}
