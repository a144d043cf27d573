/** Derives from the columns of a table the objects that other layers use, and converts rows to them and back. */
import type { Selectable } from 'kysely'
import { wordsOf } from './rows.ts'
import type { Columns, RowOf, Values } from './table.ts'

/**
 * An object with a property for each column: `createdAt` for `created_at`, unless the column names another. Times are dates.
 *
 * `Narrower` has a closer type for some of the properties.
 */
export type ModelOf<Of extends Columns, Narrower = unknown> = {
  readonly [Name in keyof Of & string as NameOf<Of, Name>]: NameOf<Of, Name> extends keyof Narrower
    ? Narrower[NameOf<Of, Name>]
    : PropertyOf<Of[Name]>
}

type NameOf<Of extends Columns, Name extends keyof Of & string> = Of[Name] extends {
  property: infer Property extends string
}
  ? Property
  : CamelCase<Name>

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name

/** The type of a property, by `as` of its column or else by the type of the column. */
interface Properties extends Omit<Values, 'time' | 'json'> {
  time: Date
  json: unknown
  boolean: boolean
  words: readonly string[]
}

type PropertyOf<Cell> = Cell extends { nullable: true } ? ValueOf<Cell> | null : ValueOf<Cell>

type ValueOf<Cell> = Cell extends { as: infer As extends keyof Properties }
  ? Properties[As]
  : Cell extends { type: infer Type extends keyof Properties }
    ? Properties[Type]
    : never

interface Conversion {
  readonly read: (stored: never) => unknown
  readonly write: (value: never) => unknown
}

const UNCHANGED: Conversion = { read: (stored) => stored, write: (value) => value }

const CONVERSIONS: Readonly<Partial<Record<keyof Properties, Conversion>>> = {
  time: { read: (stored: number) => new Date(stored), write: (time: Date) => time.getTime() },
  json: { read: JSON.parse, write: JSON.stringify },
  boolean: { read: (stored: number) => stored === 1, write: (is: boolean) => (is ? 1 : 0) },
  words: { read: wordsOf, write: (words: readonly string[]) => words.join(' ') },
}

/** Creates the functions that convert rows of a table to objects and back. */
export function conversions<Of extends Columns, Model = ModelOf<Of>>(columns: Of) {
  const fields = Object.entries(columns).map(([column, { type, as = type, property }]) => ({
    column,
    property: property ?? column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    ...(CONVERSIONS[as] ?? UNCHANGED),
  }))
  return {
    modelOf(row: Selectable<RowOf<Of>>): Model {
      const cells: Readonly<Record<string, unknown>> = row
      return Object.fromEntries(
        fields.map(({ column, property, read }) => [property, converted(cells[column], read)]),
      ) as Model
    },
    rowOf(model: Model): Selectable<RowOf<Of>> {
      const properties = model as Readonly<Record<string, unknown>>
      return Object.fromEntries(
        fields.map(({ column, property, write }) => [column, converted(properties[property], write)]),
      ) as Selectable<RowOf<Of>>
    },
  }
}

function converted(value: unknown, convert: (value: never) => unknown): unknown {
  return value === null ? null : convert(value as never)
}
