/** Reads the settings from the flags and the environment. No other module reads them. Flags take precedence. */
import { availableParallelism } from 'node:os'
import { trimInvisible } from '../lib/invisible.ts'
import { readTextFile, UnreadableFile } from '../lib/setting-file.ts'
import { LOG_LEVELS } from '../log.ts'
import { OptionError, type OptionProblem } from '../model/errors.ts'
import {
  type GivenOptions,
  modeOf,
  OPTION_TABLE,
  type OptionName,
  readValue,
  type Setting,
  type Value,
  type ValueOf,
} from '../options/index.ts'
import { localUrlOf } from './local-url.ts'
import { hasPassword } from './secrets.ts'

/** Settings that only the service has, not the library. */
const SERVER_TABLE = {
  host: {
    env: 'HOST',
    kind: { type: 'text' },
    classic: 'localhost',
    about:
      'The address to listen on: localhost (IPv4 and IPv6), or one address of this machine. Development mode also accepts private addresses, 0.0.0.0 and ::. Production mode accepts any address if BIENVENUE_TRUSTED_PROXIES names a proxy in front.',
  },
  port: {
    env: 'PORT',
    kind: { type: 'integer', min: 0, max: 65_535, unit: '0 chooses a free port' },
    classic: 5_000,
    about: 'The TCP port to listen on.',
  },
  workers: {
    env: 'BIENVENUE_WORKERS',
    kind: { type: 'integer', min: 0, max: 64, unit: '0 means one per core' },
    classic: 1,
    about:
      'The number of processes that serve on this machine. Several processes need a database that they can share: a file, or PostgreSQL with eleven connections for each.',
  },
  logLevel: {
    env: 'BIENVENUE_LOG_LEVEL',
    kind: { type: 'choice', of: LOG_LEVELS },
    classic: 'info',
    about: 'The lowest level that is logged. Successful reads are logged at debug.',
  },
  log: {
    env: 'BIENVENUE_LOG',
    kind: { type: 'choice', of: ['auto', 'json', 'text'] },
    classic: 'auto',
    about:
      'The format of the log on standard output: JSON lines, or text for people. The value auto means text at a terminal and JSON everywhere else.',
  },
  metadataSchema: {
    env: 'BIENVENUE_METADATA_SCHEMA',
    kind: { type: 'text' },
    classic: '',
    about:
      'The path of a file with the JSON Schemas of metadata as public and private, and with the fields that users write as userFields. Without it, every JSON object is accepted, and users write no metadata.',
  },
} as const satisfies Record<string, Setting>

type ServerSettings = {
  readonly [Name in keyof typeof SERVER_TABLE]: ValueOf<(typeof SERVER_TABLE)[Name]>
}
type ServerName = keyof ServerSettings
type Name = OptionName | ServerName

export const SETTINGS: Readonly<Record<Name, Setting>> = { ...OPTION_TABLE, ...SERVER_TABLE }
const NAMES = Object.keys(SETTINGS) as Name[]
const SERVER_NAMES = Object.keys(SERVER_TABLE) as ServerName[]

type Source = 'default' | 'environment' | 'file' | 'flag'

/** The settings as read from the environment and the flags. `workers` is 1 or more. */
export interface Settings extends ServerSettings {
  /** The options of the library that were set, and in development mode the base URL of the service. */
  readonly options: GivenOptions
  readonly sources: Readonly<Record<Name, Source>>
  /** The files that secrets were read from, each with its variable. */
  readonly secretFiles: readonly { readonly setting: string; readonly file: string }[]
  /** Variables that look like ours but are unknown, most likely because of a typing error. */
  readonly unknownVariables: readonly string[]
  /** Invalid values. The other fields do not contain them. */
  readonly problems: readonly OptionProblem[]
}

/** The flag of a setting, without its hyphens: `database-url` for `databaseUrl`. */
export function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** The settings as flags of `parseArgs`. */
export const SETTING_FLAGS = Object.fromEntries(
  NAMES.map((name) => [flagOf(name), { type: 'string' as const }]),
)

/**
 * Reads the settings. Reports invalid values in `problems` instead of throwing.
 *
 * @param flags - The values from `parseArgs`.
 * @param env - A variable that is empty or contains only blanks and invisible characters counts as not set.
 */
export function readSettings(
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const sources = {} as Record<Name, Source>
  const values: Partial<Record<Name, Value>> = {}
  const secretFiles: { setting: string; file: string }[] = []
  const problems: OptionProblem[] = []
  for (const name of NAMES) {
    const row = SETTINGS[name]
    const given = find(name, row, flags, env)
    sources[name] = given?.source ?? 'default'
    if (given === null) continue
    if (given.file !== undefined) secretFiles.push({ setting: fileVariable(row), file: given.file })
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
    secretFiles,
    unknownVariables: unknownIn(Object.keys(env)),
    problems,
  }
}

interface Given {
  readonly source: Source
  /** The path of the file, if the source is one. */
  readonly file?: string
  /** @throws {OptionError} The value may not come from this source, or cannot be read. */
  text(): string
}

/** The source of a setting, or `null` if it is not set. If the flag is given, nothing else is read. */
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
    return { source: 'file', file: path, text: () => readSecret(name, row, path, isTwice) }
  }
  return text === '' ? null : { source: 'environment', text: () => text }
}

/** The variable with the path of the file that holds a secret. */
function fileVariable({ env }: Setting): string {
  return `${env}_FILE`
}

/** Refuses a secret in a flag, because every user of the machine can read it. @throws {OptionError} */
function assertNoSecretIn(text: string, name: Name, row: Setting): string {
  if (row.secret === 'whole' || (row.secret === 'password' && hasPassword(text)))
    throw new OptionError(
      name,
      `every user of this machine can read --${flagOf(name)}; set ${row.env} instead, or ${fileVariable(row)} to the path of a file`,
    )
  return text
}

/** @throws {OptionError} The file cannot be used. */
function readSecret(name: Name, row: Setting, path: string, isTwice: boolean): string {
  const variable = fileVariable(row)
  if (isTwice) throw new OptionError(name, `is set, and so is ${variable}; remove one of them`)
  try {
    return readTextFile(path)
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
    throw new OptionError(name, `cannot read the file of ${variable} (${path}): ${error.message}`)
  }
}

/** In development mode links lead to the service itself, unless BASE_URL is set. */
function withLocalUrl(options: GivenOptions, { host, port }: ServerSettings): GivenOptions {
  if (modeOf(options) !== 'development' || options.baseUrl !== undefined) return options
  return { ...options, baseUrl: localUrlOf(host, port) }
}

/**
 * Whether links need a port that the system has not chosen yet: in development mode with PORT=0 and without BASE_URL.
 */
export function needsPort({ options, sources, port }: Settings): boolean {
  return port === 0 && modeOf(options) === 'development' && sources.baseUrl === 'default'
}

/** The settings with a free port instead of 0, if links need one. */
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
    // A byte order mark at the start of an env file becomes part of the first name.
    const bare = trimInvisible(variable)
    return !known.has(variable) && (known.has(bare) || bare.startsWith('BIENVENUE_'))
  })
}

/** Throws one error for all problems, if there are any. @throws {OptionError} */
export function assertNone([first, ...others]: readonly OptionProblem[]): void {
  if (first !== undefined) throw new OptionError(first.option, first.problem, { others })
}

/** A problem for the user of the command, who sets variables instead of the options that the library names. */
export function inVariables({ option, problem }: OptionProblem): { setting: string; problem: string } {
  // A name in lower case, such as `host`, is also an ordinary word.
  const named = problem.replace(/\w+/g, (word) => (/[A-Z]/.test(word) ? variableOf(word) : word))
  return { setting: variableOf(option), problem: named }
}

/** The name of a setting in messages and in the manual: its variable. */
export function variableOf(name: string): string {
  return Object.hasOwn(SETTINGS, name) ? SETTINGS[name as Name].env : name
}
