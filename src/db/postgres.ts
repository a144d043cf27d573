/** PostgreSQL through `pg`. */
import { type Dialect, PostgresDialect } from 'kysely'
import pg from 'pg'

const BIGINT = 20

/**
 * A dialect on a pool of connections, opened as they are needed.
 *
 * @param url - `postgres://user:password@host:port/database`, with the parameters that `pg` knows.
 * @param onIdleError - Told when the server drops an idle connection; the pool opens another one.
 */
export function postgresDialect(url: string, onIdleError: (error: Error) => void): Dialect {
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
  return new PostgresDialect({ pool })
}
