/** Requirements on requests that are refused, fail or stall, and on the address that they count for. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { servedOperations } from '../../src/app/served.ts'
import { TABLE_NAMES } from '../../src/db/index.ts'
import type { Logger } from '../../src/index.ts'
import { freshAuth, onEachEngine, testClock, watchedHasher } from '../support/engines.ts'
import { productionAuth } from '../support/production.ts'
import { askReset, BOB, CLASSIC_PASSWORD, EMAIL, logIn, tablesOf, WRONG } from '../support/security.ts'
import { fieldsFor, type Send, send } from '../support/send.ts'
import { startService } from '../support/service.ts'

// The server checks for stalled requests twice a minute, so this one starts before the other tests of the file.
const ends: (() => Promise<void>)[] = []
let answerToLate: Promise<string>
beforeAll(async () => {
  const { port } = await startService('sqlite::memory:', { onEnd: (end) => ends.push(end) })
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('POST /sessions HTTP/1.1\r\nHost: localhost\r\nContent-Le')
  answerToLate = text(socket)
})
afterAll(() => Promise.all(ends.map((end) => end())))

onEachEngine('a request', (engine) => {
  it('that cannot be checked because of a fault is refused and logged, and later requests are served [API-15]', async () => {
    const log: Record<string, unknown>[] = []
    const write = (fields: Record<string, unknown>) => void log.push(fields)
    let broken = false
    const hasher = watchedHasher(async () => {
      if (broken) throw new Error('no hash today')
    })
    const logger = { debug: write, info: write, warn: write, error: write }
    const auth = await freshAuth(engine, { hasher, logger })
    await auth.registerUser(EMAIL, CLASSIC_PASSWORD)
    const sessionToken = await logIn(auth)
    const token = await askReset(auth)
    const attempts = (): Promise<Response>[] => [
      send(auth, 'POST', '/sessions', { form: BOB }),
      send(auth, 'POST', '/users', { form: { ...BOB, email: 'new@example.com' } }),
      send(auth, 'PUT', '/reset_password', {
        form: { email: EMAIL, reset_token: token, new_password: 'new' },
      }),
    ]
    const refusedAndLogged = async (answer: Response) => {
      expect(answer.headers.getSetCookie()).toEqual([])
      const { code, request_id, message } = (await answer.json()) as Record<string, string>
      expect([500, 503]).toContain(answer.status)
      expect(['internal_error', 'unavailable']).toContain(code)
      expect(message).not.toMatch(/hash|select|insert|closed|\.ts/)
      expect(log.find(({ requestId }) => requestId === request_id)).toMatchObject({
        status: answer.status,
        code,
      })
    }
    broken = true
    for (const answer of await Promise.all(attempts())) await refusedAndLogged(answer)
    broken = false
    expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(200)
    expect((await send(auth, 'POST', '/sessions', { form: BOB })).status).toBe(200)

    // Without the counters, no password is checked. Without sessions, no user is recognised.
    const db = await tablesOf(auth)
    // Other tables refer to them, so PostgreSQL would not drop them.
    const hide = (table: string) =>
      sql`alter table ${sql.table(table)} rename to ${sql.ref(`hidden_${table}`)}`.execute(db)
    await hide('throttles')
    await refusedAndLogged(await send(auth, 'POST', '/sessions', { form: BOB }))
    await refusedAndLogged(await send(auth, 'POST', '/reset_password', { form: { email: EMAIL } }))
    expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(200)
    await hide('sessions')
    await refusedAndLogged(await send(auth, 'GET', '/profile', { sessionToken }))
    await refusedAndLogged(await send(auth, 'DELETE', '/sessions', { sessionToken }))
    await hide('tokens')
    const reset = { email: EMAIL, reset_token: token, new_password: 'new' }
    await refusedAndLogged(await send(auth, 'PUT', '/reset_password', { form: reset }))
    expect((await send(auth, 'GET', '/healthz')).status).toBe(200)
  })

  it('that a cheap check refuses costs no hash and no query [AVL-02]', async () => {
    const seen: string[] = []
    const hasher = watchedHasher((_, password) => void seen.push(password))
    const auth = await freshAuth(engine, { hasher, loginFailuresPerAccount: 2, now: testClock() })
    await auth.registerUser(EMAIL, CLASSIC_PASSWORD)
    for (let failure = 0; failure < 2; failure++) await auth.validLogin(EMAIL, 'wrong')
    seen.length = 0
    expect((await send(auth, 'POST', '/sessions', { form: BOB })).status).toBe(429)
    // Without tables, every query would cause a 500.
    const db = await tablesOf(auth)
    for (const table of TABLE_NAMES.toReversed())
      await sql`drop table ${sql.table(table)}${sql.raw(engine === 'postgres' ? ' cascade' : '')}`.execute(db)
    const deep = { body: `{"email":${'['.repeat(30_000)}`, headers: { 'content-type': 'application/json' } }
    for (const operation of servedOperations(auth)) {
      const { method, path, body, tag, access } = operation
      if (body === undefined) continue
      // In the format that the route accepts.
      const sent = (fields: Record<string, string>): Send =>
        tag === 'classic' ? { form: fields } : fieldsFor(operation, fields)
      const bob = sent(BOB)
      const tooLong = 'x'.repeat(1_025)
      const passwords = { password: tooLong, new_password: tooLong, current_password: tooLong }
      const named = Object.entries({ email: EMAIL, token: 'x', reset_token: 'x', ...passwords }).filter(
        ([name]) => Object.hasOwn(body.shape, name),
      )
      const takesPassword = named.some(([name]) => name.endsWith('password'))
      // Every field is optional, so the session is the first that is missing. Without one, signing out has nothing to do.
      const takesNothing = body.safeParse({}).success
      const unrefused = tag === 'page' && access === 'anyone' ? 303 : 401
      const needsSession = takesPassword && access !== 'anyone'
      for (const [status, request, query] of [
        // A required session is checked first. A missing cookie costs no query either.
        [
          takesNothing ? unrefused : needsSession ? 401 : 400,
          takesPassword ? sent(Object.fromEntries(named)) : sent({}),
        ],
        // Routes that only look up an address refuse an empty one without the database.
        [400, sent(path === '/users' ? { ...BOB, email: 'nobody' } : { email: '' })],
        [tag === 'page' ? 415 : 400, deep],
        [413, sent({ email: 'x'.repeat(70_000) })],
        [414, bob, `?${'x'.repeat(2_048)}`],
        [415, { ...bob, headers: { ...bob.headers, 'content-encoding': 'gzip' } }],
        [421, { ...bob, headers: { ...bob.headers, host: 'evil.example' } }],
        [403, { ...bob, headers: { ...bob.headers, origin: 'https://evil.example' } }],
      ] as const)
        expect((await send(auth, method, path + (query ?? ''), request)).status, `${method} ${path}`).toBe(
          status,
        )
    }
    expect((await send(auth, 'GET', '/profile', { sessionToken: 'malformed' })).status).toBe(403)
    expect(seen).toEqual([])
    expect((await send(auth, 'POST', '/users', { form: BOB })).status).toBe(500)
  })
})

it('a request that stalls is answered with 408 [AVL-02]', async () => {
  expect(await answerToLate).toMatch(/^HTTP\/1\.1 408 .*"code":"request_timeout"/s)
})

onEachEngine('the address of a request', (engine) => {
  it('reads forwarded addresses only from configured proxies, from the right [API-16]', async () => {
    const lines: string[] = []
    const write = (fields: object) => void lines.push(JSON.stringify(fields))
    const logger: Logger = { debug: write, info: write, warn: write, error: write }
    const production = await productionAuth(engine, {
      trustedProxies: '192.0.2.1, 10.0.0.0/8',
      loginFailuresPerIp: 2,
      loginFailuresPerAccount: 100,
      logger,
    })
    const { auth } = production
    let count = 0
    const guess = async (ip: string, forwardedFor: string) => {
      const json = { email: `${count++}@example.com`, password: WRONG }
      const headers = {
        'x-forwarded-for': forwardedFor,
        'x-real-ip': '203.0.113.9',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'http',
        forwarded: 'for=203.0.113.9;host=evil.example;proto=http',
      }
      return (await send(auth, 'POST', '/sessions', { json, headers, ip })).status
    }
    // A client that forges a new address with each guess is counted by its own.
    expect([
      await guess('198.51.100.1', '1.1.1.1'),
      await guess('198.51.100.1', '2.2.2.2'),
      await guess('198.51.100.1', '3.3.3.3'),
    ]).toEqual([401, 401, 429])
    // Behind proxies, the address they saw counts, whatever is to its left.
    expect([
      await guess('192.0.2.1', '9.9.9.9, 198.51.100.2, 10.1.2.3'),
      await guess('192.0.2.1', '8.8.8.8, 198.51.100.2'),
      await guess('192.0.2.1', '198.51.100.2'),
      await guess('192.0.2.1', '198.51.100.3'),
    ]).toEqual([401, 401, 429, 401])
    const ips = (await Array.fromAsync(auth.audit.list({ action: 'login' }))).map(({ ip }) => ip)
    expect(new Set(ips)).toEqual(new Set(['198.51.100.1', '198.51.100.2', '198.51.100.3']))
    expect(lines.filter((line) => /1\.1\.1\.1|9\.9\.9\.9|203\.0\.113\.9/.test(line))).toEqual([])
  })

  it.each(['classic', 'production'] as const)(
    'reads no forwarded address in %s mode if no proxy is configured [API-16]',
    async (mode) => {
      const limits = { loginFailuresPerIp: 2, loginFailuresPerAccount: 100 }
      const auth =
        mode === 'classic' ? await freshAuth(engine, limits) : (await productionAuth(engine, limits)).auth
      const statuses: number[] = []
      for (let count = 0; count < 3; count++) {
        const headers = { 'x-forwarded-for': `192.0.2.${count}`, 'x-real-ip': `192.0.2.${count}` }
        const json = { email: `${count}@example.com`, password: WRONG }
        const ip = '198.51.100.1'
        statuses.push((await send(auth, 'POST', '/sessions', { json, headers, ip })).status)
      }
      expect(statuses).toEqual([401, 401, 429])
    },
  )
})
