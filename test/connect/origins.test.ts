/** Web applications on other origins: CORS for those that are trusted, and nothing for the others (Fetch §3.2). */
import { describe, expect, it } from 'vitest'
import { freshAuth } from '../support/engines.ts'
import { PASSWORD, productionAuth } from '../support/production.ts'
import { send, sessionIdOf } from '../support/send.ts'

const APP = 'https://app.example.com'
const OTHERS = [
  'https://app.example.com.evil.example',
  'https://evil-app.example.com',
  'https://x.app.example.com',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://example.com',
  'null',
]
const EMAIL = 'bob@example.com'
const CREDENTIALS = { email: EMAIL, password: PASSWORD }

async function service() {
  const { auth } = await productionAuth('sqlite', { trustedOrigins: [APP, 'https://admin.example.com'] })
  await auth.users.create({ ...CREDENTIALS, confirmed: true })
  return auth
}

/** The headers of an answer that have to do with other origins. */
function shared(response: Response): Record<string, string> {
  return Object.fromEntries(
    [...response.headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary'),
  )
}

const preflight = (origin: string, method = 'POST') => ({
  headers: {
    origin,
    'sec-fetch-site': 'same-site',
    'access-control-request-method': method,
    'access-control-request-headers': 'content-type',
  },
})

describe('a trusted origin', () => {
  it('can call the service with cookies and read the answers', async () => {
    const auth = await service()
    const headers = { origin: APP, 'sec-fetch-site': 'same-site' }
    const signIn = await send(auth, 'POST', '/sessions', { json: CREDENTIALS, headers })
    expect(signIn.status).toBe(200)
    const sessionToken = sessionIdOf(signIn)
    const readable = {
      'access-control-allow-origin': APP,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'Retry-After',
      vary: 'Origin',
    }
    expect(shared(signIn)).toEqual(readable)
    const current = await send(auth, 'GET', '/session', { sessionToken, headers })
    expect(shared(current)).toEqual(readable)
    expect(await current.json()).toMatchObject({ user: { email: EMAIL } })
    const refused = await send(auth, 'PUT', '/profile/password', { json: {}, sessionToken, headers })
    expect([refused.status, shared(refused)]).toEqual([400, readable])
    expect((await send(auth, 'DELETE', '/session', { sessionToken, headers })).status).toBe(204)
  })

  it('gets the answer to a preflight: exactly its own origin, and the methods of the path [API-09]', async () => {
    const response = await send(await service(), 'OPTIONS', '/sessions', preflight(APP))
    expect([response.status, await response.text()]).toEqual([204, ''])
    expect(shared(response)).toEqual({
      'access-control-allow-origin': APP,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST, DELETE, GET, HEAD',
      'access-control-allow-headers': 'Authorization, Content-Type',
      'access-control-expose-headers': 'Retry-After',
      'access-control-max-age': '600',
      vary: 'Origin',
    })
    expect((await send(await service(), 'OPTIONS', '/nowhere', preflight(APP))).status).toBe(404)
  })
})

describe('another origin', () => {
  it.each(OTHERS)('such as %s is refused, and cannot read the answer [API-09]', async (origin) => {
    const auth = await service()
    const headers = { origin, 'sec-fetch-site': 'cross-site' }
    for (const response of [
      await send(auth, 'POST', '/sessions', { json: CREDENTIALS, headers }),
      await send(auth, 'OPTIONS', '/sessions', preflight(origin)),
    ]) {
      expect([response.status, await response.json()]).toMatchObject([403, { code: 'foreign_origin' }])
      expect(shared(response)).toEqual({ vary: 'Origin' })
      expect(response.headers.getSetCookie()).toEqual([])
    }
    expect(shared(await send(auth, 'GET', '/session', { headers }))).toEqual({ vary: 'Origin' })
  })

  it('gets no permission if there are no trusted origins', async () => {
    const { auth } = await productionAuth('sqlite')
    const headers = { origin: APP, 'sec-fetch-site': 'same-site' }
    const response = await send(auth, 'POST', '/sessions', { json: CREDENTIALS, headers })
    expect([response.status, shared(response)]).toEqual([403, {}])
    expect((await send(auth, 'OPTIONS', '/sessions', preflight(APP))).status).toBe(403)
  })

  it('is not trusted in classic mode either, which trusts the origin of the Host header', async () => {
    const auth = await freshAuth('sqlite', { trustedOrigins: 'http://localhost:5173' })
    const statusOf = async (origin: string) =>
      (await send(auth, 'POST', '/users', { form: CREDENTIALS, headers: { origin } })).status
    expect(await statusOf('http://localhost:5174')).toBe(403)
    expect(await statusOf('http://localhost:5173')).toBe(200)
  })
})

describe('a cookie for a domain', () => {
  it('is shared by sibling hosts, under the name __Secure-session_id [SES-06]', async () => {
    const { auth } = await productionAuth('sqlite', { cookieDomain: 'example.com', trustedOrigins: [APP] })
    await auth.users.create({ ...CREDENTIALS, confirmed: true })
    const headers = { origin: APP, 'sec-fetch-site': 'same-site' }
    const response = await send(auth, 'POST', '/sessions', { json: CREDENTIALS, headers })
    const [session = '', device = ''] = response.headers.getSetCookie()
    expect(session).toMatch(
      /^__Secure-session_id=[^;]+; Path=\/; Domain=example\.com; Max-Age=\d+;.* Secure; HttpOnly; SameSite=Lax$/,
    )
    expect(device).toMatch(/^__Host-device=[^;]+; Path=\/; Max-Age/)
    // The backend of app.example.com gets the cookie with each request of its pages.
    const [cookie = ''] = session.split(';')
    expect((await auth.getSession({ headers: { cookie } }))?.user.email).toBe(EMAIL)
    expect(await auth.getSession({ headers: { cookie: cookie.replace('__Secure-', '__Host-') } })).toBeNull()
    const cleared = await send(auth, 'DELETE', '/session', { headers: { ...headers, cookie } })
    expect(cleared.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Secure-session_id=; Path=\/; Domain=example\.com; Max-Age=0;/),
    ])
    expect(await auth.getSession({ headers: { cookie } })).toBeNull()
  })
})
