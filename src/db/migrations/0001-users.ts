import type { Kysely } from 'kysely'
import { type Adoption, adopt, hasUsersTable } from '../adoption/index.ts'
import type { Schema } from '../schema.ts'
import { createUsers } from './users-table.ts'

/** The classic table, or that of the Flask exercise made ours. */
export async function up(
  db: Kysely<unknown>,
  onAdopted: (adoption: Adoption) => void = () => {},
): Promise<void> {
  const found = db.withTables<Pick<Schema, keyof Schema>>()
  if (await hasUsersTable(found)) onAdopted(await adopt(found))
  else await createUsers(db)
}
