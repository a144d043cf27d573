/** PostgreSQL through `pg`. */
import { type Dialect, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { isUnavailable } from './dialect.ts'
import { DatabaseFault, type Health } from './health.ts'
import type { PreparedReader } from './prepared.ts'

const BIGINT = 20
const TIMEOUT_MS = 5_000
/** Connections of one instance at the most. What comes then waits, no longer than the timeout. */
const POOL_SIZE = 10

/**
 * Opens a pool of connections, each made when it is needed.
 *
 * @param url - `postgres://user:password@host:port/database`, with the parameters that `pg` knows.
 * @param details - `onIdleError`: told when the server drops an idle connection; the pool opens another one.
 *   `hasTimeout`: whether a statement may take as long as it takes, as one on a whole table does.
 */
export function openPostgres(
  url: string,
  { onIdleError, hasTimeout }: { onIdleError: (error: Error) => void; hasTimeout: boolean },
): { dialect: Dialect; reader: PreparedReader; health: Health } {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: TIMEOUT_MS,
    // Of a server that hangs, or a network that swallows, nobody waits for ever.
    query_timeout: hasTimeout ? TIMEOUT_MS : 0,
    application_name: 'bienvenue',
    types: {
      // Our bigint columns hold milliseconds, far below 2^53.
      getTypeParser: (oid, format) =>
        (oid as number) === BIGINT ? Number : pg.types.getTypeParser(oid as number, format),
    },
  })
  // Without a listener, a connection that is lost while nothing runs on it would end the process: in the
  // pool, or in the hands of a transaction.
  pool.on('error', onIdleError)
  pool.on('connect', (client) => void client.on('error', onIdleError))
  return {
    dialect: new PostgresDialect({ pool: droppingBroken(pool) }),
    reader: { first: firstRow(pool) },
    health: healthOf(pool),
  }
}

/** Whether a new session could write nothing, and whether this one can. Of the defaults, the most specific counts. */
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

function healthOf(pool: pg.Pool): Health {
  return {
    async probe() {
      // A default that \`alter database … set\` changes holds for new sessions, and those of the pool are old.
      const { rows } = await pool.query<{ read_only: boolean }>(READ_ONLY)
      if (rows[0]?.read_only !== false) throw new DatabaseFault('read_only', 'the database is read-only')
      if (!(await hasTable(pool, 'bienvenue_migrations'))) return []
      const ledger = await pool.query<{ name: string }>('select name from bienvenue_migrations')
      return ledger.rows.map(({ name }) => name)
    },
    async assertWritable() {
      const client = await pool.connect()
      try {
        await client.query('begin')
        // The service may have a role that changes rows and cannot make a table.
        const write = (await hasTable(client, 'throttles'))
          ? "insert into throttles (key, failures, blocked_until, expires_at) values ('doctor', 0, 0, 0)"
          : 'create table bienvenue_check (filling text)'
        await client.query(write)
      } finally {
        // Closed, the server rolls back, whatever state it is in.
        client.release(true)
      }
    },
    // PostgreSQL has checksums and \`pg_amcheck\`.
    findDamage: null,
  }
}

async function hasTable(pool: pg.Pool | pg.PoolClient, name: string): Promise<boolean> {
  const { rows } = await pool.query<{ found: boolean }>('select to_regclass($1) is not null as found', [name])
  return rows[0]?.found === true
}

/** The pool, but that a connection on which the server was silent is closed: it would be silent again. */
function droppingBroken(pool: pg.Pool): PostgresPool {
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
      // A statement with a name is parsed and planned once for each connection.
      name = `bienvenue_${names.size}`
      names.set(text, name)
    }
    // The driver's objects are slow to make.
    const { rows } = await pool.query<unknown[]>({ name, text, values: [...values], rowMode: 'array' })
    return rows[0]
  }
}
