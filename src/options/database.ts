import { parseDatabaseSchema, parseTablePrefix } from '../db/naming.ts'
import { isInMemory } from '../db/url.ts'
import { isLoopback, withoutBrackets } from '../lib/network.ts'
import type { Setting } from './setting.ts'

export const MEMORY_IS_LOST = 'a database in memory is lost when the process ends; use a file or PostgreSQL'

export const DATABASE = {
  databaseUrl: {
    env: 'DATABASE_URL',
    kind: { type: 'text' },
    classic: 'sqlite:bienvenue.db',
    secret: 'password',
    about:
      'The database: sqlite:PATH, sqlite::memory: or postgres://USER:PASSWORD@HOST:PORT/NAME. A path is relative or absolute as written (sqlite:a.db, sqlite:/srv/a.db), percent-decoded, and takes no parameters. SQLAlchemy URLs work too (sqlite:///a.db is relative, sqlite:////srv/a.db absolute).',
    refusedInProduction: (value: string) =>
      isInMemory(value)
        ? MEMORY_IS_LOST
        : isUnverified(value)
          ? 'a remote PostgreSQL server requires verified TLS; add ?sslmode=verify-full'
          : null,
  },
  tablePrefix: {
    env: 'BIENVENUE_TABLE_PREFIX',
    kind: { type: 'text' },
    classic: '',
    about:
      'The prefix of the names of all tables, indexes, triggers and functions, such as auth_, for a database in which another program already has a table named users. At most 30 lower-case letters, digits and underscores. Each prefix has its own accounts.',
    parse: parseTablePrefix,
  },
  databaseSchema: {
    env: 'BIENVENUE_DATABASE_SCHEMA',
    kind: { type: 'text' },
    classic: '',
    about:
      'The PostgreSQL schema of all tables, functions and triggers, created if it is missing. If not set, the first schema of the search path. Each schema has its own accounts.',
    parse: parseDatabaseSchema,
  },
} as const satisfies Record<string, Setting>

/** Whether this is a URL of PostgreSQL. Other code refuses malformed URLs. */
export function isPostgres(databaseUrl: string): boolean {
  return /^postgres(?:ql)?:/i.test(databaseUrl)
}

/** Whether this is a PostgreSQL server on another machine, without verified TLS. */
function isUnverified(databaseUrl: string): boolean {
  if (!isPostgres(databaseUrl)) return false
  const url = URL.parse(databaseUrl)
  if (url === null) return false
  // The driver uses the last of repeated parameters.
  const parameter = (name: string) => url.searchParams.getAll(name).at(-1)
  const host = parameter('host') ?? withoutBrackets(url.hostname)
  const isLocal = host === '' || host.startsWith('/') || isLoopback(host)
  return !isLocal && parameter('sslmode') !== 'verify-full'
}
