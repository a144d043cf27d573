/** How an application learns who is signed in: over HTTP, and in its own routes. */
import { describe, expect, it } from 'vitest'
import { freshAuth, onEachEngine } from '../support/engines.ts'
import { PASSWORD, productionAuth } from '../support/production.ts'
import { send, sessionIdOf } from '../support/send.ts'

const EMAIL = 'bob@example.com'
const CREDENTIALS = { email: EMAIL, password: PASSWORD }

async function signedIn(engine: 'sqlite' | 'postgres' = 'sqlite') {
  const { auth } = await productionAuth(engine)
  const { id } = await auth.users.create({ ...CREDENTIALS, confirmed: true })
  const sessionToken = sessionIdOf(await send(auth, 'POST', '/sessions', { json: CREDENTIALS }))
  return { auth, id, sessionToken }
}

onEachEngine('GET /session', (engine) => {
  it('returns the user and the session, field by field, without a hash or token', async () => {
    const { auth, id, sessionToken } = await signedIn(engine)
    const profile = { name: 'Bob', picture: 'https://example.com/bob.png', locale: 'fr' }
    const metadata = { plan: 'pro' }
    await auth.users.update(id, { ...profile, metadata, privateMetadata: { customer: 'cus_1' } })
    const response = await send(auth, 'GET', '/session', { sessionToken })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      user: {
        id,
        email: EMAIL,
        email_verified_at: expect.any(String),
        created_at: expect.any(String),
        ...profile,
        metadata,
      },
      session: {
        id: sessionToken.split('.')[0],
        created_at: expect.any(String),
        authenticated_at: expect.any(String),
        expires_at: expect.any(String),
        amr: ['pwd'],
        aal: 1,
        fresh: true,
      },
    })
  })

  it('returns null for both if nobody is signed in, or the session has just ended', async () => {
    const { auth, sessionToken } = await signedIn(engine)
    const nobody = { user: null, session: null }
    for (const given of [undefined, 'nonsense', `${sessionToken}x`]) {
      const response = await send(auth, 'GET', '/session', given === undefined ? {} : { sessionToken: given })
      expect([response.status, await response.json()]).toEqual([200, nobody])
    }
    expect((await send(auth, 'DELETE', '/session', { sessionToken })).status).toBe(204)
    expect(await (await send(auth, 'GET', '/session', { sessionToken })).json()).toEqual(nobody)
  })
})

describe('DELETE /session', () => {
  it('answers 204, clears the cookie and keeps the device, even without a live session', async () => {
    const { auth, sessionToken } = await signedIn()
    for (const given of [sessionToken, sessionToken, 'nonsense']) {
      const response = await send(auth, 'DELETE', '/session', { sessionToken: given })
      expect([response.status, await response.text()]).toEqual([204, ''])
      expect(response.headers.getSetCookie()).toEqual([
        expect.stringMatching(/^__Host-session_id=; Path=\/; Max-Age=0;/),
      ])
    }
  })

  it('refuses another site, and the session stays', async () => {
    const { auth, sessionToken } = await signedIn()
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    const response = await send(auth, 'DELETE', '/session', { sessionToken, headers })
    expect([response.status, await response.json()]).toMatchObject([403, { code: 'foreign_origin' }])
    expect(await auth.sessions.current({ sessionToken })).not.toBeNull()
  })
})

describe('getSession', () => {
  it('accepts a request or its headers, in the form of every framework', async () => {
    const { auth, id, sessionToken } = await signedIn()
    const cookie = `theme=dark; __Host-session_id=${sessionToken}`
    const request = new Request('https://auth.example.com/orders', { headers: { cookie } })
    const forms = [
      request,
      request.headers,
      { headers: { cookie } },
      { headers: { cookie: ['theme=dark', `__Host-session_id=${sessionToken}`] } },
      { cookie },
      { get: (name: string) => (name === 'cookie' ? cookie : null) },
    ]
    for (const form of forms) {
      const current = await auth.getSession(form)
      expect(current?.user.id).toBe(id)
      expect(JSON.stringify(current)).not.toContain('$')
      expect(Object.keys(current?.user ?? {})).not.toContain('hashedPassword')
    }
    for (const form of [new Request('https://auth.example.com/'), new Headers(), { headers: {} }, {}])
      expect(await auth.getSession(form)).toBeNull()
  })

  it('accepts neither of two session cookies, because a sibling domain may have planted one', async () => {
    const { auth, sessionToken } = await signedIn()
    const cookie = `__Host-session_id=${sessionToken}; __Host-session_id=${sessionToken}`
    expect(await auth.getSession({ headers: { cookie } })).toBeNull()
  })

  it('refuses a cookie together with a bearer token', async () => {
    const { auth, sessionToken } = await signedIn()
    const headers = { cookie: `__Host-session_id=${sessionToken}`, authorization: 'Bearer x' }
    await expect(auth.getSession({ headers })).rejects.toMatchObject({ code: 'conflicting_credentials' })
  })

  it('finds nobody in headers whose values are not text', async () => {
    const { auth } = await signedIn()
    for (const cookie of [null, 5, {}])
      expect(await auth.getSession({ headers: { cookie } } as never)).toBeNull()
  })

  it('counts null as no IP address', async () => {
    const { auth, sessionToken } = await signedIn()
    const request = new Request('https://auth.example.com/session', {
      headers: { authorization: `Bearer ${sessionToken}` },
    })
    expect(auth.callerOf(request, { ip: null as never }).ip).toBeUndefined()
    for (const connection of [null, { ip: null }])
      expect((await auth.fetch(request.clone(), connection as never)).status).toBe(200)
    const json = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(CREDENTIALS),
    }
    const signIn = new Request('https://auth.example.com/sessions', json)
    expect((await auth.fetch(signIn, { ip: null } as never)).status).toBe(200)
  })

  it('refuses a session token in place of the request, which would count as nobody', async () => {
    const { auth, sessionToken } = await signedIn()
    await expect(auth.getSession(sessionToken as never)).rejects.toThrow(TypeError)
    expect(() => auth.callerOf(sessionToken as never)).toThrow(TypeError)
  })

  it('refuses to fetch anything but a Request', async () => {
    const { auth } = await signedIn()
    const message = 'expected a Request; for the requests of Node and Express, use toNodeHandler(auth)'
    for (const wrong of [undefined, 'https://auth.example.com/', { url: '/', method: 'GET', headers: {} }])
      await expect(auth.fetch(wrong as never)).rejects.toThrow(new TypeError(message))
  })
})

describe('routes of the application that sign users in', () => {
  it('pass on the caller and set our cookies', async () => {
    const { auth } = await signedIn()
    const request = new Request('https://auth.example.com/login', {
      headers: { 'user-agent': 'Firefox', 'accept-language': 'fr', cookie: '__Host-device=abc' },
    })
    expect(auth.callerOf(request, { ip: '192.0.2.1' })).toEqual({
      sessionToken: null,
      transport: 'cookie',
      ip: '192.0.2.1',
      userAgent: 'Firefox',
      acceptLanguage: 'fr',
      deviceToken: 'abc',
    })
    const started = await auth.signIn.withPassword(CREDENTIALS, auth.callerOf(request))
    const cookies = auth.cookies.forSignIn(started)
    expect(cookies.map(({ name, value }) => [name, value])).toEqual([
      ['__Host-session_id', started.sessionToken],
      ['__Host-device', started.deviceToken],
    ])
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
    expect((await auth.getSession({ headers: { cookie } }))?.user.email).toBe(EMAIL)
    expect(auth.callerOf({ headers: { cookie } })).toMatchObject({ deviceToken: started.deviceToken })

    await auth.sessions.signOut(auth.callerOf({ headers: { cookie } }))
    expect(await auth.getSession({ headers: { cookie } })).toBeNull()
    expect(auth.cookies.forSignOut().map(({ header }) => header)).toEqual([
      expect.stringMatching(/^__Host-session_id=; Path=\/; Max-Age=0;/),
    ])
  })

  it('are made only of what a sign-in returned', async () => {
    const { auth, sessionToken } = await signedIn()
    for (const given of [undefined, {}, sessionToken, { sessionToken: null }])
      expect(() => auth.cookies.forSignIn(given as never)).toThrow(TypeError)
  })

  it('get no cookie for a bearer token', async () => {
    const { auth } = await signedIn()
    const started = await auth.signIn.withPassword({ ...CREDENTIALS, transport: 'bearer' })
    expect(() => auth.cookies.forSignIn(started)).toThrow(TypeError)
  })
})

onEachEngine('auth.testing.signIn', (engine) => {
  it('signs in an existing or a new user without a password', async () => {
    const auth = await freshAuth(engine)
    for (const user of [EMAIL, EMAIL.toUpperCase(), { email: EMAIL }]) {
      const { headers, user: account } = await auth.testing.signIn(user)
      expect((await auth.getSession({ headers }))?.user).toEqual(account)
      expect(await auth.validLogin(EMAIL, '!')).toBe(false)
    }
    await expect(auth.testing.signIn('nobody')).rejects.toMatchObject({ code: 'invalid_email' })
    const { user } = await auth.testing.signIn(EMAIL)
    await auth.users.disable(user.id)
    await expect(auth.testing.signIn(EMAIL)).rejects.toMatchObject({ code: 'invalid_credentials' })
  })

  it('does not work in production', async () => {
    const { auth } = await productionAuth(engine)
    await expect(auth.testing.signIn(EMAIL)).rejects.toThrow(TypeError)
  })
})
