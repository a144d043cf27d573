/** Attacks on sessions and their cookies. */
import { expect, it } from 'vitest'
import { OPERATIONS } from '../../src/api/index.ts'
import type { Auth, CreateAuthOptions } from '../../src/index.ts'
import { freshAuth, migratedDatabase, onEachEngine, testClock, watchedHasher } from '../support/engines.ts'
import { addTotp } from '../support/factors.ts'
import {
  BASE_URL,
  cookieIn,
  everyRow,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
  randomKey,
} from '../support/production.ts'
import { type Send, send, sessionIn } from '../support/send.ts'
import { addMember, GENEROUS, MALLORY, outcome, PWNED, signIn, VICTIM } from './support.ts'

/** The user that a session token identifies, or the refusal. */
async function whoIs(auth: Auth, sessionToken: string): Promise<string> {
  const answer = await send(auth, 'GET', '/profile', { sessionToken })
  return answer.ok ? ((await answer.json()) as { email: string }).email : outcome(answer)
}

/** Operations of second factors, and what they answer to a member who has none and whose sign-in does not wait. */
const OF_FACTORS =
  /^(?:factors|passkeys|providers|identities)\.|^signIn\.(?:cancel|with(?:Passkey|Totp|RecoveryCode))$/
const NOT_READY =
  /^(?:200|204|400 invalid_field|401 (?:invalid_code|invalid_passkey|pending_login_required)|404 not_found|409 no_second_factor)$/

onEachEngine('a session', (engine) => {
  it('CVE-2026-7507: gets a new token at every sign-in, whatever cookie was planted before [SES-04]', async () => {
    const { auth, db } = await productionAuth(engine, GENEROUS)
    const victim = await addMember(auth)
    await addMember(auth, MALLORY)
    const ended = await signIn(auth, MALLORY)
    await send(auth, 'DELETE', '/sessions', { sessionToken: ended.sessionToken })
    const [id = '', secret = ''] = ended.sessionToken.split('.')
    const never = `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}.${secret}`
    const live = async () => (await signIn(auth, MALLORY)).sessionToken
    for (const planted of [await live(), ended.sessionToken, never, `${id}.`, 'fixed']) {
      const form = { email: VICTIM, password: PASSWORD }
      const wrong = { email: VICTIM, password: PWNED }
      const own = new Set([planted])
      for (const fields of [wrong, form, wrong, form]) {
        const answer = await send(auth, 'POST', '/sessions', { form: fields, sessionToken: planted })
        const sessionToken = cookieIn(answer, 'session_id')
        expect(await outcome(answer)).toBe(fields === form ? '200' : '401 invalid_credentials')
        if (sessionToken === undefined) continue
        expect(own).not.toContain(sessionToken)
        expect(await whoIs(auth, sessionToken)).toBe(VICTIM)
        own.add(sessionToken)
      }
      expect(own.size).toBe(3)
      expect(await whoIs(auth, planted)).toBe('403 session_required')
    }
    // A service that keeps the id it was sent lets the attacker in.
    const planted = await live()
    expect(await whoIs(auth, planted)).toBe(MALLORY)
    await db
      .updateTable('sessions')
      .set({ user_id: victim.id })
      .where('id', '=', planted.split('.')[0] ?? '')
      .execute()
    expect(await whoIs(auth, planted)).toBe(VICTIM)
  })

  /** Two instances on one database. */
  async function twoInstances(): Promise<readonly [Auth, Auth]> {
    const databaseUrl = await migratedDatabase(engine)
    const shared = { ...GENEROUS, databaseUrl, secretKey: randomKey(), now: testClock() }
    const here = (await productionAuth(engine, shared)).auth
    return [here, (await productionAuth(engine, shared)).auth]
  }

  it('CVE-2025-29928: ends on every instance when its row is deleted, even where it was just used', async () => {
    const { auth, db } = await productionAuth(engine, GENEROUS)
    const other = (await productionAuth(engine, { databaseUrl: auth.options.databaseUrl })).auth
    await addMember(auth)
    const { sessionToken } = await signIn(auth)
    const kept = await signIn(auth)
    for (const instance of [auth, other]) expect(await whoIs(instance, sessionToken)).toBe(VICTIM)
    await db
      .deleteFrom('sessions')
      .where('id', '=', sessionToken.split('.')[0] ?? '')
      .execute()
    for (const instance of [auth, other]) {
      expect(await whoIs(instance, sessionToken)).toBe('403 session_required')
      expect(await whoIs(instance, kept.sessionToken)).toBe(VICTIM)
    }
  })

  it.each<[string, (auth: Auth, sessionToken: string) => Promise<unknown>, bystander?: string]>([
    ['its own sign-out', (auth, sessionToken) => send(auth, 'DELETE', '/sessions', { sessionToken })],
    [
      'the end of all other sessions',
      async (auth) => {
        const { sessionToken } = await signIn(auth)
        await send(auth, 'DELETE', '/sessions/others', { sessionToken })
      },
    ],
    [
      'a new password',
      async (auth) => {
        const { sessionToken } = await signIn(auth)
        const json = { current_password: PASSWORD, new_password: NEW_PASSWORD }
        expect(await outcome(send(auth, 'PUT', '/profile/password', { json, sessionToken }))).toBe('200')
      },
    ],
    [
      'a reset',
      async (auth) => {
        await auth.updatePassword(await auth.getResetPasswordToken(VICTIM), NEW_PASSWORD)
      },
    ],
    [
      'the account being disabled',
      async (auth) => auth.users.disable((await auth.db.findUserBy({ email: VICTIM })).id),
    ],
    [
      'the password being marked as compromised',
      async (auth) => auth.users.markPasswordCompromised((await auth.db.findUserBy({ email: VICTIM })).id),
    ],
    [
      'the deletion of the account',
      async (auth) => {
        const { sessionToken } = await signIn(auth)
        expect(await outcome(send(auth, 'DELETE', '/profile', { sessionToken }))).toBe('200')
      },
    ],
    ['the end of every session', (auth) => auth.users.endEverySession(), '403 session_required'],
  ])('ends on every instance with %s', async (_, end, bystander = MALLORY) => {
    const [here, there] = await twoInstances()
    await addMember(here)
    await addMember(here, MALLORY)
    const { sessionToken } = await signIn(here)
    const others = (await signIn(here, MALLORY)).sessionToken
    for (const auth of [there, here]) expect(await whoIs(auth, sessionToken)).toBe(VICTIM)
    await end(here, sessionToken)
    for (const auth of [there, here]) expect(await whoIs(auth, sessionToken)).toBe('403 session_required')
    expect(await whoIs(there, others)).toBe(bystander)
  })

  it('CVE-2025-53942: of a disabled account is refused on every route, even if its row exists', async () => {
    const { auth, db, newMails } = await productionAuth(engine, GENEROUS)
    const { id } = await addMember(auth)
    const disable = async (at: number | null) => {
      await db.updateTable('users').set({ disabled_at: at }).where('id', '=', id).execute()
    }
    // Deleting the account comes last, because it succeeds once the account is enabled again.
    const withSession = OPERATIONS.filter(
      ({ access, tag }) => typeof access === 'object' && tag !== 'page',
    ).toSorted((a, b) => Number(a.id === 'account.delete') - Number(b.id === 'account.delete'))
    expect(withSession.length).toBeGreaterThan(8)
    const bodies: Record<string, Record<string, unknown>> = {
      'factors.setSecondFactor': { enabled: true },
      'factors.startTotp': {},
      'factors.confirmTotp': { code: '123456' },
      'passkeys.add': { ceremony: 'x', credential: {} },
      'passkeys.rename': { name: 'Phone' },
      'signIn.reauthenticate': { password: PASSWORD },
      'account.changePassword': { current_password: PASSWORD, new_password: PASSWORD },
      'account.changeEmail': { email: 'new@example.com' },
      'account.update': { name: 'Victor' },
      'mailCodes.changeEmail': { code: '12345678' },
      'providers.startReauthentication': { provider: 'company' },
      'identities.link': { provider: 'company' },
    }
    for (const { method, path, id: name, tag } of withSession) {
      const { sessionToken } = await signIn(auth)
      const other = (await signIn(auth)).sessionToken
      const json = bodies[name]
      const target = path.replace('{id}', other.split('.')[0] ?? '')
      const go = () => outcome(send(auth, method, target, { sessionToken, ...(json && { json }) }))
      await disable(Date.now())
      await newMails()
      const before = await everyRow(db)
      expect(await go(), name).toBe(tag === 'classic' ? '403 session_required' : '401 unauthenticated')
      expect(await everyRow(db)).toEqual(before)
      // The same cookie works once the account is enabled.
      await disable(null)
      expect(await go(), name).toMatch(
        OF_FACTORS.test(name) ? NOT_READY : /^(?:200|303|302|401 invalid_code)$/,
      )
    }
  })

  it('CVE-2025-64762, GHSA-m2qf-hxjv-5gpq: is never in a response that a shared cache may store', async () => {
    const { auth, newMails } = await productionAuth(engine, GENEROUS)
    await addMember(auth)
    /** A careless cache: it stores every response that does not forbid it (RFC 9111 §3), including cookies. */
    const keeps = (headers: Headers) => !/\b(?:no-store|private)\b/.test(headers.get('cache-control') ?? '')
    const { sessionToken } = await signIn(auth)
    const answers: Response[] = []
    for (const { method, path, body } of OPERATIONS) {
      for (const request of [{}, { sessionToken }] satisfies Send[]) {
        if (path === '/profile' && method === 'DELETE') continue
        if (path.startsWith('/session') && method === 'DELETE') continue
        if (path === '/sign_out' && method === 'POST') continue
        answers.push(await send(auth, method, path, request))
        if (method === 'GET') answers.push(await send(auth, 'HEAD', path, request))
        if (body) answers.push(await send(auth, method, path, { ...request, json: { email: VICTIM } }))
      }
    }
    const setting = [
      await send(auth, 'POST', '/sessions', { form: { email: VICTIM, password: PASSWORD } }),
      await send(auth, 'POST', '/reauthenticate', { json: { password: PASSWORD }, sessionToken }),
    ]
    const renewed = cookieIn(setting[1] ?? expect.unreachable(), 'session_id')
    const json = { current_password: PASSWORD, new_password: NEW_PASSWORD }
    setting.push(await send(auth, 'PUT', '/profile/password', { json, sessionToken: renewed }))
    for (const answer of setting) expect(cookieIn(answer, 'session_id')).toHaveLength(80)
    for (const { headers } of [...answers, ...setting]) expect(keeps(headers)).toBe(false)
    expect(new Set(answers.map(({ status }) => status)).size).toBeGreaterThan(4)

    // Without the header, the cache stores the response, and anyone who gets it becomes the victim.
    const [, , last = expect.unreachable()] = setting
    const cached = new Headers(last.headers)
    cached.delete('cache-control')
    expect(keeps(cached)).toBe(true)
    const [cookie = ''] = cached.getSetCookie()
    const stranger = await send(auth, 'GET', '/profile', {
      headers: { cookie: cookie.split(';', 1)[0] ?? '' },
    })
    expect(await stranger.json()).toEqual({ email: VICTIM })
    await newMails()
  })

  it('is not accepted from a cookie that a neighbouring host can set, nor from a duplicate cookie', async () => {
    const { auth } = await productionAuth(engine, GENEROUS)
    await addMember(auth)
    await addMember(auth, MALLORY)
    const planted = (await signIn(auth, MALLORY)).sessionToken
    const own = (await signIn(auth)).sessionToken
    const who = async (cookie: string) => {
      const answer = await send(auth, 'GET', '/profile', { headers: { cookie } })
      return answer.ok ? ((await answer.json()) as { email: string }).email : answer.status
    }
    // The token itself is valid. The `__Host-` prefix keeps a neighbouring host from setting this cookie.
    expect(await who(`__Host-session_id=${planted}`)).toBe(MALLORY)
    const others = [
      `session_id=${planted}`,
      `__host-session_id=${planted}`,
      `__HOST-SESSION_ID=${planted}`,
      `__Secure-session_id=${planted}`,
      `__Host-session_id =${planted}`,
      `__Host-session_id\t=${planted}`,
      `\u00a0__Host-session_id=${planted}`,
      `\u0085__Host-session_id=${planted}`,
      `\u000b__Host-session_id=${planted}`,
      `\u000c__Host-session_id=${planted}`,
      `"__Host-session_id"=${planted}`,
      `__Host-session_id[]=${planted}`,
      `__Host-session%5fid=${planted}`,
      `$Version=1; $Path=/; session_id=${planted}`,
      `x=",__Host-session_id=${planted},"`,
      `x=1,__Host-session_id=${planted}`,
      `x="a; session_id=${planted}"`,
      `=__Host-session_id=${planted}`,
    ]
    for (const cookie of others) {
      expect(await who(cookie), JSON.stringify(cookie)).toBe(403)
      expect(await who(`${cookie}; __Host-session_id=${own}`), JSON.stringify(cookie)).toBe(VICTIM)
      expect(await who(`__Host-session_id=${own}; ${cookie}`), JSON.stringify(cookie)).toBe(VICTIM)
    }
    // Values are not decoded, and only one complete pair of quotes is removed.
    for (const value of [
      `"${planted}`,
      `""${planted}""`,
      `" ${planted}"`,
      planted.replace('.', '%2e'),
      `${planted},${own}`,
      `${planted}=`,
    ])
      expect(await who(`__Host-session_id=${value}`), value).toBe(403)
    for (const [first, second] of [
      [planted, own],
      [own, planted],
      [own, own],
      [own, `"${own}"`],
      [`"${planted}"`, own],
    ])
      expect(await who(`__Host-session_id=${first}; x=1; __Host-session_id=${second}`)).toBe(403)
    // The classic cookie has no prefix, so only the duplicate shows the attack.
    const open = await freshAuth(engine)
    await open.registerUser(VICTIM, 'b4l0u')
    await open.registerUser(MALLORY, 'b4l0u')
    const [bobs, mallorys] = [await open.createSession(VICTIM), await open.createSession(MALLORY)]
    for (const [cookie, status] of [
      [`session_id=${bobs}`, 200],
      [`session_id=${mallorys}; session_id=${bobs}`, 403],
    ] as const)
      expect((await send(open, 'GET', '/profile', { headers: { cookie } })).status).toBe(status)
  })

  /** Headers that a browser sends for a page of another site. */
  const FOREIGN: Record<string, Record<string, string>> = {
    'another site': { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    'a neighbouring host': { origin: 'https://evil.auth.example.com', 'sec-fetch-site': 'same-site' },
    'the parent domain': { origin: 'https://example.com', 'sec-fetch-site': 'same-site' },
    'another port': { origin: `${BASE_URL}:8443`, 'sec-fetch-site': 'same-site' },
    'plain http': { origin: BASE_URL.replace('https', 'http'), 'sec-fetch-site': 'cross-site' },
    'a frame without origin': { origin: 'null', 'sec-fetch-site': 'cross-site' },
    'a name that begins alike': { origin: `${BASE_URL}.evil.example`, 'sec-fetch-site': 'cross-site' },
    'an old browser': { origin: 'https://evil.example', 'sec-fetch-site': '' },
    'a doubled header': { origin: `${BASE_URL}, https://evil.example`, 'sec-fetch-site': 'same-origin' },
    'two sites': { origin: BASE_URL, 'sec-fetch-site': 'same-origin, cross-site' },
  }
  /** Every operation that changes something, with a valid request. */
  const CHANGES: Record<string, (own: string) => Send> = {
    'account.register': () => ({ form: { email: 'new@example.com', password: PASSWORD } }),
    'signIn.withPassword': () => ({ form: { email: MALLORY, password: PASSWORD } }),
    'account.requestPasswordReset': () => ({ form: { email: VICTIM } }),
    'account.requestConfirmation': () => ({ json: { email: VICTIM } }),
    'account.confirmEmail': () => ({ json: { token: 'x', password: PASSWORD } }),
    'mailCodes.request': () => ({ json: { purpose: 'reset_password', email: VICTIM } }),
    'mailCodes.confirmEmail': () => ({ json: { code: '12345678', password: PASSWORD } }),
    'mailCodes.resetPassword': () => ({ json: { code: '12345678', new_password: PWNED } }),
    'mailCodes.changeEmail': () => ({ json: { code: '12345678' } }),
    'account.resetPassword': () => ({ form: { email: VICTIM, reset_token: 'x', new_password: PWNED } }),
    'sessions.endOthers': () => ({}),
    'sessions.end': () => ({}),
    'signIn.reauthenticate': () => ({ json: { password: PASSWORD } }),
    'account.update': () => ({ json: { name: 'Mallory' } }),
    'account.changeEmail': () => ({ json: { email: MALLORY } }),
    'account.changePassword': () => ({ json: { current_password: PASSWORD, new_password: PASSWORD } }),
    'sessions.signOut': () => ({}),
    'sessions.signOutClassic': () => ({}),
    'account.export': () => ({}),
    'account.delete': () => ({}),
    'signIn.cancel': () => ({}),
    'signIn.withPasskey': () => ({ json: { ceremony: 'x', credential: {} } }),
    'signIn.withTotp': () => ({ json: { code: '123456' } }),
    'signIn.withRecoveryCode': () => ({ json: { code: '0'.repeat(14) } }),
    'passkeys.startCeremony': () => ({ json: { purpose: 'add_passkey' } }),
    'passkeys.add': () => ({ json: { ceremony: 'x', credential: {} } }),
    'passkeys.rename': () => ({ json: { name: 'Phone' } }),
    'passkeys.remove': () => ({}),
    'factors.setSecondFactor': () => ({ json: { enabled: true } }),
    'factors.startTotp': () => ({ json: {} }),
    'factors.confirmTotp': () => ({ json: { code: '123456' } }),
    'factors.removeTotp': () => ({}),
    'factors.renewRecoveryCodes': () => ({}),
    'providers.startSignIn': () => ({ json: {} }),
    'providers.startReauthentication': () => ({ json: { provider: 'company' } }),
    'providers.endSessionsFrom': () => ({ form: { logout_token: 'x' } }),
    'identities.link': () => ({ json: { provider: 'company' } }),
    'identities.unlink': () => ({}),
  }

  it('cannot be used, started or ended by a page of another site', async () => {
    const { auth, db, newMails } = await productionAuth(engine, { ...GENEROUS, signInsPerAccount: 1_000 })
    await addMember(auth)
    await addMember(auth, MALLORY)
    // `DELETE /` is for clients that repeat DELETE on a redirect; it deletes nothing.
    const changing = OPERATIONS.filter(
      ({ method, id, tag }) => method !== 'GET' && id !== 'service.welcomeAfterSignOut' && tag !== 'page',
    ).toSorted((a, b) => Number(a.id === 'account.delete') - Number(b.id === 'account.delete'))
    expect(changing.map(({ id }) => id).toSorted()).toEqual(Object.keys(CHANGES).toSorted())
    // The account is deleted last.
    const inOrder = changing.toSorted(
      (a, b) => Number(a.id === 'account.delete') - Number(b.id === 'account.delete'),
    )
    for (const { method, path, id } of inOrder) {
      const { sessionToken, deviceToken } = await signIn(auth)
      const other = (await signIn(auth)).sessionToken
      await newMails()
      const target = path.replace('{id}', other.split('.')[0] ?? '')
      const request = { ...CHANGES[id]?.(other), sessionToken, deviceToken }
      const before = await everyRow(db)
      for (const [from, headers] of Object.entries(FOREIGN)) {
        const refused = send(auth, method, target, { ...request, headers })
        expect(await outcome(refused), `${id} from ${from}`).toBe('403 foreign_origin')
      }
      if (method === 'POST') {
        // An old browser sends the cookie without any header about the origin of the form.
        for (const type of [
          'application/x-www-form-urlencoded',
          'text/plain',
          'multipart/form-data; boundary=x',
        ]) {
          const headers = {
            host: new URL(BASE_URL).host,
            cookie: `__Host-session_id=${sessionToken}`,
            'content-type': type,
          }
          const form = new Request(BASE_URL + target, { method, body: '{"email":"x"}', headers })
          expect(await outcome(auth.fetch(form)), `${id} ${type}`).toBe('403 missing_origin')
        }
      }
      expect(await everyRow(db), id).toEqual(before)
      // The same request from a page of the service passes the guard.
      const own = await outcome(send(auth, method, target, request))
      expect(own, id).toMatch(
        OF_FACTORS.test(id)
          ? NOT_READY
          : /^(?:200|204|303|302|403 invalid_(?:reset|confirmation)_token|401 invalid_code)$/,
      )
      // There was no sign-in to cancel.
      if (/^[23]/.test(own) && id !== 'signIn.cancel') expect(await everyRow(db), id).not.toEqual(before)
    }
  })

  it('does not let a page of another site read its data', async () => {
    const { auth } = await productionAuth(engine, GENEROUS)
    await addMember(auth)
    const { sessionToken } = await signIn(auth)
    for (const path of ['/profile', '/sessions']) {
      for (const headers of Object.values(FOREIGN)) {
        const answer = await send(auth, 'GET', path, { sessionToken, headers })
        expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
        expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin')
        expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
        expect(answer.headers.get('x-frame-options')).toBe('DENY')
      }
    }
  })

  it('is not ended by a GET, HEAD, OPTIONS or POST that claims to be a DELETE', async () => {
    const { auth } = await productionAuth(engine, GENEROUS)
    await addMember(auth)
    const { sessionToken } = await signIn(auth)
    const override: Record<string, string> = {
      'x-http-method-override': 'DELETE',
      'x-http-method': 'DELETE',
      'x-method-override': 'DELETE',
    }
    for (const path of ['/sessions', '/profile', '/sessions/others']) {
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST'])
        await send(auth, method, `${path}?_method=DELETE&method=delete`, {
          sessionToken,
          headers: override,
          ...(method === 'POST' && { form: { _method: 'DELETE' } }),
        })
      expect(await whoIs(auth, sessionToken)).toBe(VICTIM)
    }
    expect(await outcome(send(auth, 'DELETE', '/sessions', { sessionToken }))).toBe('302')
    expect(await whoIs(auth, sessionToken)).toBe('403 session_required')
  })

  it('does not let a thief change the password or the address, or reauthenticate', async () => {
    const { auth, now, mailedLink } = await productionAuth(engine, GENEROUS)
    await addMember(auth)
    const { sessionToken } = await signIn(auth)
    const guesses = [
      ['PUT', '/profile/password', { current_password: PWNED, new_password: PWNED }],
      ['POST', '/reauthenticate', { password: PWNED }],
    ] as const
    for (const [method, path, json] of guesses)
      expect(await outcome(send(auth, method, path, { json, sessionToken }))).toBe('401 invalid_credentials')
    // Shortly after the sign-in, the thief can request another address, but its link also needs the password.
    await send(auth, 'PUT', '/profile/email', { json: { email: MALLORY }, sessionToken })
    const { token } = await mailedLink('confirm_new_email')
    const json = { token, password: PWNED }
    expect(await outcome(send(auth, 'POST', '/confirm_email', { json }))).toBe('401 invalid_credentials')
    now.advance(auth.options.reauthenticationSeconds)
    for (const [method, path, body] of [
      ['PUT', '/profile/email', { email: MALLORY }],
      ['POST', '/profile/export', undefined],
      ['DELETE', '/profile', undefined],
    ] as const)
      expect(await outcome(send(auth, method, path, { sessionToken, ...(body && { json: body }) }))).toBe(
        '403 reauthentication_required',
      )
    // The owner can do all of this with the password.
    const renewed = cookieIn(
      await send(auth, 'POST', '/reauthenticate', { json: { password: PASSWORD }, sessionToken }),
      'session_id',
    )
    expect(await outcome(send(auth, 'POST', '/profile/export', { sessionToken: renewed }))).toBe('200')
    const own = { token, password: PASSWORD }
    expect(await outcome(send(auth, 'POST', '/confirm_email', { json: own }))).toBe('200')
  })

  it('cannot end the user’s other sessions unless it is fresh', async () => {
    const { auth, now } = await productionAuth(engine, GENEROUS)
    await addMember(auth)
    const stolen = (await signIn(auth)).sessionToken
    now.advance(auth.options.reauthenticationSeconds)
    const own = (await signIn(auth)).sessionToken
    for (const path of [`/sessions/${own.split('.')[0]}`, '/sessions/others'])
      expect(await outcome(send(auth, 'DELETE', path, { sessionToken: stolen }))).toBe(
        '403 reauthentication_required',
      )
    expect(await whoIs(auth, own)).toBe(VICTIM)
  })

  it('ends another one if the user has too many, also when many start at once', async () => {
    const { auth } = await productionAuth(engine, { ...GENEROUS, sessionsPerUser: 3 })
    await addMember(auth)
    const started = await Promise.all(Array.from({ length: 20 }, () => signIn(auth)))
    const alive = await Promise.all(started.map(({ sessionToken }) => whoIs(auth, sessionToken)))
    expect(alive.filter((who) => who === VICTIM)).toHaveLength(3)
  })
})

onEachEngine('a sign-in in progress', (engine) => {
  /** Starts a sign-in and holds it after the password check has succeeded, or when the hash is to be renewed. */
  async function heldLogin(
    options: Pick<CreateAuthOptions, 'secondFactor'> = {},
    heldAt: 'verify' | 'hash' = 'verify',
  ) {
    const reached = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    let isHeld = false
    const hasher = watchedHasher(async (work) => {
      if (!isHeld || work !== heldAt) return
      isHeld = false
      reached.resolve()
      await go.promise
    })
    const renewing = { ...hasher, needsRehash: () => heldAt === 'hash' }
    const { auth, now } = await productionAuth(engine, { ...GENEROUS, ...options, hasher: renewing })
    const { id } = await addMember(auth)
    isHeld = true
    const login = send(auth, 'POST', '/sessions', { form: { email: VICTIM, password: PASSWORD } })
    await reached.promise
    return { auth, now, id, login, release: go.resolve }
  }

  it.each<[expected: string, event: string, happens: (auth: Auth, id: number) => Promise<unknown>]>([
    ['200', 'nothing happens', async () => {}],
    ['401 invalid_credentials', 'the account is disabled', (auth, id) => auth.users.disable(id)],
    ['401 invalid_credentials', 'the account is deleted', (auth, id) => auth.users.delete(id)],
    [
      '401 invalid_credentials',
      'the password is reset',
      async (auth) => auth.updatePassword(await auth.getResetPasswordToken(VICTIM), NEW_PASSWORD),
    ],
  ])('is answered with %s if %s after the password check', async (expected, _, happens) => {
    const { auth, id, login, release } = await heldLogin()
    await happens(auth, id)
    release()
    expect(await outcome(login)).toBe(expected)
    const described = await auth.users.find(VICTIM)
    expect(described?.liveSessions ?? 0).toBe(expected === '200' ? 1 : 0)
  })

  it('fails if the password is marked as compromised before it ends', async () => {
    const { auth, id, login, release } = await heldLogin()
    await auth.users.markPasswordCompromised(id)
    release()
    expect(await outcome(login)).not.toBe('200')
    expect((await auth.users.find(VICTIM))?.liveSessions).toBe(0)
  })

  it.each([
    ['verify', 'optional'],
    ['hash', 'optional'],
    ['hash', 'required'],
  ] as const)(
    'fails if the owner sets up a second factor during its work (%s), where the policy is %s [MFA-02, SES-12]',
    async (work, secondFactor) => {
      const { auth, now, login, release } = await heldLogin({ secondFactor }, work)
      await addTotp(auth, now, { sessionToken: await auth.sessions.create({ email: VICTIM }) })
      release()
      expect(await outcome(login)).toBe('401 invalid_credentials')
      expect((await auth.users.find(VICTIM))?.liveSessions).toBe(1)
    },
  )
})

onEachEngine('a service that switches to production mode', (engine) => {
  it('ends the sessions of accounts whose address was never confirmed', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const before = await freshAuth(engine, { databaseUrl, now: testClock() })
    // An attacker registers the victim's address while no confirmation is required.
    await before.registerUser(VICTIM, PASSWORD)
    const form = { email: VICTIM, password: PASSWORD }
    const login = await send(before, 'POST', '/sessions', { form })
    const sessionToken = sessionIn(login) ?? expect.unreachable()
    const { auth } = await productionAuth(engine, { databaseUrl })
    expect(await outcome(send(auth, 'POST', '/sessions', { form }))).toBe('401 invalid_credentials')
    expect(await whoIs(auth, sessionToken)).toBe('403 session_required')
  })
})
