/** Parses database URLs. Reads no files and opens no connections. */

import { findInvisible } from '../lib/invisible.ts'
import { OptionError } from '../model/errors.ts'

/** A parsed database URL. */
export type DatabaseUrl = SqliteUrl | { readonly dialect: 'postgres'; readonly url: string }

interface SqliteUrl {
  readonly dialect: 'sqlite'
  /** A file, or `:memory:`. */
  readonly path: string
  /** The path that version 0.1 read from the same text: everything after `sqlite:`, unchanged. */
  readonly formerPath: string
}

/**
 * Parses a database URL.
 *
 * - `sqlite:a.db` and `sqlite:///a.db` are relative to the working directory; `sqlite:/srv/a.db` and
 *   `sqlite:////srv/a.db` are absolute; `sqlite::memory:`, `sqlite:///:memory:` and `sqlite://` are in memory. The
 *   forms with `//` are those of SQLAlchemy. The path is percent-decoded.
 * - `postgres://user:password@host:port/name`, with the parameters of {@link POSTGRES_PARAMETERS}.
 *
 * @throws {OptionError} Any other form. The message never contains a user name, a password or a host.
 */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase()
  if (scheme === 'sqlite') return parseSqlite(text.slice('sqlite:'.length))
  if (scheme === 'postgres' || scheme === 'postgresql')
    return { dialect: 'postgres', url: parsePostgres(text) }
  const problem = scheme === undefined ? 'it has no scheme' : `"${scheme}:" is not supported`
  throw refusal(`${problem}; use sqlite:PATH, sqlite::memory: or postgres://…`)
}

const MEMORY = ':memory:'

function parseSqlite(formerPath: string): SqliteUrl {
  const [written = '', query] = formerPath.split(/\?(.*)/s, 2)
  if (query !== undefined) {
    const [name = ''] = new URLSearchParams(query).keys()
    throw refusal(`sqlite: takes no parameter "${name}"; in a path, write ? as %3F`)
  }
  if (written.includes('#')) throw refusal('sqlite: takes no fragment; in a path, write # as %23')
  const path = written === '//' ? MEMORY : decodePath(withoutAuthority(written))
  return { dialect: 'sqlite', path, formerPath }
}

function withoutAuthority(written: string): string {
  if (!written.startsWith('//')) return written
  if (!written.startsWith('///'))
    throw refusal('sqlite:// takes no host: sqlite:///PATH is relative, sqlite:////PATH is absolute')
  return written.slice('///'.length)
}

function decodePath(written: string): string {
  if (written === '') throw refusal('sqlite: needs a path; for a database in memory, write sqlite::memory:')
  if (/^\s|\s$/.test(written))
    throw refusal('the path begins or ends with a space; remove it, or write it as %20')
  const character = findInvisible(written)
  if (character !== null) throw refusal(`the path contains ${character}, an invisible character; remove it`)
  const path = decoded(written)
  if (path === null)
    throw refusal('the path has a % that does not begin an escape such as %20; write it as %25')
  if (path.includes('\0')) throw refusal('a path cannot contain U+0000')
  return path
}

/** The URL from which {@link parseDatabaseUrl} reads this path. */
export function sqliteUrl(path: string): string {
  const escaped = (character: string) => encodeURIComponent(character)
  const written = [...path]
    .map((character) =>
      /[%?#]/.test(character) || findInvisible(character) !== null ? escaped(character) : character,
    )
    .join('')
    .replace(/^ +/, escaped)
  const end = written.trimEnd().length
  const ended = `${written.slice(0, end)}${escaped(written.slice(end))}`
  return `sqlite:${ended.startsWith('//') ? '///' : ''}${ended}`
}

/**
 * The parameters that a PostgreSQL URL accepts, each with its values; `null` if any value is valid. `pg` silently
 * ignores all others, such as `schema` and `connect_timeout`, and unknown values of `sslmode`. `prepare` is ours.
 */
export const POSTGRES_PARAMETERS: Readonly<Record<string, readonly string[] | null>> = {
  host: null,
  port: null,
  user: null,
  password: null,
  application_name: null,
  options: null,
  sslmode: ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'],
  sslrootcert: null,
  sslcert: null,
  sslkey: null,
  sslnegotiation: ['postgres', 'direct'],
  uselibpqcompat: ['true'],
  prepare: ['true', 'false'],
}

/**
 * Whether a connection of this URL keeps the statements that it has parsed. With `prepare=false` it does not, for a pooler that
 * gives each transaction another connection.
 */
export function keepsStatements(postgresUrl: string): boolean {
  return new URL(postgresUrl).searchParams.get('prepare') !== 'false'
}

/** The names that other tools use for the schema. */
const SCHEMA_PARAMETERS = ['schema', 'currentSchema', 'search_path']

function parsePostgres(text: string): string {
  // An `@` after the authority means that the password was not percent-encoded. It would be cut off there, and the rest
  // of it read as a host or a path.
  const url = /^[a-z]+:\/\/[^/?#]*(?:\/[^@#]*)?$/i.test(text) ? URL.parse(text) : null
  if (url === null || decoded(text) === null)
    throw refusal('this is not a valid PostgreSQL URL; percent-encode special characters in the password')
  const names = [...url.searchParams.keys()]
  for (const [name, value] of url.searchParams) {
    const values = Object.hasOwn(POSTGRES_PARAMETERS, name) ? POSTGRES_PARAMETERS[name] : undefined
    if (values === undefined) throw unknownParameter(name)
    if (names.indexOf(name) !== names.lastIndexOf(name))
      throw refusal(`the parameter "${name}" is given twice`)
    if (value === '') throw refusal(`the parameter "${name}" is empty`)
    if (values?.includes(value) === false) throw refusal(`the parameter "${name}" takes ${values.join(', ')}`)
  }
  // `href` has its spaces escaped. If `pg` finds an unescaped one, it escapes the whole text a second time.
  return url.href
}

function unknownParameter(name: string): OptionError {
  let remedy = `a PostgreSQL URL takes ${Object.keys(POSTGRES_PARAMETERS).join(', ')}`
  if (SCHEMA_PARAMETERS.includes(name))
    remedy = 'to use another schema than public, set BIENVENUE_DATABASE_SCHEMA'
  if (name === 'pgbouncer') remedy = 'behind PgBouncer in transaction mode, write prepare=false'
  return refusal(`unknown parameter "${name}"; ${remedy}`)
}

/** Whether the URL names a database in memory, which only its own process can see. `false` for an invalid URL. */
export function isInMemory(text: string): boolean {
  try {
    const database = parseDatabaseUrl(text)
    return database.dialect === 'sqlite' && database.path === MEMORY
  } catch (error) {
    if (error instanceof OptionError) return false
    throw error
  }
}

/** Describes the database of a URL without its password and parameters. */
export function describeDatabase(text: string): string {
  const database = parseDatabaseUrl(text)
  if (database.dialect === 'sqlite') return sqliteUrl(database.path)
  const { host, pathname, username } = new URL(database.url)
  return `postgres://${username === '' ? '' : `${username}@`}${host}${pathname}`
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

function refusal(problem: string): OptionError {
  return new OptionError('databaseUrl', problem)
}
