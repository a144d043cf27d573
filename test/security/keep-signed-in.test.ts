/** "Keep me signed in": a session that does not outlive the browser. */
import { expect, it } from 'vitest'
import { onEachEngine } from '../support/engines.ts'
import { NEW_PASSWORD, PASSWORD, productionAuth } from '../support/production.ts'
import { send, sessionIdOf } from '../support/send.ts'

const EMAIL = 'bob@example.com'
const HOUR_MS = 3_600_000

onEachEngine('a session that does not outlive the browser', (engine) => {
  async function service(options = {}) {
    const { auth, now } = await productionAuth(engine, options)
    await auth.users.create({ email: EMAIL, password: PASSWORD, confirmed: true })
    const signIn = (more: Record<string, unknown>) =>
      send(auth, 'POST', '/sessions', { json: { email: EMAIL, password: PASSWORD, ...more } })
    const hoursOf = async (response: Response) => {
      const sessionToken = sessionIdOf(response)
      const current = await auth.sessions.current({ sessionToken })
      return ((current?.session.expiresAt.getTime() ?? 0) - now().getTime()) / HOUR_MS
    }
    return { auth, now, signIn, hoursOf }
  }

  const sessionCookieOf = (response: Response) =>
    response.headers.getSetCookie().find((header) => header.includes('session_id='))

  it('has a cookie without Max-Age and Expires, and lasts 12 hours [SES-09]', async () => {
    const { signIn, hoursOf } = await service()
    const response = await signIn({ remember: false })
    expect(sessionCookieOf(response)).toMatch(
      /^__Host-session_id=[^;]+; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
    )
    expect(await hoursOf(response)).toBe(12)
  })

  it.each([{}, { remember: true }])('is not started by a sign-in with %j', async (more) => {
    const { signIn, hoursOf } = await service()
    const response = await signIn(more)
    expect(sessionCookieOf(response)).toContain('Max-Age=2592000')
    expect(await hoursOf(response)).toBe(30 * 24)
  })

  it('stays one through a re-authentication and a change of the password [SES-09]', async () => {
    const { auth, signIn, hoursOf } = await service()
    const sessionToken = sessionIdOf(await signIn({ remember: false }))
    const renewed = await send(auth, 'POST', '/reauthenticate', {
      sessionToken,
      json: { password: PASSWORD },
    })
    expect(sessionCookieOf(renewed)).not.toMatch(/Max-Age|Expires/)
    expect(await hoursOf(renewed)).toBe(12)
    const changed = await send(auth, 'PUT', '/profile/password', {
      sessionToken: sessionIdOf(renewed),
      json: { current_password: PASSWORD, new_password: NEW_PASSWORD },
    })
    expect(changed.status).toBe(200)
    expect(sessionCookieOf(changed)).not.toMatch(/Max-Age|Expires/)
    expect(await hoursOf(changed)).toBe(12)
  })

  it('ends earlier if the lifetime of sessions is shorter [SES-09]', async () => {
    const { signIn, hoursOf } = await service({ sessionLifetimeSeconds: 3_600 })
    expect(await hoursOf(await signIn({ remember: false }))).toBe(1)
  })

  it('lasts 12 hours with a bearer token too', async () => {
    const { signIn, now } = await service()
    const response = await signIn({ remember: false, transport: 'bearer' })
    const { expires_at } = (await response.json()) as { expires_at: string }
    expect((Date.parse(expires_at) - now().getTime()) / HOUR_MS).toBe(12)
  })

  it('is requested with true or false, and nothing else', async () => {
    const { signIn } = await service()
    for (const remember of ['false', 0, null]) {
      const response = await signIn({ remember })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ code: 'invalid_field', field: 'remember' })
    }
  })
})
