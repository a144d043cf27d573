import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { freshDatabase, migratedDatabase } from '../../test/support/engines.ts'
import { transactionWithoutSync, withoutSync } from './dialect.ts'
import { type Database, deleteExpiredThrottles, openDatabase, takeAttempt } from './index.ts'

it('withoutSync changes nothing on PostgreSQL', async () => {
  const db = await openDatabase(await freshDatabase('postgres'))
  onTestFinished(() => db.destroy())
  await withoutSync(db, async (connection) => expect(connection).toBe(db))
})

it('a transaction on PostgreSQL can leave out waiting for the disk, for itself alone', async () => {
  const db = await openDatabase(await freshDatabase('postgres'))
  onTestFinished(() => db.destroy())
  const seen: unknown[] = []
  const look = async (connection: Database) => {
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
  expect(seen).toEqual(['off', 'on', 'off', 'on'])
})

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
