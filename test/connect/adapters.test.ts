/** One contract for all adapters, with the library in the application and with a remote service. */
import { createServer, type RequestListener, request as startRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { bienvenue as forNext } from '../../src/adapters/next.ts'
import { readFromRemote } from '../../src/adapters/remote.ts'
import { requireSignedIn } from '../../src/adapters/signed-in.ts'
import { bienvenue as forSvelteKit, type SignedIn } from '../../src/adapters/sveltekit.ts'
import { errorBody } from '../../src/api/index.ts'
import { type AuditRecord, type Auth, AuthError } from '../../src/index.ts'
import { toNodeHandler } from '../../src/node.ts'
import { APPLICATIONS, type Source } from '../support/applications.ts'
import { freshAuth, testClock } from '../support/engines.ts'
import { PASSWORD } from '../support/production.ts'

const EMAIL = 'bob@example.com'
const CREDENTIALS = { email: EMAIL, password: PASSWORD }

/** Starts a server whose listener is set later, because the service must know the address that the server has. */
async function listening() {
  let listener: RequestListener = () => {}
  const server = createServer((request, response) => listener(request, response)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  onTestFinished(close)
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close, serve: (by: RequestListener) => (listener = by) }
}

/** The service with one account, in development mode. */
async function service(baseUrl: string) {
  const now = testClock()
  const audit: AuditRecord[] = []
  const auth = await freshAuth('sqlite', {
    mode: 'development',
    baseUrl,
    now,
    mailer: { send: async () => {}, close() {} },
    onAudit: (record) => void audit.push(record),
  })
  await auth.users.create({ ...CREDENTIALS, confirmed: true })
  return { auth, now, audit }
}

/** Requests to an application, which is mounted under `/auth` or uses a remote service. */
interface Running {
  readonly auth: Auth
  readonly now: ReturnType<typeof testClock>
  readonly audit: readonly AuditRecord[]
  /** Stops the service that the adapter asks. */
  stopService(): unknown
  app(path: string, init?: RequestInit): Promise<Response>
  service(path: string, init?: RequestInit): Promise<Response>
}

async function mounted(start: (source: Source) => Promise<RequestListener>): Promise<Running> {
  const server = await listening()
  const one = await service(`${server.url}/auth`)
  let hasOutage = false
  const getSession: Auth['getSession'] = async (from) => {
    if (hasOutage) throw new AuthError('unavailable')
    return one.auth.getSession(from)
  }
  server.serve(await start({ ...one.auth, getSession }))
  return {
    ...one,
    stopService: () => (hasOutage = true),
    app: (path, init) => fetch(server.url + path, init),
    service: (path, init) => fetch(`${server.url}/auth${path}`, init),
  }
}

async function elsewhere(start: (source: Source) => Promise<RequestListener>): Promise<Running> {
  const [server, remote] = [await listening(), await listening()]
  const one = await service(remote.url)
  remote.serve(toNodeHandler(one.auth))
  server.serve(await start({ url: remote.url }))
  return {
    ...one,
    stopService: remote.close,
    app: (path, init) => fetch(server.url + path, init),
    service: (path, init) => fetch(remote.url + path, init),
  }
}

const json = (body: object, headers: Record<string, string> = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

/** Signs in and returns the cookie. */
async function signIn({ service }: Running): Promise<string> {
  const response = await service('/sessions', json(CREDENTIALS))
  expect(response.status).toBe(200)
  const [cookie = ''] = response.headers.getSetCookie().filter((line) => line.includes('session_id='))
  return cookie.split(';', 1)[0] ?? ''
}

const withCookie = (cookie: string) => ({ headers: { cookie } })

async function refusal(response: Response): Promise<string> {
  // Fastify adds the charset.
  expect(response.headers.get('content-type')).toMatch(/^application\/json(?:; charset=utf-8)?$/)
  expect(response.headers.get('cache-control')).toBe('no-store')
  const body = (await response.json()) as Record<string, unknown>
  expect(Object.keys(body).toSorted()).toEqual(['code', 'message', 'request_id'])
  expect(body.request_id).toMatch(/^[0-9a-f-]{36}$/)
  return `${response.status} ${errorBody.parse(body).code}`
}

/** Expects that the application sees nobody. */
async function expectNobody({ app }: Running, init?: RequestInit): Promise<void> {
  expect(await (await app('/me', init)).json()).toEqual({ email: null })
  expect(await refusal(await app('/private', init))).toBe('401 unauthenticated')
}

/** Expects that the application sees the user. */
async function expectBob({ app }: Running, init: RequestInit): Promise<void> {
  for (const path of ['/me', '/private', '/sensitive'])
    expect(await (await app(path, init)).json(), path).toEqual({ email: EMAIL })
}

describe.each(Object.entries(APPLICATIONS))('the adapter for %s', (_, start) => {
  describe.each([
    ['with the library in the application', mounted],
    ['with a remote service', elsewhere],
  ])('%s', (_, run) => {
    it('accepts a session until the moment it ends, and finds nobody without one', async () => {
      const running = await run(start)
      await expectNobody(running)
      await expectNobody(running, withCookie('session_id=nonsense; other=1'))
      const cookie = await signIn(running)
      await expectBob(running, withCookie(`a=b; ${cookie}`))
      await running.service('/session', { method: 'DELETE', headers: { cookie } })
      await expectNobody(running, withCookie(cookie))
    })

    it('treats two session cookies as none', async () => {
      const running = await run(start)
      const cookie = await signIn(running)
      await expectNobody(running, withCookie(`${cookie}; ${cookie}`))
      await expectNobody(running, withCookie(`session_id=planted; ${cookie}`))
      // Browsers do not apply the rules of the prefix to such a name, so another host may set it. RFC 6265 §5.2 trims spaces and tabs only.
      await expectNobody(running, withCookie(`a=b; \xa0${cookie}`))
    })

    it('accepts a bearer token, and refuses one together with a cookie', async () => {
      const running = await run(start)
      const signedIn = await running.service('/sessions', json({ ...CREDENTIALS, transport: 'bearer' }))
      const { session_token } = (await signedIn.json()) as { session_token: string }
      const authorization = `Bearer ${session_token}`
      await expectBob(running, { headers: { authorization } })
      const both = { headers: { authorization, cookie: await signIn(running) } }
      for (const path of ['/me', '/private'])
        expect(await refusal(await running.app(path, both))).toBe('400 conflicting_credentials')
      const empty = { headers: { authorization: 'Bearer', cookie: await signIn(running) } }
      expect(await refusal(await running.app('/private', empty))).toBe('400 conflicting_credentials')
      await expectNobody(running, { headers: { authorization: `Basic ${btoa('bob:x')}` } })
      await expectNobody(running, { headers: { authorization: `Bearer ${'x'.repeat(5000)}` } })
    })

    it('requires a recent authentication only where asked', async () => {
      const running = await run(start)
      const cookie = await signIn(running)
      running.now.advance(running.auth.options.reauthenticationSeconds)
      expect((await running.app('/private', withCookie(cookie))).status).toBe(200)
      expect(await refusal(await running.app('/sensitive', withCookie(cookie)))).toBe(
        '403 reauthentication_required',
      )
    })

    it('answers 503 while the service or its database does not answer, and lets nobody in', async () => {
      const running = await run(start)
      const cookie = await signIn(running)
      running.stopService()
      for (const path of ['/me', '/private']) {
        const response = await running.app(path, withCookie(cookie))
        expect(response.headers.get('retry-after')).toBe('1')
        expect(await refusal(response)).toBe('503 unavailable')
      }
    })
  })

  it('serves the service under its path, and leaves every other path to the application', async () => {
    const running = await mounted(start)
    for (const path of ['', '/', '?a=b']) {
      const home = await running.service(path)
      expect([home.status, await home.json()], path).toEqual([200, { message: 'Bienvenue' }])
    }
    const head = await running.service('/session', { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    for (const path of ['/session', '/authx/session', '/auth%2fsession', '//auth/session', '/x/auth/session'])
      expect((await running.app(path)).status, path).toBe(404)
    expect((await running.app('/auth//session')).status).toBe(404)
    // A device and a session, each with its own header.
    const signedIn = await running.service('/sessions', json(CREDENTIALS))
    expect(signedIn.headers.getSetCookie()).toHaveLength(2)
  })

  it('refuses a body of an unknown or malformed type like the service', async () => {
    const { service } = await mounted(start)
    for (const type of ['text/plain', 'nonsense', ';', 'application/json, text/plain']) {
      const answer = await service('/users', {
        method: 'POST',
        headers: { 'content-type': type },
        body: '{}',
      })
      expect(answer.headers.get('accept'), type).toContain('application/json')
      expect(await refusal(answer), type).toBe('415 unsupported_media_type')
    }
  })

  it('passes on the IP address, and refuses a foreign origin, a body over the limit and an incomplete one', async () => {
    const running = await mounted(start)
    const foreign = running.service('/sessions', json(CREDENTIALS, { origin: 'https://evil.example' }))
    expect(await refusal(await foreign)).toBe('403 foreign_origin')
    const large = json({ ...CREDENTIALS, password: 'x'.repeat(70_000) })
    expect(await refusal(await running.service('/sessions', large))).toBe('413 body_too_large')
    await abort(`${running.auth.options.baseUrl}/sessions`)
    await signIn(running)
    expect(running.audit.filter(({ action }) => action === 'login').map(({ ip }) => ip)).toEqual([
      '127.0.0.1',
    ])
  })
})

/** Sends the beginning of a request, and disconnects. */
function abort(url: string): Promise<void> {
  const headers = { 'content-type': 'application/json', 'content-length': '100' }
  const request = startRequest(url, { method: 'POST', headers })
  return new Promise((resolve) => {
    request.on('error', () => {}).once('close', resolve)
    request.write('{"email":', () => request.destroy())
  })
}

describe('a remote service', () => {
  it('is asked each time, unless cacheSeconds is set', async () => {
    const remote = await listening()
    const { auth } = await service(remote.url)
    let asked = 0
    const handler = toNodeHandler(auth)
    remote.serve((request, response) => {
      asked++
      return handler(request, response)
    })
    const { headers } = await auth.testing.signIn(EMAIL)
    for (const [cacheSeconds, times] of [
      [0, 3],
      [10, 1],
    ] as const) {
      asked = 0
      const read = readFromRemote({ url: remote.url, cacheSeconds })
      for (let time = 0; time < 3; time++) expect((await read(headers))?.user.email).toBe(EMAIL)
      expect(asked).toBe(times)
      // Invented tokens do not fill the cache, and a caller cannot change the answer for the next request.
      for (let time = 0; time < 2; time++) expect(await read({ authorization: 'Bearer made-up' })).toBe(null)
      expect(asked).toBe(times + 2)
      asked = times
      const [one, two] = [await read(headers), await read(headers)]
      expect([Object.isFrozen(one?.user), Object.isFrozen(two?.session)]).toEqual([true, true])
      asked = times
      // Without a credential there is nothing to ask.
      expect(await read({ cookie: 'a=b', authorization: 'Basic x' })).toBe(null)
      expect(asked).toBe(times)
    }
  })

  it('gets only our own credentials, and no other header', async () => {
    const seen: Headers[] = []
    const read = readFromRemote({
      url: 'http://bienvenue:5000/auth/',
      fetch: async (target, init) => {
        expect(String(target)).toBe('http://bienvenue:5000/auth/session')
        seen.push(new Headers(init?.headers))
        return Response.json({ user: null, session: null })
      },
    })
    expect(await read({ cookie: 'app=secret; session_id=x; __Host-session_id=y', 'x-internal': '1' })).toBe(
      null,
    )
    expect(await read({ authorization: 'Bearer x', cookie: 'app=secret' })).toBe(null)
    expect(seen.map((headers) => [...headers])).toEqual([
      [['cookie', 'session_id=x; __Host-session_id=y']],
      [['authorization', 'Bearer x']],
    ])
  })

  it.each<[string, () => Response]>([
    ['another status', () => Response.json({ code: 'foreign_host' }, { status: 400 })],
    ['no JSON', () => new Response('<h1>Bad gateway</h1>')],
    ['JSON of something else', () => Response.json({ status: 'ok' })],
    ['an empty body', () => new Response(null, { status: 204 })],
  ])('that answers with %s is unavailable', async (_, answer) => {
    const read = readFromRemote({ url: 'http://bienvenue:5000', fetch: async () => answer() })
    await expect(read({ cookie: 'session_id=x' })).rejects.toMatchObject({ code: 'unavailable' })
  })

  it.each(['bienvenue:5000', 'ftp://bienvenue', '/auth', '', 'http://bienvenue/?a=b'])(
    'cannot have the URL %j',
    (url) => {
      expect(() => readFromRemote({ url })).toThrow(/^url must be the http or https URL/)
    },
  )

  it('can have its URL as an object', async () => {
    const fetch = vi.fn(async () => Response.json({ user: null, session: null }))
    const url = new URL('http://bienvenue:5000/auth/') as unknown as string
    await readFromRemote({ url, fetch })({ cookie: 'session_id=x' })
    expect(fetch).toHaveBeenCalledWith('http://bienvenue:5000/auth/session', expect.anything())
  })

  it.each([-1, 11, Number.NaN])('cannot be cached for %d seconds', (cacheSeconds) => {
    expect(() => readFromRemote({ url: 'http://bienvenue:5000', cacheSeconds })).toThrow(
      'cacheSeconds must be from 0 to 10',
    )
  })
})

it.each([
  ['a promise, as of `createAuth` without `await`', new Promise<never>(() => {})],
  ['nothing', undefined],
  ['text', 'http://bienvenue:5000'],
])('adapters and `toNodeHandler` refuse %s', (_, source) => {
  const wrong = source as never
  for (const connect of [() => forNext(wrong), () => forSvelteKit(wrong), () => toNodeHandler(wrong)])
    expect(connect).toThrow(/^expected the result of `await createAuth\(…\)`/)
})

describe('the adapter for sveltekit', () => {
  const input = (path: string, headers: Record<string, string> = {}) => {
    const request = new Request(`http://127.0.0.1:5173${path}`, { headers })
    const locals: { signedIn: SignedIn | null } = { signedIn: null }
    const event = { request, url: new URL(request.url), locals, getClientAddress: () => '127.0.0.1' }
    return { event, resolve: () => new Response('the application') }
  }

  it('needs a path in baseUrl, because it would hide the application otherwise', async () => {
    const { auth } = await service('http://127.0.0.1:5173')
    const message = 'baseUrl must end with the path of the service, such as /auth'
    expect(() => forSvelteKit(auth)).toThrow(message)
    await expect(forSvelteKit(async () => auth).handle(input('/'))).rejects.toThrow(message)
  })

  it('opens the library at the first request, not when the build loads the program', async () => {
    const { auth } = await service('http://127.0.0.1:5173/auth')
    const open = vi.fn(async () => auth)
    const { handle } = forSvelteKit(open)
    expect(open).not.toHaveBeenCalled()
    for (const path of ['/auth', '/auth/session']) expect((await handle(input(path))).status).toBe(200)
    const mine = input('/', (await auth.testing.signIn(EMAIL)).headers)
    expect(await (await handle(mine)).text()).toBe('the application')
    expect(mine.event.locals.signedIn?.user.email).toBe(EMAIL)
  })
})

it('the adapter for next opens the library at the first request, not when the build loads the program', async () => {
  const { auth } = await service('http://127.0.0.1:3000/auth')
  const open = vi.fn(async () => auth)
  const { getSession, mount, requireUser } = forNext(open)
  expect(open).not.toHaveBeenCalled()
  expect((await mount.GET(new Request('http://127.0.0.1:3000/auth'))).status).toBe(200)
  const { headers } = await auth.testing.signIn(EMAIL)
  expect((await getSession(headers))?.user.email).toBe(EMAIL)
  expect(await getSession(new Headers())).toBe(null)
  const guarded = requireUser(() => new Response('the application'))
  expect(await refusal(await guarded(new Request('http://127.0.0.1:3000/')))).toBe('401 unauthenticated')
})

it('a session without a level meets no requirement, and no session meets a level that is not a number', () => {
  const times = { createdAt: new Date(), authenticatedAt: new Date(), expiresAt: new Date() }
  const found = { user: {}, session: { id: 'x', amr: [], ...times } } as unknown as SignedIn
  for (const requirement of [{ aal: 1 }, { fresh: true }])
    expect(() => requireSignedIn(found, requirement)).toThrow(
      expect.objectContaining({ code: 'reauthentication_required' }),
    )
  const leveled: SignedIn = { ...found, session: { ...found.session, aal: 1, fresh: true } }
  expect(requireSignedIn(leveled, { aal: 1, fresh: true })).toBe(leveled)
  expect(() => requireSignedIn(leveled, { aal: Number.NaN })).toThrow(AuthError)
})
