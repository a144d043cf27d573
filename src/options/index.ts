/**
 * The options of the library, each of which is a setting of the service too: one table, with a column of defaults for
 * each mode, resolved once at start. `npm run docs` writes `docs/reference/options.md` and `given.ts` from it.
 *
 * @module
 */

import { dialectOfGiven, type GivenDatabase, isGivenInMemory } from '../db/given.ts'
import { isObject } from '../lib/is-object.ts'
import { relyingPartyOf } from '../lib/relying-party.ts'
import type { Mailer } from '../mail/index.ts'
import { OptionError, type OptionProblem } from '../model/errors.ts'
import type { AnyMetadata, MetadataSchemas, MetadataTypes, StandardSchema } from '../model/standard-schema.ts'
import type { UserFields } from '../model/user-fields.ts'
import { ACCOUNT } from './account.ts'
import { AUDIT } from './audit.ts'
import { DATABASE, isPostgres, MEMORY_IS_LOST } from './database.ts'
import { FACTORS } from './factors.ts'
import type { GivenOptions } from './given.ts'
import { MAIL } from './mail.ts'
import { PAGES } from './pages.ts'
import { ABSOLUTE_MIN_LENGTH, PASSWORDS } from './passwords.ts'
import { PROVIDERS } from './providers.ts'
import { checked } from './read.ts'
import { SERVICE } from './service.ts'
import { SESSIONS } from './sessions.ts'
import { defaultOf, MODES, type Mode, type Setting, type ValueOf } from './setting.ts'
import { THROTTLING } from './throttling.ts'

export { assertDependencies } from './dependencies.ts'
export type { GivenOptions } from './given.ts'
export { serviceNameOf } from './pages.ts'
export { readValue } from './read.ts'
export { generatesKey, hasKey } from './service.ts'
export { defaultOf, MODES, type Mode, type Setting, type Value, type ValueOf } from './setting.ts'
export { assertSignUpFits, openUserFields } from './user-fields.ts'

/** Hashes and verifies passwords. Replace it only in tests, with {@link AuthOptions.hasher}. */
export interface Hasher {
  /** Returns a salted hash that states its algorithm and cost. The password has at most 1,024 bytes of UTF-8. */
  hash(password: string): Promise<string>
  /** Whether the password matches. `false` for a hash of an unknown format. */
  verify(password: string, storedHash: string): Promise<boolean>
  /** Takes as long as {@link verify}, so that timing does not reveal that an account does not exist. */
  verifyNothing(password: string): Promise<void>
  /** Whether {@link hash} would use a different algorithm or cost for this password. */
  needsRehash(password: string, storedHash: string): boolean
}

// An intersection, because the declaration file of a spread would repeat every option.
type Table = typeof SERVICE &
  typeof PAGES &
  typeof DATABASE &
  typeof MAIL &
  typeof PASSWORDS &
  typeof ACCOUNT &
  typeof SESSIONS &
  typeof FACTORS &
  typeof PROVIDERS &
  typeof THROTTLING &
  typeof AUDIT

/** The options, in the order of the documentation. */
export const OPTION_TABLE: Table = {
  ...SERVICE,
  ...PAGES,
  ...DATABASE,
  ...MAIL,
  ...PASSWORDS,
  ...ACCOUNT,
  ...SESSIONS,
  ...FACTORS,
  ...PROVIDERS,
  ...THROTTLING,
  ...AUDIT,
}

export type OptionName = keyof Table

// Mapped over the given options, so that editors show their comments.
/** The value of every option: the caller's, or the default of the mode. */
export type Options = { readonly [Name in keyof GivenOptions]-?: ValueOf<Table[Name]> }

/** The options of the service. Every option has a default in each mode. */
export interface AuthOptions<
  Public extends MetadataTypes = AnyMetadata,
  Private extends MetadataTypes = AnyMetadata,
> extends GivenOptions {
  /**
   * The application's own database instead of `databaseUrl`: a `Pool` of the package `pg`, or a `DatabaseSync` of
   * `node:sqlite`. It keeps its settings, and `close` leaves it open.
   */
  database?: GivenDatabase | undefined
  /** The clock. Default: the system clock. */
  now?: (() => Date) | undefined
  /** Replaces `passwordHash` and `bcryptCost`, so that tests can hash cheaply. */
  hasher?: Hasher | undefined
  /** Sends mail instead of `smtpUrl`. */
  mailer?: Mailer | undefined
  /**
   * Schemas of the metadata of users, such as those of zod, valibot or arktype: `public` of `metadata`, `private` of
   * `privateMetadata`. They also determine the types of metadata. Default: every JSON object is accepted.
   *
   * @see {@link https://standardschema.dev Standard Schema}
   */
  metadataSchema?: MetadataSchemas<Public, Private> | undefined
  /**
   * The members of the public metadata that users write themselves, by name: in the sign-up and profile pages, in `POST /users`
   * and in `PATCH /profile`. Default: none.
   */
  userFields?: UserFields | undefined
}

const OPTION_NAMES = Object.keys(OPTION_TABLE) as OptionName[]

/** What the caller of the library passes besides values. */
interface Passed {
  readonly hasMailer?: boolean
  readonly database?: GivenDatabase | undefined
}

/**
 * Fills in the defaults of the mode, and refuses unsafe values in production.
 *
 * @param details - `hasMailer`: the caller passes a mailer, so `smtpUrl` and `mailFrom` are not required. `database`:
 *   the caller passes a database, so `databaseUrl` is empty.
 * @throws {OptionError} An option is unknown, has the wrong type, form or range, or is refused by the mode. `problems`
 *   lists all of them.
 */
export function resolveOptions(given: GivenOptions, details: Passed = {}): Options {
  const { options, problems } = inspectOptions(given, details)
  const [first, ...others] = problems
  if (first !== undefined) throw new OptionError(first.option, first.problem, { others })
  return options
}

/** Like {@link resolveOptions}, but returns the problems instead of throwing. */
export function inspectOptions(
  given: GivenOptions,
  { hasMailer = false, database }: Passed = {},
): { options: Options; problems: OptionProblem[] } {
  const problems: OptionProblem[] = Object.keys(given)
    .filter((name) => !Object.hasOwn(OPTION_TABLE, name))
    .map((name) => ({ option: name, problem: 'is not an option; check its name' }))
  const mode = modeOf(given)
  const values = OPTION_NAMES.map((name) => {
    const setting: Setting = OPTION_TABLE[name]
    try {
      const value = given[name]
      return [name, value === undefined ? defaultOf(setting, mode) : checked(name, setting, value)]
    } catch (error) {
      if (!(error instanceof OptionError)) throw error
      problems.push(...error.problems)
      return [name, defaultOf(setting, mode)]
    }
  })
  const resolved = withCookieForUrl(Object.fromEntries(values) as Options, given)
  const options = database === undefined ? resolved : { ...resolved, databaseUrl: '' }
  const broken = new Set(problems.map(({ option }) => option))
  problems.push(
    ...[...databaseProblems(options, given, database), ...combinationProblems(options, hasMailer)].filter(
      ({ option }) => !broken.has(option),
    ),
    ...OPTION_NAMES.filter((name) => !broken.has(name) && !(hasMailer && MAIL_OPTIONS.has(name))).flatMap(
      (name) => refusalOf(name, options),
    ),
  )
  return { options, problems }
}

/** The requested mode. Classic if it is missing or invalid. */
export function modeOf({ mode }: GivenOptions): Mode {
  return MODES.find((known) => known === mode) ?? 'classic'
}

/** In development mode the cookie is Secure only over https, because browsers drop a Secure cookie over http. */
function withCookieForUrl(options: Options, given: GivenOptions): Options {
  if (options.mode !== 'development' || given.secureCookie !== undefined) return options
  return { ...options, secureCookie: options.baseUrl.startsWith('https:') }
}

const MAIL_OPTIONS = new Set<OptionName>(['smtpUrl', 'mailFrom'])

/** Why the mode refuses a value, if it does. */
function refusalOf(option: OptionName, options: Options): OptionProblem[] {
  const setting: Setting = OPTION_TABLE[option]
  const value = options[option] as never
  const unsafe = setting.unsafe?.(value) ?? null
  const problems: Readonly<Record<Mode, string | null>> = {
    classic: null,
    development: setting.strict ? unsafe : null,
    production: setting.refusedInProduction?.(value) ?? (setting.tolerated ? null : unsafe),
  }
  const problem = problems[options.mode]
  return problem === null ? [] : [{ option, problem }]
}

/** Options that require another option, in every mode. */
function combinationProblems(options: Options, hasMailer: boolean): OptionProblem[] {
  const { smtpUrl, mailFrom, baseUrl, resetTokenDelivery, emailVerification, registrationAnswer } = options
  const { cookieDomain } = options
  // Production requires each of these anyway.
  const isProduction = options.mode === 'production'
  const sends = smtpUrl !== '' || hasMailer
  const problems: OptionProblem[] = []
  if (!isProduction && (resetTokenDelivery === 'mail' || emailVerification)) {
    const option = resetTokenDelivery === 'mail' ? 'resetTokenDelivery' : 'emailVerification'
    if (!sends) problems.push({ option, problem: 'requires a mail server; set smtpUrl' })
    if (baseUrl === '')
      problems.push({ option, problem: 'requires an address for links in mail; set baseUrl' })
  }
  const missingSender = OPTION_TABLE.mailFrom.refusedInProduction(mailFrom)
  if (!isProduction && smtpUrl !== '' && missingSender !== null)
    problems.push({ option: 'mailFrom', problem: missingSender })
  if (cookieDomain !== '' && !isInDomain(URL.parse(baseUrl)?.hostname ?? '', cookieDomain))
    problems.push({ option: 'cookieDomain', problem: 'must contain the host of baseUrl' })
  problems.push(...passkeyProblems(options))
  if (registrationAnswer === 'uniform' && !emailVerification) {
    problems.push({
      option: 'registrationAnswer',
      problem:
        'uniform requires that emailVerification is on; otherwise signing in reveals what the answer hides',
    })
  }
  return problems
}

/**
 * Checks the RP ID, and that passkeys are available if a second factor is required: NIST SP 800-63B-4 §2.2.2 requires a
 * phishing-resistant option.
 */
function passkeyProblems(options: Options): OptionProblem[] {
  const { secondFactor, rpId, baseUrl } = options
  const problems: OptionProblem[] = []
  const host = URL.parse(baseUrl)?.hostname ?? ''
  if (rpId !== '' && rpId !== host && !(rpId.includes('.') && isInDomain(host, rpId)))
    problems.push({
      option: 'rpId',
      problem: 'must be the host of baseUrl, or a parent domain of it, such as example.com',
    })
  if ((secondFactor === 'required' || secondFactor === 'passkey') && relyingPartyOf(options) === null)
    problems.push({
      option: 'secondFactor',
      problem: `${secondFactor} requires passkeys: set baseUrl with a host name, and leave passkeys on`,
    })
  return problems
}

/** Checks the database of the caller, and that only PostgreSQL has a schema. */
function databaseProblems(
  { mode, databaseUrl, databaseSchema }: Options,
  given: GivenOptions,
  database: GivenDatabase | undefined,
): OptionProblem[] {
  const problems: OptionProblem[] = []
  let isOnPostgres = isPostgres(databaseUrl)
  if (database !== undefined) {
    try {
      isOnPostgres = dialectOfGiven(database) === 'postgres'
    } catch (error) {
      if (!(error instanceof OptionError)) throw error
      return [...error.problems]
    }
    if (given.databaseUrl !== undefined)
      problems.push({
        option: 'database',
        problem: 'is given together with databaseUrl; leave one of them out',
      })
    else if (mode === 'production' && isGivenInMemory(database))
      problems.push({ option: 'database', problem: MEMORY_IS_LOST })
  }
  if (databaseSchema !== '' && !isOnPostgres)
    problems.push({
      option: 'databaseSchema',
      problem: 'SQLite has no schemas; set tablePrefix instead, or use PostgreSQL',
    })
  return problems
}

/** @throws {OptionError} A value is not a Standard Schema, or not for one of the two kinds of metadata. */
export function assertMetadataSchemas(schemas: MetadataSchemas): void {
  if (!isObject(schemas))
    throw new OptionError('metadataSchema', 'expected an object with public, private or both')
  for (const [kind, schema] of Object.entries(schemas) as [string, Partial<StandardSchema> | undefined][]) {
    if (kind !== 'public' && kind !== 'private')
      throw new OptionError('metadataSchema', `${kind} is unknown; the schemas are public and private`)
    if (schema !== undefined && typeof schema?.['~standard']?.validate !== 'function')
      throw new OptionError(
        'metadataSchema',
        `${kind} is not a Standard Schema, such as a schema of zod, valibot or arktype`,
      )
  }
}

/** Whether cookies for the domain reach the host (RFC 6265 §5.1.3). */
function isInDomain(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`)
}

/** The values that allow more than the defaults, with what they allow. */
export function exceptionsOf(options: Options): { option: OptionName; reason: string }[] {
  return reasonsOf(options, ({ exception }) => exception).filter(
    ({ option }) => options[option] !== defaultOf(OPTION_TABLE[option], options.mode),
  )
}

/** The values that are unsafe on the internet, with the reason. */
export function unsafeOptions(options: Options): { option: OptionName; reason: string }[] {
  const unsafe = reasonsOf(options, ({ unsafe }) => unsafe)
  // NIST SP 800-63B-4 §3.1.1.2 allows 8 characters if a password is always used with a second factor.
  const isAlone = options.secondFactor === 'off' || options.secondFactor === 'optional'
  return isAlone || options.minPasswordLength < ABSOLUTE_MIN_LENGTH
    ? unsafe
    : unsafe.filter(({ option }) => option !== 'minPasswordLength')
}

/** The settings that are not set, although pages and mails show their values to people. */
export function missingIn({
  pages,
  helpUrl,
  supportContact,
}: Options): { option: OptionName; reason: string }[] {
  const missing: { option: OptionName; reason: string }[] = []
  if (pages && helpUrl === '') missing.push({ option: 'helpUrl', reason: 'pages have no link to help' })
  if (supportContact === '')
    missing.push({ option: 'supportContact', reason: 'pages and notices do not say where to get help' })
  return missing
}

function reasonsOf(
  options: Options,
  ruleOf: (setting: Setting) => ((value: never) => string | null) | undefined,
): { option: OptionName; reason: string }[] {
  return OPTION_NAMES.flatMap((option) => {
    const reason = ruleOf(OPTION_TABLE[option])?.(options[option] as never) ?? null
    return reason === null ? [] : [{ option, reason }]
  })
}
