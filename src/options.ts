/**
 * The options of the library and the settings of the service: one table, a row each, a column of
 * defaults for each mode. Parsed once, at start. `docs/options.md` is made from this table.
 *
 * @module
 */
import { isInMemory } from './db/url.ts'
import { OptionError, type OptionProblem } from './errors.ts'
import { findInvisible, trimInvisible } from './lib/invisible.ts'
import { parseSecretKeys } from './lib/keyring.ts'
import { isLoopback, withoutBrackets } from './lib/network.ts'
import { parseNetworks } from './lib/proxies.ts'
import type { Mailer } from './mail/index.ts'
import { parseMailFrom, parseSmtpUrl, TERMINAL_MAIL } from './mail/settings.ts'

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
  /** The default of classic mode. Empty text means: not set. */
  readonly classic: string | number | boolean
  /** The default of production mode. */
  readonly production: string | number | boolean
  readonly about: string
  /** Refuses text that is not of its form. @throws {OptionError} */
  readonly parse?: (text: string) => unknown
  /** Why this value is not fit for the internet, or `null` where it is. Classic mode says so, production refuses. */
  readonly unsafe?: (value: never) => string | null
  /** An unsafe value that production mode takes all the same; its manual says what it costs. */
  readonly tolerated?: true
  /** What production mode alone refuses, or `null`: mostly that something is not set. */
  readonly refusedInProduction?: (value: never) => string | null
  /** Whether the value is never shown. */
  readonly secret?: true
  /** Whether the value has parts with commas between them, each with blanks around it. */
  readonly list?: true
  /** Whether the value has words of a language, in which invisible characters can be meant. */
  readonly words?: true
}

const HOUR = 3_600
const DAY = 24 * HOUR

const isMissing = (what: string) => (value: string) => (value === '' ? `is not set: ${what}` : null)

/** Every option. The first sentence of `about` stands in `--help`. */
export const OPTION_TABLE = {
  mode: {
    env: 'BIENVENUE_MODE',
    kind: { type: 'choice', of: ['classic', 'production'] },
    classic: 'classic',
    production: 'production',
    about:
      'The profile of defaults. Classic speaks the contract of the teaching exercise, on loopback only; production is for the internet, and refuses what is not fit for it.',
  },
  baseUrl: {
    env: 'BASE_URL',
    kind: { type: 'text' },
    classic: '',
    production: '',
    about:
      'Where users reach the service, as in https://auth.example.com. Every link is built on it; in production its host is the only one answered to.',
    parse: parseBaseUrl,
    refusedInProduction: (value: string) =>
      isMissing('where users reach the service, as in https://auth.example.com')(value) ??
      (value.startsWith('https:') ? null : 'has to begin with https://'),
  },
  secretKey: {
    env: 'BIENVENUE_SECRET_KEY',
    kind: { type: 'text' },
    classic: '',
    production: '',
    secret: true,
    list: true,
    about:
      'A random key of 32 bytes or more, in base64url: openssl rand -base64 32 makes one. Several, with commas between them, rotate: the first signs, all verify.',
    parse: (text: string) => refusing('secretKey', () => parseSecretKeys(text)),
    refusedInProduction: isMissing('openssl rand -base64 32 makes one'),
  },
  smtpUrl: {
    env: 'SMTP_URL',
    kind: { type: 'text' },
    classic: '',
    production: '',
    secret: true,
    about:
      'The mail server: smtp://USER:PASSWORD@HOST:PORT (STARTTLS is demanded but on loopback) or smtps://…. terminal: writes mail to standard error, for development.',
    parse: (text: string) => text === TERMINAL_MAIL || parseSmtpUrl(text),
    refusedInProduction: (value: string) =>
      isMissing('the mail server, as in smtps://USER:PASSWORD@mail.example.com')(value) ??
      (value === TERMINAL_MAIL ? 'terminal: is for development; production has to send its mail' : null),
  },
  mailFrom: {
    env: 'BIENVENUE_MAIL_FROM',
    kind: { type: 'text' },
    classic: '',
    production: '',
    words: true,
    about:
      'The sender of all mail: an address, or NAME <ADDRESS>, as in Example, Inc. <no-reply@example.com>.',
    parse: parseMailFrom,
    refusedInProduction: isMissing('the sender of all mail, as in Example <no-reply@example.com>'),
  },
  trustedProxies: {
    env: 'BIENVENUE_TRUSTED_PROXIES',
    kind: { type: 'text' },
    classic: '',
    production: '',
    list: true,
    about:
      'Addresses and networks of the proxies in front, with commas between them, as in 127.0.0.1,10.0.0.0/8. Their X-Forwarded-For counts, read from the right; nobody else’s does.',
    parse: (text: string) => {
      if (parseNetworks(text) === null)
        throw new OptionError('trustedProxies', 'expected addresses and networks with commas between them')
    },
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    kind: { type: 'text' },
    classic: 'sqlite:bienvenue.db',
    production: 'sqlite:bienvenue.db',
    secret: true,
    about:
      'Where the accounts are: sqlite:PATH, sqlite::memory: or postgres://USER:PASSWORD@HOST:PORT/NAME. A path is relative or absolute as it is written (sqlite:a.db, sqlite:/srv/a.db), percent-decoded, and has no parameters; the forms of SQLAlchemy work too (sqlite:///a.db is relative, sqlite:////srv/a.db absolute).',
    refusedInProduction: (value: string) =>
      isInMemory(value)
        ? 'what is in memory alone is lost with the process'
        : leavesUnverified(value)
          ? 'a PostgreSQL server elsewhere is reached by verified TLS only: add ?sslmode=verify-full'
          : null,
  },
  passwordHash: {
    env: 'BIENVENUE_PASSWORD_HASH',
    kind: { type: 'choice', of: ['bcrypt', 'argon2id'] },
    classic: 'bcrypt',
    production: 'argon2id',
    about:
      'How new passwords are hashed. Both are always verified, and a right login rehashes what differs. A password that bcrypt would cut (over 72 bytes) gets argon2id.',
    refusedInProduction: (value: string) =>
      value === 'bcrypt' ? 'new passwords are hashed with argon2id; bcrypt is only verified' : null,
  },
  bcryptCost: {
    env: 'BIENVENUE_BCRYPT_COST',
    kind: { type: 'integer', min: 10, max: 16, unit: 'log2 of the rounds' },
    classic: 12,
    production: 12,
    about: 'The cost of new bcrypt hashes. One more doubles the time of a login.',
  },
  minPasswordLength: {
    env: 'BIENVENUE_MIN_PASSWORD_LENGTH',
    kind: { type: 'integer', min: 1, max: 64, unit: 'Unicode code points' },
    classic: 1,
    production: 15,
    about: 'The shortest new password. Existing ones keep working.',
    unsafe: (value: number) =>
      value < 15
        ? `passwords of ${value} ${value === 1 ? 'character' : 'characters'} are accepted; NIST asks for 15`
        : null,
  },
  passwordBlocklist: {
    env: 'BIENVENUE_PASSWORD_BLOCKLIST',
    kind: { type: 'switch' },
    classic: false,
    production: true,
    about:
      'Whether new passwords that are among the commonest, or made of the address or the name of the service, are refused.',
    unsafe: (value: boolean) => (value ? null : 'very common passwords are accepted'),
  },
  contextWords: {
    env: 'BIENVENUE_CONTEXT_WORDS',
    kind: { type: 'text' },
    classic: '',
    production: '',
    words: true,
    about:
      'Further words, with commas between them, that a new password may not be made of: the names of the product and its company.',
  },
  breachCheckUrl: {
    env: 'BIENVENUE_BREACH_CHECK_URL',
    kind: { type: 'text' },
    classic: 'off',
    production: 'https://api.pwnedpasswords.com',
    about:
      'The service that is asked whether a new password was seen in a breach, by the first 5 characters of its hash; off asks nobody. Where it does not answer, the list of the commonest passwords stands in.',
    parse: (text: string) => text === 'off' || parseHttpUrl('breachCheckUrl', text),
    refusedInProduction: (value: string) =>
      value.startsWith('http:') && !isLoopback(withoutBrackets(new URL(value).hostname))
        ? 'a service elsewhere is asked over https only'
        : null,
  },
  resetTokenDelivery: {
    env: 'BIENVENUE_RESET_TOKEN_DELIVERY',
    kind: { type: 'choice', of: ['response', 'mail'] },
    classic: 'response',
    production: 'mail',
    about: 'How a reset token reaches its owner. In the response it reaches whoever asks.',
    unsafe: (value: string) =>
      value === 'response' ? 'reset tokens are returned to anybody who asks' : null,
  },
  resetEndsSessions: {
    env: 'BIENVENUE_RESET_ENDS_SESSIONS',
    kind: { type: 'switch' },
    classic: false,
    production: true,
    about:
      'Whether a password reset ends the sessions of the account. The clients of the exercise expect theirs to stay; a thief’s would stay too.',
    unsafe: (value: boolean) => (value ? null : 'a password reset leaves the sessions of a thief open'),
  },
  registrationAnswer: {
    env: 'BIENVENUE_REGISTRATION_ANSWER',
    kind: { type: 'choice', of: ['explicit', 'uniform'] },
    classic: 'explicit',
    production: 'uniform',
    about:
      'What registering a taken address answers. Explicit tells that the address has an account; uniform answers as for a new one, and only the mailbox learns the difference.',
    unsafe: (value: string) =>
      value === 'explicit' ? 'registration tells whether an address has an account' : null,
    tolerated: true,
  },
  emailVerification: {
    env: 'BIENVENUE_EMAIL_VERIFICATION',
    kind: { type: 'switch' },
    classic: false,
    production: true,
    about:
      'Whether a new account has to confirm its address, by a mailed link, before anybody signs in to it.',
    unsafe: (value: boolean) => (value ? null : 'anybody can register an address that is not theirs'),
  },
  secureCookie: {
    env: 'BIENVENUE_SECURE_COOKIE',
    kind: { type: 'switch' },
    classic: false,
    production: true,
    about: 'Whether the session cookie is Secure, and named __Host-session_id. Browsers then want https.',
    unsafe: (value: boolean) => (value ? null : 'the session cookie travels without encryption'),
  },
  hstsSubdomains: {
    env: 'BIENVENUE_HSTS_SUBDOMAINS',
    kind: { type: 'switch' },
    classic: true,
    production: true,
    about:
      'Whether HSTS, which an https BASE_URL turns on, covers the subdomains too. Off is for a domain shared with others.',
  },
  publicApiDocs: {
    env: 'BIENVENUE_PUBLIC_API_DOCS',
    kind: { type: 'switch' },
    classic: true,
    production: false,
    about: 'Whether GET /openapi.json is there for everybody.',
  },
  sessionLifetimeSeconds: {
    env: 'BIENVENUE_SESSION_LIFETIME_SECONDS',
    kind: { type: 'integer', min: 60, max: 365 * DAY, unit: 'seconds' },
    classic: 30 * DAY,
    production: 30 * DAY,
    about: 'How long a session lasts from its login, whatever happens in it.',
    refusedInProduction: (value: number) =>
      value > 30 * DAY ? 'more than 30 days (2592000), which NIST sets for one factor' : null,
  },
  sessionIdleSeconds: {
    env: 'BIENVENUE_SESSION_IDLE_SECONDS',
    kind: { type: 'integer', min: 0, max: 365 * DAY, unit: 'seconds' },
    classic: 0,
    production: 7 * DAY,
    about: 'How long a session lasts from its last use. 0 means that only its lifetime ends it.',
  },
  sessionsPerUser: {
    env: 'BIENVENUE_SESSIONS_PER_USER',
    kind: { type: 'integer', min: 1, max: 10_000, unit: 'sessions' },
    classic: 1_000,
    production: 50,
    about: 'How many sessions a user may have at once. One more ends the one that was used the longest ago.',
  },
  reauthenticationSeconds: {
    env: 'BIENVENUE_REAUTHENTICATION_SECONDS',
    kind: { type: 'integer', min: 30, max: HOUR, unit: 'seconds' },
    classic: 600,
    production: 600,
    about:
      'How long after a password was typed an address may be changed, and an account exported or deleted, without typing it again.',
  },
  resetTokenLifetimeSeconds: {
    env: 'BIENVENUE_RESET_TOKEN_LIFETIME_SECONDS',
    kind: { type: 'integer', min: 60, max: DAY, unit: 'seconds' },
    classic: HOUR,
    production: HOUR,
    about: 'How long a reset token can be used, once. In a mail it counts from when the mail leaves.',
  },
  emailTokenLifetimeSeconds: {
    env: 'BIENVENUE_EMAIL_TOKEN_LIFETIME_SECONDS',
    kind: { type: 'integer', min: 60, max: DAY, unit: 'seconds' },
    classic: DAY,
    production: DAY,
    about: 'How long the link that confirms an address can be used, once, from when its mail leaves.',
  },
  unconfirmedAccountSeconds: {
    env: 'BIENVENUE_UNCONFIRMED_ACCOUNT_SECONDS',
    kind: { type: 'integer', min: DAY, max: 365 * DAY, unit: 'seconds' },
    classic: 7 * DAY,
    production: 7 * DAY,
    about: 'How long a new account whose address nobody confirms is kept.',
  },
  throttle: {
    env: 'BIENVENUE_THROTTLE',
    kind: { type: 'switch' },
    classic: true,
    production: true,
    about: 'Whether failed logins and whatever sends mail are limited. Off is for benchmarks.',
    unsafe: (value: boolean) => (value ? null : 'passwords can be guessed without limit'),
  },
  loginFailuresPerAccount: {
    env: 'BIENVENUE_LOGIN_FAILURES_PER_ACCOUNT',
    kind: { type: 'integer', min: 2, max: 100, unit: 'failures in a row' },
    classic: 20,
    production: 10,
    about: 'Wrong passwords for one account, from anywhere, before each further one has to wait.',
  },
  loginFailuresPerIp: {
    env: 'BIENVENUE_LOGIN_FAILURES_PER_IP',
    kind: { type: 'integer', min: 2, max: 100_000, unit: 'failures' },
    classic: 300,
    production: 100,
    about:
      'Wrong passwords from one IP address (IPv6: /64 network), for any account, before each further one has to wait.',
  },
  loginFailuresUntilLock: {
    env: 'BIENVENUE_LOGIN_FAILURES_UNTIL_LOCK',
    kind: { type: 'integer', min: 0, max: 100, unit: 'failures in a row' },
    classic: 0,
    production: 100,
    about:
      'Wrong passwords in a row after which the password of an account opens nothing until it is reset by mail, but on a device that was signed in to before. 0 means never.',
    refusedInProduction: (value: number) =>
      value === 0 ? '1 to 100: NIST disables a password after 100 failures in a row at the latest' : null,
  },
  resetRequestsPerAccount: {
    env: 'BIENVENUE_RESET_REQUESTS_PER_ACCOUNT',
    kind: { type: 'integer', min: 2, max: 100, unit: 'requests' },
    classic: 20,
    production: 5,
    about:
      'Resets, confirmations and registrations asked for one address, each kind by itself, before each further one has to wait.',
  },
  resetRequestsPerIp: {
    env: 'BIENVENUE_RESET_REQUESTS_PER_IP',
    kind: { type: 'integer', min: 2, max: 100_000, unit: 'requests' },
    classic: 300,
    production: 50,
    about:
      'Resets and confirmations asked from one IP address (IPv6: /64 network), each kind by itself, before each further one has to wait.',
  },
  registrationsPerIp: {
    env: 'BIENVENUE_REGISTRATIONS_PER_IP',
    kind: { type: 'integer', min: 0, max: 100_000, unit: 'registrations' },
    classic: 0,
    production: 50,
    about:
      'Registrations from one IP address (IPv6: /64 network) before each further one has to wait. 0 means that registrations are not limited.',
    refusedInProduction: (value: number) =>
      value < 2 ? '2 or more: each registration hashes and sends mail' : null,
  },
  mailsPerMailbox: {
    env: 'BIENVENUE_MAILS_PER_MAILBOX',
    kind: { type: 'integer', min: 1, max: 1_000, unit: 'mails in an hour' },
    classic: 20,
    production: 20,
    about: 'How many mails one mailbox gets in an hour at the most. The others wait.',
  },
  mailsPerHour: {
    env: 'BIENVENUE_MAILS_PER_HOUR',
    kind: { type: 'integer', min: 1, max: 10_000_000, unit: 'mails in an hour' },
    classic: 1_000,
    production: 1_000,
    about: 'How many mails all instances together send in an hour at the most. The others wait.',
  },
  auditRetentionDays: {
    env: 'BIENVENUE_AUDIT_RETENTION_DAYS',
    kind: { type: 'integer', min: 1, max: 3_650, unit: 'days' },
    classic: 365,
    production: 365,
    about:
      'How long a line of the audit is kept. Until then the database itself refuses to change or delete it.',
  },
  ipRetentionDays: {
    env: 'BIENVENUE_IP_RETENTION_DAYS',
    kind: { type: 'integer', min: 1, max: 3_650, unit: 'days' },
    classic: 90,
    production: 90,
    about: 'After how long the audit forgets from which address and device something was done.',
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

/** What the engine can be told. Every option has a default, in classic mode and in production mode. */
export interface AuthOptions extends TableOptions {
  /** The profile of defaults. Default: `classic`. */
  mode?: Options['mode'] | undefined
  /** Where users reach the service, production wants https. Default: not set. */
  baseUrl?: string | undefined
  /** Random keys of 32 bytes or more in base64url, with commas between them: the first signs, all verify. Default: not set. */
  secretKey?: string | undefined
  /** `smtp://…`, `smtps://…` or `terminal:`. Default: not set; then nothing is mailed. */
  smtpUrl?: string | undefined
  /** The sender of all mail: an address, or `Name <address>`. Default: not set. */
  mailFrom?: string | undefined
  /** Addresses and networks whose `X-Forwarded-For` counts, with commas between them. Default: none. */
  trustedProxies?: string | undefined
  /**
   * `sqlite:PATH`, `sqlite::memory:` or `postgres://USER:PASSWORD@HOST:PORT/NAME`. `sqlite:///PATH` is relative, as in
   * SQLAlchemy. Default: `sqlite:bienvenue.db`.
   */
  databaseUrl?: string | undefined
  /** How new passwords are hashed; either form is always verified. Default: `bcrypt`, in production `argon2id`. */
  passwordHash?: Options['passwordHash'] | undefined
  /** Cost of new bcrypt hashes, as log2 of the rounds, 10 to 16. Default: 12. */
  bcryptCost?: number | undefined
  /** Shortest new password, in Unicode code points, 1 to 64. Default: 1, in production 15. */
  minPasswordLength?: number | undefined
  /** Whether common and guessable passwords are refused. Default: `false`, in production `true`. */
  passwordBlocklist?: boolean | undefined
  /** Words that a password may not be made of, with commas between them. Default: none. */
  contextWords?: string | undefined
  /** Where a new password's hash prefix is looked up, or `off`. Default: `off`, in production `https://api.pwnedpasswords.com`. */
  breachCheckUrl?: string | undefined
  /** How a reset token reaches its owner. Default: `response`, in production `mail`. */
  resetTokenDelivery?: Options['resetTokenDelivery'] | undefined
  /** Whether a password reset ends the sessions of the account. Default: `false`, in production `true`. */
  resetEndsSessions?: boolean | undefined
  /** What registering a taken address answers. Default: `explicit`, in production `uniform`. */
  registrationAnswer?: Options['registrationAnswer'] | undefined
  /** Whether a new account has to confirm its address first. Default: `false`, in production `true`. */
  emailVerification?: boolean | undefined
  /** Whether the session cookie is Secure, and named `__Host-session_id`. Default: `false`, in production `true`. */
  secureCookie?: boolean | undefined
  /** Whether HSTS covers the subdomains of an https `baseUrl` too. Default: `true`. */
  hstsSubdomains?: boolean | undefined
  /** Whether `GET /openapi.json` is there. Default: `true`, in production `false`. */
  publicApiDocs?: boolean | undefined
  /** How long a session lasts from its login, in seconds, 60 to 31,536,000. Default: 2,592,000 (30 days). */
  sessionLifetimeSeconds?: number | undefined
  /** How long a session lasts from its last use, in seconds, up to 31,536,000; 0 for no limit of its own. Default: 0, in production 604,800 (7 days). */
  sessionIdleSeconds?: number | undefined
  /** How many sessions a user may have at once, 1 to 10,000. Default: 1,000, in production 50. */
  sessionsPerUser?: number | undefined
  /** How long a typed password allows what is sensitive, in seconds, 30 to 3,600. Default: 600. */
  reauthenticationSeconds?: number | undefined
  /** How long a reset token is good, in seconds, 60 to 86,400. Default: 3,600. */
  resetTokenLifetimeSeconds?: number | undefined
  /** How long a link that confirms an address is good, in seconds, 60 to 86,400. Default: 86,400. */
  emailTokenLifetimeSeconds?: number | undefined
  /** How long an account that nobody confirms is kept, in seconds, 86,400 to 31,536,000. Default: 604,800 (7 days). */
  unconfirmedAccountSeconds?: number | undefined
  /** Whether failed logins and whatever sends mail are limited. `false` lets anybody guess. Default: `true`. */
  throttle?: boolean | undefined
  /** Failed logins of one account before each further one has to wait, 2 to 100. Default: 20, in production 10. */
  loginFailuresPerAccount?: number | undefined
  /** Failed logins from one IP address before each further one has to wait, 2 to 100,000. Default: 300, in production 100. */
  loginFailuresPerIp?: number | undefined
  /** Failed logins in a row until the password has to be reset, up to 100; 0 for never. Default: 0, in production 100. */
  loginFailuresUntilLock?: number | undefined
  /** Resets, confirmations or registrations asked for one address before each further one has to wait, 2 to 100. Default: 20, in production 5. */
  resetRequestsPerAccount?: number | undefined
  /** Resets or confirmations asked from one IP address before each further one has to wait, 2 to 100,000. Default: 300, in production 50. */
  resetRequestsPerIp?: number | undefined
  /** Registrations from one IP address before each further one has to wait, up to 100,000; 0 for no limit. Default: 0, in production 50. */
  registrationsPerIp?: number | undefined
  /** Mails to one mailbox in an hour, 1 to 1,000; the others wait. Default: 20. */
  mailsPerMailbox?: number | undefined
  /** Mails in an hour, of all instances, 1 to 10,000,000; the others wait. Default: 1,000. */
  mailsPerHour?: number | undefined
  /** How long the audit keeps a line, in days, 1 to 3,650. Default: 365. */
  auditRetentionDays?: number | undefined
  /** After how many days the audit forgets addresses and devices, 1 to 3,650. Default: 90. */
  ipRetentionDays?: number | undefined
  /** The clock. Default: the system's. */
  now?: (() => Date) | undefined
  /** Replaces `passwordHash` and `bcryptCost`. For tests, which want a cheap one. */
  hasher?: Hasher | undefined
  /** Carries mail in place of `smtpUrl`: a transport of your own. */
  mailer?: Mailer | undefined
}

const OPTION_NAMES = Object.keys(OPTION_TABLE) as OptionName[]

/** What stands in the table. */
export type GivenOptions = Omit<AuthOptions, 'now' | 'hasher' | 'mailer'>

/**
 * The options with every default filled in, for production each of them fit for it.
 *
 * @param details - `hasMailer`: a transport is given in code, so that `smtpUrl` is not asked for.
 * @throws {OptionError} An unknown name, a value of the wrong type, form or range, or one that production
 *   mode refuses. Each problem there is stands in `problems`.
 */
export function resolveOptions(given: GivenOptions, details: { hasMailer?: boolean } = {}): Options {
  const { options, problems } = inspectOptions(given, details)
  const [first, ...others] = problems
  if (first !== undefined) throw new OptionError(first.option, first.problem, { others })
  return options
}

/** The same without the refusal: what would be in force, and every problem there is with it. */
export function inspectOptions(
  given: GivenOptions,
  { hasMailer = false }: { hasMailer?: boolean } = {},
): { options: Options; problems: OptionProblem[] } {
  const problems: OptionProblem[] = Object.keys(given)
    .filter((name) => !Object.hasOwn(OPTION_TABLE, name))
    .map((name) => ({ option: name, problem: 'there is no such option' }))
  const mode = given.mode === 'production' ? 'production' : 'classic'
  const values = OPTION_NAMES.map((name) => {
    const row: Row = OPTION_TABLE[name]
    try {
      return [name, given[name] === undefined ? row[mode] : checked(name, row, given[name])]
    } catch (error) {
      if (!(error instanceof OptionError)) throw error
      problems.push(...error.problems)
      return [name, row[mode]]
    }
  })
  const options = Object.fromEntries(values) as Options
  const broken = new Set(problems.map(({ option }) => option))
  problems.push(...combinationProblems(options, hasMailer).filter(({ option }) => !broken.has(option)))
  if (mode === 'production') {
    const refused = OPTION_NAMES.filter((name) => !(hasMailer && MAIL_OPTIONS.has(name))).flatMap((name) =>
      refusalOf(name, options),
    )
    problems.push(...refused.filter(({ option }) => !broken.has(option)))
  }
  return { options, problems }
}

const MAIL_OPTIONS = new Set<OptionName>(['smtpUrl', 'mailFrom'])

/** Why production mode refuses a value, if it does. */
function refusalOf(option: OptionName, options: Options): OptionProblem[] {
  const row: Row = OPTION_TABLE[option]
  const value = options[option] as never
  const problem = row.refusedInProduction?.(value) ?? (row.tolerated ? null : (row.unsafe?.(value) ?? null))
  return problem === null ? [] : [{ option, problem }]
}

/** What no mode can do: options that need another one. */
function combinationProblems(options: Options, hasMailer: boolean): OptionProblem[] {
  const { smtpUrl, mailFrom, baseUrl, resetTokenDelivery, emailVerification, registrationAnswer } = options
  // Production asks for each of them by itself.
  const isClassic = options.mode === 'classic'
  const sends = smtpUrl !== '' || hasMailer
  const problems: OptionProblem[] = []
  if (isClassic && (resetTokenDelivery === 'mail' || emailVerification)) {
    const option = resetTokenDelivery === 'mail' ? 'resetTokenDelivery' : 'emailVerification'
    if (!sends) problems.push({ option, problem: 'needs a mail server: SMTP_URL' })
    if (baseUrl === '') problems.push({ option, problem: 'needs BASE_URL, for the links in the mail' })
  }
  if (isClassic && smtpUrl !== '' && mailFrom === '')
    problems.push({ option: 'mailFrom', problem: 'is not set: the sender of all mail' })
  if (registrationAnswer === 'uniform' && !emailVerification) {
    problems.push({
      option: 'registrationAnswer',
      problem: 'uniform needs BIENVENUE_EMAIL_VERIFICATION=on: else a login tells what the answer did not',
    })
  }
  return problems
}

/**
 * A value as an environment variable or a flag spells it.
 *
 * @throws {OptionError} The text does not spell a value of this kind.
 */
export function readValue(name: string, row: CheckedRow, text: string): string | number | boolean {
  const { kind } = row
  const word = trimInvisible(text)
  if (kind.type === 'integer') return checked(name, row, /^\d{1,15}$/.test(word) ? Number(word) : text)
  if (kind.type === 'switch') return checked(name, row, word === 'on' ? true : word === 'off' ? false : text)
  return checked(name, row, text)
}

type CheckedRow = Pick<Row, 'kind' | 'parse' | 'list' | 'words'>

function checked(name: string, row: CheckedRow, given: unknown): string | number | boolean {
  const { kind, parse } = row
  const value = typeof given === 'string' ? withoutInvisible(name, row, given) : given
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
      throw new OptionError(name, `expected one of ${kind.of.join(', ')}`)
    case 'text':
      if (typeof value !== 'string' || value === '') throw new OptionError(name, 'expected text')
      parse?.(value)
      return value
  }
}

/** The text without the invisible characters around it. @throws {OptionError} There is one inside. */
function withoutInvisible(name: string, { list, words }: CheckedRow, text: string): string {
  const trimmed = list ? text.split(',').map(trimInvisible).join(',') : trimInvisible(text)
  const character = words ? null : findInvisible(trimmed)
  if (character !== null)
    throw new OptionError(name, `contains ${character}, an invisible character; remove it`)
  return trimmed
}

/** The values in use that are not fit for the internet, with the reason. */
export function unsafeOptions(options: Options): { option: OptionName; reason: string }[] {
  return OPTION_NAMES.flatMap((option) => {
    const row: Row = OPTION_TABLE[option]
    const reason = row.unsafe?.(options[option] as never) ?? null
    return reason === null ? [] : [{ option, reason }]
  })
}

/** Where users reach the service. @throws {OptionError} */
function parseBaseUrl(text: string): URL {
  return parseHttpUrl('baseUrl', text)
}

function parseHttpUrl(option: string, text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || !/^https?:\/\//i.test(text))
    throw new OptionError(option, 'expected an address, as in https://example.com')
  if (
    url.username !== '' ||
    url.password !== '' ||
    url.search !== '' ||
    url.hash !== '' ||
    /[?#]$/.test(text)
  )
    throw new OptionError(option, 'takes no user, no query and no fragment')
  return url
}

/** A PostgreSQL server that is not on this machine, without verified TLS. What is malformed says so elsewhere. */
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

function refusing(option: string, parse: () => unknown): void {
  try {
    parse()
  } catch (error) {
    throw new OptionError(option, (error as Error).message)
  }
}
