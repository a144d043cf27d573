/** The connection of PostgreSQL that the reads of all requests share. test/service/faults-database.test.ts has the service on it. */
import { setImmediate } from 'node:timers/promises'
import pg from 'pg'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { isUnavailable } from '../../src/db/index.ts'
import { type ReadStatement, readFirstRow } from '../../src/db/postgres-first-row.ts'
import { openPipeline } from '../../src/db/postgres-pipeline.ts'
import type { Auth } from '../../src/index.ts'
import { freshAuth, freshDatabase, migratedDatabase } from '../support/engines.ts'
import { until } from '../support/production.ts'
import { startRelay } from '../support/relay.ts'
import { startPostgres } from '../support/start-postgres.ts'

const PASSWORD = 'b4l0u'
const LONG_MS = 60_000

/** A connection for what a test does to the database. */
async function administrator(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'administrator' })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

/** A statement that only the pipeline runs, with one value. */
function statement(text: string, name = `statement ${text}`): ReadStatement {
  return { text, name, types: pg.types }
}

const DOUBLE = 'select $1::integer * 2'

/** A pipeline on a database, through a relay. */
async function setUp({ timeoutMs = LONG_MS } = {}) {
  const databaseUrl = await freshDatabase('postgres')
  const url = new URL(databaseUrl)
  const relay = await startRelay(Number(url.port))
  url.port = String(relay.port)
  const lost: Error[] = []
  const settings = {
    connectionString: url.href,
    query_timeout: timeoutMs,
    connectionTimeoutMillis: LONG_MS,
    application_name: 'pipeline',
  }
  const pipeline = openPipeline(settings, (error) => lost.push(error))
  onTestFinished(() => pipeline.close())
  /** The connection, once it is open. */
  const opened = async () => {
    await until(() => pipeline.connection() !== null)
    return pipeline.connection() ?? expect.unreachable()
  }
  /** Whether there is a connection, without waiting for it. */
  const isOpen = () => pipeline.connection() !== null
  return { databaseUrl, relay, lost, pipeline, opened, isOpen, admin: await administrator(databaseUrl) }
}

async function backends(admin: pg.Client, name = 'pipeline'): Promise<number[]> {
  const { rows } = await admin.query(
    'select pid from pg_stat_activity where application_name = $1 and datname = current_database()',
    [name],
  )
  return rows.map(({ pid }) => pid)
}

/** Makes reads of the table `slow` wait until the lock is released. */
async function lockTable(admin: pg.Client): Promise<void> {
  await admin.query('create table if not exists slow (value integer)')
  await admin.query('begin')
  await admin.query('lock table slow in access exclusive mode')
}

const SLOW = 'select $1::integer, count(*) from slow'

async function untilWaiting(admin: pg.Client): Promise<void> {
  await until(async () => {
    const { rows } = await admin.query(
      "select 1 from pg_stat_activity where application_name = 'pipeline' and wait_event_type = 'Lock'",
    )
    return rows.length > 0
  })
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

describe('reads on a pipelined connection', () => {
  it.each([
    ['kept statements', 'double'],
    ['no kept statements', ''],
  ])('get their own rows, with %s', async (_, name) => {
    const { opened } = await setUp()
    const client = await opened()
    expect(client.pipeline).toBe(true)
    const double = statement(DOUBLE, name)
    // The first ones are sent before the connection has confirmed the statement.
    for (const count of [50, 500]) {
      const rows = await Promise.all(
        numbers(count).map((value) => readFirstRow(client, double, [`${value}`])),
      )
      expect(rows.map((row) => row?.[0])).toEqual(numbers(count).map((value) => value * 2))
    }
    const kept = statement('select count(*) from pg_prepared_statements where name = $1', '')
    expect(await readFirstRow(client, kept, ['double'])).toEqual([name === '' ? '0' : '1'])
  })

  it('get nothing if there is no row, the first of several rows, and null for null', async () => {
    const client = await (await setUp()).opened()
    const rows = statement('select n, null from generate_series(1, $1::integer) n')
    for (let time = 0; time < 2; time++) {
      expect(await readFirstRow(client, rows, ['0'])).toBeUndefined()
      expect(await readFirstRow(client, rows, ['3'])).toEqual([1, null])
    }
  })

  it('do not suffer from an error in the one beside them', async () => {
    const { opened, lost } = await setUp()
    const client = await opened()
    const double = statement(DOUBLE)
    for (let time = 0; time < 2; time++) {
      // The first time, the first of them is the one that the connection is asked to keep.
      const values = ['x', '1', 'y', '2']
      const results = await Promise.allSettled(values.map((value) => readFirstRow(client, double, [value])))
      expect(results).toMatchObject([
        { reason: { code: '22P02' } },
        { value: [2] },
        { reason: { code: '22P02' } },
        { value: [4] },
      ])
      const other = statement('select $1::text from missing')
      const [refused, read] = await Promise.allSettled([
        readFirstRow(client, other, ['1']),
        readFirstRow(client, double, ['3']),
      ])
      expect(refused).toMatchObject({ reason: { code: '42P01' } })
      expect(read).toMatchObject({ value: [6] })
    }
    expect(lost).toEqual([])
  })

  it('are freed by the time-out, which replaces the connection', async () => {
    const { opened, admin, lost } = await setUp({ timeoutMs: 100 })
    const client = await opened()
    const [former] = await backends(admin)
    await lockTable(admin)
    const slow = statement(SLOW)
    const results = await Promise.allSettled([
      readFirstRow(client, slow, ['1']),
      readFirstRow(client, statement(DOUBLE), ['1']),
    ])
    for (const result of results) {
      expect(result.status).toBe('rejected')
      expect(isUnavailable((result as PromiseRejectedResult).reason)).toBe(true)
    }
    await admin.query('rollback')
    const next = await opened()
    expect(next).not.toBe(client)
    expect(await readFirstRow(next, slow, ['1'])).toEqual([1, '0'])
    expect(await backends(admin)).not.toContain(former)
    expect(lost).toHaveLength(1)
  })

  it('are freed if the network is silent', async () => {
    const { opened, pipeline, relay } = await setUp({ timeoutMs: 100 })
    const client = await opened()
    relay.freeze()
    const results = await Promise.allSettled(
      numbers(20).map((value) => readFirstRow(client, statement(DOUBLE), [`${value}`])),
    )
    for (const result of results) expect(isUnavailable((result as PromiseRejectedResult).reason)).toBe(true)
    expect(pipeline.connection()).not.toBe(client)
    expect(await readFirstRow(await opened(), statement(DOUBLE), ['4'])).toEqual([8])
  })

  it('fail as on a lost connection if the server ends theirs, and the next one parses their statements again', async () => {
    const { opened, admin, lost } = await setUp()
    const client = await opened()
    const slow = statement(SLOW)
    const double = statement(DOUBLE)
    expect(await readFirstRow(client, double, ['1'])).toEqual([2])
    await lockTable(admin)
    const reads = [
      readFirstRow(client, slow, ['1']),
      ...numbers(20).map((value) => readFirstRow(client, double, [`${value}`])),
    ]
    const results = Promise.allSettled(reads)
    await untilWaiting(admin)
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pipeline'",
    )
    for (const result of await results)
      expect(isUnavailable((result as PromiseRejectedResult).reason)).toBe(true)
    await admin.query('rollback')
    const next = await opened()
    expect(await readFirstRow(next, double, ['2'])).toEqual([4])
    expect(await readFirstRow(next, double, ['3'])).toEqual([6])
    expect(await readFirstRow(next, slow, ['1'])).toEqual([1, '0'])
    expect(lost).toHaveLength(1)
  })
})

describe('a pipelined connection', () => {
  it('is opened by the first use, and closed with its reads answered', async () => {
    const { pipeline, opened, isOpen, admin, lost } = await setUp()
    expect(await backends(admin)).toEqual([])
    const client = await opened()
    expect(await backends(admin)).toHaveLength(1)
    await lockTable(admin)
    const read = readFirstRow(client, statement(SLOW), ['7'])
    await untilWaiting(admin)
    const closed = pipeline.close()
    expect(isOpen()).toBe(false)
    await admin.query('rollback')
    expect(await read).toEqual([7, '0'])
    await closed
    await until(async () => (await backends(admin)).length === 0)
    expect(isOpen()).toBe(false)
    expect(lost).toEqual([])
  })

  it('is closed at once while it connects, or before its first use', async () => {
    const { pipeline, relay, isOpen, admin } = await setUp()
    expect(isOpen()).toBe(false)
    await pipeline.close()
    await until(() => relay.freeze() === 0)
    expect(await backends(admin)).toEqual([])
  })

  it('is closed when it is idle, and opened again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { pipeline, admin, lost } = await setUp()
    const untilOpen = async () => {
      while (pipeline.connection() === null) await setImmediate()
    }
    await untilOpen()
    vi.advanceTimersByTime(9_999)
    expect(pipeline.connection()).not.toBeNull()
    vi.advanceTimersByTime(9_999)
    expect(await backends(admin)).toHaveLength(1)
    vi.advanceTimersByTime(1)
    while ((await backends(admin)).length > 0) await setImmediate()
    // No read uses this one.
    expect(pipeline.connection()).toBeNull()
    while ((await backends(admin)).length === 0) await setImmediate()
    while ((await backends(admin)).length > 0) {
      vi.advanceTimersByTime(1_000)
      await setImmediate()
    }
    await untilOpen()
    expect(lost).toEqual([])
  })

  it('is tried again after pauses that grow, while the server is away', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const { opened, isOpen, relay, lost } = await setUp()
    await opened()
    relay.cut()
    await until(() => lost.length === 1)
    const connect = vi.spyOn(pg.Client.prototype, 'connect')
    onTestFinished(() => connect.mockRestore())
    const pauses: number[] = []
    for (let attempt = 1; attempt <= 10; attempt++) {
      let pauseMs = 0
      while (connect.mock.calls.length < attempt) {
        expect(isOpen()).toBe(false)
        if (connect.mock.calls.length < attempt) vi.advanceTimersByTime(10)
        pauseMs += 10
      }
      pauses.push(pauseMs)
      const [refused] = connect.mock.contexts.slice(-1) as pg.Client[]
      await until(() => refused?.connection.stream.destroyed === true)
      await setImmediate()
    }
    expect(pauses[0]).toBeLessThanOrEqual(120)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(10_020)
    expect(Math.min(...pauses.slice(-3))).toBeGreaterThanOrEqual(5_000)
    await relay.restore()
    vi.advanceTimersByTime(10_000)
    const client = await opened()
    expect(await readFirstRow(client, statement(DOUBLE), ['1'])).toEqual([2])
    expect(lost).toHaveLength(1)
  })
})

describe('session checks on PostgreSQL', () => {
  const COUNT = 40

  /** Accounts with sessions, and the check of each. */
  async function population(auth: Auth) {
    const emails = numbers(COUNT).map((index) => `user-${index}@example.com`)
    const tokens: string[] = []
    for (const email of emails) {
      await auth.registerUser(email, PASSWORD)
      tokens.push((await auth.createSession(email)) ?? expect.unreachable())
    }
    const check = (index: number) =>
      auth.getUserFromSessionId(tokens[index % COUNT] ?? '').then((user) => {
        expect(user?.email).toBe(emails[index % COUNT])
      })
    return { check }
  }

  it('share one connection beside the pool, however many run at once', async () => {
    const databaseUrl = await migratedDatabase('postgres')
    const admin = await administrator(databaseUrl)
    const auth = await freshAuth('postgres', { databaseUrl })
    expect(await backends(admin, 'bienvenue')).toHaveLength(1)
    const { check } = await population(auth)
    await check(0)
    await until(async () => (await backends(admin, 'bienvenue')).length === 2)
    await check(0)
    await Promise.all(numbers(400).map(check))
    expect(await backends(admin, 'bienvenue')).toHaveLength(2)
    await auth.close()
    await until(async () => (await backends(admin, 'bienvenue')).length === 0)
  })

  it('recover from a crash of the server under load, and never get the wrong row', async () => {
    const server = await startPostgres()
    onTestFinished(server.stop)
    const databaseUrl = `${server.url}/postgres`
    const auth = await freshAuth('postgres', { databaseUrl })
    const { check } = await population(auth)
    let isDone = false
    let answered = 0
    const failures: unknown[] = []
    const clients = numbers(16).map(async (index) => {
      for (let turn = index; !isDone; turn += 16)
        await check(turn).then(
          () => answered++,
          async (error) => {
            failures.push(error)
            await setImmediate()
          },
        )
    })
    await until(() => answered > 500)
    const admin = await administrator(databaseUrl)
    const { rows } = await admin.query('select pg_backend_pid() as pid')
    // PostgreSQL then ends all its processes and starts again.
    process.kill(rows[0]?.pid, 'SIGKILL')
    await until(() => failures.length > 0)
    const before = answered
    await until(() => answered > before + 500)
    isDone = true
    await Promise.all(clients)
    expect(failures.filter((error) => (error as { code?: unknown }).code !== 'unavailable')).toEqual([])
    await (await administrator(databaseUrl)).query('select 1')
    await Promise.all(numbers(COUNT).map(check))
  })
})
