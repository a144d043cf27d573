import type { RawBuilder } from 'kysely'
import type { Database } from '../../tables/index.ts'

/** The columns of the exercise's table, in its order. */
export const CLASSIC_COLUMNS: readonly string[] = [
  'id',
  'email',
  'hashed_password',
  'session_id',
  'reset_token',
]

/** A column of the existing table. */
interface FoundColumn {
  readonly name: string
  /** Whether every insert must give a value. */
  readonly isRequired: boolean
  /** Whether it may hold bytes where our table has text. */
  readonly isBytes: boolean
}

/** The existing table. */
export interface FoundTable {
  readonly columns: readonly FoundColumn[]
  /** What prevents its adoption, as sentences for the operator. */
  readonly obstacles: readonly string[]
}

/** The steps of an adoption that differ between the dialects. */
export interface AdoptionDialect {
  describe(db: Database): Promise<FoundTable>
  /** Locks the table against other writers and copies it. @returns The path or table name of the copy. */
  copy(tx: Database): Promise<string>
  /** Removes the copy of an adoption that failed. */
  discardCopy(copy: string): void
  /** Runs an adoption with the connection settings that it needs and that cannot change inside a transaction. */
  withSettings<Result>(db: Database, run: () => Promise<Result>): Promise<Result>
  /** Gives the table our columns, with the addresses in `bienvenue_adoption`. Keeps other columns. */
  rebuild(tx: Database): Promise<void>
  bytesAsText(column: string): RawBuilder<string | null>
  /** Lists the tables with a foreign key to `users`. */
  listReferences(db: Database): Promise<string[]>
}
