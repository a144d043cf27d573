/**
 * The options of the library, which are settings of the service too: one table, with a column of defaults for each
 * mode. Resolved once, at start. `docs/reference/options.md` and the comments above the rows are made from this table.
 *
 * @module
 */
import { OptionError, type OptionProblem } from '../errors.ts'
import type { Mailer } from '../mail/index.ts'
import { ACCOUNT } from './account.ts'
import { AUDIT } from './audit.ts'
import { DATABASE } from './database.ts'
import { MAIL } from './mail.ts'
import { PASSWORDS } from './passwords.ts'
import { checked } from './read.ts'
import { defaultOf, MODES, type Mode, type Row, type ValueOf } from './row.ts'
import { SERVICE } from './service.ts'
import { SESSIONS } from './sessions.ts'
import { THROTTLING } from './throttling.ts'

export { readValue } from './read.ts'
export { defaultOf, MODES, type Mode, type Row, type Value, type ValueOf } from './row.ts'

/** How passwords become what is stored. Pass your own in {@link AuthOptions} only in tests. */
export interface Hasher {
  /** A salted hash that names its algorithm and cost. The password has 1,024 UTF-8 bytes at most. */
  hash(password: string): Promise<string>
  /** Whether this password was hashed; `false` too for a hash of unknown form. */
  verify(password: string, storedHash: string): Promise<boolean>
  /** Takes as long as {@link verify}, for an account that does not exist. */
  verifyNothing(password: string): Promise<void>
  /** Whether {@link hash} would store this password under another algorithm or cost today. */
  needsRehash(password: string, storedHash: string): boolean
}

type Table = typeof SERVICE &
  typeof DATABASE &
  typeof MAIL &
  typeof PASSWORDS &
  typeof ACCOUNT &
  typeof SESSIONS &
  typeof THROTTLING &
  typeof AUDIT

/** Every option. */
export const OPTION_TABLE: Table = {
  ...SERVICE,
  ...DATABASE,
  ...MAIL,
  ...PASSWORDS,
  ...ACCOUNT,
  ...SESSIONS,
  ...THROTTLING,
  ...AUDIT,
}

/** The name of an option. */
export type OptionName = keyof Table

/** Every option with its value: what the caller set, or the default of the mode. */
export type Options = { readonly [Name in keyof Table]: ValueOf<Table[Name]> }

/** The options of {@link OPTION_TABLE}: mapped over it, so that editors show the comment of each row. */
export type GivenOptions = { -readonly [Name in keyof Table]?: ValueOf<Table[Name]> | undefined }

/** What the service can be told. Every option has a default in each mode. */
export interface AuthOptions extends GivenOptions {
  /** The clock. Default: the system's. */
  now?: (() => Date) | undefined
  /** Replaces `passwordHash` and `bcryptCost`. For tests, which want a cheap one. */
  hasher?: Hasher | undefined
  /** Carries mail in place of `smtpUrl`: a transport of your own. */
  mailer?: Mailer | undefined
}

const OPTION_NAMES = Object.keys(OPTION_TABLE) as OptionName[]

/**
 * The options with every default filled in. In production each of them is safe on the internet.
 *
 * @param details - `hasMailer`: a transport is given in code, so that `smtpUrl` is not needed.
 * @throws {OptionError} An unknown name, a value of the wrong type, form or range, or one that the mode refuses.
 *   `problems` has all of them.
 */
export function resolveOptions(given: GivenOptions, details: { hasMailer?: boolean } = {}): Options {
  const { options, problems } = inspectOptions(given, details)
  const [first, ...others] = problems
  if (first !== undefined) throw new OptionError(first.option, first.problem, { others })
  return options
}

/** The same without the refusal: what would be in force, and every problem with it. */
export function inspectOptions(
  given: GivenOptions,
  { hasMailer = false }: { hasMailer?: boolean } = {},
): { options: Options; problems: OptionProblem[] } {
  const problems: OptionProblem[] = Object.keys(given)
    .filter((name) => !Object.hasOwn(OPTION_TABLE, name))
    .map((name) => ({ option: name, problem: 'there is no such option' }))
  const mode = modeOf(given)
  const values = OPTION_NAMES.map((name) => {
    const row: Row = OPTION_TABLE[name]
    try {
      return [name, given[name] === undefined ? defaultOf(row, mode) : checked(name, row, given[name])]
    } catch (error) {
      if (!(error instanceof OptionError)) throw error
      problems.push(...error.problems)
      return [name, defaultOf(row, mode)]
    }
  })
  const options = withCookieForUrl(Object.fromEntries(values) as Options, given)
  const broken = new Set(problems.map(({ option }) => option))
  problems.push(
    ...combinationProblems(options, hasMailer).filter(({ option }) => !broken.has(option)),
    ...OPTION_NAMES.filter((name) => !broken.has(name) && !(hasMailer && MAIL_OPTIONS.has(name))).flatMap(
      (name) => refusalOf(name, options),
    ),
  )
  return { options, problems }
}

/** The mode that is asked for, or classic. */
export function modeOf({ mode }: GivenOptions): Mode {
  return MODES.find((known) => known === mode) ?? 'classic'
}

/** In development mode the cookie is Secure if the address is: browsers drop a Secure cookie over http. */
function withCookieForUrl(options: Options, given: GivenOptions): Options {
  if (options.mode !== 'development' || given.secureCookie !== undefined) return options
  return { ...options, secureCookie: options.baseUrl.startsWith('https:') }
}

const MAIL_OPTIONS = new Set<OptionName>(['smtpUrl', 'mailFrom'])

/** Why the mode refuses a value, if it does. */
function refusalOf(option: OptionName, options: Options): OptionProblem[] {
  const row: Row = OPTION_TABLE[option]
  const value = options[option] as never
  const unsafe = row.unsafe?.(value) ?? null
  const problems: Readonly<Record<Mode, string | null>> = {
    classic: null,
    development: row.strict ? unsafe : null,
    production: row.refusedInProduction?.(value) ?? (row.tolerated ? null : unsafe),
  }
  const problem = problems[options.mode]
  return problem === null ? [] : [{ option, problem }]
}

/** Options that need another one, in every mode. */
function combinationProblems(options: Options, hasMailer: boolean): OptionProblem[] {
  const { smtpUrl, mailFrom, baseUrl, resetTokenDelivery, emailVerification, registrationAnswer } = options
  // Production asks for each of them by itself.
  const isProduction = options.mode === 'production'
  const sends = smtpUrl !== '' || hasMailer
  const problems: OptionProblem[] = []
  if (!isProduction && (resetTokenDelivery === 'mail' || emailVerification)) {
    const option = resetTokenDelivery === 'mail' ? 'resetTokenDelivery' : 'emailVerification'
    if (!sends) problems.push({ option, problem: 'needs a mail server: SMTP_URL' })
    if (baseUrl === '') problems.push({ option, problem: 'needs BASE_URL, for the links in the mail' })
  }
  if (!isProduction && smtpUrl !== '' && mailFrom === '')
    problems.push({ option: 'mailFrom', problem: 'is not set: the sender of all mail' })
  if (registrationAnswer === 'uniform' && !emailVerification) {
    problems.push({
      option: 'registrationAnswer',
      problem: 'uniform needs BIENVENUE_EMAIL_VERIFICATION=on: else a login tells what the answer did not',
    })
  }
  return problems
}

/** The values in use that are unfit for the internet, with the reason. */
export function unsafeOptions(options: Options): { option: OptionName; reason: string }[] {
  return OPTION_NAMES.flatMap((option) => {
    const row: Row = OPTION_TABLE[option]
    const reason = row.unsafe?.(options[option] as never) ?? null
    return reason === null ? [] : [{ option, reason }]
  })
}
