import { isInMemory } from '../db/url.ts'
import { isLoopback, withoutBrackets } from '../lib/network.ts'
import type { Row } from './row.ts'

export const DATABASE = {
  /**
   * The database: sqlite:PATH, sqlite::memory: or postgres://USER:PASSWORD@HOST:PORT/NAME. A path is relative
   * or absolute as written (sqlite:a.db, sqlite:/srv/a.db), percent-decoded, and takes no parameters. The
   * forms of SQLAlchemy work too (sqlite:///a.db is relative, sqlite:////srv/a.db absolute).
   *
   * Default: `'sqlite:bienvenue.db'`.
   */
  databaseUrl: {
    env: 'DATABASE_URL',
    kind: { type: 'text' },
    classic: 'sqlite:bienvenue.db',
    production: 'sqlite:bienvenue.db',
    secret: 'password',
    about:
      'The database: sqlite:PATH, sqlite::memory: or postgres://USER:PASSWORD@HOST:PORT/NAME. A path is relative or absolute as written (sqlite:a.db, sqlite:/srv/a.db), percent-decoded, and takes no parameters. The forms of SQLAlchemy work too (sqlite:///a.db is relative, sqlite:////srv/a.db absolute).',
    refusedInProduction: (value: string) =>
      isInMemory(value)
        ? 'what is in memory alone is lost with the process'
        : leavesUnverified(value)
          ? 'a PostgreSQL server elsewhere is reached by verified TLS only: add ?sslmode=verify-full'
          : null,
  },
} as const satisfies Record<string, Row>

/** A PostgreSQL server on another machine without verified TLS. Malformed text is refused elsewhere. */
function leavesUnverified(databaseUrl: string): boolean {
  if (!/^postgres(?:ql)?:/i.test(databaseUrl)) return false
  const url = URL.parse(databaseUrl)
  if (url === null) return false
  // Of a repeated parameter the driver takes the last one.
  const parameter = (name: string) => url.searchParams.getAll(name).at(-1)
  const host = parameter('host') ?? withoutBrackets(url.hostname)
  const isLocal = host === '' || host.startsWith('/') || isLoopback(host)
  return !isLocal && parameter('sslmode') !== 'verify-full'
}
