/** Sessions without a cookie, for mobile apps, command-line tools and browser clients on another site. */
import { expect, it } from 'vitest'
import { createClient } from '../../src/client/index.ts'
import { onEachEngine } from '../support/engines.ts'
import { NEW_PASSWORD, PASSWORD, productionAuth } from '../support/production.ts'
import { type Send, send, sessionIdOf } from '../support/send.ts'

const EMAIL = 'bob@example.com'
const CREDENTIALS = { email: EMAIL, password: PASSWORD }

interface Tokens {
  session_token: string
  expires_at: string
  device_token?: string
}

onEachEngine('a bearer token', (engine) => {
  async function service() {
    const { auth } = await productionAuth(engine)
    await auth.users.create({ ...CREDENTIALS, confirmed: true })
    /** A request as a program sends it: without `Origin` and without cookies. */
    const ask = (method: string, path: string, token: string | null, json?: Send['json']) =>
      send(auth, method, path, { json, headers: token === null ? {} : { authorization: `Bearer ${token}` } })
    const signIn = async (more: Send['json'] = {}) => {
      const response = await ask('POST', '/sessions', null, { ...CREDENTIALS, transport: 'bearer', ...more })
      return { response, tokens: (await response.json()) as Tokens }
    }
    const cookieSession = async () =>
      sessionIdOf(await send(auth, 'POST', '/sessions', { json: CREDENTIALS }))
    return { auth, ask, signIn, cookieSession }
  }

  it('is returned in the body of the sign-in, without a cookie, and works until sign-out [SES-07]', async () => {
    const { ask, signIn } = await service()
    const { response, tokens } = await signIn()
    expect(response.status).toBe(200)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(tokens).toEqual({
      email: EMAIL,
      message: 'logged in',
      session_token: expect.stringMatching(/^[0-9a-f-]{36}\.[\w-]{43}$/),
      expires_at: expect.stringMatching(/^2026-12-\d\dT/),
      device_token: expect.any(String),
    })
    const token = tokens.session_token
    const current = await ask('GET', '/session', token)
    expect(await current.json()).toMatchObject({ user: { email: EMAIL }, session: { amr: ['pwd'], aal: 1 } })
    expect(await (await ask('GET', '/profile', token)).json()).toEqual({ email: EMAIL })

    const signedOut = await ask('DELETE', '/session', token)
    expect([signedOut.status, signedOut.headers.getSetCookie()]).toEqual([204, []])
    expect(await (await ask('GET', '/session', token)).json()).toEqual({ user: null, session: null })
    expect((await ask('GET', '/profile', token)).status).toBe(403)
    expect((await ask('GET', '/sessions', token)).status).toBe(401)
  })

  it('of a sign-in that waits reads and cancels it, and nothing else', async () => {
    const { auth, ask, signIn } = await service()
    await auth.users.requireSecondFactor((await auth.users.find(EMAIL))?.user.id ?? 0, { required: true })
    const { response } = await signIn()
    expect([response.status, response.headers.getSetCookie()]).toEqual([202, []])
    const begun = await ask('POST', '/sessions', null, { ...CREDENTIALS, transport: 'bearer' })
    const { login_token } = (await begun.json()) as { login_token: string }
    const fetch: typeof globalThis.fetch = (url, init) => auth.fetch(new Request(url, init))
    const client = createClient({ baseUrl: auth.options.baseUrl, fetch, token: () => null })
    expect(await client.signIn.pending({ token: login_token })).toMatchObject({
      ok: true,
      data: { next: 'enrol', email: EMAIL },
    })
    expect((await ask('GET', '/profile', login_token)).status).toBe(403)
    expect((await ask('GET', '/sessions/pending', null)).status).toBe(401)
    expect((await ask('DELETE', '/sessions/pending', login_token)).status).toBe(204)
    expect(await (await ask('GET', '/sessions/pending', login_token)).json()).toMatchObject({
      code: 'pending_login_required',
    })
  })

  it('is renewed in the body by a re-authentication and a change of password', async () => {
    const { ask, signIn } = await service()
    const { tokens } = await signIn()
    const first = await ask('POST', '/reauthenticate', tokens.session_token, { password: PASSWORD })
    const renewed = (await first.json()) as Tokens
    expect(renewed).toEqual({
      email: EMAIL,
      message: 'reauthenticated',
      session_token: expect.any(String),
      expires_at: expect.any(String),
    })
    expect(first.headers.getSetCookie()).toEqual([])
    expect((await ask('GET', '/profile', tokens.session_token)).status).toBe(403)
    const passwords = { current_password: PASSWORD, new_password: NEW_PASSWORD }
    const second = await ask('PUT', '/profile/password', renewed.session_token, passwords)
    expect(second.headers.getSetCookie()).toEqual([])
    const changed = (await second.json()) as Tokens
    expect((await ask('GET', '/profile', renewed.session_token)).status).toBe(403)
    expect((await ask('GET', '/profile', changed.session_token)).status).toBe(200)
    const gone = await ask('DELETE', '/profile', changed.session_token)
    expect([gone.status, gone.headers.getSetCookie()]).toEqual([200, []])
  })

  it('does not work as a cookie, and the value of a cookie does not work as a bearer token [SES-07]', async () => {
    const { auth, ask, signIn, cookieSession } = await service()
    const { tokens } = await signIn()
    const sessionToken = await cookieSession()
    expect((await send(auth, 'GET', '/profile', { sessionToken: tokens.session_token })).status).toBe(403)
    expect((await ask('GET', '/profile', sessionToken)).status).toBe(403)
    // Both still work as they should.
    expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(200)
    expect((await ask('GET', '/profile', tokens.session_token)).status).toBe(200)
  })

  it('is refused together with a session cookie, and nothing is changed', async () => {
    const { auth, signIn, cookieSession } = await service()
    const { tokens } = await signIn()
    const sessionToken = await cookieSession()
    const headers = { authorization: `Bearer ${tokens.session_token}` }
    for (const [method, path] of [
      ['GET', '/session'],
      ['GET', '/profile'],
      ['DELETE', '/session'],
      ['DELETE', '/sessions'],
      ['POST', '/profile/export'],
    ] as const) {
      const response = await send(auth, method, path, { headers, sessionToken })
      expect([response.status, await response.json()]).toMatchObject([
        400,
        { code: 'conflicting_credentials' },
      ])
      expect(response.headers.getSetCookie()).toEqual([])
    }
    expect(await auth.getSession({ headers })).not.toBeNull()
    expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(200)
  })

  it('cannot be requested with a session cookie, nor a cookie with a bearer token', async () => {
    const { auth, ask, signIn, cookieSession } = await service()
    const { tokens } = await signIn()
    const sessionToken = await cookieSession()
    const json = { ...CREDENTIALS, transport: 'bearer' }
    const refused = [
      await send(auth, 'POST', '/sessions', { json, sessionToken }),
      await ask('POST', '/sessions', tokens.session_token, CREDENTIALS),
    ]
    for (const response of refused) {
      expect([response.status, await response.json()]).toMatchObject([
        400,
        { code: 'conflicting_credentials' },
      ])
      expect(response.headers.getSetCookie()).toEqual([])
    }
    expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(200)
    expect((await ask('GET', '/profile', tokens.session_token)).status).toBe(200)
  })

  it('is replaced by the next sign-in that presents it', async () => {
    const { ask, signIn } = await service()
    const { tokens } = await signIn()
    const again = await ask('POST', '/sessions', tokens.session_token, {
      ...CREDENTIALS,
      transport: 'bearer',
    })
    expect(again.status).toBe(200)
    expect((await ask('GET', '/profile', tokens.session_token)).status).toBe(403)
  })

  it('belongs to a known device if the sign-in presents the device token', async () => {
    const { auth, signIn } = await service()
    const { tokens } = await signIn()
    await signIn({ device_token: tokens.device_token })
    await signIn({ device_token: 'nonsense' })
    const records = await Array.fromAsync(auth.audit.list({ action: 'login' }))
    expect(
      records
        .map(({ details }) => details)
        .toSorted((a, b) => String(a.device).localeCompare(String(b.device))),
    ).toMatchObject([{ device: 'known' }, { device: 'new' }, { device: 'new' }])
  })

  it('cannot be requested with an unknown transport', async () => {
    const { ask } = await service()
    for (const transport of ['Bearer', 'header', '', 'cookie,bearer']) {
      const response = await ask('POST', '/sessions', null, { ...CREDENTIALS, transport })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ field: 'transport' })
    }
  })

  it('is not accepted in the URL or the body', async () => {
    const { ask, signIn } = await service()
    const { session_token: token } = (await signIn()).tokens
    for (const name of ['session_token', 'access_token', 'token'])
      expect((await ask('GET', `/profile?${name}=${token}`, null)).status).toBe(403)
    const inBody = await ask('POST', '/reauthenticate', null, { password: PASSWORD, session_token: token })
    expect(inBody.status).toBe(400)
  })
})
