/** What bad input gets: a 4xx in the one error shape, no row changed, no value in the log, and the next request served. */
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { errorBody, OPERATIONS } from '../src/api/index.ts'
import { openDatabase } from '../src/db/index.ts'
import type { Auth } from '../src/index.ts'
import { type Send, send, sessionIn } from './support/client.ts'
import { type EngineName, freshAuth, freshDatabase, onBothEngines } from './support/engines.ts'

const EMAIL = 'bob@example.com'
const MARK = 'm4rk3d-v4lu3'
const UUID = '01890a5d-ac96-774b-bcce-b302099a8057'

interface World {
  auth: Auth
  sessionId: string
  resetToken: string
  log: string[]
  /** Every row of every table, as text. */
  rows(): Promise<string>
}

async function world(engine: EngineName): Promise<World> {
  const databaseUrl = await freshDatabase(engine)
  const log: string[] = []
  const write = (fields: object, message: string) => log.push(JSON.stringify({ ...fields, message }))
  const logger = { debug: write, info: write, warn: write, error: write }
  // Throttle counters move on purpose: they are left out of what must not change.
  const auth = await freshAuth(engine, { databaseUrl, logger, throttle: false })
  await auth.registerUser(EMAIL, 'b4l0u')
  const sessionId = (await auth.createSession(EMAIL)) ?? ''
  const resetToken = await auth.getResetPasswordToken(EMAIL)
  const db = await openDatabase(databaseUrl)
  onTestFinished(() => db.destroy())
  return {
    auth,
    sessionId,
    resetToken,
    log,
    async rows() {
      const tables = await Promise.all(
        ['users', 'sessions', 'tokens', 'throttles'].map((table) =>
          sql`select * from ${sql.table(table)} order by 1`.execute(db),
        ),
      )
      return JSON.stringify(tables.map(({ rows }) => rows))
    },
  }
}

/** Sends, and holds the answer to everything a refusal promises. */
async function refused(
  { auth, rows, log }: World,
  method: string,
  path: string,
  request: Send,
  expected: { status: number; code: string; field?: string | undefined },
): Promise<void> {
  const before = await rows()
  log.length = 0
  const response = await send(auth, method, path, request)
  const body = errorBody.parse(await response.json())
  expect({ status: response.status, code: body.code, field: body.field }).toEqual({
    field: undefined,
    ...expected,
  })
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.getSetCookie()).toEqual([])
  expect(log.join()).toContain(body.request_id)
  expect(log.join()).not.toContain(MARK)
  expect(JSON.stringify(body)).not.toContain(MARK)
  expect(await rows()).toBe(before)
  expect((await send(auth, 'GET', '/')).status).toBe(200)
}

const BODIES = [
  ['POST', '/users', { email: `new@example.com`, password: MARK }],
  ['POST', '/sessions', { email: EMAIL, password: MARK }],
  ['POST', '/reset_password', { email: EMAIL }],
  ['PUT', '/reset_password', { email: EMAIL, reset_token: `${UUID}.${MARK}`, new_password: MARK }],
] as const

function json(value: unknown): Send {
  return {
    body: typeof value === 'string' ? value : JSON.stringify(value),
    headers: { 'content-type': 'application/json' },
  }
}

function form(text: string | Uint8Array<ArrayBuffer>): Send {
  return { body: text, headers: { 'content-type': 'application/x-www-form-urlencoded' } }
}

onBothEngines('bad input', (engine) => {
  it.each(BODIES)(
    '%s %s: a field that is missing, empty, repeated or no text is named [API-01, API-02]',
    async (method, path, fields) => {
      const w = await world(engine)
      for (const field of Object.keys(fields)) {
        const { [field]: _, ...others } = fields as Record<string, string>
        const missing = { status: 400, code: 'missing_field', field }
        await refused(w, method, path, { fields: others }, missing)
        await refused(w, method, path, json(others), missing)
        await refused(w, method, path, { fields: { ...others, [field]: '' } }, missing)
        const repeated = { status: 400, code: 'repeated_field', field }
        const all = new URLSearchParams(fields).toString()
        await refused(w, method, path, form(`${all}&${field}=x`), repeated)
        await refused(w, method, path, json(`{"${field}":"x",${JSON.stringify(fields).slice(1)}`), repeated)
        for (const value of [null, 1, true, ['x'], { x: 'x' }, '\ud800']) {
          await refused(w, method, path, json({ ...fields, [field]: value }), {
            status: 400,
            code: 'invalid_field',
            field,
          })
        }
      }
      const first = Object.keys(fields)[0]
      await refused(w, method, path, {}, { status: 400, code: 'missing_field', field: first })
      for (const extra of ['role', 'id', 'email_verified', '__proto__', 'constructor']) {
        await refused(w, method, path, form(`${new URLSearchParams(fields)}&${extra}=admin`), {
          status: 400,
          code: 'unknown_field',
          field: extra,
        })
      }
    },
  )

  it.each(BODIES)('%s %s: an address that is none is named [API-01]', async (method, path, fields) => {
    const w = await world(engine)
    const addresses = [
      MARK,
      `${MARK}@`,
      `@${MARK}.com`,
      `a@b@${MARK}.com`,
      `${MARK}\r\n@example.com`,
      `${MARK}@example.com\n`,
      `\t${MARK}@example.com`,
      `${MARK}\0@example.com`,
      `a b@${MARK}.com`,
      `${MARK}@exa mple.com`,
      `${'x'.repeat(65)}@${MARK}.com`,
      `x@${'x.'.repeat(130)}com`,
      `${MARK}@[127.0.0.1]`,
      `"${MARK}"@example.com`,
    ]
    for (const email of addresses) {
      await refused(
        w,
        method,
        path,
        { fields: { ...fields, email } },
        { status: 400, code: 'invalid_email', field: 'email' },
      )
    }
  })

  it.each(BODIES)('%s %s: a body that cannot be read is refused as such', async (method, path, fields) => {
    const w = await world(engine)
    const malformed = { status: 400, code: 'malformed_body' }
    const text = new URLSearchParams(fields).toString()
    for (const body of [`${text}%`, `${text}%zz`, `email=%ff&${text}`, '%=x'])
      await refused(w, method, path, form(body), malformed)
    await refused(w, method, path, form(new Uint8Array([0x65, 0x3d, 0xff, 0xfe])), malformed)
    for (const body of [
      '{',
      '[]',
      'null',
      '"x"',
      '{"email":}',
      `${JSON.stringify(fields)}x`,
      '\ufeff{}',
      '['.repeat(60_000),
    ]) {
      await refused(w, method, path, json(body), malformed)
    }
    const multipart = (body: string) => ({
      body,
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    })
    await refused(w, method, path, multipart('no boundary here'), malformed)
    await refused(
      w,
      method,
      path,
      multipart('--b\r\ncontent-disposition: form-data; name="email"\r\n\r\nx'),
      malformed,
    )
    await refused(
      w,
      method,
      path,
      { body: 'x', headers: { 'content-type': 'multipart/form-data' } },
      malformed,
    )
    const file = new FormData()
    for (const [name, value] of Object.entries(fields)) file.append(name, new Blob([value]), 'x.txt')
    await refused(
      w,
      method,
      path,
      { body: file },
      { status: 400, code: 'invalid_field', field: Object.keys(fields)[0] },
    )
    for (const type of ['text/plain', 'application/xml', 'application/json; charset=utf-16', '']) {
      await refused(
        w,
        method,
        path,
        { body: text, headers: { 'content-type': type } },
        { status: 415, code: 'unsupported_media_type' },
      )
    }
    const gzip = { ...form(text), headers: { ...form(text).headers, 'content-encoding': 'gzip' } }
    await refused(w, method, path, gzip, { status: 415, code: 'unsupported_media_type' })
    await refused(w, method, path, form(`email=${'x'.repeat(70_000)}`), {
      status: 413,
      code: 'body_too_large',
    })
  })

  it('a password of more than 1,024 bytes is refused before it is hashed [PW-02]', async () => {
    const w = await world(engine)
    const password = 'é'.repeat(513)
    const tooLong = (field: string) => ({ status: 400, code: 'password_too_long', field })
    await refused(
      w,
      'POST',
      '/users',
      { fields: { email: 'new@example.com', password } },
      tooLong('password'),
    )
    await refused(w, 'POST', '/sessions', { fields: { email: EMAIL, password } }, tooLong('password'))
    const fields = { email: EMAIL, reset_token: w.resetToken, new_password: password }
    await refused(w, 'PUT', '/reset_password', { fields }, tooLong('new_password'))
  })

  it('a session cookie that is not exactly one good one opens nothing [SES-01]', async () => {
    const w = await world(engine)
    const good = `session_id=${w.sessionId}`
    const other = `session_id=${(await w.auth.createSession(EMAIL)) ?? ''}`
    const cookies = [
      'session_id=',
      'session_id',
      '',
      `session_id="${w.sessionId}"`,
      `session_id=${w.sessionId.replace('.', '%2E')}`,
      `session_id=${w.sessionId.slice(0, 36)}`,
      `session_id=${w.sessionId.slice(0, 37)}`,
      `session_id=${w.sessionId.slice(0, -1)}`,
      `session_id=${w.sessionId}${'x'.repeat(4_000)}`,
      `session_id=${UUID}.${'A'.repeat(43)}`,
      `Session_ID=${w.sessionId}`,
      `x=${w.sessionId}`,
      `${good}; ${other}`,
      `${good}; ${good}`,
      `session_id=; ${good}`,
    ]
    for (const cookie of cookies) {
      for (const [method, path] of [
        ['GET', '/profile'],
        ['DELETE', '/sessions'],
      ] as const) {
        await refused(
          w,
          method,
          path,
          { headers: { cookie } },
          { status: 403, code: 'session_required', field: 'session_id' },
        )
      }
    }
    expect((await send(w.auth, 'GET', '/profile', { headers: { cookie: `a=b; ${good}; c=d` } })).status).toBe(
      200,
    )
  })

  it('a reset token that is not exactly the good one changes nothing', async () => {
    const w = await world(engine)
    const [id = '', secret = ''] = w.resetToken.split('.')
    for (const reset_token of [
      id,
      `${id}.`,
      secret,
      `${id}.${MARK}`,
      w.sessionId,
      `${w.resetToken} `,
      `${UUID}.${secret}`,
      'null',
      'x'.repeat(1_024),
    ]) {
      const fields = { email: EMAIL, reset_token, new_password: MARK }
      await refused(w, 'PUT', '/reset_password', { fields }, { status: 403, code: 'invalid_reset_token' })
    }
    const others = { email: 'rob@example.com', reset_token: w.resetToken, new_password: MARK }
    await refused(
      w,
      'PUT',
      '/reset_password',
      { fields: others },
      { status: 403, code: 'invalid_reset_token' },
    )
  })

  it('a path that does not exist is 404, a method that does not is 405 with those that do [API-06, API-13]', async () => {
    const w = await world(engine)
    for (const path of [
      '/nope',
      '/users/',
      '/users/1',
      '/profile/x',
      '//',
      '/Users',
      '/%00',
      '/..%2fusers',
      '/.env',
      `/${MARK}?${MARK}`,
    ]) {
      await refused(w, 'GET', path, {}, { status: 404, code: 'not_found' })
      await refused(w, 'POST', path, { fields: { x: MARK } }, { status: 404, code: 'not_found' })
    }
    const allowed = Map.groupBy(OPERATIONS, ({ path }) => path)
    for (const [path, operations] of allowed) {
      const methods: string[] = operations.map(({ method }) => method)
      if (methods.includes('GET')) methods.push('HEAD')
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter(
        (each) => !methods.includes(each),
      )) {
        await refused(w, method, path, {}, { status: 405, code: 'method_not_allowed' })
        const response = await send(w.auth, method, path)
        expect(response.headers.get('allow')?.split(', ').sort()).toEqual(methods.sort())
      }
    }
  })

  it('a request of another site is refused, also with a good session [CX-06]', async () => {
    const w = await world(engine)
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'http://localhost:3000' },
      { origin: 'null' },
      { origin: 'http://localhost:5000.evil.example' },
      { origin: 'http://localhost:5000', 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of foreign) {
      for (const [method, path, fields] of BODIES) {
        await refused(
          w,
          method,
          path,
          { fields: { ...fields }, headers },
          { status: 403, code: 'foreign_origin' },
        )
      }
      await refused(
        w,
        'DELETE',
        '/sessions',
        { sessionId: w.sessionId, headers },
        { status: 403, code: 'foreign_origin' },
      )
    }
    const own = { origin: 'http://localhost:5000', 'sec-fetch-site': 'same-origin' }
    expect(
      (await send(w.auth, 'POST', '/sessions', { fields: { email: EMAIL, password: 'b4l0u' }, headers: own }))
        .status,
    ).toBe(200)
  })

  it('a host that is not this machine is refused', async () => {
    const w = await world(engine)
    for (const host of [
      'evil.example',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '8.8.8.8',
      'localhost:5000@evil.example',
      '[::2]:5000',
      ' ',
    ]) {
      await refused(
        w,
        'GET',
        '/profile',
        { sessionId: w.sessionId, headers: { host } },
        { status: 421, code: 'unknown_host' },
      )
    }
    for (const host of [
      'localhost',
      'LOCALHOST:1',
      '127.0.0.1:5000',
      '127.8.8.8',
      '[::1]:5000',
      '0.0.0.0:5000',
    ]) {
      expect(
        (await send(w.auth, 'GET', '/profile', { sessionId: w.sessionId, headers: { host } })).status,
      ).toBe(200)
    }
  })

  it('a user registered without an address poisons nothing for those after them', async () => {
    const w = await world(engine)
    await refused(
      w,
      'POST',
      '/users',
      { fields: { password: MARK } },
      { status: 400, code: 'missing_field', field: 'email' },
    )
    const next = await send(w.auth, 'POST', '/users', {
      fields: { email: 'next@example.com', password: 'x' },
    })
    expect(await next.json()).toEqual({ email: 'next@example.com', message: 'user created' })
    expect(
      sessionIn(
        await send(w.auth, 'POST', '/sessions', { fields: { email: 'next@example.com', password: 'x' } }),
      ),
    ).toBeDefined()
  })
})
