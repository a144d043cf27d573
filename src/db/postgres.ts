/** PostgreSQL through `pg`. */
import { type Dialect, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { PreparedReader } from './prepared.ts'

const BIGINT = 20

/**
 * Opens a pool of connections, each made when it is needed.
 *
 * @param url - `postgres://user:password@host:port/database`, with the parameters that `pg` knows.
 * @param onIdleError - Told when the server drops an idle connection; the pool opens another one.
 */
export function openPostgres(
  url: string,
  onIdleError: (error: Error) => void,
): { dialect: Dialect; reader: PreparedReader } {
  const pool = new pg.Pool({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    application_name: 'bienvenue',
    types: {
      // Our bigint columns hold milliseconds, far below 2^53.
      getTypeParser: (oid, format) =>
        (oid as number) === BIGINT ? Number : pg.types.getTypeParser(oid as number, format),
    },
  })
  // Without a listener, a connection lost while idle would end the process.
  pool.on('error', onIdleError)
  return { dialect: new PostgresDialect({ pool }), reader: { first: firstRow(pool) } }
}

function firstRow(pool: pg.Pool): PreparedReader['first'] {
  const names = new Map<string, string>()
  return async (text, values) => {
    // A statement with a name is parsed and planned once for each connection.
    const name = names.get(text) ?? `bienvenue_${names.size}`
    names.set(text, name)
    const { rows } = await pool.query({ name, text, values: [...values] })
    return rows[0]
  }
}
