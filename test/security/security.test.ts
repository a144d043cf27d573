/** Requirements of `docs/security/security.md` that no unit test proves completely. */

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { OPERATIONS, TOPICS } from '../../src/api/index.ts'
import type { Route } from '../../src/app/handlers.ts'
import { createPageKit } from '../../src/app/pages/kit.ts'
import { pageRoutes } from '../../src/app/routes/pages/index.ts'
import { servedOperations } from '../../src/app/served.ts'
import { type Database, TABLE_NAMES } from '../../src/db/index.ts'
import type { Auth, CreateAuthOptions } from '../../src/index.ts'
import { type Hasher, inspectOptions, OPTION_TABLE } from '../../src/options/index.ts'
import { openAssets, openSite } from '../../src/pages/index.ts'
import { CHARACTER } from '../support/characters.ts'
import {
  CHEAP_HASHER,
  type EngineName,
  freshAuth,
  migratedDatabase,
  onEachEngine,
  type TestClock,
  testClock,
} from '../support/engines.ts'
import { addTotp } from '../support/factors.ts'
import { IS_FULL } from '../support/full.ts'
import { openTables, PASSWORD as PRODUCTION_PASSWORD, productionAuth } from '../support/production.ts'
import { fieldsFor, type Send, send, sessionIn } from '../support/send.ts'
import { startService } from '../support/service.ts'

const EMAIL = 'bob@example.com'
const PASSWORD = 'b4l0u'
const BOB = { email: EMAIL, password: PASSWORD }

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

/** The cheap hasher, and a list of the passwords that reach it. */
function watchedHasher(): { hasher: Hasher; seen: string[] } {
  const seen: string[] = []
  const watch =
    <Rest extends unknown[], Result>(work: (password: string, ...rest: Rest) => Result) =>
    (password: string, ...rest: Rest) => {
      seen.push(password)
      return work(password, ...rest)
    }
  const { hash, verify, verifyNothing, needsRehash } = CHEAP_HASHER
  return {
    seen,
    hasher: { hash: watch(hash), verify: watch(verify), verifyNothing: watch(verifyNothing), needsRehash },
  }
}

/** The service in a mode. */
async function authIn(
  mode: 'classic' | 'production',
  engine: EngineName,
  options: Omit<CreateAuthOptions, 'mailer' | 'now'> & { now?: TestClock } = {},
): Promise<Auth> {
  return mode === 'classic' ? freshAuth(engine, options) : (await productionAuth(engine, options)).auth
}

/** Adds a confirmed account with {@link PASSWORD}, which production mode would refuse. @returns Its id. */
async function addConfirmed(auth: Auth, email: string): Promise<number> {
  const { id } = await auth.db.addUser(email, await CHEAP_HASHER.hash(PASSWORD))
  await auth.users.confirmEmail(id)
  return id
}

const tablesOf = (auth: Auth): Promise<Database> => openTables(auth.options.databaseUrl)

/** Every row of the tables, as text. */
async function rowsOf(db: Database, names: readonly string[] = TABLE_NAMES): Promise<string> {
  const tables = names.map((table) => sql`select * from ${sql.table(table)} order by 1`.execute(db))
  return JSON.stringify((await Promise.all(tables)).map(({ rows }) => rows))
}

async function logIn(auth: Auth, fields: Record<string, string> = BOB): Promise<string> {
  return sessionIn(await send(auth, 'POST', '/sessions', { form: fields })) ?? expect.unreachable()
}

async function askReset(auth: Auth, email = EMAIL): Promise<string> {
  const answer = await send(auth, 'POST', '/reset_password', { form: { email } })
  return ((await answer.json()) as { reset_token: string }).reset_token
}

/** Everything in a refusal that a client can compare: all but the request id. */
async function withoutId(response: Response): Promise<unknown> {
  const { request_id, ...body } = (await response.json()) as Record<string, string>
  expect(request_id).toMatch(/^[0-9a-f-]{36}$/)
  return { status: response.status, headers: [...response.headers], body }
}

const secretOf = (value: string) => value.split('.')[1] ?? ''

onEachEngine('passwords', (engine) => {
  it('are accepted at full length up to 1,024 bytes, and refused without hashing above that, as documented [PW-02]', async () => {
    const { hasher, seen } = watchedHasher()
    const auth = await freshAuth(engine, { hasher, throttle: false })
    const statuses = async (requests: [method: string, path: string, fields: Record<string, string>][]) => {
      const answers = requests.map(([method, path, fields]) => send(auth, method, path, { form: fields }))
      return (await Promise.all(answers)).map(({ status }) => status)
    }
    for (const [index, password] of ['é😀'.repeat(32), '😀'.repeat(256), 'x'.repeat(1_024)].entries()) {
      const email = `${index}@example.com`
      expect(await statuses([['POST', '/users', { email, password }]])).toEqual([200])
      const shorter = [...password].slice(0, -1).join('')
      const logins = async () =>
        statuses([password, shorter].map((each) => ['POST', '/sessions', { email, password: each }]))
      expect(await logins()).toEqual([200, 401])
      const reset = { email, reset_token: await askReset(auth, email), new_password: `${shorter}y` }
      expect(await statuses([['PUT', '/reset_password', reset]])).toEqual([200])
      const again = { email, reset_token: await askReset(auth, email), new_password: password }
      expect(await statuses([['PUT', '/reset_password', again]])).toEqual([200])
      expect(await logins()).toEqual([200, 401])
    }

    const email = '0@example.com'
    const resetToken = await askReset(auth, email)
    seen.length = 0
    for (const password of ['x'.repeat(1_025), '😀'.repeat(257), 'x'.repeat(10_000)]) {
      for (const [method, path, fields, field = 'password'] of [
        ['POST', '/users', { email: 'new@example.com', password }],
        ['POST', '/sessions', { email, password }],
        ['POST', '/sessions', { email: 'nobody@example.com', password }],
        [
          'PUT',
          '/reset_password',
          { email, reset_token: resetToken, new_password: password },
          'new_password',
        ],
      ] as const) {
        const refused = await send(auth, method, path, { form: fields })
        const body = { code: 'password_too_long', field, max_bytes: 1_024 }
        expect([refused.status, await refused.json()]).toMatchObject([400, body])
      }
      const invalid = { code: 'password_too_long' }
      await expect(auth.hashPassword(password)).rejects.toMatchObject(invalid)
      await expect(auth.registerUser('new@example.com', password)).rejects.toMatchObject(invalid)
      await expect(auth.signIn.withPassword({ email, password })).rejects.toMatchObject(invalid)
      await expect(auth.updatePassword(resetToken, password)).rejects.toMatchObject(invalid)
      expect(await auth.validLogin(email, password)).toBe(false)
    }
    expect(seen).toEqual([])
    const limits: string[] = []
    JSON.parse(await (await send(auth, 'GET', '/openapi.json')).text(), (name, value) => {
      // In the factors of an account, this field says whether there is a password.
      const isText = typeof value === 'object' && value.type === 'string'
      if (/^(?:\w+_)?password$/.test(name) && isText) limits.push(value.description)
      return value
    })
    expect(limits.length).toBeGreaterThan(5)
    for (const limit of limits) expect(limit).toContain('1,024 bytes')
  })

  it('may contain any characters, and their length counts in code points [PW-04]', async () => {
    const auth = await freshAuth(engine, { minPasswordLength: 8, throttle: false })
    let count = 0
    const attempt = async (password: string) => {
      const fields = { email: `${count++}@example.com`, password }
      const { status } = await send(auth, 'POST', '/users', { form: fields })
      return status === 200 ? (await send(auth, 'POST', '/sessions', { form: fields })).status : status
    }
    // Passwords of a single repeated character show that no character class is required or forbidden.
    const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index))
    // One of eight in the quick run.
    const some = printable.filter((_, index) => IS_FULL || index % 8 === 0)
    for (const character of [...some, 'é', '世', '😀', '\u0301', '\u200d']) {
      expect(await attempt(character.repeat(8)), JSON.stringify(character)).toBe(200)
      expect(await attempt(character.repeat(7)), JSON.stringify(character)).toBe(400)
    }
    expect(await attempt(printable.join(''))).toBe(200)
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: CHARACTER, minLength: 8, maxLength: 16 }), async (password) => {
        expect(await attempt(password)).toBe(200)
        expect(await attempt([...password].slice(0, 7).join(''))).toBe(400)
      }),
      { numRuns: IS_FULL ? 50 : 10 },
    )
  })

  it('have no hints and no security questions: no such column, field or route exists [PW-10]', async () => {
    const db = await tablesOf(await freshAuth(engine))
    const tables = await db.introspection.getTables()
    const names = [
      ...tables.flatMap(({ name, columns }) => [name, ...columns.map((column) => column.name)]),
      ...OPERATIONS.flatMap(({ path, id, body, success }) => [
        path,
        id,
        ...Object.keys(body?.shape ?? {}),
        ...Object.keys((success.body as { shape?: object } | undefined)?.shape ?? {}),
      ]),
    ]
    for (const known of ['hashed_password', 'user_agent', '/reset_password', 'new_password', 'reset_token'])
      expect(names).toContain(known)
    const asked = /hint|question|answer|remind|clue|maiden|birth|pet|school|security|memorable/i
    expect(names.filter((name) => asked.test(name))).toEqual([])
  })
})

onEachEngine('sign-in limits', (engine) => {
  it.each(['classic', 'production'] as const)(
    'apply per account and per IP address in %s mode, each with 429 and Retry-After [LGN-02]',
    async (mode) => {
      const limits = { loginFailuresPerAccount: 3, loginFailuresPerIp: 5 }
      const auth = await authIn(mode, engine, { ...limits, now: testClock() })
      await addConfirmed(auth, EMAIL)
      const attempt = async (email: string, password: string, ip: string) => {
        const answer = await send(auth, 'POST', '/sessions', { form: { email, password }, ip })
        return [answer.status, answer.headers.get('retry-after')]
      }
      // One account, a different IP address each time. The last address has no failures.
      for (let failure = 0; failure < 3; failure++)
        expect(await attempt(EMAIL, 'wrong', `192.0.2.${failure}`)).toEqual([401, null])
      expect(await attempt(EMAIL, PASSWORD, '192.0.2.9')).toEqual([429, '1'])
      // One IP address, a different account each time. The sixth account has no failures.
      for (let failure = 0; failure < 5; failure++)
        expect(await attempt(`${failure}@example.com`, 'wrong', '198.51.100.1')).toEqual([401, null])
      expect(await attempt('6@example.com', 'wrong', '198.51.100.1')).toEqual([429, '1'])
      expect(await attempt('6@example.com', 'wrong', '198.51.100.2')).toEqual([401, null])
    },
  )
})

onEachEngine('reset tokens', (engine) => {
  it('have 256 random bits, and are stored as SHA-256 with purpose, account, address and expiry [REC-03, CRY-01]', async () => {
    const now = testClock()
    const auth = await freshAuth(engine, { now, throttle: false })
    const bob = await auth.registerUser('Bob@Example.com', PASSWORD)
    const values: string[] = []
    for (let count = 0; count < 200; count++) values.push(await auth.getResetPasswordToken(EMAIL))
    expectRandom(values.map(secretOf))
    const rows = await (await tablesOf(auth)).selectFrom('tokens').selectAll().execute()
    const [id, secret = ''] = values.at(-1)?.split('.') ?? []
    expect(rows.map((row) => ({ ...row, secret_hash: Buffer.from(row.secret_hash) }))).toEqual([
      {
        id,
        purpose: 'reset_password',
        user_id: bob.id,
        email: bob.email,
        secret_hash: createHash('sha256').update(secret).digest(),
        created_at: now().getTime(),
        expires_at: now().getTime() + 3_600_000,
      },
    ])
  })

  it('are valid for one hour by default, and for one day at most [REC-04]', async () => {
    const now = testClock()
    const databaseUrl = await migratedDatabase(engine)
    for (const [resetTokenLifetimeSeconds, seconds] of [
      [undefined, 3_600],
      [86_400, 86_400],
    ] as const) {
      const auth = await freshAuth(engine, { databaseUrl, now, resetTokenLifetimeSeconds })
      const email = `${seconds}@example.com`
      await auth.registerUser(email, PASSWORD)
      const inTime = await auth.getResetPasswordToken(email)
      now.advance(seconds - 1)
      await auth.updatePassword(inTime, 'new')
      const late = await auth.getResetPasswordToken(email)
      now.advance(seconds)
      await expect(auth.updatePassword(late, 'newer')).rejects.toMatchObject({ code: 'invalid_reset_token' })
      expect(await auth.validLogin(email, 'new')).toBe(true)
    }
    for (const mode of ['classic', 'development', 'production'] as const)
      expect(inspectOptions({ mode }).options.resetTokenLifetimeSeconds).toBe(3_600)
    await expect(freshAuth(engine, { databaseUrl, resetTokenLifetimeSeconds: 86_401 })).rejects.toMatchObject(
      {
        option: 'resetTokenLifetimeSeconds',
      },
    )
  })

  it('are used up only if the password change succeeds [REC-06]', async () => {
    let broken = false
    // The store refuses a zero byte, so the change fails after the token was taken.
    const hasher: Hasher = {
      ...CHEAP_HASHER,
      hash: async (password) => (broken ? '\0' : CHEAP_HASHER.hash(password)),
    }
    const auth = await freshAuth(engine, { hasher })
    await auth.registerUser(EMAIL, PASSWORD)
    const session = await logIn(auth)
    const token = await auth.getResetPasswordToken(EMAIL)
    const db = await tablesOf(auth)
    const before = await rowsOf(db)
    broken = true
    await expect(auth.updatePassword(token, 'new')).rejects.toThrow('hashedPassword must be text')
    expect(await rowsOf(db)).toBe(before)
    expect(await auth.getUserFromSessionId(session)).not.toBeNull()
    broken = false
    await auth.updatePassword(token, 'new')
    expect(await auth.validLogin(EMAIL, 'new')).toBe(true)
  })
})

/** Expects distinct texts of 256 bits in which every bit takes both values. Fails by chance once in 10^57 runs. */
function expectRandom(secrets: readonly string[]): void {
  expect(new Set(secrets).size).toBe(secrets.length)
  const bits = secrets.map((secret) => {
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/)
    return [...Buffer.from(secret, 'base64url')].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  })
  for (let place = 0; place < 256; place++)
    expect(new Set(bits.map((text) => text[place])).size, `bit ${place}`).toBe(2)
}

onEachEngine('sessions', (engine) => {
  it('have a new token of 256 random bits each, and accept no other credential [SES-02, CRY-01, CX-04]', async () => {
    const auth = await freshAuth(engine)
    await auth.registerUser(EMAIL, PASSWORD)
    const values: string[] = []
    for (let count = 0; count < 200; count++) values.push(await logIn(auth))
    expect(new Set(values.map((value) => value.split('.')[0])).size).toBe(200)
    expectRandom(values.map(secretOf))
    const value = values.at(-1) ?? ''
    for (const headers of [
      { authorization: `Bearer ${value}` },
      { authorization: `Basic ${btoa(`${EMAIL}:${PASSWORD}`)}` },
      { 'x-api-key': value },
    ])
      expect((await send(auth, 'GET', '/profile', { headers })).status).toBe(403)
  })

  it.each(['classic', 'production'] as const)(
    'are identified in %s mode only by the cookie of a browser, which is looked up on every request [SES-01, SES-05, CX-07]',
    async (mode) => {
      const auth = await authIn(mode, engine)
      await addConfirmed(auth, EMAIL)
      const id = await addConfirmed(auth, 'rob@example.com')
      const bobs = (await auth.createSession(EMAIL)) ?? expect.unreachable()
      const robs = (await auth.createSession('rob@example.com')) ?? expect.unreachable()
      const claims: Record<string, string>[] = [
        { authorization: robs },
        ...['Basic', 'Digest', 'Session', 'Token'].flatMap((scheme) => [
          { authorization: `${scheme} ${robs}` },
          { authorization: `${scheme} ${btoa(robs)}` },
        ]),
        ...['session_id', 'x-session-id', 'x-auth-token', 'cookie2'].map((name) => ({
          [name]: `session_id=${robs}`,
        })),
        ...[
          'x-user',
          'x-user-id',
          'x-remote-user',
          'remote-user',
          'x-forwarded-user',
          'x-forwarded-email',
        ].map((name) => ({ [name]: name.endsWith('id') ? String(id) : 'rob@example.com' })),
      ]
      const query = `?${new URLSearchParams({ session_id: robs, user_id: String(id), email: 'rob@example.com' })}`
      const paths = ['/profile', `/profile${query}`]
      for (const [sessionToken, expected] of [
        [bobs, { status: 200, body: { email: EMAIL } }],
        [undefined, { status: 403, body: { code: 'session_required' } }],
      ] as const) {
        for (const headers of [{}, ...claims]) {
          for (const path of paths) {
            const answer = await send(auth, 'GET', path, { sessionToken, headers })
            expect({ status: answer.status, body: await answer.json() }).toMatchObject(expected)
          }
        }
      }
      for (const headers of [{}, ...claims]) {
        const answer = await send(auth, 'DELETE', `/sessions${query}`, {
          form: { session_id: robs },
          headers,
        })
        expect(answer.status).toBe(403)
      }
      // No route has a field for it.
      for (const [path, fields] of [
        ['/sessions', { ...BOB, session_id: robs }],
        ['/users', { email: 'new@example.com', password: 'seven green umbrellas', session_id: robs }],
      ] as const)
        expect((await send(auth, 'POST', path, { form: fields })).status).toBe(400)
      expect((await send(auth, 'GET', '/profile', { sessionToken: robs })).status).toBe(200)
      // Once the rows are deleted, the same cookies are refused.
      await (await tablesOf(auth)).deleteFrom('sessions').execute()
      for (const sessionToken of [bobs, robs])
        expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(403)
    },
  )

  it('send their token only in Set-Cookie, with HttpOnly and SameSite, in less than 4,096 bytes [SES-07]', async () => {
    const log: string[] = []
    const write = (fields: object, message: string) => log.push(JSON.stringify(fields) + message)
    const auth = await freshAuth(engine, { logger: { debug: write, info: write, warn: write, error: write } })
    await auth.registerUser(EMAIL, PASSWORD)
    const login = await send(auth, 'POST', '/sessions', { form: BOB })
    const sessionToken = sessionIn(login) ?? ''
    const second = await send(auth, 'POST', '/sessions', { form: BOB, sessionToken })
    const live = sessionIn(second) ?? ''
    const answers = [login, second]
    for (const sessionToken of [live, live.slice(0, -1)])
      for (const { id, method, path, body } of OPERATIONS) {
        // The session must stay alive.
        if (method === 'DELETE' || id === 'pages.signOut') continue
        answers.push(await send(auth, method, path, { sessionToken }))
        if (body)
          answers.push(
            await send(auth, method, path, { sessionToken, form: { email: EMAIL, password: live } }),
          )
      }
    answers.push(await send(auth, 'GET', `/nothing?${live}`, { sessionToken: live }))
    const logout = await send(auth, 'DELETE', '/sessions', { sessionToken: live })
    answers.push(logout)
    for (const answer of [login, second, logout]) {
      const [cookie = '', ...more] = answer.headers.getSetCookie()
      expect(more).toEqual([])
      expect(Buffer.byteLength(cookie)).toBeLessThan(4_096)
      const attributes = cookie.split('; ').slice(1)
      expect(attributes).toContain('HttpOnly')
      expect(attributes.filter((attribute) => /^SameSite=(?:Lax|Strict)$/.test(attribute))).toHaveLength(1)
    }
    const said = await Promise.all(
      answers.map(async (answer) => {
        answer.headers.delete('set-cookie')
        return JSON.stringify([...answer.headers]) + (await answer.text())
      }),
    )
    expect(log.length).toBeGreaterThan(10)
    // The id before the secret appears in the list of sessions. It is not a credential.
    for (const secret of [sessionToken, live].flatMap((value) => [value, secretOf(value)]))
      expect([...said, ...log].filter((each) => each.includes(secret))).toEqual([])
  })

  it.each(['disable', 'delete'] as const)(
    'and unused tokens end on every instance with %s, but not those of other users [SES-11]',
    async (end) => {
      const here = await freshAuth(engine)
      const there = await freshAuth(engine, { databaseUrl: here.options.databaseUrl })
      const { id } = await here.registerUser(EMAIL, PASSWORD)
      await here.registerUser('rob@example.com', PASSWORD)
      const [one, two] = [await logIn(here), await logIn(there)]
      const robs = await logIn(there, { email: 'rob@example.com', password: PASSWORD })
      const [token, robsToken] = [await askReset(there), await askReset(there, 'rob@example.com')]
      for (const sessionToken of [one, two])
        expect(await there.getUserFromSessionId(sessionToken)).not.toBeNull()
      expect(await here.users[end](id)).toBe(true)
      for (const auth of [here, there]) {
        for (const sessionToken of [one, two])
          expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(403)
        const fields = { email: EMAIL, reset_token: token, new_password: 'new' }
        expect((await send(auth, 'PUT', '/reset_password', { form: fields })).status).toBe(403)
        expect((await send(auth, 'POST', '/sessions', { form: BOB })).status).toBe(401)
        expect((await send(auth, 'GET', '/profile', { sessionToken: robs })).status).toBe(200)
      }
      const db = await tablesOf(here)
      for (const table of ['sessions', 'tokens'] as const)
        expect(await db.selectFrom(table).select('id').where('user_id', '=', id).execute()).toEqual([])
      await there.updatePassword(robsToken, 'new')
    },
  )
})

/** With a session there is no need to sign in or up, and the account is not deleted. The last one always leads on. */
const { showSignIn, showSignUp, showConfirmCode, showDeleted, changePasswordAddress } = TOPICS.pages
const LEADS_ON = new Set<string>(
  [showSignIn, showSignUp, showConfirmCode, showDeleted, changePasswordAddress].map(({ path }) => path),
)

/** A sign-in that waits for a second factor, and one that sets one up. */
async function signInsThatWait(auth: Auth, now: () => Date) {
  const begin = async (email: string) => {
    const result = await auth.signIn.withPassword({ email, password: PRODUCTION_PASSWORD })
    return result.next === 'signed_in' ? expect.unreachable() : result.loginToken
  }
  const [fay, gil] = ['fay@example.com', 'gil@example.com']
  const { id } = await auth.users.create({ email: gil, password: PRODUCTION_PASSWORD, confirmed: true })
  await auth.users.requireSecondFactor(id, { required: true })
  await auth.users.create({ email: fay, password: PRODUCTION_PASSWORD, confirmed: true })
  await addTotp(auth, now, { sessionToken: await auth.createSession(fay) })
  const waiting = { second_factor: await begin(fay), enrol: await begin(gil) }
  await auth.factors.startTotp({ sessionToken: null, loginToken: waiting.enrol })
  return waiting
}

/** They need the cookie of a way to a provider. With it, the callback works once: a provider sends the browser back with a GET. */
const OF_FLOWS = new Set<string>(
  [TOPICS.pages.completeAtCallback, TOPICS.pages.showContinue].map(({ path }) => path),
)

onEachEngine('GET and HEAD', (engine) => {
  it.each(['classic', 'production'] as const)(
    'change only the last use of a session, start no session, and trigger no action in %s mode [API-06, SES-17, CX-07]',
    async (mode) => {
      const { auth, db, now, newMails, mailedLink } = await productionAuth(engine, {
        mode,
        publicApiDocs: true,
        passkeyOrigins: 'https://example.fr',
      })
      const served = servedOperations(auth)
      if (mode === 'production') expect(served).toEqual(OPERATIONS)
      const styleName = openAssets(openSite(auth.options)).style.name
      await auth.users.create({ email: EMAIL, password: PRODUCTION_PASSWORD, confirmed: true })
      const [sessionToken, other] = [await auth.createSession(EMAIL), await auth.createSession(EMAIL)]
      if (sessionToken === null || other === null) expect.unreachable()
      await auth.account.requestPasswordReset({ email: EMAIL })
      const reset = await mailedLink('reset_password')
      await auth.account.changeEmail({ email: 'new@example.com' }, { sessionToken })
      const confirmation = await mailedLink('confirm_new_email')
      await auth.factors.startTotp({ sessionToken })
      const waiting = await signInsThatWait(auth, now)
      await newMails()

      const fields = {
        email: EMAIL,
        password: PRODUCTION_PASSWORD,
        token: confirmation.token,
        reset_token: reset.token,
        new_password: 'seven green umbrellas',
        _method: 'DELETE',
      }
      const query = `?${new URLSearchParams(fields)}`
      const override = ['x-http-method-override', 'x-http-method', 'x-method-override']
      const navigation = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
      const variants = [{}, navigation, ...override.map((name) => ({ [name]: 'DELETE' }))]
      const readAll = async (headers: Record<string, string>) => {
        for (const path of new Set(served.map((operation) => operation.path)))
          for (const method of ['GET', 'HEAD']) {
            const isRead = served.some((each) => each.path === path && each.method === 'GET')
            const names = { '{id}': other.split('.')[0] ?? '', '{name}': styleName, '{provider}': 'company' }
            const target = path.replace(/\{\w+\}/, (name) => names[name as keyof typeof names]) + query
            const success = LEADS_ON.has(path) ? 303 : OF_FLOWS.has(path) ? 401 : 200
            const loginToken = path.startsWith('/sign_in/enrol') ? waiting.enrol : waiting.second_factor
            const answer = await send(auth, method, target, { sessionToken, loginToken, headers })
            expect(answer.status, `${method} ${path}`).toBe(isRead ? success : 405)
            expect(answer.headers.getSetCookie()).toEqual([])
          }
      }
      const lastUse = db.selectFrom('sessions').select(['last_seen_at', 'idle_expires_at']).limit(1)
      const neverUsed = await lastUse.executeTakeFirstOrThrow()
      // Every row of every table: a read adds no audit record and moves no counter either.
      const before = await rowsOf(db)
      for (const headers of variants) await readAll(headers)
      expect(await rowsOf(db)).toBe(before)

      // A minute later only the time of the last use changes.
      now.advance(60)
      await readAll({})
      const ofSession = lastUse.where('id', '=', sessionToken.split('.')[0] ?? '')
      // It is written after the response.
      await expect
        .poll(() => ofSession.executeTakeFirstOrThrow())
        .toMatchObject({ last_seen_at: now().getTime() })
      await db.updateTable('sessions').set(neverUsed).execute()
      expect(await rowsOf(db)).toBe(before)
    },
  )

  it('declare no audit record and no limit, except to come back from a provider', () => {
    // A provider sends the browser back with a GET. It works once, with the cookie that only this browser has.
    const reads = OPERATIONS.filter(({ method, id }) => method === 'GET' && id !== 'pages.completeAtCallback')
    expect(reads.filter(({ audit, throttle }) => audit !== undefined || throttle !== undefined)).toEqual([])
  })

  it('read no fields from the query string, like all other methods [CX-07]', async () => {
    const auth = await freshAuth(engine)
    await auth.registerUser(EMAIL, PASSWORD)
    const token = await askReset(auth)
    const db = await tablesOf(auth)
    const before = await rowsOf(db)
    for (const [method, path, fields] of [
      ['POST', '/users', { email: 'new@example.com', password: PASSWORD }],
      ['POST', '/sessions', BOB],
      ['POST', '/reset_password', { email: EMAIL }],
      ['PUT', '/reset_password', { email: EMAIL, reset_token: token, new_password: 'pwned' }],
    ] as const) {
      const query = `${path}?${new URLSearchParams(fields)}`
      expect((await send(auth, method, query)).status).toBe(400)
      for (const [name, value] of Object.entries(fields)) {
        const { [name]: _, ...others } = fields as Record<string, string>
        const answer = await send(auth, method, `${path}?${new URLSearchParams({ [name]: value })}`, {
          form: others,
        })
        expect(await answer.json()).toMatchObject({ code: 'missing_field', field: name })
      }
    }
    expect(await rowsOf(db)).toBe(before)
  })
})

onEachEngine('responses', (engine) => {
  /** One response of each kind: the success of every classic operation, and refusals. */
  async function everyAnswer(auth: Auth, request: Send = {}): Promise<Response[]> {
    const go = (method: string, path: string, more: Send = {}) =>
      send(auth, method, path, { ...more, headers: { ...more.headers, ...request.headers } })
    const login = async () => sessionIn(await go('POST', '/sessions', { form: BOB }))
    const answers = [await go('POST', '/users', { form: BOB }), await go('POST', '/users', { form: BOB })]
    const asked = await go('POST', '/reset_password', { form: { email: EMAIL } })
    const { reset_token = '' } = (await asked.clone().json()) as { reset_token?: string }
    const reset = { email: EMAIL, reset_token, new_password: PASSWORD }
    answers.push(
      asked,
      await go('PUT', '/reset_password', { form: reset }),
      await go('PUT', '/reset_password', { form: reset }),
      await go('POST', '/sessions', { form: BOB }),
      await go('POST', '/sessions', { form: { ...BOB, password: 'wrong' } }),
      await go('DELETE', '/sessions', { sessionToken: await login() }),
      await go('DELETE', '/sessions'),
      await go('GET', '/profile', { sessionToken: await login() }),
      await go('GET', '/nothing'),
      await go('PATCH', '/users'),
      await go('OPTIONS', '/sessions'),
    )
    for (const { method, path } of OPERATIONS)
      if (method === 'GET') answers.push(await go('GET', path), await go('HEAD', path))
    return answers
  }

  it('redirect only after sign-out and from the address for password managers, to a path of the service [API-19]', async () => {
    for (const headers of [{}, { 'x-forwarded-proto': 'http' }, { 'upgrade-insecure-requests': '1' }]) {
      const answers = await everyAnswer(await freshAuth(engine), { headers })
      const redirects = answers.filter(
        ({ status, headers }) => status >= 300 && (status < 400 || headers.has('location')),
      )
      expect(redirects.map(({ status, headers }) => [status, headers.get('location')])).toEqual([
        [302, '/'],
        // GET and HEAD of /.well-known/change-password.
        [303, '/account/password'],
        [303, '/account/password'],
      ])
    }
  })

  it('do not reveal why a token or a password was refused [CRY-07]', async () => {
    const now = testClock()
    const auth = await freshAuth(engine, { now, throttle: false })
    const db = await tablesOf(auth)
    await auth.registerUser(EMAIL, PASSWORD)
    const disabled = await auth.registerUser('disabled@example.com', PASSWORD)
    await auth.db.addUser('none@example.com', '!')
    await auth.db.addUser('broken@example.com', '$2b$04$broken')
    await auth.registerUser('late@example.com', PASSWORD)
    const expired = [await logIn(auth), await askReset(auth, 'late@example.com')] as const
    now.advance(31 * 86_400)
    const ofDisabled = await logIn(auth, { email: disabled.email, password: PASSWORD })
    await db.updateTable('users').set({ disabled_at: 1 }).where('id', '=', disabled.id).execute()
    const live = [await logIn(auth), await askReset(auth)] as const
    const [id = '', secret = ''] = live[0].split('.')
    const [tokenId = '', tokenSecret = ''] = live[1].split('.')
    const unknown = auth.generateUuid()

    const sessions = [
      '',
      'x',
      id,
      `${id}.${'A'.repeat(43)}`,
      `${unknown}.${secret}`,
      expired[0],
      ofDisabled,
      live[1],
    ]
    const profiles = await Promise.all(
      sessions.map(async (sessionToken) => withoutId(await send(auth, 'GET', '/profile', { sessionToken }))),
    )
    const tokens = ['x', tokenId, `${tokenId}.${'A'.repeat(43)}`, `${unknown}.${tokenSecret}`, live[0]]
    const resets = await Promise.all(
      [...tokens.map((token) => [EMAIL, token] as const), ['late@example.com', expired[1]] as const].map(
        async ([email, reset_token]) => {
          const fields = { email, reset_token, new_password: 'new' }
          return withoutId(await send(auth, 'PUT', '/reset_password', { form: fields }))
        },
      ),
    )
    const wrong = [EMAIL, 'nobody@example.com', 'none@example.com', 'broken@example.com', disabled.email]
    const attempts = wrong.map((email) => ({ email, password: 'wrong' }))
    const logins = await Promise.all(
      [...attempts, { email: disabled.email, password: PASSWORD }].map(async (fields) =>
        withoutId(await send(auth, 'POST', '/sessions', { form: fields })),
      ),
    )
    for (const [status, code, answers] of [
      [403, 'session_required', profiles],
      [403, 'invalid_reset_token', resets],
      [401, 'invalid_credentials', logins],
    ] as const) {
      expect(answers[0]).toMatchObject({ status, body: { code } })
      for (const answer of answers) expect(answer).toEqual(answers[0])
    }
    expect((await send(auth, 'GET', '/profile', { sessionToken: live[0] })).status).toBe(200)
  })
})

onEachEngine('a request', (engine) => {
  it('that cannot be checked because of a fault is refused and logged, and later requests are served [API-15]', async () => {
    const log: Record<string, unknown>[] = []
    const write = (fields: Record<string, unknown>) => void log.push(fields)
    let broken = false
    const fail = async () => {
      if (broken) throw new Error('no hash today')
    }
    const hasher: Hasher = {
      ...CHEAP_HASHER,
      hash: (password) => fail().then(() => CHEAP_HASHER.hash(password)),
      verify: (password, hash) => fail().then(() => CHEAP_HASHER.verify(password, hash)),
      verifyNothing: (password) => fail().then(() => CHEAP_HASHER.verifyNothing(password)),
    }
    const logger = { debug: write, info: write, warn: write, error: write }
    const auth = await freshAuth(engine, { hasher, logger })
    await auth.registerUser(EMAIL, PASSWORD)
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
    const { hasher, seen } = watchedHasher()
    const auth = await freshAuth(engine, { hasher, loginFailuresPerAccount: 2, now: testClock() })
    await auth.registerUser(EMAIL, PASSWORD)
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

onEachEngine('an address', (engine) => {
  it('is the same in every flow in any spelling, and is shown as it was entered [EML-01]', async () => {
    const entered = 'Böb.B+tag@BÜCHER.example'
    const spellings = [
      ' böb.b+tag@bücher.example ',
      'BÖB.B+TAG@xn--bcher-kva.EXAMPLE',
      'bo\u0308b.b+tag@bu\u0308cher.example',
    ]
    const others = ['böbb+tag@bücher.example', 'böb.b@bücher.example', 'bob.b+tag@bücher.example']
    const auth = await freshAuth(engine, {
      loginFailuresPerAccount: 3,
      resetRequestsPerAccount: 9,
      now: testClock(),
    })
    const ask = async (method: string, path: string, fields: Record<string, string>) => {
      const answer = await send(auth, method, path, { form: fields })
      const { email, reset_token } = (await answer.json()) as Record<string, string>
      return { status: answer.status, email, reset_token }
    }
    await auth.registerUser(entered, PASSWORD)
    for (const email of spellings) {
      expect(await ask('POST', '/users', { email, password: 'x' })).toMatchObject({ status: 400 })
      const login = await ask('POST', '/sessions', { email, password: PASSWORD })
      expect(login).toMatchObject({ status: 200, email: entered })
      const { status, email: shown, reset_token = '' } = await ask('POST', '/reset_password', { email })
      expect([status, shown]).toEqual([200, entered])
      const reset = await ask('PUT', '/reset_password', { email, reset_token, new_password: PASSWORD })
      expect(reset).toMatchObject({ status: 200, email: entered })
      expect((await auth.db.findUserBy({ email })).email).toBe(entered)
    }
    expect((await auth.db.findUserBy({ email: entered })).email).toBe(entered)
    const rows = await (await tablesOf(auth)).selectFrom('users').select('normalized_email').execute()
    expect(rows).toEqual([{ normalized_email: 'böb.b+tag@xn--bcher-kva.example' }])
    // The counters agree: three spellings make three failures of one account.
    for (const email of spellings)
      expect(await ask('POST', '/sessions', { email, password: 'wrong' })).toMatchObject({ status: 401 })
    expect(await ask('POST', '/sessions', { email: entered, password: PASSWORD })).toMatchObject({
      status: 429,
    })
    for (const email of others)
      expect(await ask('POST', '/users', { email, password: 'x' })).toMatchObject({ status: 200, email })
    expect(readFileSync('docs/reference/data.md', 'utf8')).toMatch(
      /`normalized_email` \|.*NFC.*lower case.*punycode.*dots and tags stay/,
    )
  })
})

onEachEngine('the classic routes', (engine) => {
  it('accept forms without Origin, even with a cookie, and all other routes accept only JSON, or only the form of a page [CX-06, API-07]', async () => {
    const mailer = { send: async () => {}, close() {} }
    const auth = await freshAuth(engine, { baseUrl: 'http://localhost:5000', mailer })
    expect((await send(auth, 'POST', '/users', { form: BOB })).status).toBe(200)
    const sessionToken = await logIn(auth)
    expect((await send(auth, 'POST', '/sessions', { form: BOB, sessionToken })).status).toBe(200)
    for (const [method, path] of [
      ['POST', '/users'],
      ['POST', '/sessions'],
      ['DELETE', '/sessions'],
      ['POST', '/reset_password'],
      ['PUT', '/reset_password'],
    ] as const) {
      const headers: Record<string, string>[] = [
        { origin: 'https://evil.example' },
        { 'sec-fetch-site': 'cross-site' },
      ]
      for (const each of headers)
        expect(await (await send(auth, method, path, { form: BOB, headers: each })).json()).toMatchObject({
          code: 'foreign_origin',
        })
    }
    const others = servedOperations(auth).filter(({ tag, body }) => tag !== 'classic' && body !== undefined)
    expect(others.length).toBeGreaterThan(3)
    for (const { method, path, tag } of others) {
      const other = tag === 'page' ? 'application/json' : 'application/x-www-form-urlencoded'
      for (const type of [other, 'multipart/form-data; boundary=x', 'text/plain', undefined]) {
        const request = {
          body: Buffer.from('password=x'),
          headers: type === undefined ? {} : { 'content-type': type },
        }
        const answer = await send(auth, method, path, { ...request, sessionToken })
        expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
          415,
          'unsupported_media_type',
        ])
      }
    }
  })

  it('keep their classic statuses: GET /profile without a session answers 403 without WWW-Authenticate [CX-11]', async () => {
    const auth = await freshAuth(engine)
    const answer = await send(auth, 'GET', '/profile')
    const { request_id: _, ...body } = (await answer.json()) as Record<string, string>
    expect({ status: answer.status, body }).toEqual({
      status: 403,
      body: {
        code: 'session_required',
        field: 'session_id',
        message: 'A valid session cookie is required. Sign in first.',
      },
    })
    expect(answer.headers.has('www-authenticate')).toBe(false)
  })
})

// Requirements about all tokens and sessions are proven for the existing ones. Before you add one here, extend
// the tests of these requirements, or mark the requirement as waiting.
it('these are all tables, token purposes, ways to a session and modes [LGN-14, REC-03, SES-02, SES-04, SES-11, SES-17, API-09, AUD-03, CX-06, CX-11]', async () => {
  const auth = await freshAuth('sqlite')
  const tables = (await (await tablesOf(auth)).introspection.getTables()).map(({ name }) => name)
  expect(tables.filter((name) => !name.startsWith('bienvenue_')).sort()).toEqual([
    ...[
      'audit',
      'ceremonies',
      'identities',
      'login_flows',
      'mail_codes',
      'outbox',
      'passkeys',
      'pending_sign_ins',
    ],
    ...[
      'provider_sessions',
      'providers',
      'recovery_codes',
      'sessions',
      'throttles',
      'tokens',
      'totp',
      'users',
    ],
  ])
  expect(readFileSync('src/db/tables/tokens.ts', 'utf8')).toMatch(
    /^export type TokenPurpose = 'reset_password' \| 'confirm_email' \| 'change_email'$/m,
  )
  expect(OPTION_TABLE.mode.kind.of).toEqual(['classic', 'development', 'production'])
  expect(Object.keys(OPTION_TABLE).filter((name) => /cors|origin/i.test(name))).toEqual([
    'trustedOrigins',
    // Where people may be sent to, not who may read answers.
    'returnOrigins',
    // Whose pages may ask browsers for the passkeys.
    'passkeyOrigins',
  ])

  const ofPages = pageRoutes(createPageKit(auth, openSite(auth.options)))
  const operations = ofPages.map(({ operation }) => `${operation.method} ${operation.path}`)
  for (const file of globSync('src/app/routes/*.ts')) {
    const room = (await import(/* @vite-ignore */ `../../${file}`)) as Record<string, (auth: Auth) => Route[]>
    for (const [name, routes] of Object.entries(room)) {
      if (!name.endsWith('Routes')) continue
      operations.push(...routes(auth).map(({ operation }) => `${operation.method} ${operation.path}`))
    }
  }
  expect(operations.sort()).toEqual(OPERATIONS.map(({ method, path }) => `${method} ${path}`).sort())
  // A password with or without a second factor, passkeys and other providers are the only ways to sign in: no SMS, phone, push or
  // SAML.
  expect(
    OPERATIONS.filter(({ success }) => success.setsCookie)
      .map(({ id }) => id)
      .sort(),
  ).toEqual([
    'account.changePassword',
    'account.delete',
    'factors.confirmTotp',
    'mailCodes.confirmEmail',
    'pages.addPasskey',
    'pages.changePassword',
    'pages.completeAtCallback',
    'pages.confirmApp',
    'pages.confirmCode',
    'pages.deleteAccount',
    'pages.enrolApp',
    'pages.enrolPasskey',
    'pages.enterAddress',
    'pages.provePasskey',
    'pages.proveRecoveryCode',
    'pages.proveTotp',
    'pages.signIn',
    'pages.signInWithPasskey',
    'pages.signOut',
    'pages.signUp',
    'pages.stepUp',
    'pages.stepUpWithPasskey',
    'pages.stepUpWithTotp',
    'passkeys.add',
    'sessions.signOut',
    'sessions.signOutClassic',
    'signIn.reauthenticate',
    'signIn.withPasskey',
    'signIn.withPassword',
    'signIn.withRecoveryCode',
    'signIn.withTotp',
  ])
})

it('a request that stalls is answered with 408 [AVL-02]', async () => {
  expect(await answerToLate).toMatch(/^HTTP\/1\.1 408 .*"code":"request_timeout"/s)
})
