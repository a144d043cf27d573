/** A database that is unreachable or full: no partial changes, no losses, and recovery. */
import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type AuthService, openAuthService } from '../../src/auth/index.ts'
import { POOL_SIZE } from '../../src/db/postgres.ts'
import {
  type Answer,
  type Ask,
  ask,
  fragmentOf,
  HOST,
  linkIn,
  mailTo,
  productionEnv,
} from '../support/deployed.ts'
import { filePath, migratedDatabase } from '../support/engines.ts'
import { sample } from '../support/full.ts'
import { everyRow, memoryMailer, NEW_PASSWORD, openTables, PASSWORD, until } from '../support/production.ts'
import { startRelay } from '../support/relay.ts'
import { type Service, startService } from '../support/service.ts'
import { startSmtpServer } from '../support/smtp.ts'

const EMAIL = 'alice@example.com'
const SESSION = '__Host-session_id'

/** A second instance on the same database. It queues mail, which the service sends. */
async function openBeside(databaseUrl: string, now = () => new Date()): Promise<AuthService> {
  const engine = await openAuthService({
    databaseUrl,
    now,
    // As in production, so that a sign-in renews no hash.
    passwordHash: 'argon2id',
    mailer: memoryMailer(),
    baseUrl: `https://${HOST}`,
    emailVerification: true,
  })
  onTestFinished(() => engine.close())
  return engine
}

const isUnavailable = { status: 503, json: { code: 'unavailable' }, headers: { 'retry-after': '1' } }

describe('a PostgreSQL outage', () => {
  /** The service with one account, connected to the database through a relay. */
  async function startBehindRelay() {
    const databaseUrl = await migratedDatabase('postgres')
    const url = new URL(databaseUrl)
    const relay = await startRelay(Number(url.port))
    url.port = String(relay.port)
    const smtp = await startSmtpServer()
    const beside = await openBeside(databaseUrl)
    const { id } = await beside.users.create({ email: EMAIL, password: PASSWORD, confirmed: true })
    const env = {
      ...productionEnv(`smtp://127.0.0.1:${smtp.port}`),
      BIENVENUE_RESET_REQUESTS_PER_ACCOUNT: '100',
      BIENVENUE_LOGIN_FAILURES_PER_ACCOUNT: '100',
    }
    const service = await startService(url.href, { env })
    const send = (method: string, path: string, request?: Ask) => ask(service, method, path, request)
    const sessionToken = (await beside.createSession(EMAIL)) ?? ''
    return { beside, databaseUrl, id, relay, send, service, serviceUrl: url.href, sessionToken, smtp }
  }

  async function untilReady(service: Service): Promise<void> {
    await until(async () => (await ask(service, 'GET', '/readyz')).status === 200)
  }

  it('answers 503 until the database is back, logs no secrets, and loses no session or mail [API-15, AUD-03]', async () => {
    const { beside, relay, send, service, serviceUrl, sessionToken, smtp } = await startBehindRelay()
    const cookies = { [SESSION]: sessionToken }
    const requests: readonly (readonly [string, string, Ask])[] = [
      ['POST', '/users', { fields: { email: 'bob@example.com', password: PASSWORD } }],
      ['POST', '/sessions', { fields: { email: EMAIL, password: PASSWORD } }],
      ['POST', '/reset_password', { fields: { email: EMAIL } }],
      ['GET', '/profile', { cookies }],
      ['GET', '/sessions', { cookies }],
      ['DELETE', '/sessions', { cookies }],
    ]
    expect((await send('GET', '/profile', { cookies })).status).toBe(200)
    const before = service.lines.length

    relay.cut()
    const isFromWorker = ({ msg }: { msg: string }) => msg === 'the outbox cannot be read'
    await service.logged(isFromWorker)
    for (const [method, path, request] of [...requests, ...requests, ...requests])
      expect({ path, ...(await send(method, path, request)) }).toMatchObject(isUnavailable)
    expect(await send('GET', '/readyz')).toMatchObject(isUnavailable)
    expect((await send('GET', '/healthz')).status).toBe(200)
    expect((await send('GET', '/')).status).toBe(200)
    await beside.registerUser('carol@example.com', PASSWORD)
    // Besides requests, one line for each lost connection, few from the worker, and one from the clean-up of the start.
    const others = service
      .log()
      .slice(before)
      .filter(({ msg }) => msg !== 'request')
    const lost = others.filter(({ msg }) => msg === 'the database dropped a connection')
    // And the one that the reads of all requests share.
    expect(lost.length).toBeLessThanOrEqual(POOL_SIZE + 1)
    const rest = others.filter((line) => !lost.includes(line) && !isFromWorker(line))
    expect(rest.map(({ msg }) => msg)).toEqual(rest.slice(0, 1).map(() => 'the clean-up failed'))
    const times = others.filter(isFromWorker).map(({ time }) => Date.parse(time))
    for (const [index, time] of times.slice(1).entries())
      expect(time - (times[index] ?? 0)).toBeGreaterThan(3_000)

    await relay.restore()
    // The worker finds the new mail although nothing wakes it.
    await mailTo(smtp, 'carol@example.com')
    await untilReady(service)
    for (const [method, path, request] of requests.slice(0, -1))
      expect({ path, ...(await send(method, path, request)) }).toMatchObject({ status: 200 })
    await mailTo(smtp, 'bob@example.com')
    await mailTo(smtp, EMAIL, 1)
    expect((await send('DELETE', '/sessions', { cookies })).status).toBe(302)
    expect(await service.stop()).toBe(0)

    const failures = service.log().filter(({ status }) => status === 503)
    expect(failures.length).toBeGreaterThan(3 * requests.length)
    for (const line of failures)
      expect(line).toMatchObject({ level: 'error', reason: { type: expect.any(String) } })
    for (const secret of [EMAIL, PASSWORD, sessionToken, serviceUrl])
      expect(service.lines.join('\n')).not.toContain(secret)
  })

  const STEPS = {
    registration: ['insert into "users"', 'insert into "audit"', 'insert into "outbox"', 'commit'],
    'sign-in': ['insert into "sessions"', 'insert into "audit"', 'insert into "outbox"', 'commit'],
    'reset request': ['insert into "audit"', 'insert into "outbox"', 'commit'],
    reset: ['update "users"', 'delete from "sessions"', 'insert into "audit"', 'commit'],
  } as const
  type Act = keyof typeof STEPS
  /** The counters of attempts are committed earlier. */
  const LAST = { after: 'insert into "audit"' } as const

  it.each(sample(Object.keys(STEPS) as Act[]))('during a %s rolls everything back', async (act) => {
    const { databaseUrl, relay, send, service, smtp } = await startBehindRelay()
    await send('POST', '/reset_password', { fields: { email: EMAIL } })
    const { token = '' } = fragmentOf(linkIn(await mailTo(smtp, EMAIL)))
    const acts: Readonly<Record<Act, () => Promise<Answer>>> = {
      registration: () =>
        send('POST', '/users', { fields: { email: 'bob@example.com', password: PASSWORD } }),
      'sign-in': () => send('POST', '/sessions', { fields: { email: EMAIL, password: PASSWORD } }),
      'reset request': () => send('POST', '/reset_password', { fields: { email: EMAIL } }),
      reset: () =>
        send('PUT', '/reset_password', {
          fields: { email: EMAIL, reset_token: token, new_password: NEW_PASSWORD },
        }),
    }
    const db = await openTables(databaseUrl)
    const snapshot = async () => {
      const { throttles: _, ...rows } = await everyRow(db)
      return rows
    }
    await until(async () => (await snapshot()).outbox?.length === 0)
    const before = await snapshot()

    for (const step of STEPS[act]) {
      const cut = relay.cutAt(step, { lost: 'request', ...(step === 'commit' && LAST) })
      const [answer] = await Promise.all([acts[act](), cut])
      expect({ step, ...answer }).toMatchObject(isUnavailable)
      expect({ step, rows: await snapshot() }).toEqual({ step, rows: before })
      await relay.restore()
      await untilReady(service)
    }

    // If only the answer is lost, the change is complete.
    const cut = relay.cutAt('commit', { lost: 'answer', ...LAST })
    const [answer] = await Promise.all([acts[act](), cut])
    expect(answer).toMatchObject(isUnavailable)
    await until(async () => JSON.stringify(await snapshot()) !== JSON.stringify(before))
    const after = await snapshot()
    expect(after.audit).toHaveLength((before.audit?.length ?? 0) + 1)
    await relay.restore()
    await mailTo(smtp, act === 'registration' ? 'bob@example.com' : EMAIL, act === 'registration' ? 0 : 1)
  })

  it.each(sample(['session check', 'sign-in'] as const))(
    'by a silent network failure is over for sign-ins after the first time-out of a %s, however many connections are dead',
    async (first) => {
      const { relay, send, sessionToken } = await startBehindRelay()
      const login = () => send('POST', '/sessions', { fields: { email: EMAIL, password: PASSWORD } })
      const profile = () => send('GET', '/profile', { cookies: { [SESSION]: sessionToken } })
      const logins = () => Promise.all(Array.from({ length: POOL_SIZE }, login))
      for (const { status } of [await profile(), await profile(), ...(await logins())])
        expect(status).toBe(200)
      expect(relay.freeze()).toBeGreaterThan(2)
      expect(await (first === 'sign-in' ? login : profile)()).toMatchObject(isUnavailable)
      for (const { status } of await logins()) expect(status).toBe(200)
      if (first === 'session check') expect((await profile()).status).toBe(200)
    },
  )
})

const PRLIMIT = '/usr/bin/prlimit'
const hasPrlimit = existsSync(PRLIMIT)
if (!hasPrlimit) console.warn('SKIPPED: SQLite on a full disk. Install prlimit (util-linux) to run it.')

/** Limits the file size of a running process, which has the effect of a full disk. */
function limitFiles({ pid }: { pid: number }, bytes: number | 'unlimited'): void {
  execFileSync(PRLIMIT, ['--pid', String(pid), `--fsize=${bytes}:unlimited`])
}

describe('SQLite on a full disk', () => {
  // A process limit simulates a full disk without privileges or side effects.
  it.skipIf(!hasPrlimit)('answers 503 to writes, and keeps sessions and acknowledged changes', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const path = filePath(databaseUrl)
    const smtp = await startSmtpServer()
    // The session was last used minutes ago, so each check tries to record its use.
    const beside = await openBeside(databaseUrl, () => new Date(Date.now() - 120_000))
    await beside.users.create({ email: EMAIL, password: PASSWORD, confirmed: true })
    const cookies = { [SESSION]: (await beside.createSession(EMAIL)) ?? '' }
    const env = {
      ...productionEnv(`smtp://127.0.0.1:${smtp.port}`),
      BIENVENUE_REGISTRATIONS_PER_IP: '10000',
      BIENVENUE_RESET_REQUESTS_PER_ACCOUNT: '100',
      BIENVENUE_LOGIN_FAILURES_PER_ACCOUNT: '100',
    }
    const service = await startService(databaseUrl, { env })
    const { pid } = service.log().find(({ msg }) => msg === 'listening') as unknown as { pid: number }
    const send = (method: string, route: string, request?: Ask) => ask(service, method, route, request)

    const acknowledged: string[] = [EMAIL]
    let count = 0
    async function register(): Promise<number> {
      const email = `user${++count}@example.com`
      const answer = await send('POST', '/users', { fields: { email, password: PASSWORD } })
      if (answer.status === 200) acknowledged.push(email)
      else expect(answer).toMatchObject(isUnavailable)
      return answer.status
    }
    const login = () => send('POST', '/sessions', { fields: { email: EMAIL, password: PASSWORD } })
    const reset = () => send('POST', '/reset_password', { fields: { email: EMAIL } })
    const statuses = async () => [await register(), (await login()).status, (await reset()).status]
    async function expectFull(): Promise<void> {
      await until(async () => (await statuses()).every((status) => status === 503))
      expect(await login()).toMatchObject(isUnavailable)
      expect(await send('DELETE', '/sessions', { cookies })).toMatchObject(isUnavailable)
      expect(await send('GET', '/profile', { cookies })).toMatchObject({
        status: 200,
        json: { email: EMAIL },
      })
    }

    limitFiles({ pid }, sizeOf(path) + sizeOf(`${path}-wal`) + 256 * 1_024)
    expect(await register()).toBe(200)
    await expectFull()
    limitFiles({ pid }, 'unlimited')
    expect(await statuses()).toEqual([200, 200, 200])

    limitFiles({ pid }, sizeOf(`${path}-wal`))
    await expectFull()
    expect(await service.stop('SIGKILL')).toBeNull()

    const again = await startService(databaseUrl, { env })
    expect((await ask(again, 'GET', '/profile', { cookies })).status).toBe(200)
    const users = await Array.fromAsync(beside.users.list())
    expect(users.map(({ email }) => email)).toEqual(acknowledged)
    // Every mail has been delivered or is still queued.
    const { outbox = [] } = await everyRow(await openTables(databaseUrl))
    const waiting = outbox.map((row) => JSON.parse(String(row)).user_id)
    const reached = new Set(smtp.received.flatMap(({ to }) => to))
    const forgotten = users.filter(({ id, email }) => !reached.has(email) && !waiting.includes(id))
    expect(forgotten.map(({ email }) => email).filter((email) => email !== EMAIL)).toEqual([])
    expect(await again.stop()).toBe(0)
    const database = new DatabaseSync(path, { readOnly: true })
    onTestFinished(() => database.close())
    expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  })
})

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
