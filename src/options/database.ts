import { isInMemory } from '../db/url.ts'
import { isLoopback, withoutBrackets } from '../lib/network.ts'
import type { Setting } from './setting.ts'

export const DATABASE = {
  /**
   * The database: sqlite:PATH, sqlite::memory: or postgres://USER:PASSWORD@HOST:PORT/NAME. A path is relative
   * or absolute as written (sqlite:a.db, sqlite:/srv/a.db), percent-decoded, and takes no parameters.
   * SQLAlchemy URLs work too (sqlite:///a.db is relative, sqlite:////srv/a.db absolute).
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
      'The database: sqlite:PATH, sqlite::memory: or postgres://USER:PASSWORD@HOST:PORT/NAME. A path is relative or absolute as written (sqlite:a.db, sqlite:/srv/a.db), percent-decoded, and takes no parameters. SQLAlchemy URLs work too (sqlite:///a.db is relative, sqlite:////srv/a.db absolute).',
    refusedInProduction: (value: string) =>
      isInMemory(value)
        ? 'a database in memory is lost when the process ends; use a file or PostgreSQL'
        : isUnverified(value)
          ? 'a remote PostgreSQL server requires verified TLS; add ?sslmode=verify-full'
          : null,
  },
} as const satisfies Record<string, Setting>

/** Whether this is a PostgreSQL server on another machine, without verified TLS. Other code refuses malformed URLs. */
function isUnverified(databaseUrl: string): boolean {
  if (!/^postgres(?:ql)?:/i.test(databaseUrl)) return false
  const url = URL.parse(databaseUrl)
  if (url === null) return false
  // The driver uses the last of repeated parameters.
  const parameter = (name: string) => url.searchParams.getAll(name).at(-1)
  const host = parameter('host') ?? withoutBrackets(url.hostname)
  const isLocal = host === '' || host.startsWith('/') || isLoopback(host)
  return !isLocal && parameter('sslmode') !== 'verify-full'
}
