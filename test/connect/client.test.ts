/** The typed client against the real service over HTTP, with the cookie and with a bearer token. */
import { describe, expect, it, vi } from 'vitest'
import { type Client, type ClientOptions, type CurrentSession, createClient } from '../../src/client/index.ts'
import { type CreateAuthOptions, HookRefusal } from '../../src/index.ts'
import { toNodeHandler } from '../../src/node.ts'
import { type Browser, openBrowser } from '../support/client.ts'
import { freshAuth, testClock } from '../support/engines.ts'
import { freePort } from '../support/ports.ts'
import { randomKey, until } from '../support/production.ts'
import { serve } from '../support/system.ts'

const EMAIL = 'bob@example.com'
const PASSWORD = 'a tortoise under the lamp'
const NEW_PASSWORD = 'seven green umbrellas'
const CREDENTIALS = { email: EMAIL, password: PASSWORD }
const REQUEST_ID = expect.stringMatching(/^[0-9a-f-]{36}$/)

/** Where an app keeps its token: in memory, behind a promise, as in the keychain of a phone. */
function tokenStore() {
  return {
    token: null as string | null,
    async get() {
      return this.token
    },
    async set(token: string | null) {
      await Promise.resolve()
      this.token = token
    },
  }
}

interface Opened {
  readonly auth: Awaited<ReturnType<typeof freshAuth>>
  readonly url: string
  readonly browser: Browser
  readonly client: Client
  readonly store: ReturnType<typeof tokenStore>
}

/** A service with one account, and a client of it. */
async function open({
  transport = 'cookie',
  ...options
}: CreateAuthOptions & { readonly transport?: 'cookie' | 'bearer' } = {}): Promise<Opened> {
  const auth = await freshAuth('sqlite', options)
  await auth.account.register(CREDENTIALS)
  const url = await serve(toNodeHandler(auth))
  const browser = openBrowser()
  const store = tokenStore()
  const token = transport === 'bearer' && { token: store }
  const client = createClient({ baseUrl: `${url}/`, fetch: browser.fetch, ...token })
  return { auth, url, browser, client, store }
}

async function signedIn(options: Parameters<typeof open>[0] = {}): Promise<Opened> {
  const opened = await open(options)
  expect(await opened.client.signIn.withPassword(CREDENTIALS)).toMatchObject({ ok: true })
  return opened
}

async function idOfBob(auth: Opened['auth']): Promise<number> {
  return (await auth.users.find(EMAIL))?.user.id ?? expect.unreachable()
}

const refused = (code: string, status: number) => ({
  ok: false,
  error: { code, status, message: expect.any(String), requestId: REQUEST_ID },
})

describe.each(['cookie', 'bearer'] as const)('a client with a %s', (transport) => {
  it('registers, signs in, lists, renews and ends sessions', async () => {
    const { client, store, browser } = await open({ transport })
    const secret = () => (transport === 'bearer' ? store.token : browser.cookies.get('session_id')) ?? null

    expect(await client.account.register({ email: 'eve@example.com', password: PASSWORD })).toEqual({
      ok: true,
      data: { email: 'eve@example.com', message: 'user created' },
    })
    expect(await client.session.get()).toEqual({ ok: true, data: { user: null, session: null } })
    expect(await client.sessions.list()).toMatchObject(refused('unauthenticated', 401))

    expect(await client.signIn.withPassword(CREDENTIALS)).toMatchObject({
      ok: true,
      data: { email: EMAIL, message: 'logged in' },
    })
    const first = secret()
    expect(first).toMatch(/^[0-9a-f-]{36}\.[\w-]{43}$/)
    const current = await client.session.get()
    expect(current).toMatchObject({ ok: true, data: { user: { email: EMAIL }, session: { aal: 1 } } })
    // Times are text, as on the wire.
    if (current.ok) expect(current.data.user?.created_at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    expect(await client.account.get()).toEqual({ ok: true, data: { email: EMAIL } })

    expect(await client.signIn.reauthenticate({ password: PASSWORD })).toMatchObject({ ok: true })
    const second = secret()
    expect(second).not.toBe(first)
    const listed = await client.sessions.list()
    expect(listed).toMatchObject({ ok: true, data: { sessions: [{ current: true }] } })

    const passwords = { current_password: PASSWORD, new_password: NEW_PASSWORD }
    expect(await client.account.changePassword(passwords)).toMatchObject({ ok: true })
    expect(secret()).not.toBe(second)
    expect(await client.account.export()).toMatchObject({ ok: true, data: { account: { email: EMAIL } } })

    expect(await client.sessions.signOut()).toEqual({ ok: true, data: undefined })
    expect(secret()).toBeNull()
    expect(await client.sessions.list()).toMatchObject(refused('unauthenticated', 401))
    expect(await client.account.get()).toMatchObject(refused('session_required', 403))
  })

  it('sends one kind of credential, and JSON', async () => {
    const { client, store, browser } = await signedIn({ transport })
    await client.sessions.list()
    await client.account.export()
    const [signIn, list, exported] = browser.sent
    const isBearer = transport === 'bearer'
    const authorization = isBearer ? { authorization: `Bearer ${store.token}` } : {}
    for (const request of browser.sent)
      expect(request).toMatchObject({ credentials: isBearer ? 'omit' : 'include', redirect: 'manual' })
    expect(signIn?.headers).toEqual({ 'content-type': 'application/json' })
    expect(JSON.parse(signIn?.body ?? '')).toEqual({ ...CREDENTIALS, ...(isBearer && { transport }) })
    expect(list?.headers).toEqual(authorization)
    expect(exported?.headers).toEqual({ 'content-type': 'application/json', ...authorization })
    expect(exported).not.toHaveProperty('body')
  })

  it('ends another session by its id, and encodes an id that would lead to another path', async () => {
    const { client, auth } = await signedIn({ transport })
    await auth.signIn.withPassword(CREDENTIALS)
    const listed = await client.sessions.list()
    if (!listed.ok) return expect.unreachable()
    const other = listed.data.sessions.find(({ current }) => !current)
    for (const id of ['', '.', '..', 'a/b', '../others', '%2e%2e', other?.id.slice(1) ?? ''])
      expect(await client.sessions.end({ id }), id).toMatchObject(refused('not_found', 404))
    expect(await client.sessions.end({ id: other?.id ?? '' })).toMatchObject({ ok: true })
    expect(await client.sessions.list()).toMatchObject({ ok: true, data: { sessions: [{ current: true }] } })
  })

  it('tells its app when the session is over', async () => {
    const { client, auth, store } = await open({ transport })
    const onSignedOut = vi.fn()
    client.onSignedOut(onSignedOut)
    const times = () => onSignedOut.mock.calls.length

    // Nobody was signed in.
    await client.sessions.list()
    await client.session.get()
    await client.signIn.withPassword({ ...CREDENTIALS, password: NEW_PASSWORD })
    expect(times()).toBe(0)

    await client.signIn.withPassword(CREDENTIALS)
    await client.sessions.signOut()
    expect(times()).toBe(1)

    // Ended by another device or an operator: each kind of answer reports it once.
    const id = await idOfBob(auth)
    const calls = [client.sessions.list, client.account.get, client.session.get]
    for (const [index, call] of calls.entries()) {
      await client.signIn.withPassword(CREDENTIALS)
      await auth.users.endSessions(id)
      await call()
      expect(times(), `call ${index}`).toBe(index + 2)
      expect(store.token).toBeNull()
      await call()
      expect(times(), `call ${index}, again`).toBe(index + 2)
    }

    await client.signIn.withPassword(CREDENTIALS)
    expect(await client.account.delete()).toMatchObject({ ok: true })
    expect([times(), store.token]).toEqual([5, null])
  })

  it('tells its app even if all it knows is that an earlier call needed a session', async () => {
    const { auth, url, browser, store } = await signedIn({ transport })
    const token = transport === 'bearer' && { token: () => store.token }
    const client = createClient({ baseUrl: url, fetch: browser.fetch, ...token })
    const told: string[] = []
    client.onSignedOut(() => {
      told.push('first')
      remove()
    })
    const remove = client.onSignedOut(() => told.push('removed by the first'))
    expect(await client.account.get()).toMatchObject({ ok: true })
    await auth.users.endSessions(await idOfBob(auth))
    expect(await client.account.get()).toMatchObject(refused('session_required', 403))
    expect(told).toEqual(['first'])
    expect(client.session.getSnapshot()).toEqual({ user: null, session: null })
  })

  it('does not mistake a refusal during a renewal for the end of the session', async () => {
    const { client, browser } = await signedIn({ transport })
    const onSignedOut = vi.fn()
    client.onSignedOut(onSignedOut)
    // The service has replaced the session, but its answer is still on the way when another call uses the old one.
    const held = browser.hold('answer')
    const renewal = client.signIn.reauthenticate({ password: PASSWORD })
    const release = await held
    expect(await client.sessions.list()).toMatchObject(refused('unauthenticated', 401))
    release()
    expect(await renewal).toMatchObject({ ok: true })
    expect(await client.sessions.list()).toMatchObject({ ok: true })

    // A call with the old session that arrives after the renewal.
    const heldList = browser.hold('request')
    const stale = client.sessions.list()
    const releaseList = await heldList
    expect(await client.signIn.reauthenticate({ password: PASSWORD })).toMatchObject({ ok: true })
    releaseList()
    expect(await stale).toMatchObject(refused('unauthenticated', 401))
    expect(onSignedOut).not.toHaveBeenCalled()
    expect(await client.sessions.list()).toMatchObject({ ok: true })
  })
})

describe('a token', () => {
  it('can come from a function, and the app then stores it', async () => {
    const { url, client: first, store } = await signedIn({ transport: 'bearer' })
    const client = createClient({ baseUrl: url, token: () => store.token })
    expect(await client.account.get()).toEqual({ ok: true, data: { email: EMAIL } })
    const renewed = await client.signIn.reauthenticate({ password: PASSWORD })
    expect(renewed).toMatchObject({ ok: true, data: { session_token: expect.any(String) } })
    expect(await first.account.get()).toMatchObject(refused('session_required', 403))
  })

  it('is requested by the client, and a sign-in can present a device token', async () => {
    const { client } = await open({ transport: 'bearer', secretKey: randomKey() })
    const first = await client.signIn.withPassword(CREDENTIALS)
    if (!first.ok || 'next' in first.data) return expect.unreachable()
    const { device_token, session_token } = first.data
    expect([device_token, session_token]).toEqual([expect.any(String), expect.any(String)])
    const again = await client.signIn.withPassword({ ...CREDENTIALS, device_token })
    expect(again).toMatchObject({ ok: true })
  })

  it('may be replaced by another tab while a call with the old one is on its way', async () => {
    const { client, url, store, browser } = await signedIn({ transport: 'bearer' })
    const onSignedOut = vi.fn()
    client.onSignedOut(onSignedOut)
    const held = browser.hold('request')
    const stale = client.account.get()
    const release = await held
    const otherTab = createClient({ baseUrl: url, token: store })
    expect(await otherTab.signIn.reauthenticate({ password: PASSWORD })).toMatchObject({ ok: true })
    release()
    expect(await stale).toMatchObject(refused('session_required', 403))
    expect(onSignedOut).not.toHaveBeenCalled()
    expect(await client.account.get()).toMatchObject({ ok: true })
  })

  it('is removed if its session ended while the app was closed, and the app is told', async () => {
    const { client: before, auth, url, store } = await signedIn({ transport: 'bearer' })
    await before.account.get()
    await auth.users.endSessions(await idOfBob(auth))
    const client = createClient({ baseUrl: url, token: store })
    const onSignedOut = vi.fn()
    client.onSignedOut(onSignedOut)
    expect(await client.session.get()).toMatchObject({ data: { user: null } })
    expect([store.token, onSignedOut.mock.calls.length]).toEqual([null, 1])
  })
})

describe('an error', () => {
  it('has the code, the field and the id of the request', async () => {
    const { client } = await open()
    expect(await client.account.register({ email: '', password: PASSWORD })).toEqual({
      ok: false,
      error: {
        code: 'missing_field',
        status: 400,
        message: 'A required field is missing or empty: email.',
        field: 'email',
        requestId: REQUEST_ID,
      },
    })
  })

  it('has the limit of a password', async () => {
    const { client } = await open({ minPasswordLength: 12 })
    const short = await client.account.register({ email: 'eve@example.com', password: 'short' })
    expect(short).toMatchObject({ ok: false, error: { code: 'password_too_short', minLength: 12 } })
    const long = await client.account.register({ email: 'eve@example.com', password: 'x'.repeat(2_000) })
    expect(long).toMatchObject({ ok: false, error: { code: 'password_too_long', maxBytes: 1_024 } })
  })

  it('names a taken address, whose classic answer has no code', async () => {
    const { client } = await open()
    expect(await client.account.register(CREDENTIALS)).toEqual({
      ok: false,
      error: { code: 'email_taken', status: 400, message: 'email already registered' },
    })
  })

  it('has the code of the hook that refused', async () => {
    const beforeSignIn = () => {
      throw new HookRefusal('payment_due', 'Pay the last invoice first.')
    }
    const { client } = await open({ hooks: { beforeSignIn } })
    expect(await client.signIn.withPassword(CREDENTIALS)).toMatchObject({
      ok: false,
      error: {
        code: 'refused_by_application',
        applicationCode: 'payment_due',
        message: 'Pay the last invoice first.',
      },
    })
  })

  it('says when to try again', async () => {
    const { client } = await open({ loginFailuresPerAccount: 2, now: testClock() })
    const wrong = () => client.signIn.withPassword({ ...CREDENTIALS, password: 'wrong' })
    expect(await wrong()).toMatchObject(refused('invalid_credentials', 401))
    await wrong()
    const limited = await wrong()
    expect(limited).toMatchObject(refused('too_many_attempts', 429))
    expect(limited).toMatchObject({ error: { retryAfterSeconds: expect.any(Number) } })
    if (!limited.ok) expect(limited.error.retryAfterSeconds).toBeGreaterThan(0)
  })

  it('says that a session must be fresh', async () => {
    const now = testClock()
    const { client } = await signedIn({ now })
    now.advance(3_600)
    expect(await client.sessions.endOthers()).toMatchObject(refused('reauthentication_required', 403))
  })

  it('says that an operation is not served, or that the base URL is wrong', async () => {
    const { client, url, browser } = await open()
    expect(await client.account.requestConfirmation({ email: EMAIL })).toMatchObject(
      refused('not_found', 404),
    )
    const astray = createClient({ baseUrl: `${url}/sessions`, fetch: browser.fetch })
    expect(await astray.account.get()).toMatchObject(refused('method_not_allowed', 405))
  })

  it.each([
    ['an error page', 502, 'text/html', '<h1>Bad Gateway</h1>', { status: 502, retryAfterSeconds: 7 }],
    ['a sign-in page', 200, 'text/html', '<form>', { status: 200, retryAfterSeconds: 7 }],
    ['a redirect', 302, 'text/html', '', { status: 302, retryAfterSeconds: 7 }],
    ['JSON of another kind', 500, 'application/json', '{"message":"no","code":"x"}', { status: 500 }],
    ['JSON that is not an object', 200, 'application/json', '"ok"', { status: 200 }],
    ['nothing', 200, 'text/plain', '', { status: 200 }],
    ['truncated JSON', 200, 'application/json', '{"user":', { status: 200 }],
  ])('is `invalid_response` if a proxy answers with %s', async (_, status, type, body, expected) => {
    const url = await serve((_request, response) => {
      response.writeHead(status, {
        'content-type': type,
        location: '/elsewhere',
        'retry-after': status < 500 || status === 502 ? '7' : 'Fri, 27 Nov 2026 12:00:00 GMT',
      })
      response.end(body)
    })
    expect(await createClient({ baseUrl: url }).session.get()).toMatchObject({
      ok: false,
      error: { code: 'invalid_response', message: expect.any(String), ...expected },
    })
  })
})

describe('a call without an answer', () => {
  it('rejects with the error of fetch if the service cannot be reached', async () => {
    const client = createClient({ baseUrl: `http://127.0.0.1:${await freePort()}` })
    await expect(client.session.get()).rejects.toThrow(TypeError)
    await expect(client.signIn.withPassword(CREDENTIALS)).rejects.toThrow(TypeError)
  })

  it('rejects if the connection breaks in the middle of the answer', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"user"')
      setImmediate(() => response.destroy())
    })
    await expect(createClient({ baseUrl: url }).session.get()).rejects.toThrow(TypeError)
  })

  it('rejects with the reason of its signal', async () => {
    const arrived = Promise.withResolvers<void>()
    const client = createClient({ baseUrl: await serve(() => arrived.resolve()) })
    const controller = new AbortController()
    const { signal } = controller
    const waiting = [client.sessions.list({ signal }), client.signIn.withPassword(CREDENTIALS, { signal })]
    await arrived.promise
    controller.abort()
    for (const call of waiting) await expect(call).rejects.toMatchObject({ name: 'AbortError' })
    // No call counts as in progress any more.
    await expect(client.sessions.list({ signal })).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('client.session', () => {
  /** A subscription and the values that it received, as addresses: `null` for nobody, `undefined` for not known yet. */
  function follow({ session }: Pick<Client, 'session'>) {
    const told: (string | null | undefined)[] = []
    const seen = (current: CurrentSession | undefined) => current && (current.user?.email ?? null)
    const stop = session.subscribe((current) => told.push(seen(current)))
    const until = (count: number) =>
      vi.waitUntil(() => told.length >= count, { timeout: 50_000, interval: 5 })
    return { told, stop, until }
  }

  const asked = ({ sent }: Browser) => sent.filter(({ url }) => url.endsWith('/session')).length

  it('shares one request between simultaneous calls', async () => {
    const { client, browser } = await open()
    const answers = await Promise.all([client.session.get(), client.session.get(), client.session.get()])
    expect(new Set(answers).size).toBe(1)
    expect(asked(browser)).toBe(1)
    await client.session.get()
    expect(asked(browser)).toBe(2)
  })

  it('tells a subscriber the current value at once, and then every change', async () => {
    const { client, browser } = await open()
    const { told, stop, until } = follow(client)
    expect(told).toEqual([undefined])
    await until(2)
    await client.signIn.withPassword(CREDENTIALS)
    await until(3)
    // A second subscriber also gets the value, without another request.
    const before = asked(browser)
    const second = follow(client)
    expect([second.told, asked(browser)]).toEqual([[EMAIL], before])
    await client.sessions.signOut()
    expect(told).toEqual([undefined, null, EMAIL, null])
    stop()
    await client.signIn.withPassword(CREDENTIALS)
    await second.until(3)
    expect([told.length, second.told]).toEqual([4, [EMAIL, null, EMAIL]])
    second.stop()
    const { length } = browser.sent
    await client.signIn.reauthenticate({ password: PASSWORD })
    expect(browser.sent.length).toBe(length + 1)
  })

  it('keeps the same object until something changes', async () => {
    const { client } = await signedIn()
    const listener = vi.fn()
    client.session.subscribe(listener)
    await client.session.get()
    const snapshot = client.session.getSnapshot()
    expect(snapshot?.user?.email).toBe(EMAIL)
    await client.session.get()
    expect(client.session.getSnapshot()).toBe(snapshot)
    expect(listener.mock.calls).toEqual([[undefined], [snapshot]])
    await client.signIn.reauthenticate({ password: PASSWORD })
    await until(() => client.session.getSnapshot() !== snapshot)
    expect(client.session.getSnapshot()?.session?.id).not.toBe(snapshot?.session?.id)
  })

  it('shows a change of the profile', async () => {
    const { client } = await signedIn()
    const { stop, until } = follow(client)
    await until(2)
    expect(await client.account.update({ name: 'Bob' })).toMatchObject({ ok: true })
    await until(3)
    expect(client.session.getSnapshot()?.user?.name).toBe('Bob')
    stop()
  })

  it('does not show an answer from before a sign-in', async () => {
    const { client, browser } = await open()
    const held = browser.hold('answer')
    const early = client.session.get()
    const release = await held
    await client.signIn.withPassword(CREDENTIALS)
    const late = await client.session.get()
    expect(late).toMatchObject({ data: { user: { email: EMAIL } } })
    release()
    expect(await early).toMatchObject({ data: { user: null } })
    expect(client.session.getSnapshot()?.user?.email).toBe(EMAIL)
  })

  it('keeps what it knows if a refresh fails', async () => {
    const { client, auth, browser } = await signedIn()
    const { told, until } = follow(client)
    await until(2)
    const failing: NonNullable<ClientOptions['fetch']> = () => Promise.reject(new TypeError('fetch failed'))
    const offline = createClient({ baseUrl: 'http://127.0.0.1', fetch: failing })
    expect(follow(offline).told).toEqual([undefined])
    await expect(offline.session.get()).rejects.toThrow(TypeError)
    expect(offline.session.getSnapshot()).toBeUndefined()

    await auth.close()
    expect(await client.session.get()).toMatchObject({ ok: false })
    expect(told).toEqual([undefined, EMAIL])
    expect(browser.cookies.size).toBeGreaterThan(0)
  })

  it('asks again when the page is shown or the window gets the focus, while there are subscribers', async () => {
    const document = Object.assign(new Listened(), { visibilityState: 'hidden' })
    const window = new Listened()
    vi.stubGlobal('document', document)
    vi.stubGlobal('window', window)
    try {
      const { client, auth, browser } = await signedIn()
      const { told, stop, until } = follow(client)
      await until(2)
      await auth.users.endSessions(await idOfBob(auth))
      const before = asked(browser)
      document.dispatchEvent(new Event('visibilitychange'))
      await client.service.health()
      expect(asked(browser)).toBe(before)
      document.visibilityState = 'visible'
      document.dispatchEvent(new Event('visibilitychange'))
      await until(3)
      window.dispatchEvent(new Event('focus'))
      await client.service.health()
      expect([asked(browser), told]).toEqual([before + 2, [undefined, EMAIL, null]])
      // Both events at once cause one request.
      window.dispatchEvent(new Event('focus'))
      document.dispatchEvent(new Event('visibilitychange'))
      await client.session.get()
      expect(asked(browser)).toBe(before + 3)
      expect([document.types, window.types]).toEqual([['visibilitychange'], ['focus']])
      stop()
      expect([document.types, window.types]).toEqual([[], []])
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

it('stores no token from an answer that begins no session', async () => {
  const stored: unknown[] = []
  const client = createClient({
    baseUrl: 'http://127.0.0.1',
    token: { get: () => null, set: (token) => stored.push(token) },
    fetch: async () => Response.json({ status: 'ok', session_token: 'planted' }),
  })
  expect((await client.service.health()).ok).toBe(true)
  expect(stored).toEqual([])
})

/** Knows for which events it has a listener. */
class Listened extends EventTarget {
  readonly types: string[] = []

  override addEventListener(...given: Parameters<EventTarget['addEventListener']>): void {
    this.types.push(given[0])
    super.addEventListener(...given)
  }

  override removeEventListener(...given: Parameters<EventTarget['removeEventListener']>): void {
    this.types.splice(this.types.indexOf(given[0]), 1)
    super.removeEventListener(...given)
  }
}
