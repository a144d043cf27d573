/** PostgreSQL through `pg`. */
import { type Dialect, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { isUnavailable } from './errors.ts'
import { type PreparedReader, rowOf } from './prepared.ts'

const BIGINT = 20
const TIMEOUT_MS = 5_000
/** Connections of one instance at the most. What comes then waits, no longer than the timeout. */
const POOL_SIZE = 10

/**
 * Opens a pool of connections, each made when it is needed.
 *
 * @param url - `postgres://user:password@host:port/database`, with the parameters that `pg` knows.
 * @param details - `onIdleError`: told when the server drops an idle connection; the pool opens another one.
 *   `isPatient`: whether a statement may take as long as it takes, as one on a whole table does.
 */
export function openPostgres(
  url: string,
  { onIdleError, isPatient }: { onIdleError: (error: Error) => void; isPatient: boolean },
): { dialect: Dialect; reader: PreparedReader } {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: TIMEOUT_MS,
    // Of a server that hangs, or a network that swallows, nobody waits for ever.
    query_timeout: isPatient ? 0 : TIMEOUT_MS,
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
  return { dialect: new PostgresDialect({ pool: droppingBroken(pool) }), reader: { first: firstRow(pool) } }
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
  const statements = new Map<string, { name: string; columns: readonly string[] | null }>()
  return async (text, values) => {
    let statement = statements.get(text)
    if (statement === undefined) {
      // A statement with a name is parsed and planned once for each connection.
      statement = { name: `bienvenue_${statements.size}`, columns: null }
      statements.set(text, statement)
    }
    // Objects of the driver are slow to make: it gives the values.
    const query = { name: statement.name, text, values: [...values], rowMode: 'array' as const }
    const { rows, fields } = await pool.query<unknown[]>(query)
    statement.columns ??= fields.map(({ name }) => name)
    return rows[0] && rowOf(statement.columns, rows[0])
  }
}
