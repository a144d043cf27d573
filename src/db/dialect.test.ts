import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { freshDatabase } from '../../test/support/engines.ts'
import { withoutSync } from './dialect.ts'
import { type Database, openDatabase } from './index.ts'

const NORMAL = 1
const FULL = 2

async function synchronousOf(db: Database): Promise<unknown> {
  const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(db)
  return rows[0]?.synchronous
}

it('a write inside withoutSync does not wait for the disk; every other write does, even after it failed', async () => {
  const db = await openDatabase(await freshDatabase('sqlite'))
  onTestFinished(() => db.destroy())
  const seen: unknown[] = []
  const look = async (connection: Database) => void seen.push(await synchronousOf(connection))
  const fail = async (connection: Database) => {
    await look(connection)
    throw new Error('no such row')
  }
  await look(db)
  await withoutSync(db, look)
  await look(db)
  await expect(withoutSync(db, fail)).rejects.toThrow('no such row')
  // Concurrent calls take turns on the one connection.
  await Promise.all([withoutSync(db, look), look(db), db.transaction().execute(look)])
  expect(seen).toEqual([FULL, NORMAL, FULL, NORMAL, NORMAL, FULL, FULL])
})

it('withoutSync changes nothing on PostgreSQL', async () => {
  const db = await openDatabase(await freshDatabase('postgres'))
  onTestFinished(() => db.destroy())
  await withoutSync(db, async (connection) => expect(connection).toBe(db))
})
