/** The sets of defaults. Each is a column of the settings table. */
export const MODES = ['classic', 'development', 'production'] as const
export type Mode = (typeof MODES)[number]

export type Value = string | number | boolean

type Kind =
  | { readonly type: 'text' }
  | { readonly type: 'integer'; readonly min: number; readonly max: number; readonly unit: string }
  | { readonly type: 'choice'; readonly of: readonly string[] }
  | { readonly type: 'switch' }

/** A setting: a row of the table. */
export interface Setting {
  /** The environment variable. */
  readonly env: string
  readonly kind: Kind
  /** The default in classic mode. Empty text means not set. */
  readonly classic: Value
  /** The default in development mode, if it differs from production. */
  readonly development?: Value
  /** The default in production mode, if it differs from classic. */
  readonly production?: Value
  /** The documentation. `--help` shows the first sentence. */
  readonly about: string
  /** Validates text. Throws an error whose message says what is wrong, such as `expected a host name`. */
  readonly parse?: (text: string) => unknown
  /** Why the value is unsafe on the internet, or `null`. Every mode warns about it; production refuses it. */
  readonly unsafe?: (value: never) => string | null
  /** Production accepts an unsafe value with a warning. */
  readonly tolerated?: true
  /** Development mode refuses an unsafe value too. */
  readonly strict?: true
  /** Why only production refuses the value, or `null`. */
  readonly refusedInProduction?: (value: never) => string | null
  /** What the value allows beyond the default, or `null`. `doctor` lists it. */
  readonly exception?: (value: never) => string | null
  /** What is secret: the `whole` value or the `password` in it. It is never shown, and no flag accepts it. */
  readonly secret?: 'whole' | 'password'
  /** The value is a list, separated by commas. Spaces around entries are ignored. */
  readonly list?: true
  /** The value is natural language, in which invisible characters can be intended. */
  readonly words?: true
}

/** The type of a setting's value. */
export type ValueOf<R extends Pick<Setting, 'kind'>> = R['kind'] extends { type: 'integer' }
  ? number
  : R['kind'] extends { type: 'switch' }
    ? boolean
    : R['kind'] extends { type: 'choice'; of: readonly (infer Choice)[] }
      ? Choice
      : string

export function defaultOf(setting: Setting, mode: Mode): Value {
  const { classic, production = classic, development = production } = setting
  return { classic, development, production }[mode]
}

export const HOUR = 3_600
export const DAY = 24 * HOUR

/** A rule that refuses a missing value, with advice on how to set it. */
export const isMissing = (advice: string) => (value: string) =>
  value === '' ? `is not set; ${advice}` : null

/** A rule that refuses a list of origins if one of them has no TLS. */
export const hasHttpOrigin = (origins: string) =>
  origins.split(',').some((origin) => origin.startsWith('http:')) ? 'must begin with https://' : null
