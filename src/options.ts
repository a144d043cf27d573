/**
 * The options of the library and the settings of the service: one table, a row each, a column of
 * defaults for each mode. Parsed once, at start. `docs/options.md` is made from this table.
 *
 * @module
 */
import { OptionError } from './errors.ts'

/** How passwords become what is stored. Give your own to {@link AuthOptions} only in tests. */
export interface Hasher {
  /** A salted hash that names its algorithm and cost. The password has 1,024 UTF-8 bytes at most. */
  hash(password: string): Promise<string>
  /** Whether the password is the one that was hashed; `false` too for a hash of no known form. */
  verify(password: string, storedHash: string): Promise<boolean>
  /** Spends what {@link verify} would, for an account that does not exist. */
  verifyNothing(password: string): Promise<void>
  /** Whether {@link hash} would store this password under another algorithm or cost today. */
  needsRehash(password: string, storedHash: string): boolean
}

type Kind =
  | { readonly type: 'text' }
  | { readonly type: 'integer'; readonly min: number; readonly max: number; readonly unit: string }
  | { readonly type: 'choice'; readonly of: readonly string[] }
  | { readonly type: 'switch' }

/** A row of the table. */
export interface Row {
  readonly env: string
  readonly kind: Kind
  readonly classic: string | number | boolean
  readonly about: string
  /** Why this value is not fit for the internet, or `null` where it is. */
  readonly unsafe?: (value: never) => string | null
}

const DAY = 86_400

/** Every option. The first sentence of `about` stands in `--help`. */
export const OPTION_TABLE = {
  mode: {
    env: 'BIENVENUE_MODE',
    kind: { type: 'choice', of: ['classic'] },
    classic: 'classic',
    about: 'The profile of defaults. Classic speaks the contract of the teaching exercise, on loopback only.',
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    kind: { type: 'text' },
    classic: 'sqlite:bienvenue.db',
    about: 'Where the accounts are: sqlite:PATH, sqlite::memory: or postgres://USER:PASSWORD@HOST:PORT/NAME.',
  },
  passwordHash: {
    env: 'BIENVENUE_PASSWORD_HASH',
    kind: { type: 'choice', of: ['bcrypt', 'argon2id'] },
    classic: 'bcrypt',
    about:
      'How new passwords are hashed. Both are always verified, and a right login rehashes what differs. A password that bcrypt would cut (over 72 bytes) gets argon2id.',
  },
  bcryptCost: {
    env: 'BIENVENUE_BCRYPT_COST',
    kind: { type: 'integer', min: 10, max: 16, unit: 'log2 of the rounds' },
    classic: 12,
    about: 'The cost of new bcrypt hashes. One more doubles the time of a login.',
  },
  minPasswordLength: {
    env: 'BIENVENUE_MIN_PASSWORD_LENGTH',
    kind: { type: 'integer', min: 1, max: 64, unit: 'Unicode code points' },
    classic: 1,
    about: 'The shortest new password. Existing ones keep working.',
    unsafe: (value: number) =>
      value < 15 ? `passwords may be shorter than 15 characters, which NIST asks for (here: ${value})` : null,
  },
  resetTokenDelivery: {
    env: 'BIENVENUE_RESET_TOKEN_DELIVERY',
    kind: { type: 'choice', of: ['response'] },
    classic: 'response',
    about: 'How a reset token reaches its owner. In the response it reaches whoever asks.',
    unsafe: () => 'reset tokens are handed to whoever asks, in the answer',
  },
  registrationAnswer: {
    env: 'BIENVENUE_REGISTRATION_ANSWER',
    kind: { type: 'choice', of: ['explicit'] },
    classic: 'explicit',
    about: 'What registering a taken address answers. Explicit tells that the address has an account.',
    unsafe: () => 'registration tells whether an address has an account',
  },
  secureCookie: {
    env: 'BIENVENUE_SECURE_COOKIE',
    kind: { type: 'switch' },
    classic: false,
    about: 'Whether the session cookie is Secure, and named __Host-session_id. Browsers then want https.',
    unsafe: (value: boolean) => (value ? null : 'the session cookie travels without encryption'),
  },
  sessionLifetimeSeconds: {
    env: 'BIENVENUE_SESSION_LIFETIME_SECONDS',
    kind: { type: 'integer', min: 60, max: 365 * DAY, unit: 'seconds' },
    classic: 30 * DAY,
    about: 'How long a session lasts from its login, whatever happens in it.',
  },
  sessionIdleSeconds: {
    env: 'BIENVENUE_SESSION_IDLE_SECONDS',
    kind: { type: 'integer', min: 0, max: 365 * DAY, unit: 'seconds' },
    classic: 0,
    about: 'How long a session lasts from its last use. 0 means that only its lifetime ends it.',
  },
  resetTokenLifetimeSeconds: {
    env: 'BIENVENUE_RESET_TOKEN_LIFETIME_SECONDS',
    kind: { type: 'integer', min: 60, max: DAY, unit: 'seconds' },
    classic: 3_600,
    about: 'How long a reset token can be used, once.',
  },
  throttle: {
    env: 'BIENVENUE_THROTTLE',
    kind: { type: 'switch' },
    classic: true,
    about: 'Whether failed logins and reset requests are limited. Off is for benchmarks.',
    unsafe: (value: boolean) => (value ? null : 'passwords can be guessed without limit'),
  },
  loginFailuresPerAccount: {
    env: 'BIENVENUE_LOGIN_FAILURES_PER_ACCOUNT',
    kind: { type: 'integer', min: 2, max: 100, unit: 'failures in a row' },
    classic: 20,
    about: 'Wrong passwords for one account, from anywhere, before each further one has to wait.',
  },
  loginFailuresPerIp: {
    env: 'BIENVENUE_LOGIN_FAILURES_PER_IP',
    kind: { type: 'integer', min: 2, max: 100_000, unit: 'failures' },
    classic: 300,
    about:
      'Wrong passwords from one IP address (IPv6: /64 network), for any account, before each further one has to wait.',
  },
  resetRequestsPerAccount: {
    env: 'BIENVENUE_RESET_REQUESTS_PER_ACCOUNT',
    kind: { type: 'integer', min: 2, max: 100, unit: 'requests' },
    classic: 20,
    about: 'Reset tokens asked for one account before each further one has to wait.',
  },
  resetRequestsPerIp: {
    env: 'BIENVENUE_RESET_REQUESTS_PER_IP',
    kind: { type: 'integer', min: 2, max: 100_000, unit: 'requests' },
    classic: 300,
    about: 'Reset tokens asked from one IP address (IPv6: /64 network) before each further one has to wait.',
  },
} as const satisfies Record<string, Row>

type Table = typeof OPTION_TABLE
/** The name of an option. */
export type OptionName = keyof Table

type ValueOf<K> = K extends { type: 'integer' }
  ? number
  : K extends { type: 'switch' }
    ? boolean
    : K extends { type: 'choice'; of: readonly (infer Choice)[] }
      ? Choice
      : string

/** Every option with its value: what the caller set, else the default of the mode. */
export type Options = { readonly [Name in OptionName]: ValueOf<Table[Name]['kind']> }

/** The options that {@link OPTION_TABLE} has a row for, which gives each its range and its manual. */
type TableOptions = { [Name in OptionName]?: Options[Name] | undefined }

/** What the engine can be told. Every option has a default. */
export interface AuthOptions extends TableOptions {
  /** The profile of defaults. Default: `classic`. */
  mode?: Options['mode'] | undefined
  /** `sqlite:PATH`, `sqlite::memory:` or `postgres://USER:PASSWORD@HOST:PORT/NAME`. Default: `sqlite:bienvenue.db`. */
  databaseUrl?: string | undefined
  /** How new passwords are hashed; either form is always verified. Default: `bcrypt`. */
  passwordHash?: Options['passwordHash'] | undefined
  /** Cost of new bcrypt hashes, as log2 of the rounds, 10 to 16. Default: 12. */
  bcryptCost?: number | undefined
  /** Shortest new password, in Unicode code points, 1 to 64. Default: 1. */
  minPasswordLength?: number | undefined
  /** How a reset token reaches its owner. Default: `response`. */
  resetTokenDelivery?: Options['resetTokenDelivery'] | undefined
  /** What registering a taken address answers. Default: `explicit`. */
  registrationAnswer?: Options['registrationAnswer'] | undefined
  /** Whether the session cookie is Secure, and named `__Host-session_id`. Default: `false`. */
  secureCookie?: boolean | undefined
  /** How long a session lasts from its login, in seconds, 60 to 31,536,000. Default: 2,592,000 (30 days). */
  sessionLifetimeSeconds?: number | undefined
  /** How long a session lasts from its last use, in seconds, up to 31,536,000; 0 for no limit of its own. Default: 0. */
  sessionIdleSeconds?: number | undefined
  /** How long a reset token is good, in seconds, 60 to 86,400. Default: 3,600. */
  resetTokenLifetimeSeconds?: number | undefined
  /** Whether failed logins and reset requests are limited. `false` lets anybody guess. Default: `true`. */
  throttle?: boolean | undefined
  /** Failed logins of one account before each further one has to wait, 2 to 100. Default: 20. */
  loginFailuresPerAccount?: number | undefined
  /** Failed logins from one IP address before each further one has to wait, 2 to 100,000. Default: 300. */
  loginFailuresPerIp?: number | undefined
  /** Reset tokens asked for one account before each further one has to wait, 2 to 100. Default: 20. */
  resetRequestsPerAccount?: number | undefined
  /** Reset tokens asked from one IP address before each further one has to wait, 2 to 100,000. Default: 300. */
  resetRequestsPerIp?: number | undefined
  /** The clock. Default: the system's. */
  now?: (() => Date) | undefined
  /** Replaces `passwordHash` and `bcryptCost`. For tests, which want a cheap one. */
  hasher?: Hasher | undefined
}

const OPTION_NAMES = Object.keys(OPTION_TABLE) as OptionName[]

/**
 * The options with every default filled in.
 *
 * @throws {OptionError} An unknown name, a value of the wrong type or out of its range.
 */
export function resolveOptions(given: Omit<AuthOptions, 'now' | 'hasher'>): Options {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(OPTION_TABLE, name)) throw new OptionError(name, 'there is no such option')
  }
  return Object.fromEntries(
    OPTION_NAMES.map((name) => {
      const row: Row = OPTION_TABLE[name]
      const value: unknown = given[name]
      return [name, value === undefined ? row.classic : checked(name, row.kind, value)]
    }),
  ) as Options
}

/**
 * A value as an environment variable or a flag spells it.
 *
 * @throws {OptionError} The text does not spell a value of this kind.
 */
export function readValue(name: string, kind: Kind, text: string): string | number | boolean {
  if (kind.type === 'integer') return checked(name, kind, /^\d{1,15}$/.test(text) ? Number(text) : text)
  if (kind.type === 'switch') return checked(name, kind, text === 'on' ? true : text === 'off' ? false : text)
  return checked(name, kind, text)
}

function checked(name: string, kind: Kind, value: unknown): string | number | boolean {
  switch (kind.type) {
    case 'integer':
      if (Number.isSafeInteger(value) && (value as number) >= kind.min && (value as number) <= kind.max) {
        return value as number
      }
      throw new OptionError(name, `expected a whole number from ${kind.min} to ${kind.max} (${kind.unit})`)
    case 'switch':
      if (typeof value === 'boolean') return value
      throw new OptionError(name, 'expected on or off')
    case 'choice':
      if (typeof value === 'string' && kind.of.includes(value)) return value
      throw new OptionError(
        name,
        kind.of.length === 1
          ? `only "${kind.of[0]}" exists in this version`
          : `expected one of ${kind.of.join(', ')}`,
      )
    case 'text':
      if (typeof value === 'string' && value !== '') return value
      throw new OptionError(name, 'expected text')
  }
}

/** The values in use that are not fit for the internet, with the reason. */
export function unsafeOptions(options: Options): { option: OptionName; reason: string }[] {
  return OPTION_NAMES.flatMap((option) => {
    const row: Row = OPTION_TABLE[option]
    const reason = row.unsafe?.(options[option] as never) ?? null
    return reason === null ? [] : [{ option, reason }]
  })
}
