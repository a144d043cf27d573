/** From the environment and the flags to settings: the only reader of both. A flag wins over a variable. */
import { LOG_LEVELS, type LogLevel } from '../log.ts'
import { type AuthOptions, OPTION_TABLE, type OptionName, type Row, readValue } from '../options.ts'

/** Settings of the service that are none of the library. */
const SERVER_TABLE = {
  host: {
    env: 'HOST',
    kind: { type: 'text' },
    classic: 'localhost',
    about:
      'Where to listen: localhost (IPv4 and IPv6), or one loopback address. Classic mode refuses any other.',
  },
  port: {
    env: 'PORT',
    kind: { type: 'integer', min: 0, max: 65_535, unit: '0 takes any free port' },
    classic: 5_000,
    about: 'The TCP port to listen on.',
  },
  logLevel: {
    env: 'BIENVENUE_LOG_LEVEL',
    kind: { type: 'choice', of: LOG_LEVELS },
    classic: 'info',
    about: 'The least that is logged. Reads that went well are logged at debug.',
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
  readonly options: AuthOptions
  readonly host: string
  readonly port: number
  readonly logLevel: LogLevel
  readonly sources: Readonly<Record<Name, Source>>
  /** Variables that look like ours and are none: most likely a slip. */
  readonly unknownVariables: readonly string[]
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
 * @param env - An empty variable is one that is not set.
 * @throws {OptionError} A value that its setting does not allow.
 */
export function readSettings(
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const sources = {} as Record<Name, Source>
  const values: Partial<Record<Name, string | number | boolean>> = {}
  for (const name of NAMES) {
    const { env: variable, kind } = SETTINGS[name]
    const flag = flags[flagOf(name)] as string | undefined
    const text = flag ?? (env[variable] || undefined)
    sources[name] = flag !== undefined ? 'flag' : text !== undefined ? 'environment' : 'default'
    if (text !== undefined) values[name] = readValue(name, kind, text)
  }
  const { host, port, logLevel, ...options } = values
  const known = new Set(Object.values(SETTINGS).map((row) => row.env))
  return {
    options: options as AuthOptions,
    host: (host ?? SERVER_TABLE.host.classic) as string,
    port: (port ?? SERVER_TABLE.port.classic) as number,
    logLevel: (logLevel ?? SERVER_TABLE.logLevel.classic) as LogLevel,
    sources,
    unknownVariables: Object.keys(env).filter(
      (variable) => variable.startsWith('BIENVENUE_') && !known.has(variable),
    ),
  }
}

/** What to call a setting before whoever set it: the variable, which also names it in the manual. */
export function variableOf(name: string): string {
  return Object.hasOwn(SETTINGS, name) ? SETTINGS[name as Name].env : name
}
