/** Sealed values in any table: the columns that the registry marks as sealed. */
import { sql } from 'kysely'
import { type Database, TABLES, type Tx } from './tables/index.ts'
import type { Table } from './tables/table.ts'

type SealedOf<Name extends keyof typeof TABLES> = {
  [Column in keyof (typeof TABLES)[Name]['columns']]: (typeof TABLES)[Name]['columns'][Column] extends {
    sealed: string
  }
    ? `${Name}.${Column & string}`
    : never
}[keyof (typeof TABLES)[Name]['columns']]

/** The name of a column of sealed values, such as `totp.sealed_secret`. */
export type SealedColumnName = { [Name in keyof typeof TABLES]: SealedOf<Name> }[keyof typeof TABLES]

/** A column of sealed values. */
export interface SealedColumn {
  readonly table: string
  readonly column: string
  /** The primary key of the table. */
  readonly key: string
  /** The purpose for `Keyring.seal`. */
  readonly purpose: string
}

/** Every column of sealed values. */
export const SEALED_COLUMNS = Object.fromEntries(
  Object.entries<Table>(TABLES).flatMap(([table, { key, columns }]) =>
    Object.entries(columns).flatMap(([column, { sealed: purpose }]) =>
      purpose === undefined ? [] : [[`${table}.${column}`, { table, column, key, purpose }] as const],
    ),
  ),
) as Readonly<Record<SealedColumnName, SealedColumn>>

/** A sealed value, and the key of its row. */
export interface SealedRow {
  readonly row: number | string
  readonly sealed: Uint8Array
}

/** How many sealed values there are, by the first bytes: the id of the key. Reads every table with sealed values. */
export async function countSealed(
  db: Database,
  keyIdBytes: number,
): Promise<{ readonly keyId: Uint8Array; readonly values: number }[]> {
  const counts = []
  for (const { table, column } of Object.values(SEALED_COLUMNS)) {
    const { rows } = await sql<{ key_id: Uint8Array; number: number | string }>`
      select substr(${sql.ref(column)}, 1, ${sql.lit(keyIdBytes)}) as key_id, count(*) as number
      from ${sql.table(table)} where ${sql.ref(column)} is not null group by 1`.execute(db)
    counts.push(...rows.map((row) => ({ keyId: row.key_id, values: Number(row.number) })))
  }
  return counts
}

/** Lists values that do not begin with these bytes, by the key of their row. */
export async function listSealed(
  db: Database,
  { table, column, key }: SealedColumn,
  page: { readonly notBy: Uint8Array; readonly after: number | string | null; readonly limit: number },
): Promise<readonly SealedRow[]> {
  const [row, sealed] = [sql.ref(key), sql.ref(column)]
  const following = page.after === null ? sql`` : sql`and ${row} > ${page.after}`
  const { rows } = await sql<SealedRow>`
    select ${row} as "row", ${sealed} as sealed from ${sql.table(table)}
    where ${sealed} is not null and substr(${sealed}, 1, ${sql.lit(page.notBy.length)}) <> ${page.notBy} ${following}
    order by ${row} limit ${page.limit}`.execute(db)
  return rows
}

/** Replaces a value by the same secret, sealed again. `false` if the value has changed since it was read. */
export async function replaceSealed(
  tx: Tx,
  { table, column, key }: SealedColumn,
  { row, sealed }: SealedRow,
  resealed: Uint8Array,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update ${sql.table(table)} set ${sql.ref(column)} = ${resealed}
    where ${sql.ref(key)} = ${row} and ${sql.ref(column)} = ${sealed}`.execute(tx)
  return numAffectedRows === 1n
}
