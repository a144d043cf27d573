/** PostgreSQL through `pg`. */
import { type Dialect, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { isUnavailable } from './dialect.ts'
import { DatabaseFault, type Health } from './health.ts'
import { LEDGER, type Naming, prefixedBy, qualifiedBy } from './naming.ts'
import type { PreparedReader } from './prepared.ts'

const BIGINT = 20
export const TIMEOUT_MS = 5_000
/** Connections of one instance. Further queries wait for a free one, until the time-out. */
export const POOL_SIZE = 10

/**
 * Creates a connection pool. It connects on first use.
 *
 * @param url - A URL that `parseDatabaseUrl` accepted.
 * @param details - `onIdleError`: called when the server drops a connection that runs no statement; the pool
 *   replaces it. `hasTimeout`: whether statements time out after 5 seconds. Migrations and copies of whole tables
 *   take longer.
 */
export function openPostgres(
  url: string,
  {
    onIdleError,
    hasTimeout,
    naming,
  }: { onIdleError: (error: Error) => void; hasTimeout: boolean; naming: Naming },
): { dialect: Dialect; reader: PreparedReader; health: Health } {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: TIMEOUT_MS,
    // A hanging server or a network that drops packets must not block requests forever.
    query_timeout: hasTimeout ? TIMEOUT_MS : 0,
    application_name: 'bienvenue',
    types: {
      // Our bigint columns hold milliseconds, far below 2^53.
      getTypeParser: (oid, format) =>
        (oid as number) === BIGINT ? Number : pg.types.getTypeParser(oid as number, format),
    },
  })
  // Without these listeners, losing a connection while no statement runs on it would end the process, both in the pool
  // and inside a transaction.
  pool.on('error', onIdleError)
  pool.on('connect', (client) => void client.on('error', onIdleError))
  return {
    dialect: new PostgresDialect({ pool: closingBroken(pool) }),
    reader: { first: firstRow(pool) },
    health: healthOf(pool, naming),
  }
}

/** Whether this session or a new one is read-only. The most specific default applies to new sessions. */
const READ_ONLY = `
  select current_setting('transaction_read_only')::boolean or coalesce((
    select value.option_value::boolean
    from pg_db_role_setting setting, pg_options_to_table(setting.setconfig) value
    where value.option_name = 'default_transaction_read_only'
      and setting.setdatabase in (0, (select oid from pg_database where datname = current_database()))
      and setting.setrole in (0, (select oid from pg_roles where rolname = session_user))
    order by setting.setrole <> 0 desc, setting.setdatabase <> 0 desc
    limit 1
  ), false) as read_only`

function healthOf(pool: pg.Pool, naming: Naming): Health {
  const ledger = qualifiedBy(naming, LEDGER)
  const throttles = qualifiedBy(naming, 'throttles')
  return {
    async probe() {
      // `alter database … set` only affects new sessions, and those in the pool may be older.
      const { rows } = await pool.query<{ read_only: boolean }>(READ_ONLY)
      if (rows[0]?.read_only !== false) throw new DatabaseFault('read_only', 'the database is read-only')
      if (!(await hasTable(pool, ledger))) return []
      const executed = await pool.query<{ name: string }>(`select name from ${ledger}`)
      return executed.rows.map(({ name }) => name)
    },
    async assertWritable() {
      const client = await pool.connect()
      try {
        await client.query('begin')
        // The role of the service may be allowed to change rows but not to create a table.
        const write = (await hasTable(client, throttles))
          ? `insert into ${throttles} (key, failures, blocked_until, expires_at) values ('doctor', 0, 0, 0)`
          : `create table ${prefixedBy(naming, 'bienvenue_check')} (filling text)`
        await client.query(write)
      } finally {
        // Closing the connection makes the server roll back, whatever state the transaction is in.
        client.release(true)
      }
    },
    // PostgreSQL has checksums and `pg_amcheck`.
    findDamage: null,
  }
}

async function hasTable(pool: pg.Pool | pg.PoolClient, name: string): Promise<boolean> {
  const { rows } = await pool.query<{ found: boolean }>('select to_regclass($1) is not null as found', [name])
  return rows[0]?.found === true
}

/** Closes a connection instead of reusing it after the server failed to answer on it. */
function closingBroken(pool: pg.Pool): PostgresPool {
  const guarded = new WeakMap<pg.PoolClient, PostgresPoolClient>()
  return {
    options: pool.options,
    async connect() {
      const client = await pool.connect()
      const known = guarded.get(client) ?? guard(client)
      guarded.set(client, known)
      return known
    },
    end: () => pool.end(),
  }
}

function guard(client: pg.PoolClient): PostgresPoolClient {
  let broken: Error | undefined
  const query = async (text: string, values: unknown[]) => {
    try {
      return await client.query(text, values)
    } catch (error) {
      if (isUnavailable(error)) broken = error as Error
      throw error
    }
  }
  return { query: query as unknown as PostgresPoolClient['query'], release: () => client.release(broken) }
}

function firstRow(pool: pg.Pool): PreparedReader['first'] {
  const names = new Map<string, string>()
  return async (text, values) => {
    let name = names.get(text)
    if (name === undefined) {
      // PostgreSQL parses and plans a named statement once per connection.
      name = `bienvenue_${names.size}`
      names.set(text, name)
    }
    // Arrays, because building row objects is slow.
    const { rows } = await pool.query<unknown[]>({ name, text, values: [...values], rowMode: 'array' })
    return rows[0]
  }
}
