/** Requirements on requests and responses, whatever the operation. */
import { expect, it } from 'vitest'
import { OPERATIONS } from '../../src/api/index.ts'
import { servedOperations } from '../../src/app/served.ts'
import type { Auth } from '../../src/index.ts'
import { OPTION_TABLE } from '../../src/options/index.ts'
import { freshAuth, onEachEngine, testClock } from '../support/engines.ts'
import { BASE_URL, PASSWORD, productionAuth } from '../support/production.ts'
import {
  askReset,
  BOB,
  CLASSIC_PASSWORD,
  codeOf,
  EMAIL,
  logIn,
  tablesOf,
  WRONG,
} from '../support/security.ts'
import { SECURITY_HEADERS, type Send, send, sessionIn } from '../support/send.ts'
import { signInNewUser } from '../support/signed-in.ts'

/** Everything in a refusal that a client can compare: all but the request id. */
async function withoutId(response: Response): Promise<unknown> {
  const { request_id, ...body } = (await response.json()) as Record<string, string>
  expect(request_id).toMatch(/^[0-9a-f-]{36}$/)
  return { status: response.status, headers: [...response.headers], body }
}

onEachEngine('the headers of responses', (engine) => {
  it.each(['production', 'classic'] as const)(
    'sends the security headers with every answer in %s mode, and lets no other origin read it [API-09, API-10, API-13, EML-05]',
    async (mode) => {
      const auth = mode === 'classic' ? await freshAuth(engine) : (await productionAuth(engine)).auth
      await auth.users.create({ email: EMAIL, password: PASSWORD, confirmed: true })
      const sessionToken = (await auth.createSession(EMAIL)) ?? expect.unreachable()
      const own = mode === 'classic' ? 'http://localhost:5000' : BASE_URL
      const answers: Response[] = []
      for (const { method, path } of servedOperations(auth)) {
        for (const origin of [undefined, own, 'http://localhost:3000', 'https://evil.example', 'null']) {
          const headers: Record<string, string> = origin === undefined ? {} : { origin }
          const token = method === 'DELETE' ? undefined : sessionToken
          answers.push(await send(auth, method, path, { headers, sessionToken: token }))
          if (method === 'GET' && origin === undefined)
            answers.push(await send(auth, 'HEAD', path, { sessionToken }))
          const preflight = await send(auth, 'OPTIONS', path, {
            headers: {
              ...headers,
              'access-control-request-method': 'PUT',
              'access-control-request-headers': 'x-a',
            },
          })
          expect([403, 405], path).toContain(preflight.status)
          answers.push(preflight)
        }
      }
      answers.push(await send(auth, 'GET', '/nothing'))
      expect(answers.at(-1)?.status).toBe(404)
      for (const answer of answers) {
        const { headers } = answer
        expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
        const body = await answer.text()
        const isPage = body.startsWith('<!doctype html>')
        const type = isPage ? /^text\/html; charset=utf-8$/ : /^application\/json$/
        if (answer.status === 204 || answer.status === 303) expect(headers.has('content-type')).toBe(false)
        else expect(headers.get('content-type')).toMatch(body === '' ? /./ : type)
        if (body !== '' && !isPage) expect(JSON.parse(body)).toBeTypeOf('object')
        expect(Object.fromEntries(headers)).toMatchObject({
          ...SECURITY_HEADERS,
          ...(isPage && {
            'content-security-policy': expect.stringMatching(/(?:^|; )frame-ancestors 'none'(?:;|$)/),
            // A form without a referrer would not send its origin.
            'referrer-policy': expect.stringMatching(/^(?:no-referrer|same-origin)$/),
          }),
        })
      }
    },
  )

  it('sends HSTS for two years with every response over https, by default with subdomains, and none over http [API-12]', async () => {
    const { auth } = await productionAuth(engine)
    const alone = await productionAuth(engine, { hstsSubdomains: false })
    for (const path of ['/', '/profile', '/nothing', '/reset_password']) {
      expect((await send(auth, 'GET', path)).headers.get('strict-transport-security')).toBe(
        'max-age=63072000; includeSubDomains',
      )
      expect((await send(alone.auth, 'GET', path)).headers.get('strict-transport-security')).toBe(
        'max-age=63072000',
      )
    }
    const classic = await freshAuth(engine)
    const answer = await send(classic, 'GET', '/')
    expect(answer.headers.has('strict-transport-security')).toBe(false)
    expect(OPTION_TABLE.hstsSubdomains.about).toContain('shared')
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
    const reset = { email: EMAIL, reset_token, new_password: CLASSIC_PASSWORD }
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
    await auth.registerUser(EMAIL, CLASSIC_PASSWORD)
    const disabled = await auth.registerUser('disabled@example.com', CLASSIC_PASSWORD)
    await auth.db.addUser('none@example.com', '!')
    await auth.db.addUser('broken@example.com', '$2b$04$broken')
    await auth.registerUser('late@example.com', CLASSIC_PASSWORD)
    const expired = [await logIn(auth), await askReset(auth, 'late@example.com')] as const
    now.advance(31 * 86_400)
    const ofDisabled = await logIn(auth, { email: disabled.email, password: CLASSIC_PASSWORD })
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
      [...attempts, { email: disabled.email, password: CLASSIC_PASSWORD }].map(async (fields) =>
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

onEachEngine('a refusal', (engine) => {
  it('reveals nothing in a refusal beyond code, message, field and request id [API-14]', async () => {
    const production = await productionAuth(engine)
    const { auth, db } = production
    await signInNewUser(production)
    const refusals = [
      await send(auth, 'GET', '/nothing/at/all'),
      await send(auth, 'PATCH', '/users'),
      await send(auth, 'POST', '/users', { json: { email: 'x' } }),
      await send(auth, 'POST', '/users', { headers: { 'content-type': 'application/json' } }),
      await send(auth, 'GET', '/sessions'),
      await send(auth, 'POST', '/sessions', { json: { email: EMAIL, password: WRONG } }),
      await send(auth, 'GET', '/', { headers: { host: 'evil.example' } }),
    ]
    await db.schema.alterTable('sessions').renameTo('gone').execute()
    refusals.push(
      await send(auth, 'GET', '/profile', {
        sessionToken: `${'0'.repeat(8)}-0000-7000-8000-${'0'.repeat(12)}.${'A'.repeat(43)}`,
      }),
    )
    expect(refusals.at(-1)?.status).toBe(500)
    for (const refusal of refusals) {
      const body = (await refusal.json()) as Record<string, string>
      expect(Object.keys(body).filter((name) => name !== 'field')).toEqual(['message', 'code', 'request_id'])
      expect(body.request_id).toMatch(/^[0-9a-f-]{36}$/)
      expect(JSON.stringify([body, ...refusal.headers])).not.toMatch(
        /\bat \/|node_modules|select |sqlite|postgres|nothing\/at|\d+\.\d+\.\d+|hono|node/i,
      )
      expect([...refusal.headers.keys()].filter((name) => /server|powered/.test(name))).toEqual([])
    }
    await db.schema.alterTable('gone').renameTo('sessions').execute()
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

onEachEngine('the routes', (engine) => {
  it('serves its API document only if enabled, and has no metrics or directory listings [API-20]', async () => {
    const { auth } = await productionAuth(engine)
    const open = await productionAuth(engine, { publicApiDocs: true })
    expect([
      (await send(auth, 'GET', '/openapi.json')).status,
      (await send(open.auth, 'GET', '/openapi.json')).status,
    ]).toEqual([404, 200])
    for (const path of [
      '/metrics',
      '/docs',
      '/swagger',
      '/.git/HEAD',
      '/src/',
      '/package.json',
      '/healthz/',
      '/../',
    ])
      expect((await send(auth, 'GET', path)).status, path).toBe(path === '/../' ? 200 : 404)
    expect(await (await send(auth, 'GET', '/healthz')).json()).toEqual({ status: 'ok' })
    expect(await (await send(auth, 'GET', '/readyz')).json()).toEqual({ status: 'ready' })
  })
})

it('answers only to its own host name, and its cookies and pages do not depend on another one [CFG-09]', async () => {
  const production = await productionAuth('sqlite')
  const { auth } = production
  const { sessionToken } = await signInNewUser(production)
  for (const host of [
    'example.com',
    'www.example.com',
    'auth.example.com.evil.example',
    'auth.example.com:8443',
  ]) {
    const answer = await send(auth, 'GET', '/session', { sessionToken, headers: { host } })
    expect([answer.status, await codeOf(answer)], host).toEqual([421, 'unknown_host'])
  }
  const json = { email: EMAIL, password: PASSWORD }
  const cookies = (await send(auth, 'POST', '/sessions', { json })).headers.getSetCookie()
  expect(cookies.length).toBeGreaterThan(0)
  for (const cookie of cookies) expect(cookie).toMatch(/^__Host-(?!.*Domain=)/)
  // Passkeys are the only feature of browsers that has to be allowed. Without script, the forms work.
  const page = await send(auth, 'GET', '/sign_in', { headers: { accept: 'text/html' } })
  const allowed = page.headers
    .get('permissions-policy')
    ?.split(', ')
    .filter((policy) => !policy.endsWith('=()'))
  expect(allowed).toEqual(['publickey-credentials-create=(self)', 'publickey-credentials-get=(self)'])
  const html = await page.text()
  expect(html).toContain('<form method="post" action="/sign_in"')
  expect([...html.matchAll(/(?:src|href)="(https?:)?\/\//g)]).toEqual([])
})
