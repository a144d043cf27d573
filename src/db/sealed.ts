/** Sealed values in any table: the columns that the registry marks as sealed. */
import { sql } from 'kysely'
import { KEY_ID_BYTES } from '../lib/seal.ts'
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

/** Counts the sealed values by the id of their key. Reads every table with sealed values. */
export async function countSealed(db: Database): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (const { table, column } of Object.values(SEALED_COLUMNS)) {
    const { rows } = await sql<{
      key_id: Uint8Array
      number: number | string
    }>`select substr(${sql.ref(column)}, 1, ${sql.lit(KEY_ID_BYTES)}) as key_id, count(*) as number
      from ${sql.table(table)} where ${sql.ref(column)} is not null group by 1`.execute(db)
    for (const row of rows) {
      const keyId = Buffer.from(row.key_id).toString('base64url')
      counts.set(keyId, (counts.get(keyId) ?? 0) + Number(row.number))
    }
  }
  return counts
}

/** A page of {@link listSealed}. */
export interface SealedPage {
  /** The id of the key whose values are left out. */
  readonly exceptKeyId: string
  /** The key of the last row of the page before. `null`: from the start. */
  readonly after: number | string | null
  readonly limit: number
}

/** Lists the sealed values of a column in the order of their rows, except those sealed with one key. */
export async function listSealed(
  db: Database,
  { table, column, key }: SealedColumn,
  { exceptKeyId, after, limit }: SealedPage,
): Promise<readonly SealedRow[]> {
  const [row, sealed] = [sql.ref(key), sql.ref(column)]
  const following = after === null ? sql`` : sql`and ${row} > ${after}`
  const keyId = Buffer.from(exceptKeyId, 'base64url')
  const { rows } = await sql<SealedRow>`select ${row} as "row", ${sealed} as sealed from ${sql.table(table)}
    where ${sealed} is not null and substr(${sealed}, 1, ${sql.lit(KEY_ID_BYTES)}) <> ${keyId} ${following}
    order by ${row} limit ${limit}`.execute(db)
  return rows
}

/** Replaces a value by the same secret, sealed again. `false` if the value has changed since it was read. */
export async function replaceSealed(
  tx: Tx,
  { table, column, key }: SealedColumn,
  { row, sealed }: SealedRow,
  resealed: Uint8Array,
): Promise<boolean> {
  const { numAffectedRows } = await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${resealed}
    where ${sql.ref(key)} = ${row} and ${sql.ref(column)} = ${sealed}`.execute(tx)
  return numAffectedRows === 1n
}
