import { type Kysely, sql } from 'kysely'
import { columnTypesOf } from './columns.ts'

/** A column that Bienvenue does not know, as it is declared. */
export interface ExtraColumn {
  readonly name: string
  readonly type: string
  readonly isNotNull: boolean
  /** An expression of SQL, or `null`. */
  readonly default: string | null
}

/** The classic table: its five columns first, then ours, then those that were there before us. */
export async function createUsers<Tables>(
  db: Kysely<Tables>,
  extras: readonly ExtraColumn[] = [],
): Promise<void> {
  const types = columnTypesOf(db)
  const table = db.schema
    .createTable('users')
    .addColumn('id', 'integer', (column) => types.countingKey(column))
    .addColumn('email', 'text', (column) => column.notNull())
    .addColumn('hashed_password', 'text', (column) => column.notNull())
    .addColumn('session_id', 'text')
    .addColumn('reset_token', 'text')
    .addColumn('normalized_email', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', types.time, (column) => column.notNull())
    .addColumn('password_version', 'integer', (column) => column.notNull())
    .addColumn('disabled_at', types.time)
  if (extras.length === 0) return table.modifyEnd(types.strict).execute()
  // Not strict: the others keep the types that they were declared with.
  await extras
    .reduce(
      (made, extra) =>
        made.addColumn(extra.name, sql.raw(extra.type), (column) => {
          const declared = extra.isNotNull ? column.notNull() : column
          return extra.default === null ? declared : declared.defaultTo(sql.raw(`(${extra.default})`))
        }),
      table,
    )
    .execute()
}
