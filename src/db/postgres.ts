/** PostgreSQL through `pg`. */
import {
  type Dialect,
  type PostgresPool as KyselyPool,
  PostgresDialect,
  type PostgresPoolClient,
} from 'kysely'
import pg from 'pg'
import { sha256 } from '../lib/digest.ts'
import { TimeLimitExceeded, withinLimit } from '../lib/time-limit.ts'
import { isStatementLost, isTimeout, isUnavailable } from './dialect.ts'
import { GivenDatabaseError, type PostgresPool } from './given.ts'
import { DatabaseFault, type Health } from './health.ts'
import { LEDGER, type Naming, prefixedBy, qualifiedBy } from './naming.ts'
import { type ReadStatement, readFirstRow } from './postgres-first-row.ts'
import { openPipeline, type Pipeline } from './postgres-pipeline.ts'
import type { PreparedReader, Values } from './prepared.ts'
import { keepsStatements } from './url.ts'

export const TIMEOUT_MS = 5_000
/** Connections of one instance. Further queries wait for a free one, until the time-out. */
export const POOL_SIZE = 10

interface Connections {
  /** Called when the server drops a connection that runs no statement. */
  readonly onIdleError: (error: Error) => void
  /** Whether statements time out after 5 seconds. Migrations and copies of whole tables take longer. */
  readonly hasTimeout: boolean
  readonly naming: Naming
}

interface Opened {
  readonly dialect: Dialect
  readonly reader: PreparedReader
  readonly health: Health
}

/**
 * Creates a connection pool. It connects on first use.
 *
 * @param url - A URL that `parseDatabaseUrl` accepted.
 */
export function openPostgres(url: string, connections: Connections): Opened {
  const { onIdleError } = connections
  const settings = {
    connectionString: url,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: connections.hasTimeout ? TIMEOUT_MS : 0,
    application_name: 'bienvenue',
  }
  const pool = new pg.Pool({ ...settings, max: POOL_SIZE })
  const pipeline = openPipeline(settings, (error) => {
    onIdleError(error)
    closeIdle(pool)
  })
  // Without these listeners, losing a connection while no statement runs on it would end the process, both in the pool
  // and inside a transaction.
  pool.on('error', onIdleError)
  pool.on('connect', (client) => void client.on('error', onIdleError))
  return opened(pool, connections, {
    end: async () => void (await Promise.all([pool.end(), pipeline.close()])),
    pipeline,
    keepsStatements: keepsStatements(url),
    onTimeout: () => closeIdle(pool),
  })
}

/**
 * Closes the connections that run no statement. If the network or the server failed silently, they are dead too, and the
 * next statement on each would wait for its time-out.
 */
function closeIdle(pool: pg.Pool): void {
  for (let left = pool.idleCount; left > 0; left--)
    pool.connect().then(
      (client) => client.release(true),
      () => {},
    )
}

/**
 * Uses a pool of the application for everything. Changes no setting of the pool or of its sessions, and does not end
 * it.
 */
export function sharePostgres(given: PostgresPool, connections: Connections): Opened {
  const { onIdleError } = connections
  return opened(limited(given as unknown as pg.Pool, connections), connections, {
    end: async () => {},
    pipeline: null,
    keepsStatements: true,
    // The pool listens while a connection is idle. Losing it inside our transaction would end the process.
    onTaken: (client) => client.on('error', onIdleError),
    onReleased: (client) => client.off('error', onIdleError),
  })
}

/** The part of a pool that is used here. */
interface Connecting {
  readonly options: pg.PoolOptions
  connect(): Promise<pg.PoolClient>
  query<Row extends object>(
    config: pg.QueryConfig & { readonly rowMode?: 'array' },
  ): Promise<{ readonly rows: Row[] }>
}

/**
 * The application's pool, with a limit of 5 seconds for getting a connection. It may have no limit of its own, and a pool
 * that ends never answers callers that wait for a connection.
 */
function limited(pool: pg.Pool, { onIdleError, hasTimeout }: Connections): Connecting {
  async function connect(): Promise<pg.PoolClient> {
    const connecting = pool.connect()
    try {
      return await (hasTimeout ? withinLimit(TIMEOUT_MS, () => connecting) : connecting)
    } catch (error) {
      const isLate = error instanceof TimeLimitExceeded
      if (isLate) void connecting.then((client) => client.release()).catch(() => {})
      if (pool.ending) throw new GivenDatabaseError('database_closed', { cause: error })
      throw isLate ? new GivenDatabaseError('no_free_connection', { cause: error }) : error
    }
  }
  return {
    options: pool.options,
    connect,
    async query<Row extends object>(config: pg.QueryConfig) {
      const client = await connect()
      client.on('error', onIdleError)
      let broken: Error | undefined
      try {
        return await client.query<Row>(config)
      } catch (error) {
        if (isUnavailable(error)) broken = error as Error
        throw error
      } finally {
        client.off('error', onIdleError)
        client.release(broken)
      }
    },
  }
}

interface Ownership {
  end(): Promise<void>
  /** For the reads that every request makes. */
  readonly pipeline: Pipeline | null
  /** Whether a connection keeps the statements that it has parsed. */
  readonly keepsStatements: boolean
  /** Called when a statement on the pool got no answer in time. */
  onTimeout?(): void
  onTaken?(client: pg.PoolClient): void
  onReleased?(client: pg.PoolClient): void
}

function opened(pool: Connecting, { hasTimeout, naming }: Connections, ownership: Ownership): Opened {
  const queryConfig = {
    // A hanging server or a network that drops packets must not block requests forever.
    query_timeout: hasTimeout ? TIMEOUT_MS : 0,
    types: TYPES,
  }
  return {
    dialect: new PostgresDialect({ pool: closingBroken(pool, queryConfig, ownership) }),
    reader: { first: firstRow(pool, queryConfig, ownership) },
    health: healthOf(pool, naming, queryConfig),
  }
}

/** Set for each statement, because the settings of the pool may be the application's. */
type QueryConfig = Pick<pg.QueryConfig, 'types'> & { readonly query_timeout: number }

/** The types of our columns, by their oid. `pg.types` is global, so the application may have replaced its parsers. */
const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [pg.types.builtins.BOOL]: (text) => text === 't',
  [pg.types.builtins.BYTEA]: (text) =>
    text.startsWith('\\x')
      ? Buffer.from(text.slice(2), 'hex')
      : pg.types.getTypeParser(pg.types.builtins.BYTEA)(text),
  // They hold milliseconds, far below 2^53.
  [pg.types.builtins.INT8]: Number,
  [pg.types.builtins.INT4]: Number,
  [pg.types.builtins.TEXT]: (text) => text,
}

const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    (format === 'text' && PARSERS[oid as number]) || pg.types.getTypeParser(oid as number, format),
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

function healthOf(pool: Connecting, naming: Naming, queryConfig: QueryConfig): Health {
  const ledger = qualifiedBy(naming, LEDGER)
  const throttles = qualifiedBy(naming, 'throttles')
  return {
    async probe() {
      // `alter database … set` only affects new sessions, and those in the pool may be older.
      const { rows } = await pool.query<{ read_only: boolean }>({ text: READ_ONLY, ...queryConfig })
      if (rows[0]?.read_only !== false) throw new DatabaseFault('read_only', 'the database is read-only')
      if (!(await hasTable(pool, ledger, queryConfig))) return []
      const executed = await pool.query<{ name: string }>({
        text: `select name from ${ledger}`,
        ...queryConfig,
      })
      return executed.rows.map(({ name }) => name)
    },
    async assertWritable() {
      const client = await pool.connect()
      try {
        await client.query('begin')
        // The role of the service may be allowed to change rows but not to create a table.
        const write = (await hasTable(client, throttles, queryConfig))
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

async function hasTable(
  connection: Pick<Connecting, 'query'>,
  name: string,
  queryConfig: QueryConfig,
): Promise<boolean> {
  const { rows } = await connection.query<{ found: boolean }>({
    text: 'select to_regclass($1) is not null as found',
    values: [name],
    ...queryConfig,
  })
  return rows[0]?.found === true
}

/** Closes a connection instead of reusing it after the server failed to answer on it. */
function closingBroken(pool: Connecting, queryConfig: QueryConfig, ownership: Ownership): KyselyPool {
  const guarded = new WeakMap<pg.PoolClient, PostgresPoolClient>()
  return {
    options: pool.options,
    async connect() {
      const client = await pool.connect()
      const known = guarded.get(client) ?? guard(client, queryConfig, ownership)
      guarded.set(client, known)
      ownership.onTaken?.(client)
      return known
    },
    end: () => ownership.end(),
  }
}

function guard(
  client: pg.PoolClient,
  queryConfig: QueryConfig,
  { onTimeout, onReleased }: Ownership,
): PostgresPoolClient {
  let broken: Error | undefined
  const query = async (text: string, values: unknown[]) => {
    try {
      return await client.query({ text, values, ...queryConfig })
    } catch (error) {
      if (isUnavailable(error)) broken = error as Error
      if (isTimeout(error)) onTimeout?.()
      throw error
    }
  }
  return {
    query: query as unknown as PostgresPoolClient['query'],
    release() {
      onReleased?.(client)
      client.release(broken)
    },
  }
}

function firstRow(
  pool: Connecting,
  queryConfig: QueryConfig,
  { pipeline, keepsStatements }: Ownership,
): PreparedReader['first'] {
  const statements = new Map<string, ReadStatement>()

  function createStatement(text: string, name: string): ReadStatement {
    const statement = { text, name, types: TYPES }
    statements.set(text, statement)
    return statement
  }

  async function read(statement: ReadStatement, values: Values): Promise<Values | undefined> {
    const client = pipeline?.connection()
    if (client) return readFirstRow(client, statement, values)
    const { text, name } = statement
    // Arrays, because building row objects is slow.
    const { rows } = await pool.query<unknown[]>({
      name,
      text,
      values: [...values],
      rowMode: 'array',
      ...queryConfig,
    })
    return rows[0]
  }

  return async (text, values) => {
    const statement = statements.get(text) ?? createStatement(text, keepsStatements ? nameOf(text) : '')
    try {
      return await read(statement, values)
    } catch (error) {
      if (statement.name === '' || !isStatementLost(error)) throw error
      // This read and all later ones send the whole text.
      return read(createStatement(text, ''), values)
    }
  }
}

/**
 * PostgreSQL parses and plans a named statement once per connection. Services with other tables may use the same connection, so
 * the name depends on the text.
 */
function nameOf(text: string): string {
  return `bienvenue_${Buffer.from(sha256(text)).toString('hex', 0, 16)}`
}
