import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { freshDatabase, migratedDatabase } from '../../test/support/engines.ts'
import { transactionWithoutSync, withoutSync } from './dialect.ts'
import { type Database, deleteExpiredThrottles, openDatabase, takeAttempt } from './index.ts'

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

it.each([
  ['sqlite', NORMAL, FULL],
  ['postgres', 'off', 'on'],
] as const)(
  'a transaction on %s can leave out waiting for the disk, for itself alone',
  async (dialect, without, usual) => {
    const db = await openDatabase(await freshDatabase(dialect))
    onTestFinished(() => db.destroy())
    const seen: unknown[] = []
    const look = async (connection: Database) => {
      if (dialect === 'sqlite') return void seen.push(await synchronousOf(connection))
      const { rows } = await sql<{
        mode: string
      }>`select current_setting('synchronous_commit') as mode`.execute(connection)
      seen.push(rows[0]?.mode)
    }
    const fail = async (connection: Database) => {
      await look(connection)
      throw new Error('rolled back')
    }
    expect(await transactionWithoutSync(db, async (tx) => look(tx).then(() => tx.isTransaction))).toBe(true)
    await look(db)
    await expect(transactionWithoutSync(db, fail)).rejects.toThrow('rolled back')
    await db.transaction().execute(look)
    expect(seen).toEqual([without, usual, without, usual])
  },
)

it('a clean-up on PostgreSQL leaves out rows that another transaction has locked', async () => {
  const db = await openDatabase(await migratedDatabase('postgres'))
  onTestFinished(() => db.destroy())
  const policy = { freeAttempts: 3, firstWaitMs: 1_000, longestWaitMs: 8_000, forgetAfterMs: 60_000 }
  for (const key of ['held', 'free']) await takeAttempt(db, key, policy, new Date(0))
  const later = new Date(60_000)
  await db.transaction().execute(async (tx) => {
    await takeAttempt(tx, 'held', policy, later)
    expect(await deleteExpiredThrottles(db, later, 10)).toBe(1)
  })
  expect(await takeAttempt(db, 'held', policy, later)).toMatchObject({ count: 2 })
})
