/** From the environment and the flags to settings: the only reader of both. A flag wins over a variable. */
import { readFileSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { describeDatabase, isInMemory } from '../db/index.ts'
import { OptionError, type OptionProblem } from '../errors.ts'
import { trimInvisible } from '../lib/invisible.ts'
import { isLoopback, isPrivateAddress, withoutBrackets } from '../lib/network.ts'
import { LOG_LEVELS } from '../log.ts'
import {
  type GivenOptions,
  inspectOptions,
  modeOf,
  OPTION_TABLE,
  type OptionName,
  type Options,
  readValue,
  type Setting,
  type Value,
  type ValueOf,
} from '../options/index.ts'

/** Settings of the service that the library does not have. */
const SERVER_TABLE = {
  /**
   * Where to listen: localhost (IPv4 and IPv6), or one address of this machine. Development mode also takes
   * private addresses, 0.0.0.0 and ::. Production takes any, if a proxy is in front:
   * BIENVENUE_TRUSTED_PROXIES.
   *
   * Default: `'localhost'`.
   */
  host: {
    env: 'HOST',
    kind: { type: 'text' },
    classic: 'localhost',
    production: 'localhost',
    about:
      'Where to listen: localhost (IPv4 and IPv6), or one address of this machine. Development mode also takes private addresses, 0.0.0.0 and ::. Production takes any, if a proxy is in front: BIENVENUE_TRUSTED_PROXIES.',
  },
  /**
   * The TCP port to listen on.
   *
   * 0 to 65535 0 takes any free port. Default: `5000`.
   */
  port: {
    env: 'PORT',
    kind: { type: 'integer', min: 0, max: 65_535, unit: '0 takes any free port' },
    classic: 5_000,
    production: 5_000,
    about: 'The TCP port to listen on.',
  },
  /**
   * How many processes serve on this machine. More than one need a database that they share: a file, or
   * PostgreSQL with ten connections for each.
   *
   * 0 to 64 0 takes one for each core. Default: `1`.
   */
  workers: {
    env: 'BIENVENUE_WORKERS',
    kind: { type: 'integer', min: 0, max: 64, unit: '0 takes one for each core' },
    classic: 1,
    production: 1,
    about:
      'How many processes serve on this machine. More than one need a database that they share: a file, or PostgreSQL with ten connections for each.',
  },
  /**
   * The lowest level that is logged. Successful reads are logged at debug.
   *
   * Default: `'info'`.
   */
  logLevel: {
    env: 'BIENVENUE_LOG_LEVEL',
    kind: { type: 'choice', of: LOG_LEVELS },
    classic: 'info',
    production: 'info',
    about: 'The lowest level that is logged. Successful reads are logged at debug.',
  },
  /**
   * The form of the log on standard output: JSON lines, or text for people. The value auto is text at a
   * terminal, and JSON everywhere else.
   *
   * Default: `'auto'`.
   */
  log: {
    env: 'BIENVENUE_LOG',
    kind: { type: 'choice', of: ['auto', 'json', 'text'] },
    classic: 'auto',
    production: 'auto',
    about:
      'The form of the log on standard output: JSON lines, or text for people. The value auto is text at a terminal, and JSON everywhere else.',
  },
} as const satisfies Record<string, Setting>

type ServerSettings = {
  readonly [Name in keyof typeof SERVER_TABLE]: ValueOf<(typeof SERVER_TABLE)[Name]>
}
type ServerName = keyof ServerSettings
type Name = OptionName | ServerName

/** Every setting there is. */
export const SETTINGS: Readonly<Record<Name, Setting>> = { ...OPTION_TABLE, ...SERVER_TABLE }
const NAMES = Object.keys(SETTINGS) as Name[]
const SERVER_NAMES = Object.keys(SERVER_TABLE) as ServerName[]

/** Where a value comes from. */
type Source = 'default' | 'environment' | 'file' | 'flag'

/** What the environment and the flags say. `workers` is 1 or more. */
export interface Settings extends ServerSettings {
  /** For the library: only what was set, and the address of a service in development mode. */
  readonly options: GivenOptions
  readonly sources: Readonly<Record<Name, Source>>
  /** Variables that look like ours and are unknown: most likely a slip. */
  readonly unknownVariables: readonly string[]
  /** Values that their setting does not allow; they are left out of the rest. */
  readonly problems: readonly OptionProblem[]
}

/** A setting's flag: `databaseUrl` is `--database-url`. */
export function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** The settings as flags of `parseArgs`. */
export const SETTING_FLAGS = Object.fromEntries(
  NAMES.map((name) => [flagOf(name), { type: 'string' as const }]),
)

/**
 * Reads the settings.
 *
 * @param flags - What `parseArgs` found.
 * @param env - A variable that is empty, or has only blanks and invisible characters, counts as not set.
 */
export function readSettings(
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const sources = {} as Record<Name, Source>
  const values: Partial<Record<Name, Value>> = {}
  const problems: OptionProblem[] = []
  for (const name of NAMES) {
    const row = SETTINGS[name]
    const given = find(name, row, flags, env)
    sources[name] = given?.source ?? 'default'
    if (given === null) continue
    try {
      values[name] = readValue(name, row, given.text())
    } catch (error) {
      if (!(error instanceof OptionError)) throw error
      problems.push(...error.problems)
    }
  }
  const server = Object.fromEntries(
    SERVER_NAMES.map((name) => [name, values[name] ?? SERVER_TABLE[name].classic]),
  ) as ServerSettings
  const options = Object.fromEntries(
    Object.entries(values).filter(([name]) => !Object.hasOwn(SERVER_TABLE, name)),
  ) as GivenOptions
  return {
    ...server,
    workers: server.workers || availableParallelism(),
    options: withLocalUrl(options, server),
    sources,
    unknownVariables: unknownIn(Object.keys(env)),
    problems,
  }
}

interface Given {
  readonly source: Source
  /** @throws {OptionError} The value cannot be taken from there. */
  text(): string
}

/** Where a setting is given, or `null`. A flag wins, and then nothing else is read. */
function find(
  name: Name,
  row: Setting,
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Given | null {
  const flag = flags[flagOf(name)] as string | undefined
  if (flag !== undefined) return { source: 'flag', text: () => assertNoSecretIn(flag, name, row) }
  const text = trimInvisible(env[row.env] ?? '')
  const path = row.secret === undefined ? '' : trimInvisible(env[fileVariable(row)] ?? '')
  if (path !== '') {
    const isTwice = text !== ''
    return { source: 'file', text: () => readSecretFile(name, row, path, isTwice) }
  }
  return text === '' ? null : { source: 'environment', text: () => text }
}

/** The variable that names the file of a secret. */
function fileVariable({ env }: Setting): string {
  return `${env}_FILE`
}

/** Every user of the machine can read the flags of a process. @throws {OptionError} */
function assertNoSecretIn(text: string, name: Name, row: Setting): string {
  const url = row.secret === 'password' ? URL.parse(text) : null
  // The PostgreSQL driver takes a password from either place.
  const hasPassword = url !== null && (url.password !== '' || url.searchParams.has('password'))
  if (row.secret === 'whole' || hasPassword)
    throw new OptionError(
      name,
      `every user of this machine can read --${flagOf(name)}; set ${row.env}, or ${fileVariable(row)} to the path of a file`,
    )
  return text
}

/** Keys and addresses are far shorter: a longer file is the wrong one. */
const SECRET_FILE_MAX_BYTES = 65_536

/** @throws {OptionError} It cannot be read, or is not text of a plausible size. */
function readSecretFile(name: Name, row: Setting, path: string, isTwice: boolean): string {
  const refusal = (why: string) => new OptionError(name, why)
  const variable = fileVariable(row)
  if (isTwice) throw refusal(`is set, and ${variable} too; remove one of them`)
  const unreadable = (why: string) => refusal(`cannot read the file of ${variable} (${path}): ${why}`)
  let bytes: Buffer
  try {
    const found = statSync(path)
    if (found.isDirectory()) throw unreadable('it is a directory')
    // A pipe or a device may never end.
    if (!found.isFile()) throw unreadable('it is not a regular file')
    if (found.size > SECRET_FILE_MAX_BYTES)
      throw unreadable(`it has more than ${SECRET_FILE_MAX_BYTES} bytes`)
    bytes = readFileSync(path)
  } catch (error) {
    if (error instanceof OptionError) throw error
    throw unreadable(FILE_FAULTS[(error as NodeJS.ErrnoException).code ?? ''] ?? (error as Error).message)
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw unreadable('it is not UTF-8 text')
  }
  if (trimInvisible(text) === '') throw unreadable('it is empty')
  return text
}

const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'this user may not read it',
}

/** In development mode links lead to the service itself, unless BASE_URL is set. */
function withLocalUrl(options: GivenOptions, { host, port }: ServerSettings): GivenOptions {
  if (modeOf(options) !== 'development' || options.baseUrl !== undefined) return options
  return { ...options, baseUrl: urlOf(UNSPECIFIED.has(withoutBrackets(host)) ? 'localhost' : host, port) }
}

/** These mean every address of this machine. */
const UNSPECIFIED = new Set(['0.0.0.0', '::'])

/** The address of a service that listens here. */
export function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${withoutBrackets(host)}]` : host}:${port}`
}

/**
 * Whether links depend on a port that the system has yet to choose: in development mode without BASE_URL, with PORT=0.
 */
function needsPort({ options, sources, port }: Settings): boolean {
  return port === 0 && modeOf(options) === 'development' && sources.baseUrl === 'default'
}

/** The settings with a free port in place of 0, if links need it. */
export async function withKnownPort(
  settings: Settings,
  findFreePort: (host: string) => Promise<number>,
): Promise<Settings> {
  if (!needsPort(settings)) return settings
  const server = { ...settings, port: await findFreePort(settings.host) }
  const { baseUrl: _, ...options } = settings.options
  return { ...server, options: withLocalUrl(options, server) }
}

function unknownIn(variables: readonly string[]): string[] {
  const rows = Object.values(SETTINGS)
  const known = new Set(rows.flatMap((row) => (row.secret ? [row.env, fileVariable(row)] : [row.env])))
  return variables.filter((variable) => {
    // A byte order mark at the beginning of an env file becomes a part of the first name.
    const bare = trimInvisible(variable)
    return !known.has(variable) && (known.has(bare) || bare.startsWith('BIENVENUE_'))
  })
}

/** Refuses what there are problems with, all of them at once. @throws {OptionError} */
export function assertNone([first, ...others]: readonly OptionProblem[]): void {
  if (first !== undefined) throw new OptionError(first.option, first.problem, { others })
}

/** Every reason why `serve` refuses to start with these settings: one for a setting at the most. */
export function problemsOf(settings: Settings): readonly OptionProblem[] {
  const { options, problems } = inspectOptions(settings.options)
  const ofDatabase = databaseProblems(options)
  const all = [
    ...settings.problems,
    ...ofDatabase,
    ...problems,
    ...hostProblem(settings.host, options),
    ...workersProblem(settings, options),
  ]
  return all.filter(({ option }, index) => all.findIndex((other) => other.option === option) === index)
}

/** What no database has for an address. */
function databaseProblems({ databaseUrl }: Options): readonly OptionProblem[] {
  try {
    describeDatabase(databaseUrl)
    return []
  } catch (error) {
    if (error instanceof OptionError) return error.problems
    throw error
  }
}

/** Keeps people on the network from getting past TLS by mistake. */
function hostProblem(host: string, { mode, trustedProxies }: Options): OptionProblem[] {
  const address = withoutBrackets(host)
  if (host === 'localhost' || isLoopback(address)) return []
  if (mode === 'classic') {
    const problem = `classic mode listens on loopback only (localhost, 127.0.0.1 or ::1), not on "${host}"`
    return [{ option: 'host', problem }]
  }
  if (mode === 'development') {
    if (UNSPECIFIED.has(address) || isPrivateAddress(address)) return []
    const problem = `development mode listens on loopback, private addresses, 0.0.0.0 or ::, not on "${host}"`
    return [{ option: 'host', problem }]
  }
  const problem = `"${host}" can be reached without TLS: name the proxy in front in BIENVENUE_TRUSTED_PROXIES, or listen on localhost`
  return trustedProxies === '' ? [{ option: 'host', problem }] : []
}

/** What one process keeps to itself, several cannot share. */
function workersProblem(settings: Settings, { mode, databaseUrl, secretKey }: Options): OptionProblem[] {
  const { workers } = settings
  if (workers === 1) return []
  const refuse = (problem: string) => [{ option: 'workers', problem: `${workers} processes ${problem}` }]
  if (isInMemory(databaseUrl))
    return refuse('cannot share a database in memory; name a file or PostgreSQL in DATABASE_URL')
  if (mode === 'development' && secretKey === '')
    return refuse('need one key: set BIENVENUE_SECRET_KEY, or take one process')
  return needsPort(settings) ? refuse('need a PORT other than 0, or BASE_URL') : []
}

/** How messages name a setting: by its variable, as the manual does. */
export function variableOf(name: string): string {
  return Object.hasOwn(SETTINGS, name) ? SETTINGS[name as Name].env : name
}
