/** The classic contract of design §2: exact statuses, keys and messages. */
import { expect, it } from 'vitest'
import { freshAuth, onBothEngines } from '../support/engines.ts'
import { send, sessionIn } from '../support/send.ts'

const EMAIL = 'guillaume@holberton.io'
const PASSWORD = 'b4l0u'
const account = { email: EMAIL, password: PASSWORD }

async function answer(response: Response): Promise<[status: number, body: unknown]> {
  return [response.status, await response.json()]
}

onBothEngines('the classic contract', (engine) => {
  it('GET / returns the welcome message', async () => {
    const auth = await freshAuth(engine)
    expect(await answer(await send(auth, 'GET', '/'))).toEqual([200, { message: 'Bienvenue' }])
  })

  it('POST /users creates a user once', async () => {
    const auth = await freshAuth(engine)
    const register = () => send(auth, 'POST', '/users', { form: account })
    expect(await answer(await register())).toEqual([200, { email: EMAIL, message: 'user created' }])
    expect(await answer(await register())).toEqual([400, { message: 'email already registered' }])
  })

  it('POST /sessions signs in and sets the session cookie', async () => {
    const auth = await freshAuth(engine)
    await send(auth, 'POST', '/users', { form: account })
    const response = await send(auth, 'POST', '/sessions', { form: account })
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^session_id=[0-9a-f-]{36}\.[\w-]{43}; Path=\/; Max-Age=2592000; Expires=[^;]+ GMT; HttpOnly; SameSite=Lax$/,
      ),
    ])
    expect(await answer(response)).toEqual([200, { email: EMAIL, message: 'logged in' }])
  })

  it('POST /sessions answers 401 without a cookie if the password or the address is wrong', async () => {
    const auth = await freshAuth(engine)
    await send(auth, 'POST', '/users', { form: account })
    for (const fields of [
      { ...account, password: 'wrong' },
      { ...account, email: 'nobody@holberton.io' },
    ]) {
      const response = await send(auth, 'POST', '/sessions', { form: fields })
      expect(response.headers.getSetCookie()).toEqual([])
      expect(await answer(response)).toMatchObject([401, { code: 'invalid_credentials' }])
    }
  })

  it('GET /profile returns the user of the session, and answers 403 without one', async () => {
    const auth = await freshAuth(engine)
    await send(auth, 'POST', '/users', { form: account })
    const sessionToken = sessionIn(await send(auth, 'POST', '/sessions', { form: account }))
    expect(await answer(await send(auth, 'GET', '/profile', { sessionToken }))).toEqual([
      200,
      { email: EMAIL },
    ])
    expect(await answer(await send(auth, 'GET', '/profile'))).toMatchObject([
      403,
      { code: 'session_required' },
    ])
  })

  it('DELETE /sessions ends the session, clears the cookie and redirects to GET / with 302, for browsers with 303 [CX-07]', async () => {
    const auth = await freshAuth(engine)
    await send(auth, 'POST', '/users', { form: account })
    for (const [headers, status] of [
      [{}, 302],
      [{ 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' }, 303],
    ] as const) {
      const sessionToken = sessionIn(await send(auth, 'POST', '/sessions', { form: account }))
      const response = await send(auth, 'DELETE', '/sessions', { sessionToken, headers })
      expect(response.status).toBe(status)
      expect(response.headers.get('location')).toBe('/')
      expect(response.headers.getSetCookie()).toEqual([
        'session_id=; Path=/; Max-Age=0; Expires=Thu, 01-Jan-1970 00:00:00 GMT; HttpOnly; SameSite=Lax',
      ])
      expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(403)
      expect(await answer(await send(auth, 'DELETE', '/sessions', { sessionToken }))).toMatchObject([
        403,
        { code: 'session_required' },
      ])
    }
    expect(await answer(await send(auth, 'DELETE', '/sessions'))).toMatchObject([
      403,
      { code: 'session_required' },
    ])
  })

  it('DELETE /sessions does not end other sessions of the user', async () => {
    const auth = await freshAuth(engine)
    await send(auth, 'POST', '/users', { form: account })
    const here = sessionIn(await send(auth, 'POST', '/sessions', { form: account }))
    const elsewhere = sessionIn(await send(auth, 'POST', '/sessions', { form: account }))
    await send(auth, 'DELETE', '/sessions', { sessionToken: here })
    expect((await send(auth, 'GET', '/profile', { sessionToken: elsewhere })).status).toBe(200)
  })

  it('POST and PUT /reset_password set a new password', async () => {
    const auth = await freshAuth(engine)
    await send(auth, 'POST', '/users', { form: account })
    const sessionToken = sessionIn(await send(auth, 'POST', '/sessions', { form: account }))
    const [status, body] = await answer(
      await send(auth, 'POST', '/reset_password', { form: { email: EMAIL } }),
    )
    expect([status, body]).toEqual([200, { email: EMAIL, reset_token: expect.any(String) }])
    const { reset_token } = body as { reset_token: string }
    const update = () =>
      send(auth, 'PUT', '/reset_password', {
        form: { email: EMAIL, reset_token, new_password: 't4rt1fl3tt3' },
      })
    expect(await answer(await update())).toEqual([200, { email: EMAIL, message: 'Password updated' }])
    expect(await answer(await update())).toMatchObject([403, { code: 'invalid_reset_token' }])
    expect((await send(auth, 'POST', '/sessions', { form: account })).status).toBe(401)
    expect(
      (await send(auth, 'POST', '/sessions', { form: { email: EMAIL, password: 't4rt1fl3tt3' } })).status,
    ).toBe(200)
    // Clients of the exercise keep their session and sign out after the reset.
    expect((await send(auth, 'DELETE', '/sessions', { sessionToken })).status).toBe(302)
  })

  it('POST /reset_password answers 403 for an unknown address', async () => {
    const auth = await freshAuth(engine)
    expect(
      await answer(await send(auth, 'POST', '/reset_password', { form: { email: EMAIL } })),
    ).toMatchObject([403, { code: 'unknown_email' }])
  })

  it('accepts multipart bodies and JSON as well as forms', async () => {
    const auth = await freshAuth(engine)
    const form = new FormData()
    for (const [name, value] of Object.entries(account)) form.append(name, value)
    expect((await send(auth, 'POST', '/users', { body: form })).status).toBe(200)
    expect(await answer(await send(auth, 'POST', '/sessions', { json: account }))).toEqual([
      200,
      { email: EMAIL, message: 'logged in' },
    ])
  })

  it('returns the address as it was registered, whatever the spelling in the request', async () => {
    const auth = await freshAuth(engine)
    await send(auth, 'POST', '/users', { form: { email: 'Guillaume@Holberton.io', password: PASSWORD } })
    for (const [method, path, fields] of [
      ['POST', '/sessions', account],
      ['POST', '/reset_password', { email: EMAIL }],
    ] as const) {
      const [, body] = await answer(await send(auth, method, path, { form: fields }))
      expect(body).toMatchObject({ email: 'Guillaume@Holberton.io' })
    }
  })

  it('POST /sessions ends the session whose cookie the request sends [SES-04]', async () => {
    const auth = await freshAuth(engine)
    await send(auth, 'POST', '/users', { form: account })
    const first = sessionIn(await send(auth, 'POST', '/sessions', { form: account }))
    const second = sessionIn(await send(auth, 'POST', '/sessions', { form: account, sessionToken: first }))
    expect((await send(auth, 'GET', '/profile', { sessionToken: first })).status).toBe(403)
    expect((await send(auth, 'GET', '/profile', { sessionToken: second })).status).toBe(200)
  })

  it('POST /sessions answers 429 with Retry-After after too many failures', async () => {
    const auth = await freshAuth(engine)
    const attempt = () => send(auth, 'POST', '/sessions', { form: account, ip: '127.0.0.1' })
    for (let failure = 0; failure < 20; failure++) expect((await attempt()).status).toBe(401)
    const response = await attempt()
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await answer(response)).toMatchObject([429, { code: 'too_many_attempts' }])
  })

  it('ignores session tokens and fields in the query string [SES-05, CX-07]', async () => {
    const auth = await freshAuth(engine)
    await send(auth, 'POST', '/users', { form: account })
    const sessionToken = sessionIn(await send(auth, 'POST', '/sessions', { form: account })) ?? ''
    expect((await send(auth, 'GET', `/profile?session_id=${encodeURIComponent(sessionToken)}`)).status).toBe(
      403,
    )
    expect(
      (await send(auth, 'POST', `/users?${new URLSearchParams({ ...account, email: 'other@holberton.io' })}`))
        .status,
    ).toBe(400)
  })
})
