/** Where the two engines spell the same column differently. */
import { type ColumnDefinitionBuilder, type Kysely, type RawBuilder, SqliteAdapter, sql } from 'kysely'

interface ColumnTypes {
  /** A UUID. */
  uuid: 'uuid' | 'text'
  /** Bytes. */
  bytes: 'bytea' | 'blob'
  /** Milliseconds since 1970, UTC. */
  time: 'bigint' | 'integer'
  /** A counting primary key that never gives out a number twice. */
  countingKey: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder
  /** Column types that hold what they say. */
  strict: RawBuilder<unknown>
  /** The same, with the rows in the order of the primary key: one look-up instead of two. */
  strictClustered: RawBuilder<unknown>
}

const SQLITE: ColumnTypes = {
  uuid: 'text',
  bytes: 'blob',
  time: 'integer',
  countingKey: (column) => column.primaryKey().autoIncrement().notNull(),
  strict: sql`strict`,
  strictClustered: sql`strict, without rowid`,
}

const POSTGRES: ColumnTypes = {
  uuid: 'uuid',
  bytes: 'bytea',
  time: 'bigint',
  // By default, not always: an import brings its ids along.
  countingKey: (column) => column.primaryKey().generatedByDefaultAsIdentity(),
  strict: sql``,
  strictClustered: sql``,
}

export function columnTypesOf<Tables>(db: Kysely<Tables>): ColumnTypes {
  return isSqlite(db) ? SQLITE : POSTGRES
}

export function isSqlite<Tables>(db: Kysely<Tables>): boolean {
  return db.getExecutor().adapter instanceof SqliteAdapter
}
