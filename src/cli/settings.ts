/** From the environment and the flags to settings: the only reader of both. A flag wins over a variable. */
import { availableParallelism } from 'node:os'
import { describeDatabase, isInMemory } from '../db/index.ts'
import { OptionError, type OptionProblem } from '../errors.ts'
import { trimInvisible } from '../lib/invisible.ts'
import { isLoopback, withoutBrackets } from '../lib/network.ts'
import { LOG_LEVELS, type LogLevel } from '../log.ts'
import {
  type GivenOptions,
  inspectOptions,
  OPTION_TABLE,
  type OptionName,
  type Options,
  type Row,
  readValue,
} from '../options.ts'

/** Settings of the service that are none of the library. */
const SERVER_TABLE = {
  host: {
    env: 'HOST',
    kind: { type: 'text' },
    classic: 'localhost',
    production: 'localhost',
    about:
      'Where to listen: localhost (IPv4 and IPv6), or one address of this machine. Any but loopback wants production mode and a proxy in front: BIENVENUE_TRUSTED_PROXIES.',
  },
  port: {
    env: 'PORT',
    kind: { type: 'integer', min: 0, max: 65_535, unit: '0 takes any free port' },
    classic: 5_000,
    production: 5_000,
    about: 'The TCP port to listen on.',
  },
  workers: {
    env: 'BIENVENUE_WORKERS',
    kind: { type: 'integer', min: 0, max: 64, unit: '0 takes one for each core' },
    classic: 1,
    production: 1,
    about:
      'How many processes serve on this machine. More than one need a database that they share: a file, or PostgreSQL with ten connections for each.',
  },
  logLevel: {
    env: 'BIENVENUE_LOG_LEVEL',
    kind: { type: 'choice', of: LOG_LEVELS },
    classic: 'info',
    production: 'info',
    about: 'The least that is logged. Reads that went well are logged at debug.',
  },
  log: {
    env: 'BIENVENUE_LOG',
    kind: { type: 'choice', of: ['auto', 'json', 'text'] },
    classic: 'auto',
    production: 'auto',
    about:
      'The form of the log on standard output: JSON lines, or text for people. auto is text at a terminal, and JSON everywhere else.',
  },
} as const satisfies Record<string, Row>

type ServerName = keyof typeof SERVER_TABLE
type Name = OptionName | ServerName

/** Every setting there is. */
export const SETTINGS: Readonly<Record<Name, Row>> = { ...OPTION_TABLE, ...SERVER_TABLE }
const NAMES = Object.keys(SETTINGS) as Name[]

/** Where a value comes from. */
type Source = 'default' | 'environment' | 'flag'

/** What the environment and the flags say. */
export interface Settings {
  /** For the library: only what was set. */
  readonly options: GivenOptions
  readonly host: string
  readonly port: number
  /** How many processes serve, 1 or more. */
  readonly workers: number
  readonly logLevel: LogLevel
  readonly log: 'auto' | 'json' | 'text'
  readonly sources: Readonly<Record<Name, Source>>
  /** Variables that look like ours and are none: most likely a slip. */
  readonly unknownVariables: readonly string[]
  /** Values that are not of their setting's form; they are left out of the rest. */
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
 * @param env - A variable that is empty, or has nothing but blanks and invisible characters, is one that is not set.
 */
export function readSettings(
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const sources = {} as Record<Name, Source>
  const values: Partial<Record<Name, string | number | boolean>> = {}
  const problems: OptionProblem[] = []
  for (const name of NAMES) {
    const row = SETTINGS[name]
    const variable = row.env
    const flag = flags[flagOf(name)] as string | undefined
    const text = flag ?? (trimInvisible(env[variable] ?? '') || undefined)
    sources[name] = flag !== undefined ? 'flag' : text !== undefined ? 'environment' : 'default'
    if (text === undefined) continue
    try {
      values[name] = readValue(name, row, text)
    } catch (error) {
      if (!(error instanceof OptionError)) throw error
      problems.push(...error.problems)
    }
  }
  const { host, port, workers, logLevel, log, ...options } = values
  const known = new Set(Object.values(SETTINGS).map((row) => row.env))
  return {
    options: options as GivenOptions,
    host: (host ?? SERVER_TABLE.host.classic) as string,
    port: (port ?? SERVER_TABLE.port.classic) as number,
    workers: ((workers ?? SERVER_TABLE.workers.classic) as number) || availableParallelism(),
    logLevel: (logLevel ?? SERVER_TABLE.logLevel.classic) as LogLevel,
    log: (log ?? SERVER_TABLE.log.classic) as Settings['log'],
    sources,
    unknownVariables: Object.keys(env).filter((variable) => {
      // A byte order mark at the beginning of an env file becomes a part of the first name.
      const bare = trimInvisible(variable)
      return !known.has(variable) && (known.has(bare) || bare.startsWith('BIENVENUE_'))
    }),
    problems,
  }
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
    ...workersProblem(settings.workers, options),
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

/** Nobody on the network gets past TLS by mistake. */
function hostProblem(host: string, { mode, trustedProxies }: Options): OptionProblem[] {
  if (host === 'localhost' || isLoopback(withoutBrackets(host))) return []
  if (mode === 'classic') {
    const problem = `classic mode listens on loopback only (localhost, 127.0.0.1 or ::1), not on "${host}"`
    return [{ option: 'host', problem }]
  }
  const problem = `"${host}" can be reached without TLS: name the proxy in front in BIENVENUE_TRUSTED_PROXIES, or listen on localhost`
  return trustedProxies === '' ? [{ option: 'host', problem }] : []
}

/** What is in memory is known to its one process alone. */
function workersProblem(workers: number, { databaseUrl }: Options): OptionProblem[] {
  if (workers === 1 || !isInMemory(databaseUrl)) return []
  const problem = `${workers} processes cannot share a database in memory; name a file or PostgreSQL in DATABASE_URL`
  return [{ option: 'workers', problem }]
}

/** What to call a setting before whoever set it: the variable, which also names it in the manual. */
export function variableOf(name: string): string {
  return Object.hasOwn(SETTINGS, name) ? SETTINGS[name as Name].env : name
}
