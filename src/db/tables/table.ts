/** The types of a table's description. Each table is described once, in its own file; `index.ts` lists them all. */
import type { Generated } from 'kysely'
import type { Tx } from './index.ts'
import type { ModelOf } from './model.ts'

/** The JavaScript type of each column type. */
export interface Values {
  integer: number
  text: string
  /** JSON as text, so that both dialects keep it as it is. */
  json: string
  uuid: string
  /** Whole milliseconds since 1970, UTC. */
  time: number
  /** A whole number that may exceed 32 bits. */
  count: number
  bytes: Uint8Array
}

export interface Column {
  readonly type: keyof Values
  readonly nullable?: true
  /**
   * What {@link ModelOf} makes of it: a switch is stored as 1 or 0, words as text that is separated by spaces, JSON as text or
   * of its own type.
   */
  readonly as?: 'boolean' | 'words' | 'json'
  /** The property that holds it. Default: the name of the column in camel case. `null`: it is derived from another one. */
  readonly property?: string | null
  /** The database generates the value if a new row has none. */
  readonly generated?: true
  /** What it holds. `npm run docs` writes this and the fields below into docs/reference/data.md, which explains the classes. */
  readonly about: string
  readonly class: 'secret' | 'personal' | 'pseudonym' | 'technical'
  /** What protects it, besides the protection of every column. */
  readonly protection?: string
  /** The value is sealed: the purpose for `Keyring.seal`. */
  readonly sealed?: string
  /** When the value is removed, if earlier than the row. */
  readonly kept?: string
  /** Whether logs and the audit may contain it. */
  readonly log: 'no' | 'masked' | 'yes'
}

export type Columns = Readonly<Record<string, Column>>

/** The type of a row, for Kysely. */
export type RowOf<Of extends Columns> = { -readonly [Name in keyof Of]: CellOf<Of[Name]> }

type CellOf<Of> = Of extends { type: infer Type extends keyof Values }
  ? Of extends { generated: true }
    ? Generated<Values[Type]>
    : Of extends { nullable: true }
      ? Values[Type] | null
      : Values[Type]
  : never

/**
 * Removes expired rows, or anonymizes them.
 *
 * @param times - `forgetBefore`: the audit forgets IP addresses and user agents of older records.
 * @returns How many rows it removed or changed, at most `limit`; 0 when nothing is left to do.
 */
export type DeleteSome = (
  tx: Tx,
  times: { readonly now: Date; readonly forgetBefore: Date },
  limit: number,
) => Promise<number>

interface CleanUp {
  /** What it removes, when, and the settings that decide it. For docs/reference/data.md. */
  readonly what: string
  readonly when: string
  readonly settings: readonly string[]
  /** `null` for a clean-up that also writes to the audit: `auth/cleanup.ts` does it. */
  readonly deleteSome: DeleteSome | null
}

export interface Table {
  readonly columns: Columns
  /** The primary key. */
  readonly key: string
  /** How long a row is kept. */
  readonly retention: string
  /** Who can export its rows: users their own with `POST /profile/export`, operators all with `bienvenue export`. */
  readonly exportedBy: readonly ('user' | 'operator')[]
  /** What happens to an account's rows when the account is deleted. */
  readonly afterAccount: string
  /** Keyed by the name under which `deleteExpired` counts what was removed. */
  readonly cleanUps: Readonly<Record<string, CleanUp>>
}
