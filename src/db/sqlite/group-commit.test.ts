/** A deleted log stands for one that cannot be synced. `test/full/power-loss.test.ts` has a failing disk. */
import { readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { filePath, migratedDatabase } from '../../../test/support/engines.ts'
import { until } from '../../../test/support/production.ts'
import { createAuth } from '../../index.ts'
import { transactionWithoutSync, withoutSync } from '../dialect.ts'
import { type Database, isReady, openAsItIs, openDatabase } from '../index.ts'
import { openExisting } from './connection.ts'
import type { NotDurable } from './group-commit.ts'

const LOST = { code: 'not_durable', reason: 'deleted' }
const REFUSED = { code: 'unavailable', cause: LOST }
const FULL = 2
const NORMAL = 1
/** A key that fills most of a page. */
const LONG = 'x'.repeat(3_000)

/** Opens a database whose commits are grouped. */
async function opened() {
  const url = await migratedDatabase('sqlite')
  const path = filePath(url)
  const losses: NotDurable[] = []
  const db = await openDatabase(url, { onLost: (error) => losses.push(error) })
  onTestFinished(() => db.destroy())
  await add(db, 'first')
  return { db, path, log: `${path}-wal`, losses }
}

async function add(db: Database, key: string): Promise<void> {
  await db.insertInto('throttles').values({ key, failures: 1, blocked_until: 0, expires_at: 0 }).execute()
}

async function keysOf(db: Database): Promise<string[]> {
  const rows = await db.selectFrom('throttles').select('key').orderBy('key').execute()
  return rows.map(({ key }) => key)
}

async function synchronousOf(db: Database): Promise<unknown> {
  const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(db)
  return rows[0]?.synchronous
}

it('a commit is refused if its sync fails, and so is every later write, while reads go on', async () => {
  const { db, log, losses } = await opened()
  expect(await isReady(db)).toBe(true)
  rmSync(log)
  const writes = await Promise.allSettled([
    add(db, 'second'),
    db.transaction().execute((tx) => add(tx, 'third')),
    add(db, 'fourth'),
  ])
  expect(writes.map((write) => write.status === 'rejected' && write.reason)).toMatchObject([LOST, LOST, LOST])
  for (const write of [() => add(db, 'x'), () => db.transaction().execute((tx) => add(tx, 'x'))])
    await expect(write()).rejects.toMatchObject(LOST)
  for (const run of [withoutSync, transactionWithoutSync])
    await expect(run(db, (connection) => add(connection, 'x'))).rejects.toMatchObject(LOST)
  expect(losses).toMatchObject([LOST])
  expect(await keysOf(db)).not.toContain('x')
  const readOnly = db.transaction().setAccessMode('read only')
  expect(await readOnly.execute(keysOf)).toContain('first')
})

it('a write that may be lost waits for no sync, alone or in a transaction', async () => {
  const { db, log, losses } = await opened()
  rmSync(log)
  await withoutSync(db, (connection) => add(connection, 'second'))
  await transactionWithoutSync(db, (tx) => add(tx, 'third'))
  expect([await keysOf(db), losses]).toEqual([['first', 'second', 'third'], []])
  await expect(add(db, 'fourth')).rejects.toMatchObject(LOST)
})

it('a transaction that fails waits for no sync', async () => {
  const { db, log, losses } = await opened()
  rmSync(log)
  const failing = db.transaction().execute(async (tx) => {
    await add(tx, 'second')
    throw new Error('refused')
  })
  await expect(failing).rejects.toThrow('refused')
  expect([await keysOf(db), losses]).toEqual([['first'], []])
})

it('the library reports the fault, answers 503 to writes, and still checks sessions', async () => {
  const databaseUrl = await migratedDatabase('sqlite')
  const errors: unknown[] = []
  const logger = { debug() {}, info() {}, warn() {}, error: (...line: unknown[]) => void errors.push(line) }
  const auth = await createAuth({ databaseUrl, logger })
  onTestFinished(() => auth.close())
  const bob = { email: 'bob@example.com', password: 'b4l0u' }
  await auth.account.register(bob)
  const { sessionToken } = await auth.signIn.withPassword(bob)
  expect(await auth.sessions.current({ sessionToken })).not.toBeNull()
  rmSync(`${filePath(databaseUrl)}-wal`)
  await expect(auth.signIn.withPassword(bob)).rejects.toMatchObject(REFUSED)
  await expect(auth.account.register({ ...bob, email: 'rob@example.com' })).rejects.toMatchObject(REFUSED)
  expect(await auth.sessions.current({ sessionToken })).toMatchObject({ user: { email: bob.email } })
  await expect(auth.isReady()).rejects.toMatchObject(REFUSED)
  expect(errors).toMatchObject([
    [
      { sync: 'deleted', reason: { code: LOST.code } },
      'the database cannot be synced to the disk; no further write is accepted',
    ],
  ])
})

it('closing waits for every commit that was begun', async () => {
  const { db, path } = await opened()
  const keys = Array.from({ length: 20 }, (_, index) => `waiting-${index}`)
  const writes = Promise.allSettled(keys.map((key) => add(db, key)))
  // Kysely starts each statement in the next microtask.
  await Promise.resolve()
  await db.destroy()
  const done = (await writes).flatMap(({ status }, index) => (status === 'fulfilled' ? [keys[index]] : []))
  const again = await openAsItIs(`sqlite:${path}`)
  onTestFinished(() => again.destroy())
  expect(await keysOf(again)).toEqual([...done, 'first'].toSorted())
  expect(done.length).toBeGreaterThan(0)
})

it('closing leaves no file open and no log behind, also after checkpoints', async () => {
  const { db, path } = await opened()
  for (let count = 0; count < 1_100; count++)
    await withoutSync(db, (connection) => add(connection, `${count}`))
  await db.destroy()
  expect(
    readdirSync('/proc/self/fd')
      .map(targetOf)
      .filter((target) => target.startsWith(path)),
  ).toEqual([])
  expect(statSync(`${path}-wal`, { throwIfNoEntry: false })).toBeUndefined()
})

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

it('a thread copies the log into the file, so that writers start it over', async () => {
  const { db, log } = await opened()
  const generation = () => readFileSync(log).readUInt32BE(12)
  const first = generation()
  for (let count = 0; count < 500; count++) await add(db, `${count}`)
  let later = 0
  await until(async () => {
    await add(db, `later ${later++}`)
    return generation() !== first
  })
  // Far below the size at which SQLite would do it.
  expect(statSync(log).size).toBeLessThan(20_000_000)
})

it('SQLite bounds the log if the thread does not keep up', async () => {
  const { db, log } = await opened()
  // The event loop never turns.
  for (let count = 0; count < 12_000; count++)
    await withoutSync(db, (connection) => add(connection, `${count} ${LONG}`))
  expect(statSync(log).size).toBeLessThan(70_000_000)
})

it('SQLite syncs each commit itself where commits are not grouped: in tools, in memory, and without WAL', async () => {
  const { db, path } = await opened()
  expect(await synchronousOf(db)).toBe(NORMAL)
  const tool = await openAsItIs(`sqlite:${path}`)
  const memory = await openDatabase('sqlite::memory:')
  const withoutWal = await migratedDatabase('sqlite')
  const database = openExisting(filePath(withoutWal))
  database.exec('pragma journal_mode = delete')
  database.close()
  const rollback = await openDatabase(withoutWal, { migrate: false })
  onTestFinished(async () => void (await Promise.all([tool, memory, rollback].map((each) => each.destroy()))))
  for (const [index, each] of [tool, memory, rollback].entries()) {
    await add(each, `other-${index}`)
    expect(await synchronousOf(each)).toBe(FULL)
  }
})
