import type { RawBuilder } from 'kysely'
import type { Database } from '../../tables/index.ts'

/** The columns of the exercise, in its order. */
export const CLASSIC_COLUMNS: readonly string[] = [
  'id',
  'email',
  'hashed_password',
  'session_id',
  'reset_token',
]

/** A column of the table that was found. */
interface FoundColumn {
  readonly name: string
  /** Whether every new row has to give it a value. */
  readonly isDemanded: boolean
  /** Whether bytes may stand in it where we have text. */
  readonly isBytes: boolean
}

/** The table that was found. */
export interface FoundTable {
  readonly columns: readonly FoundColumn[]
  /** What of it would be lost, or is not as we need it. */
  readonly obstacles: readonly string[]
}

/** What each dialect does in its own way. */
export interface AdoptionDialect {
  describe(db: Database): Promise<FoundTable>
  /** Copies the table; from now on nobody else writes to it. @returns Where the copy is. */
  copy(tx: Database): Promise<string>
  /** Removes a copy that turned out to be of no use. */
  discardCopy(copy: string): void
  /** Runs an adoption under the circumstances it needs and a transaction cannot make. */
  prepared<Result>(db: Database, run: () => Promise<Result>): Promise<Result>
  /** Gives the table our columns, from the addresses in `bienvenue_adoption`; those of others stay. */
  rebuild(tx: Database): Promise<void>
  bytesAsText(column: string): RawBuilder<string | null>
  /** The tables with a foreign key to `users`. */
  listReferences(db: Database): Promise<string[]>
}
