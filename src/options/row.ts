/** What a row of the settings table says. */

/** The profiles of defaults: each is a column of the table. */
export const MODES = ['classic', 'development', 'production'] as const
export type Mode = (typeof MODES)[number]

export type Value = string | number | boolean

type Kind =
  | { readonly type: 'text' }
  | { readonly type: 'integer'; readonly min: number; readonly max: number; readonly unit: string }
  | { readonly type: 'choice'; readonly of: readonly string[] }
  | { readonly type: 'switch' }

/** A row of the table. `npm run docs` writes the comment above each row from the row itself. */
export interface Row {
  readonly env: string
  readonly kind: Kind
  /** The default in classic mode. Empty text means: not set. */
  readonly classic: Value
  /** The default in development mode, if it differs from production. */
  readonly development?: Value
  /** The default in production mode. */
  readonly production: Value
  /** The first sentence stands in `--help`. */
  readonly about: string
  /** Refuses text that has the wrong form. @throws {OptionError} */
  readonly parse?: (text: string) => unknown
  /** Why this value is unfit for the internet, or `null`. Every mode warns of it; production refuses it. */
  readonly unsafe?: (value: never) => string | null
  /** Production accepts an unsafe value, with the warning. */
  readonly tolerated?: true
  /** Development mode refuses an unsafe value too. */
  readonly strict?: true
  /** Why production alone refuses this value, or `null`. */
  readonly refusedInProduction?: (value: never) => string | null
  /** What is secret: the `whole` value, or the `password` in it. It is never shown, and never taken from a flag. */
  readonly secret?: 'whole' | 'password'
  /** The value is a list, separated by commas; blanks around each entry are ignored. */
  readonly list?: true
  /** The value holds words of a language, in which invisible characters can be intended. */
  readonly words?: true
}

/** The type of a row's value. */
export type ValueOf<R extends Pick<Row, 'kind'>> = R['kind'] extends { type: 'integer' }
  ? number
  : R['kind'] extends { type: 'switch' }
    ? boolean
    : R['kind'] extends { type: 'choice'; of: readonly (infer Choice)[] }
      ? Choice
      : string

export function defaultOf(row: Row, mode: Mode): Value {
  return mode === 'development' ? (row.development ?? row.production) : row[mode]
}

export const HOUR = 3_600
export const DAY = 24 * HOUR

/** A rule that refuses a value which is not set. */
export const isMissing = (what: string) => (value: string) => (value === '' ? `is not set: ${what}` : null)
