import { sql } from 'kysely'
import { isSqlite } from './migrations/columns.ts'
import type { Database } from './schema.ts'

/**
 * Runs a write of its own that a power cut may undo. On SQLite, where every other commit waits until the disk has
 * it, and the whole process with it, this one does not. The next that waits takes it along.
 *
 * @see {@link https://www.sqlite.org/pragma.html#pragma_synchronous}
 */
export async function withoutSync(
  db: Database,
  write: (connection: Database) => Promise<unknown>,
): Promise<void> {
  if (!isSqlite(db)) return void (await write(db))
  await db.connection().execute(async (connection) => {
    await sql`pragma synchronous = normal`.execute(connection)
    try {
      await write(connection)
    } finally {
      await sql`pragma synchronous = full`.execute(connection)
    }
  })
}
