/** Bad input gets a 4xx in the common error shape, changes no row, leaves no value in the log, and breaks nothing. */
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import * as schemas from '../../src/api/fields.ts'
import { OPERATIONS as ALL, errorBody, type Operation } from '../../src/api/index.ts'
import { servedOperations } from '../../src/app/served.ts'
import { openDatabase, TABLE_NAMES } from '../../src/db/index.ts'
import type { Auth, CreateAuthOptions } from '../../src/index.ts'
import { ERRORS } from '../../src/model/errors.ts'
import {
  type EngineName,
  freshAuth,
  migratedDatabase,
  onBothEngines,
  onEachEngine,
} from '../support/engines.ts'
import { randomKey } from '../support/production.ts'
import { type Send, send, sessionIn } from '../support/send.ts'
import { isOptional } from '../support/world.ts'

const EMAIL = 'bob@example.com'
const MARK = 'm4rk3d-v4lu3'
const SECRET_KEY = randomKey()
const UUID = '01890a5d-ac96-774b-bcce-b302099a8057'

interface World {
  auth: Auth
  sessionToken: string
  resetToken: string
  log: string[]
  /** Every row of every table, as text. */
  rows(): Promise<string>
  /** The rows before the first refusal. */
  before?: string
}

async function world(engine: EngineName, options: CreateAuthOptions = {}): Promise<World> {
  const databaseUrl = await migratedDatabase(engine)
  const log: string[] = []
  const write = (fields: object, message: string) => log.push(JSON.stringify({ ...fields, message }))
  const logger = { debug: write, info: write, warn: write, error: write }
  const auth = await freshAuth(engine, {
    databaseUrl,
    logger,
    // Counters would change with every refusal.
    throttle: false,
    // These options make the service serve every operation.
    baseUrl: 'http://localhost:5000',
    mailer: { send: async () => {}, close() {} },
    secretKey: SECRET_KEY,
    ...options,
  })
  await auth.registerUser(EMAIL, 'b4l0u')
  const sessionToken = (await auth.createSession(EMAIL)) ?? ''
  const resetToken = await auth.getResetPasswordToken(EMAIL)
  const db = await openDatabase(databaseUrl)
  onTestFinished(() => db.destroy())
  return {
    auth,
    sessionToken,
    resetToken,
    log,
    async rows() {
      const tables = await Promise.all(
        TABLE_NAMES.map((table) => sql`select * from ${sql.table(table)} order by 1`.execute(db)),
      )
      return JSON.stringify(tables.map(({ rows }) => rows))
    },
  }
}

/** Sends a request and checks everything that holds for every refusal. */
async function refused(
  world: World,
  method: string,
  path: string,
  request: Send,
  expected: {
    status: number
    code: string
    field?: string | undefined
    min_length?: number
    max_bytes?: number
  },
): Promise<void> {
  const { auth, rows, log } = world
  world.before ??= await rows()
  log.length = 0
  const response = await send(auth, method, path, request)
  const body = errorBody.parse(await response.json())
  const { message: _, request_id, ...said } = body
  expect({ status: response.status, ...said }).toEqual(expected)
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.getSetCookie()).toEqual([])
  expect(log.join()).toContain(request_id)
  expect(log.join()).not.toContain(MARK)
  expect(JSON.stringify(body)).not.toContain(MARK)
  expect(await rows()).toBe(world.before)
  expect((await send(auth, 'GET', '/')).status).toBe(200)
}

/** Operations that store an address validate its form. The others only look it up. */
const isStoring = ({ errors = [] }: Operation) => errors.includes('invalid_email')

/** What fills a field. Fields are known by their schema, so that a new operation needs nothing here. */
const VALUES = new Map<unknown, (operation: Operation) => string>([
  [schemas.email, (operation) => (isStoring(operation) ? 'new@example.com' : EMAIL)],
  [schemas.password, () => MARK],
  [schemas.newPassword, () => MARK],
  [schemas.resetToken, () => `${UUID}.${MARK}`],
  [schemas.mailedToken, () => `${UUID}.${MARK}`],
  [schemas.name, () => MARK],
  [schemas.picture, () => `https://example.com/${MARK}`],
  [schemas.locale, () => 'fr'],
  [schemas.stepUp.password, () => MARK],
  [schemas.totpCode, () => '123456'],
  [schemas.recoveryCode, () => '0'.repeat(14)],
  [schemas.passkeyName, () => MARK],
  [schemas.ceremonyPurpose, () => 'sign_in'],
  [schemas.providerField, () => MARK],
  [schemas.currentPassword, () => MARK],
])

const NOT_TEXT: ReadonlySet<unknown> = new Set([schemas.credential, schemas.enabled])

/**
 * Pages have tests of their own (test/pages, test/attacks/pages.test.ts), and so have fields that are not text, such as passkeys
 * (test/attacks/second-factors.test.ts), and the form that a provider sends (test/attacks/providers.test.ts). Classic mode has no
 * mailed codes.
 */
const OPERATIONS = ALL.filter(
  ({ tag, needs = [], body, form }) =>
    tag !== 'page' &&
    !form &&
    !needs.includes('mail_codes') &&
    !Object.values(body?.shape ?? {}).some((schema) => NOT_TEXT.has(schema)) &&
    (body === undefined || Object.values(body.shape).some((schema) => VALUES.has(schema))),
)

/** Well-formed fields of an operation with a body. */
function fieldsOf(operation: Operation): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(operation.body?.shape ?? {}).flatMap(([name, schema]) => {
      const value = VALUES.get(schema)
      if (value !== undefined) return [[name, value(operation)]]
      return isOptional(schema) ? [] : expect.unreachable(`${operation.id}: what is a good ${name}?`)
    }),
  )
}

/** A re-authentication takes one of several proofs. If all are missing, the refusal names the password. */
function isRequired(schema: unknown): boolean {
  return schema === schemas.stepUp.password || !isOptional(schema)
}

const WITH_BODY = OPERATIONS.filter(({ body }) => body !== undefined)
const WITH_EMAIL = WITH_BODY.filter((operation) => 'email' in fieldsOf(operation))
const STORING = WITH_EMAIL.filter(isStoring)
const LOOKING_UP = WITH_EMAIL.filter((operation) => !STORING.includes(operation))
/** Their responses for an unknown address in classic mode. */
const UNKNOWN: Readonly<Record<string, object>> = {
  'signIn.withPassword': {
    status: 401,
    code: 'invalid_credentials',
    message: ERRORS.invalid_credentials.message,
  },
  'account.requestPasswordReset': {
    status: 403,
    code: 'unknown_email',
    message: ERRORS.unknown_email.message,
  },
  'account.resetPassword': {
    status: 403,
    code: 'invalid_reset_token',
    message: ERRORS.invalid_reset_token.message,
  },
  'account.requestConfirmation': { status: 200, email: 'EMAIL', message: 'confirmation mail sent' },
}
const NOT_ADDRESSES = [
  'nope',
  ' ',
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
  `a@${MARK}.com, b@example.com`,
  `${MARK} <a@example.com>`,
  `a@example.com\r\nBcc: ${MARK}@example.com`,
  // The address of the account with something around it.
  `${EMAIL}\0`,
  `<${EMAIL}>`,
  // Long text of this kind is slow to normalise.
  '\u0301\u0316'.repeat(2_000),
]
const UNSAFE = OPERATIONS.filter(({ method }) => method !== 'GET')
/** Operations beyond the classic contract that require a session. */
const WITH_SESSION = OPERATIONS.filter(({ tag, access }) => tag === 'account' && typeof access === 'object')

/** Fields in every format that an operation accepts. */
function encoded({ tag }: Operation, fields: Readonly<Record<string, string>>): Send[] {
  return tag === 'classic' ? [{ form: fields }, json(fields)] : [json(fields)]
}

/** The path with its parameter filled in. */
const pathOf = ({ path }: Operation, parameter = UUID) => path.replace(/\{\w+\}/, parameter)

/** A well-formed request for an operation. */
function wellFormed(operation: Operation): Send {
  return operation.body === undefined ? {} : json(fieldsOf(operation))
}

/** {@link refused} for an operation, with a valid session if the operation requires one. */
function refusedBy(
  w: World,
  operation: Operation,
): (request: Send, expected: Parameters<typeof refused>[4]) => Promise<void> {
  const session = typeof operation.access === 'object' ? { sessionToken: w.sessionToken } : {}
  return (request, expected) =>
    refused(w, operation.method, pathOf(operation), { ...session, ...request }, expected)
}

function json(value: unknown): Send {
  return {
    body: typeof value === 'string' ? value : JSON.stringify(value),
    headers: { 'content-type': 'application/json' },
  }
}

function form(text: string | Uint8Array<ArrayBuffer>): Send {
  return { body: text, headers: { 'content-type': 'application/x-www-form-urlencoded' } }
}

onEachEngine('bad input', (engine) => {
  it.each(WITH_BODY)(
    '$method $path names a field that is missing, empty, repeated, unknown or not text [API-01, API-02]',
    async (operation) => {
      const refuse = refusedBy(await world(engine), operation)
      const fields = fieldsOf(operation)
      const required = Object.keys(fields).filter((field) => isRequired(operation.body?.shape[field]))
      for (const field of Object.keys(fields)) {
        const { [field]: _, ...others } = fields
        const missing = { status: 400, code: 'missing_field', field }
        if (required.includes(field))
          for (const request of encoded(operation, others)) await refuse(request, missing)
        for (const request of encoded(operation, { ...others, [field]: '' })) await refuse(request, missing)
        const repeated = { status: 400, code: 'repeated_field', field }
        const all = new URLSearchParams(fields).toString()
        if (operation.tag === 'classic') await refuse(form(`${all}&${field}=x`), repeated)
        await refuse(json(`{"${field}":"x",${JSON.stringify(fields).slice(1)}`), repeated)
        const values = [1, true, ['x'], { x: 'x' }, '\ud800', ...(required.includes(field) ? [null] : [])]
        for (const value of values) {
          await refuse(json({ ...fields, [field]: value }), { status: 400, code: 'invalid_field', field })
        }
      }
      await refuse({}, { status: 400, code: 'missing_field', field: required[0] })
      for (const extra of ['role', 'id', 'email_verified', '__proto__', 'constructor']) {
        const unknown = { status: 400, code: 'unknown_field', field: extra }
        await refuse(json(`{"${extra}":"admin",${JSON.stringify(fields).slice(1)}`), unknown)
        if (operation.tag === 'classic')
          await refuse(form(`${new URLSearchParams(fields)}&${extra}=admin`), unknown)
      }
    },
  )

  it.each(STORING)('$method $path refuses text that is not an address [API-01]', async (operation) => {
    const refuse = refusedBy(await world(engine), operation)
    for (const email of NOT_ADDRESSES) {
      for (const request of encoded(operation, { ...fieldsOf(operation), email }))
        await refuse(request, { status: 400, code: 'invalid_email', field: 'email' })
    }
  })

  it.each(WITH_BODY)('$method $path refuses a body that it cannot read', async (operation) => {
    const refuse = refusedBy(await world(engine), operation)
    const fields = fieldsOf(operation)
    const malformed = { status: 400, code: 'malformed_body' }
    const unsupported = { status: 415, code: 'unsupported_media_type' }
    // Operations beyond the classic contract accept no forms, well-formed or not.
    const ofForms = operation.tag === 'classic' ? malformed : unsupported
    const text = new URLSearchParams(fields).toString()
    if (operation.tag !== 'classic') await refuse(form(text), unsupported)
    for (const body of [`${text}%`, `${text}%zz`, `email=%ff&${text}`, '%=x'])
      await refuse(form(body), ofForms)
    await refuse(form(new Uint8Array([0x65, 0x3d, 0xff, 0xfe])), ofForms)
    for (const body of [
      '{',
      '[]',
      'null',
      '"x"',
      '{"email":}',
      `${JSON.stringify(fields)}x`,
      '\ufeff\ufeff{}',
      '['.repeat(60_000),
    ]) {
      await refuse(json(body), malformed)
    }
    const multipart = (body: string) => ({
      body,
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    })
    await refuse(multipart('no boundary here'), ofForms)
    await refuse(multipart('--b\r\ncontent-disposition: form-data; name="email"\r\n\r\nx'), ofForms)
    await refuse({ body: 'x', headers: { 'content-type': 'multipart/form-data' } }, ofForms)
    const file = new FormData()
    for (const [name, value] of Object.entries(fields)) file.append(name, new Blob([value]), 'x.txt')
    const notText = { status: 400, code: 'invalid_field', field: Object.keys(fields)[0] }
    await refuse({ body: file }, operation.tag === 'classic' ? notText : unsupported)
    for (const type of ['text/plain', 'application/xml', 'application/json; charset', '']) {
      await refuse({ body: text, headers: { 'content-type': type } }, unsupported)
    }
    const utf16 = { 'content-type': 'application/json; charset=utf-16' }
    await refuse({ ...json(fields), headers: utf16 }, { status: 415, code: 'unsupported_charset' })
    for (const { body, headers } of [form(text), json(fields)])
      await refuse({ body, headers: { ...headers, 'content-encoding': 'gzip' } }, unsupported)
    for (const tooLarge of [form(`email=${'x'.repeat(70_000)}`), json({ email: 'x'.repeat(70_000) })])
      await refuse(tooLarge, { status: 413, code: 'body_too_large' })
  })

  it('refuses a password longer than 1,024 bytes before hashing it, beyond the classic routes [PW-02]', async () => {
    const w = await world(engine)
    const password = 'é'.repeat(513)
    const tooLong = (field: string) => ({ status: 400, code: 'password_too_long', field, max_bytes: 1_024 })
    const confirmation = json({ token: w.resetToken, password })
    await refused(w, 'POST', '/confirm_email', confirmation, tooLong('password'))
    const { sessionToken } = w
    const own = (names: Record<string, string>) => ({ ...json(names), sessionToken })
    await refused(w, 'POST', '/reauthenticate', own({ password }), tooLong('password'))
    const change = { current_password: 'b4l0u', new_password: 'new' }
    for (const field of Object.keys(change)) {
      const request = own({ ...change, [field]: password })
      await refused(w, 'PUT', '/profile/password', request, tooLong(field))
    }
  })

  it('refuses a new password that is too short, and names the minimum length', async () => {
    const w = await world(engine, { minPasswordLength: 5 })
    const tooShort = (field: string) => ({ status: 400, code: 'password_too_short', field, min_length: 5 })
    const signUp = { form: { email: 'new@example.com', password: 'b4l0' } }
    await refused(w, 'POST', '/users', signUp, tooShort('password'))
    const fields = { email: EMAIL, reset_token: w.resetToken, new_password: 'b4l0' }
    await refused(w, 'PUT', '/reset_password', { form: fields }, tooShort('new_password'))
    const change = json({ current_password: 'b4l0u', new_password: 'b4l0' })
    const { sessionToken } = w
    await refused(w, 'PUT', '/profile/password', { ...change, sessionToken }, tooShort('new_password'))
  })

  it('answers 404 for an unknown path, and 405 with Allow for an unknown method [API-06, API-13]', async () => {
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
      `/sessions/${UUID}/x`,
      '/sessions/',
      '/profile/',
      '/profile/export/x',
      '/confirm_email/x',
    ]) {
      await refused(w, 'GET', path, {}, { status: 404, code: 'not_found' })
      await refused(w, 'POST', path, { form: { x: MARK } }, { status: 404, code: 'not_found' })
    }
    const allowed = Map.groupBy(servedOperations(w.auth), ({ path }) => path)
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

  it('refuses a request from another site, even with a valid session [CX-06]', async () => {
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
      for (const operation of UNSAFE) {
        const request = wellFormed(operation)
        await refused(
          w,
          operation.method,
          pathOf(operation, w.sessionToken.slice(0, 36)),
          { ...request, sessionToken: w.sessionToken, headers: { ...request.headers, ...headers } },
          { status: 403, code: 'foreign_origin' },
        )
      }
    }
    const own = { origin: 'http://localhost:5000', 'sec-fetch-site': 'same-origin' }
    expect(
      (await send(w.auth, 'POST', '/sessions', { form: { email: EMAIL, password: 'b4l0u' }, headers: own }))
        .status,
    ).toBe(200)
  })

  it('refuses a host that is not this machine', async () => {
    const w = await world(engine)
    for (const host of [
      'evil.example',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '8.8.8.8',
      '[::2]:5000',
    ]) {
      await refused(
        w,
        'GET',
        '/profile',
        { sessionToken: w.sessionToken, headers: { host } },
        { status: 421, code: 'unknown_host' },
      )
    }
    for (const host of ['localhost:5000@evil.example', 'localhost/', ' ']) {
      await refused(
        w,
        'GET',
        '/profile',
        { sessionToken: w.sessionToken, headers: { host } },
        { status: 400, code: 'malformed_request' },
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
        (await send(w.auth, 'GET', '/profile', { sessionToken: w.sessionToken, headers: { host } })).status,
      ).toBe(200)
    }
  })
})

onBothEngines('bad input that is looked up', (engine) => {
  it.each(LOOKING_UP)(
    '$method $path answers text that is not an address like an unknown address',
    async (operation) => {
      const { auth, log, resetToken } = await world(engine)
      // The token is valid, so that only the address decides.
      const good = 'reset_token' in fieldsOf(operation) && { reset_token: resetToken }
      const look = async (email: string) => {
        const answers: unknown[] = []
        for (const request of encoded(operation, { ...fieldsOf(operation), ...good, email })) {
          const response = await send(auth, operation.method, operation.path, request)
          const { request_id, ...body } = (await response.json()) as Record<string, unknown>
          answers.push({ status: response.status, ...body, ...(body.email === email && { email: 'EMAIL' }) })
        }
        return answers
      }
      const unknown = await look('nobody@example.com')
      if (operation.id in UNKNOWN) expect(unknown).toEqual(unknown.map(() => UNKNOWN[operation.id]))
      for (const email of NOT_ADDRESSES) expect(await look(email), JSON.stringify(email)).toEqual(unknown)
      expect(log.join()).not.toContain(MARK)
    },
  )

  it('refuses a session cookie that is altered, repeated or misnamed [SES-01]', async () => {
    const w = await world(engine)
    const good = `session_id=${w.sessionToken}`
    const other = `session_id=${(await w.auth.createSession(EMAIL)) ?? ''}`
    const cookies = [
      'session_id=',
      'session_id',
      '',
      `session_id="${w.sessionToken}`,
      `session_id=${w.sessionToken}"`,
      `session_id=" ${w.sessionToken}"`,
      `session_id=""${w.sessionToken}""`,
      `${good}; session_id="${w.sessionToken}"`,
      `session_id=${w.sessionToken.replace('.', '%2E')}`,
      `session_id=${w.sessionToken.slice(0, 36)}`,
      `session_id=${w.sessionToken.slice(0, 37)}`,
      `session_id=${w.sessionToken.slice(0, -1)}`,
      `session_id=${w.sessionToken}${'x'.repeat(4_000)}`,
      `session_id=${UUID}.${'A'.repeat(43)}`,
      `Session_ID=${w.sessionToken}`,
      `x=${w.sessionToken}`,
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
      for (const operation of WITH_SESSION) {
        const request = wellFormed(operation)
        const headers = { ...request.headers, cookie }
        const unauthenticated = { status: 401, code: 'unauthenticated' }
        await refused(w, operation.method, pathOf(operation), { ...request, headers }, unauthenticated)
      }
    }
    expect((await send(w.auth, 'GET', '/profile', { headers: { cookie: `a=b; ${good}; c=d` } })).status).toBe(
      200,
    )
  })

  it('refuses a reset token that is altered, or valid for another address', async () => {
    const w = await world(engine)
    const [id = '', secret = ''] = w.resetToken.split('.')
    for (const reset_token of [
      id,
      `${id}.`,
      secret,
      `${id}.${MARK}`,
      w.sessionToken,
      `${w.resetToken} `,
      `${UUID}.${secret}`,
      'null',
      'x'.repeat(1_024),
    ]) {
      const fields = { email: EMAIL, reset_token, new_password: MARK }
      await refused(
        w,
        'PUT',
        '/reset_password',
        { form: fields },
        { status: 403, code: 'invalid_reset_token' },
      )
    }
    const others = { email: 'rob@example.com', reset_token: w.resetToken, new_password: MARK }
    await refused(w, 'PUT', '/reset_password', { form: others }, { status: 403, code: 'invalid_reset_token' })
  })

  it('refuses a confirmation token that is altered, or made for another purpose', async () => {
    const w = await world(engine)
    const [id = '', secret = ''] = w.resetToken.split('.')
    for (const token of [
      w.resetToken,
      id,
      secret,
      `${id}.${MARK}`,
      `${UUID}.${secret}`,
      w.sessionToken,
      MARK,
      ' ',
    ]) {
      const request = json({ token, password: 'b4l0u' })
      await refused(w, 'POST', '/confirm_email', request, { status: 403, code: 'invalid_confirmation_token' })
    }
  })

  it('answers 404 for the id of another user’s session, as for an unknown id', async () => {
    const w = await world(engine)
    const { sessionToken } = w
    await w.auth.registerUser('rob@example.com', 'r0b')
    const robs = ((await w.auth.createSession('rob@example.com')) ?? '').slice(0, 36)
    const own = sessionToken.slice(0, 36)
    for (const id of [
      robs,
      UUID,
      own.toUpperCase(),
      `${own}x`,
      own.slice(1),
      sessionToken,
      `%20${own}`,
      `${own}%00`,
      `'%20or%201=1--`,
      '%',
      '%ff',
      MARK,
      'x'.repeat(1_000),
      'constructor',
    ]) {
      await refused(w, 'DELETE', `/sessions/${id}`, { sessionToken }, { status: 404, code: 'not_found' })
    }
  })

  it('still registers and signs in users after a registration without an address', async () => {
    const w = await world(engine)
    await refused(
      w,
      'POST',
      '/users',
      { form: { password: MARK } },
      { status: 400, code: 'missing_field', field: 'email' },
    )
    const next = await send(w.auth, 'POST', '/users', {
      form: { email: 'next@example.com', password: 'x' },
    })
    expect(await next.json()).toEqual({ email: 'next@example.com', message: 'user created' })
    expect(
      sessionIn(
        await send(w.auth, 'POST', '/sessions', { form: { email: 'next@example.com', password: 'x' } }),
      ),
    ).toBeDefined()
  })
})
