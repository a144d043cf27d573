/** Requirements on session tokens: how they are made, sent, found and ended. */
import { expect, it } from 'vitest'
import { OPERATIONS } from '../../src/api/index.ts'
import { freshAuth, onEachEngine } from '../support/engines.ts'
import { cookieIn, NEW_PASSWORD, PASSWORD, productionAuth } from '../support/production.ts'
import {
  addConfirmed,
  askReset,
  authIn,
  BOB,
  CLASSIC_PASSWORD,
  EMAIL,
  expectRandom,
  logIn,
  secretOf,
  tablesOf,
  WRONG,
} from '../support/security.ts'
import { send, sessionIn } from '../support/send.ts'
import { signedIn as completed, signInNewUser } from '../support/signed-in.ts'

onEachEngine('sessions', (engine) => {
  it('have a new token of 256 random bits each, and accept no other credential [SES-02, CRY-01, CX-04]', async () => {
    const auth = await freshAuth(engine)
    await auth.registerUser(EMAIL, CLASSIC_PASSWORD)
    const values: string[] = []
    for (let count = 0; count < 200; count++) values.push(await logIn(auth))
    expect(new Set(values.map((value) => value.split('.')[0])).size).toBe(200)
    expectRandom(values.map(secretOf))
    const value = values.at(-1) ?? ''
    for (const headers of [
      { authorization: `Bearer ${value}` },
      { authorization: `Basic ${btoa(`${EMAIL}:${CLASSIC_PASSWORD}`)}` },
      { 'x-api-key': value },
    ])
      expect((await send(auth, 'GET', '/profile', { headers })).status).toBe(403)
  })

  it.each(['classic', 'production'] as const)(
    'are identified in %s mode only by the cookie of a browser, which is looked up on every request [SES-01, SES-05, CX-07]',
    async (mode) => {
      const auth = await authIn(mode, engine)
      await addConfirmed(auth, EMAIL)
      const id = await addConfirmed(auth, 'rob@example.com')
      const bobs = (await auth.createSession(EMAIL)) ?? expect.unreachable()
      const robs = (await auth.createSession('rob@example.com')) ?? expect.unreachable()
      const claims: Record<string, string>[] = [
        { authorization: robs },
        ...['Basic', 'Digest', 'Session', 'Token'].flatMap((scheme) => [
          { authorization: `${scheme} ${robs}` },
          { authorization: `${scheme} ${btoa(robs)}` },
        ]),
        ...['session_id', 'x-session-id', 'x-auth-token', 'cookie2'].map((name) => ({
          [name]: `session_id=${robs}`,
        })),
        ...[
          'x-user',
          'x-user-id',
          'x-remote-user',
          'remote-user',
          'x-forwarded-user',
          'x-forwarded-email',
        ].map((name) => ({ [name]: name.endsWith('id') ? String(id) : 'rob@example.com' })),
      ]
      const query = `?${new URLSearchParams({ session_id: robs, user_id: String(id), email: 'rob@example.com' })}`
      const paths = ['/profile', `/profile${query}`]
      for (const [sessionToken, expected] of [
        [bobs, { status: 200, body: { email: EMAIL } }],
        [undefined, { status: 403, body: { code: 'session_required' } }],
      ] as const) {
        for (const headers of [{}, ...claims]) {
          for (const path of paths) {
            const answer = await send(auth, 'GET', path, { sessionToken, headers })
            expect({ status: answer.status, body: await answer.json() }).toMatchObject(expected)
          }
        }
      }
      for (const headers of [{}, ...claims]) {
        const answer = await send(auth, 'DELETE', `/sessions${query}`, {
          form: { session_id: robs },
          headers,
        })
        expect(answer.status).toBe(403)
      }
      // No route has a field for it.
      for (const [path, fields] of [
        ['/sessions', { ...BOB, session_id: robs }],
        ['/users', { email: 'new@example.com', password: 'seven green umbrellas', session_id: robs }],
      ] as const)
        expect((await send(auth, 'POST', path, { form: fields })).status).toBe(400)
      expect((await send(auth, 'GET', '/profile', { sessionToken: robs })).status).toBe(200)
      // Once the rows are deleted, the same cookies are refused.
      await (await tablesOf(auth)).deleteFrom('sessions').execute()
      for (const sessionToken of [bobs, robs])
        expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(403)
    },
  )

  it('send their token only in Set-Cookie, with HttpOnly and SameSite, in less than 4,096 bytes [SES-07]', async () => {
    const log: string[] = []
    const write = (fields: object, message: string) => log.push(JSON.stringify(fields) + message)
    const auth = await freshAuth(engine, { logger: { debug: write, info: write, warn: write, error: write } })
    await auth.registerUser(EMAIL, CLASSIC_PASSWORD)
    const login = await send(auth, 'POST', '/sessions', { form: BOB })
    const sessionToken = sessionIn(login) ?? ''
    const second = await send(auth, 'POST', '/sessions', { form: BOB, sessionToken })
    const live = sessionIn(second) ?? ''
    const answers = [login, second]
    for (const sessionToken of [live, live.slice(0, -1)])
      for (const { id, method, path, body } of OPERATIONS) {
        // The session must stay alive.
        if (method === 'DELETE' || id === 'pages.signOut') continue
        answers.push(await send(auth, method, path, { sessionToken }))
        if (body)
          answers.push(
            await send(auth, method, path, { sessionToken, form: { email: EMAIL, password: live } }),
          )
      }
    answers.push(await send(auth, 'GET', `/nothing?${live}`, { sessionToken: live }))
    const logout = await send(auth, 'DELETE', '/sessions', { sessionToken: live })
    answers.push(logout)
    for (const answer of [login, second, logout]) {
      const [cookie = '', ...more] = answer.headers.getSetCookie()
      expect(more).toEqual([])
      expect(Buffer.byteLength(cookie)).toBeLessThan(4_096)
      const attributes = cookie.split('; ').slice(1)
      expect(attributes).toContain('HttpOnly')
      expect(attributes.filter((attribute) => /^SameSite=(?:Lax|Strict)$/.test(attribute))).toHaveLength(1)
    }
    const said = await Promise.all(
      answers.map(async (answer) => {
        answer.headers.delete('set-cookie')
        return JSON.stringify([...answer.headers]) + (await answer.text())
      }),
    )
    expect(log.length).toBeGreaterThan(10)
    // The id before the secret appears in the list of sessions. It is not a credential.
    for (const secret of [sessionToken, live].flatMap((value) => [value, secretOf(value)]))
      expect([...said, ...log].filter((each) => each.includes(secret))).toEqual([])
  })

  it('use __Host- cookies with Secure, HttpOnly and Path=/, without Domain [SES-06, SES-07, CX-05]', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    await signInNewUser(production)
    const answer = await send(auth, 'POST', '/sessions', { json: { email: EMAIL, password: PASSWORD } })
    const cookies = answer.headers.getSetCookie()
    expect(cookies).toHaveLength(2)
    for (const cookie of cookies) {
      expect(cookie).toMatch(
        /^__Host-(?:session_id|device)=[^;]+; Path=\/; Max-Age=\d+; Expires=[^;]+ GMT; Secure; HttpOnly; SameSite=Lax$/,
      )
      expect(cookie).not.toMatch(/domain/i)
    }
    const sessionToken = cookieIn(answer, 'session_id')
    expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(200)
    // The cookie name of classic mode is ignored.
    const classic = await send(auth, 'GET', '/profile', { headers: { cookie: `session_id=${sessionToken}` } })
    expect(classic.status).toBe(403)
    const loopback = await freshAuth(engine)
    await loopback.registerUser(EMAIL, PASSWORD)
    const login = await send(loopback, 'POST', '/sessions', { form: { email: EMAIL, password: PASSWORD } })
    expect(login.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^session_id=[^;]+; Path=\/; Max-Age=2592000; Expires=[^;]+ GMT; HttpOnly; SameSite=Lax$/,
      ),
    ])
  })

  it.each(['disable', 'delete'] as const)(
    'and unused tokens end on every instance with %s, but not those of other users [SES-11]',
    async (end) => {
      const here = await freshAuth(engine)
      const there = await freshAuth(engine, { databaseUrl: here.options.databaseUrl })
      const { id } = await here.registerUser(EMAIL, CLASSIC_PASSWORD)
      await here.registerUser('rob@example.com', CLASSIC_PASSWORD)
      const [one, two] = [await logIn(here), await logIn(there)]
      const robs = await logIn(there, { email: 'rob@example.com', password: CLASSIC_PASSWORD })
      const [token, robsToken] = [await askReset(there), await askReset(there, 'rob@example.com')]
      for (const sessionToken of [one, two])
        expect(await there.getUserFromSessionId(sessionToken)).not.toBeNull()
      expect(await here.users[end](id)).toBe(true)
      for (const auth of [here, there]) {
        for (const sessionToken of [one, two])
          expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(403)
        const fields = { email: EMAIL, reset_token: token, new_password: 'new' }
        expect((await send(auth, 'PUT', '/reset_password', { form: fields })).status).toBe(403)
        expect((await send(auth, 'POST', '/sessions', { form: BOB })).status).toBe(401)
        expect((await send(auth, 'GET', '/profile', { sessionToken: robs })).status).toBe(200)
      }
      const db = await tablesOf(here)
      for (const table of ['sessions', 'tokens'] as const)
        expect(await db.selectFrom(table).select('id').where('user_id', '=', id).execute()).toEqual([])
      await there.updatePassword(robsToken, 'new')
    },
  )

  it('record the time, method and level of authentication, and a known device does not authenticate [SES-15]', async () => {
    const production = await productionAuth(engine)
    const { auth, db, now } = production
    const { deviceToken } = await signInNewUser(production)
    await auth.users.endEverySession()
    now.advance(100)
    await auth.createSession(EMAIL)
    now.advance(100)
    const again = completed(
      await auth.signIn.withPassword({ email: EMAIL, password: PASSWORD }, { deviceToken }),
    )
    const sessions = () =>
      db.selectFrom('sessions').select(['amr', 'aal', 'authenticated_at']).orderBy('id').execute()
    const at = now().getTime()
    const vouchedFor = { amr: '', aal: 0, authenticated_at: at - 100_000 }
    expect(await sessions()).toEqual([vouchedFor, { amr: 'pwd', aal: 1, authenticated_at: at }])
    await expect(
      auth.signIn.withPassword({ email: EMAIL, password: WRONG }, { deviceToken }),
    ).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    now.advance(100)
    const renewed = await auth.signIn.reauthenticate(
      { password: PASSWORD },
      { sessionToken: again.sessionToken },
    )
    expect(await sessions()).toEqual([vouchedFor, { amr: 'pwd', aal: 1, authenticated_at: at + 100_000 }])
    now.advance(100)
    await auth.account.changePassword({ currentPassword: PASSWORD, newPassword: NEW_PASSWORD }, renewed)
    expect(await sessions()).toEqual([{ amr: 'pwd', aal: 1, authenticated_at: at + 200_000 }])
    expect((await send(auth, 'GET', '/profile', { deviceToken })).status).toBe(403)
    expect((await send(auth, 'GET', '/profile', { sessionToken: deviceToken })).status).toBe(403)
  })
})
