/** Attacks on the second step of a sign-in: bypassing it, skipping it, guessing it, using it twice. */
import { expect, it } from 'vitest'
import { OPERATIONS, type Operation } from '../../src/api/index.ts'
import { freshAuth, onBothEngines, onEachEngine } from '../support/engines.ts'
import { FAKE_PERSON } from '../support/fake-provider.ts'
import { NEW_PASSWORD, PASSWORD, randomKey } from '../support/production.ts'
import {
  addFakeProvider,
  comeBack,
  type KnownProvider,
  PROVIDER,
  REACHES_LOOPBACK,
} from '../support/providers.ts'
import { addSampleRows } from '../support/sample-rows.ts'
import { send, sessionIn } from '../support/send.ts'
import { ALICE } from '../support/story.ts'
import { requestFor, worldOf } from '../support/world.ts'
import { loginIn, type Member, type Stage, stage, whereabouts } from './member.ts'
import { MALLORY, outcome, PWNED, tally, VICTIM } from './support.ts'

/** Every policy, and where a password alone leads under it: without factors, with an app, with only a passkey. */
const POLICIES = {
  off: { secondFactor: 'off', nothing: 'aal 1', app: 'aal 1', passkey: 'aal 1' },
  optional: {
    secondFactor: 'optional',
    nothing: 'aal 1',
    app: 'second_factor totp recovery_code',
    passkey: 'aal 1',
  },
  required: {
    secondFactor: 'required',
    nothing: 'enrol',
    app: 'second_factor totp recovery_code',
    passkey: 'second_factor passkey recovery_code',
  },
  'required for one user': {
    secondFactor: 'optional',
    nothing: 'enrol',
    app: 'second_factor totp recovery_code',
    passkey: 'second_factor passkey recovery_code',
  },
  passkey: {
    secondFactor: 'passkey',
    nothing: 'enrol',
    app: 'second_factor totp recovery_code',
    passkey: 'second_factor passkey recovery_code',
  },
} as const
type Policy = keyof typeof POLICIES

/** Opens the service under a policy, with a member of each kind. */
async function underPolicy(engine: 'sqlite' | 'postgres', policy: Policy) {
  const { secondFactor } = POLICIES[policy]
  const on = await stage(engine, { secondFactor, emailVerification: true, outboundPrivate: REACHES_LOOPBACK })
  const members = {
    nothing: await on.member({}),
    app: await on.member({ app: true }, 'app@example.com'),
    passkey: await on.member({ passkey: true }, 'passkey@example.com'),
  }
  if (policy === 'required for one user')
    await on.db.updateTable('users').set({ second_factor_required_at: 1 }).execute()
  return { ...on, members }
}

const KEY = randomKey()

const PAGE = { accept: 'text/html' }

/** Every operation that can begin a sign-in. */
const BEGINNINGS: Readonly<Record<string, (on: Stage, email: string) => Promise<Response>>> = {
  'signIn.withPassword': ({ enter }, email) => enter(email),
  'mailCodes.confirmEmail': async (on, email) =>
    on.ask('POST', '/mail_codes/confirm_email', {
      json: { code: await confirmationCode(on, email), password: PASSWORD },
    }),
  'pages.signIn': ({ ask }, email) =>
    ask('POST', '/sign_in', { form: { email, password: PASSWORD }, headers: PAGE }),
  'pages.confirmCode': async (on, email) =>
    on.ask('POST', '/sign_up/code', {
      form: { code: await confirmationCode(on, email), password: PASSWORD },
      headers: PAGE,
    }),
  async 'pages.completeAtCallback'({ auth, now, ask }, email) {
    const provider = await providerOf(auth, now)
    provider.person = { ...FAKE_PERSON, sub: email, email }
    const { path, flowToken } = comeBack(provider, await auth.providers.startSignIn({ provider: PROVIDER }))
    return ask('GET', path, { headers: PAGE, flowToken })
  },
}

const PROVIDERS = new WeakMap<object, Promise<KnownProvider>>()

/** A provider that vouches for the addresses of the members. */
function providerOf(auth: Stage['auth'], now: Stage['now']): Promise<KnownProvider> {
  const provider = PROVIDERS.get(auth) ?? addFakeProvider(auth, now, { linking: 'verified' })
  PROVIDERS.set(auth, provider)
  return provider
}

/** The code that confirms the address of an account, which is no longer confirmed. */
async function confirmationCode({ ask, db, newMails }: Stage, email: string): Promise<string> {
  await db.updateTable('users').set({ email_verified_at: null }).where('email', '=', email).execute()
  await newMails()
  await ask('POST', '/mail_codes', { json: { purpose: 'confirm_email', email } })
  return (await newMails()).find(({ code }) => code !== null)?.code ?? expect.unreachable('no code')
}

/** The other operations that set or clear the session cookie. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  'end a sign-in that waits, or sign in with a passkey': [
    'signIn.withTotp',
    'signIn.withRecoveryCode',
    'signIn.withPasskey',
    'factors.confirmTotp',
    'passkeys.add',
    'pages.proveTotp',
    'pages.proveRecoveryCode',
    'pages.provePasskey',
    'pages.signInWithPasskey',
    'pages.enrolApp',
    'pages.enrolPasskey',
  ],
  'sign a new account in, which has no factor': ['pages.signUp', 'pages.enterAddress'],
  'renew a session': [
    'signIn.reauthenticate',
    'account.changePassword',
    'pages.stepUp',
    'pages.stepUpWithTotp',
    'pages.stepUpWithPasskey',
    'pages.changePassword',
    'pages.confirmApp',
    'pages.addPasskey',
  ],
  'end a session': [
    'sessions.signOut',
    'sessions.signOutClassic',
    'account.delete',
    'pages.signOut',
    'pages.deleteAccount',
  ],
}

onEachEngine('the ways in', (engine) => {
  it('are those that are tested here [LGN-09]', () => {
    const tested = [...Object.keys(BEGINNINGS), ...Object.values(OTHERS).flat()]
    const declared = OPERATIONS.filter(({ success }) => success.setsCookie ?? success.mayWait)
    expect(declared.map(({ id }) => id).sort()).toEqual(tested.sort())
  })

  it.each(Object.keys(POLICIES) as Policy[])(
    'better-auth #9552, better-auth #10322, better-auth #11287: ask for the second factor alike under the policy %s [LGN-09, MFA-01]',
    async (policy) => {
      const on = await underPolicy(engine, policy)
      for (const [way, begin] of Object.entries(BEGINNINGS))
        for (const kind of ['nothing', 'app', 'passkey'] as const) {
          const answer = await begin(on, on.members[kind].email)
          expect(await whereabouts(on, answer), `${way}, ${kind}`).toBe(POLICIES[policy][kind])
        }
      // A passkey is two factors, and resists phishing.
      const { authenticator } = on.members.passkey
      const json = await on.assertion(authenticator, 'sign_in')
      expect(await whereabouts(on, await on.ask('POST', '/sessions/passkey', { json }))).toBe('aal 2')
      // The classic pair: a program that checks the password starts the session itself.
      for (const kind of ['nothing', 'app', 'passkey'] as const)
        expect(await on.auth.validLogin(on.members[kind].email, PASSWORD), kind).toBe(
          POLICIES[policy][kind] === 'aal 1',
        )
    },
  )

  it('sign a new account in only to set up a factor, where all must have one [MFA-01]', async () => {
    const auth = await freshAuth(engine, {
      mode: 'development',
      baseUrl: 'http://localhost:5000',
      secretKey: KEY,
      secondFactor: 'required',
      emailVerification: false,
      registrationAnswer: 'explicit',
      breachCheckUrl: 'off',
    })
    const form = { email: 'new@example.com', password: PASSWORD }
    const answer = await send(auth, 'POST', '/sign_up', { form, headers: PAGE })
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      expect.stringMatching(/^\/sign_in\/enrol\?/),
    ])
    expect(sessionIn(answer)).toBeUndefined()
  })

  it('GHSA-wc43-73w7-x2f5: do not accept a weaker factor in place of the passkey that the policy requires [MFA-01]', async () => {
    const on = await stage(engine, { secondFactor: 'passkey' })
    const { app } = await on.member({ app: true })
    const both = await on.member({ app: true, passkey: true }, MALLORY)
    // A member who has a passkey must use it. Otherwise a phished code would set up another one.
    const loginToken = await on.wait(MALLORY)
    const phished = await on.finish(both.app.codeAt(), loginToken)
    expect(await whereabouts(on, phished)).toBe('403 second_factor_required')
    const json = await on.assertion(both.authenticator, 'second_factor', { loginToken })
    expect(await whereabouts(on, await on.ask('POST', '/sessions/passkey', { json, loginToken }))).toBe(
      'aal 2',
    )
    // One who has only the app must set one up.
    const enrolling = await on.finish(app.codeAt(), await on.wait())
    expect(await whereabouts(on, enrolling)).toBe('enrol')
    // With a passkey, not with another app.
    for (const [method, path, fields] of [
      ['POST', '/profile/totp', {}],
      ['PUT', '/profile/totp', { code: app.codeAt(1) }],
    ] as const)
      expect(await on.go(method, path, { json: fields, loginToken: loginIn(enrolling) })).toBe(
        '403 second_factor_required',
      )
  })

  it('CVE-2026-94218: lead to the set-up of a factor again after each restart [MFA-01]', async () => {
    const on = await stage(engine, { secondFactor: 'required' })
    await on.member({})
    const seen: string[] = []
    let loginToken: string | undefined
    for (const before of [
      async () => {},
      async () => {},
      () => on.ask('DELETE', '/sessions/pending', { loginToken }),
      () => on.ask('POST', '/profile/totp', { json: {}, loginToken }),
      () => on.ask('GET', '/sessions/pending', { loginToken }),
      async () => on.now.advance(601),
      async () => {
        await on.auth.account.requestPasswordReset({ email: VICTIM })
        const { token } = await on.mailedLink('reset_password')
        await on.auth.account.resetPassword({ resetToken: token, newPassword: PASSWORD })
      },
    ]) {
      await before()
      const answer = await on.enter(VICTIM, { loginToken })
      seen.push(await whereabouts(on, answer))
      loginToken = loginIn(answer)
    }
    expect(tally(seen)).toEqual({ enrol: 7 })
    for (const [path, fields] of [
      ['/sessions/totp', { code: '000000' }],
      ['/sessions/recovery_code', { code: '0'.repeat(14) }],
      ['/ceremonies', { purpose: 'second_factor' }],
    ] as const)
      expect(await on.go('POST', path, { json: fields, loginToken })).toBe('401 pending_login_required')
    // Until it is set up, which signs in.
    const { secret } = (await (await on.ask('POST', '/profile/totp', { json: {}, loginToken })).json()) as {
      secret: string
    }
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(await on.go('PUT', '/profile/totp', { json: { code: '000000' }, loginToken })).toBe(
      '401 invalid_code',
    )
  })

  it('CVE-2025-64103: also need the password: a code alone signs nobody in, and is not used up [LGN-10]', async () => {
    const on = await stage(engine)
    const { app } = await on.member({ app: true, passkey: true })
    const code = app.codeAt()
    for (const loginToken of [undefined, '', 'x', await on.session()])
      expect(await outcome(on.finish(code, loginToken))).toBe('401 pending_login_required')
    const loginToken = await on.wait()
    expect(await whereabouts(on, await on.finish(code, loginToken))).toBe('aal 2')
    // It works only once.
    expect(await outcome(on.finish(app.codeAt(1), loginToken))).toBe('401 pending_login_required')
  })

  it('CVE-2025-66489: accept no password as a code, and no code as a password', async () => {
    const on = await stage(engine)
    const { app } = await on.member({ app: true, codes: true })
    const [recovery = ''] = app.recoveryCodes
    const loginToken = await on.wait()
    const sessionToken = await on.session()
    const code = app.codeAt()
    const wrong = { email: VICTIM, password: PWNED }
    const attempts: [string, Record<string, unknown>, string][] = [
      ['/sessions', { email: VICTIM, password: code }, '401 invalid_credentials'],
      ['/sessions', { email: VICTIM, password: recovery }, '401 invalid_credentials'],
      ['/sessions', { ...wrong, code }, '400 unknown_field'],
      ['/sessions', { ...wrong, totp: code }, '400 unknown_field'],
      ['/sessions', { email: VICTIM, code }, '400 unknown_field'],
      ['/sessions/totp', { code: PASSWORD }, '400 invalid_field'],
      ['/sessions/totp', { code: recovery }, '400 invalid_field'],
      ['/sessions/totp', { code, password: PWNED }, '400 unknown_field'],
      ['/sessions/recovery_code', { code }, '400 invalid_field'],
      ['/sessions/recovery_code', { code: PASSWORD }, '400 invalid_field'],
      ['/reauthenticate', { password: code }, '401 invalid_credentials'],
      ['/reauthenticate', { totp: PASSWORD }, '400 invalid_field'],
      ['/reauthenticate', { totp: recovery }, '400 invalid_field'],
      ['/reauthenticate', { password: PWNED, totp: code }, '400 invalid_field'],
    ]
    for (const [path, json, refusal] of attempts) {
      const answer = await on.ask('POST', path, { json, loginToken, sessionToken })
      expect([await outcome(answer.clone()), sessionIn(answer)], JSON.stringify(json)).toEqual([
        refusal,
        undefined,
      ])
    }
  })
})

onEachEngine('a session', (engine) => {
  it('GHSA-xg6x-h9c9-2m83: that was started with less than the policy requires can only be strengthened or ended [MFA-01]', async () => {
    const before = await stage(engine, { secretKey: KEY })
    const { app, authenticator } = await before.member({ app: true, passkey: true })
    const shared = { databaseUrl: before.auth.options.databaseUrl, secretKey: KEY, now: before.now }
    const sessions = {
      password: await before.session(),
      app: await before.session(VICTIM, 'pwd otp mfa'),
      passkey: await before.session(VICTIM, 'hwk mfa'),
    }
    const required = await stage(engine, { ...shared, secondFactor: 'required' })
    const passkey = await stage(engine, { ...shared, secondFactor: 'passkey' })
    const worth = async (on: Stage, sessionToken: string) => {
      const current = (await (await on.ask('GET', '/session', { sessionToken })).json()) as {
        session: { aal: number } | null
      }
      const listed = await on.go('GET', '/profile/factors', { sessionToken })
      expect(listed).toBe(current.session === null ? '403 second_factor_required' : '200')
      return current.session !== null
    }
    const seen: unknown[] = []
    for (const on of [before, required, passkey])
      seen.push(await Promise.all(Object.values(sessions).map((token) => worth(on, token))))
    expect(seen).toEqual([
      [true, true, true],
      [false, true, true],
      [false, false, true],
    ])
    // A password proves nothing new.
    const again = await passkey.ask('POST', '/reauthenticate', {
      json: { password: PASSWORD },
      sessionToken: sessions.app,
    })
    const stillWeak = sessionIn(again) ?? expect.unreachable()
    expect(await worth(passkey, stillWeak)).toBe(false)
    const withCode = await passkey.ask('POST', '/reauthenticate', {
      json: { totp: app.codeAt() },
      sessionToken: stillWeak,
    })
    const other = sessionIn(withCode) ?? stillWeak
    expect(await worth(passkey, other)).toBe(false)
    const json = await passkey.assertion(authenticator, 'step_up', { sessionToken: other })
    const strong = sessionIn(await passkey.ask('POST', '/reauthenticate', { json, sessionToken: other }))
    expect(await worth(passkey, strong ?? expect.unreachable())).toBe(true)
    expect(await passkey.go('DELETE', '/session', { sessionToken: sessions.password })).toBe('204')
  })
})

/** Operations that take a session, without those of the pages, whose refusals are redirections. */
const WITH_SESSION = OPERATIONS.filter(({ access, tag }) => typeof access === 'object' && tag !== 'page')

onEachEngine('a sign-in that waits', (engine) => {
  it('is not a session, for any operation [MFA-02, LGN-10]', async () => {
    const world = await worldOf(engine)
    const requests: [Operation, Awaited<ReturnType<typeof requestFor>>][] = []
    for (const operation of WITH_SESSION) requests.push([operation, await requestFor(operation, world)])
    // Those requests have removed the factors.
    await addSampleRows(world.db, world.userId, new Date(world.now().getTime() + 600_000))
    await world.db
      .updateTable('users')
      .set({ second_factor_enabled_at: 1 })
      .where('id', '=', world.userId)
      .execute()
    const entered = await world.ask('POST', '/sessions', { json: { email: ALICE, password: PASSWORD } })
    const loginToken = loginIn(entered) ?? expect.unreachable()
    for (const [{ id, method, tag }, { path, ...request }] of requests) {
      const refusal = tag === 'classic' ? '403 session_required' : '401 unauthenticated'
      for (const presented of [
        { loginToken },
        { sessionToken: loginToken, loginToken },
        { headers: { authorization: `Bearer ${loginToken}` }, loginToken },
      ])
        expect(await outcome(world.ask(method, path, { ...request, ...presented })), id).toBe(refusal)
    }
    for (const { method, path, access, tag } of OPERATIONS)
      if (typeof access === 'object' && tag === 'page' && method === 'GET') {
        const page = await world.ask(method, path, { sessionToken: loginToken, loginToken, headers: PAGE })
        expect([page.status, page.headers.get('location')], path).toEqual([
          303,
          expect.stringMatching(/\/sign_in(?:\?|$)/),
        ])
      }
    expect(await world.auth.getUserFromSessionId(loginToken)).toBeNull()
  })

  it('CVE-2026-119128: is identified by a secret, and nothing that a client invents finishes it [LGN-10]', async () => {
    const on = await stage(engine)
    const { app } = await on.member({ app: true })
    await on.member({ app: true }, MALLORY)
    const [own, other, mallorys] = [await on.wait(), await on.wait(), await on.wait(MALLORY)]
    const [id = '', secret = ''] = own.split('.')
    const [otherId = ''] = other.split('.')
    const [mallorysId = '', mallorysSecret = ''] = mallorys.split('.')
    const forged = [
      id,
      `${id}.`,
      `.${secret}`,
      `${otherId}.${secret}`,
      `${id}.${mallorysSecret}`,
      `${mallorysId}.${secret}`,
      `${id}.${'A'.repeat(43)}`,
      `${own}.${secret}`,
      own.toUpperCase(),
    ]
    for (const loginToken of forged)
      for (const request of [{ loginToken }, { json: { code: app.codeAt(), login_token: loginToken } }])
        expect(await outcome(on.finish(app.codeAt(), undefined, request)), loginToken).toMatch(
          /^401 pending_login_required|400 invalid_field$/,
        )
    const cookie = `__Host-login=${own}; second_factor=1; mfa=done; __Host-second_factor=true; aal=2`
    const headers = { cookie, 'x-second-factor': 'done' }
    const entered = await on.ask('POST', '/sessions', {
      json: { email: VICTIM, password: PASSWORD },
      headers,
    })
    expect(await whereabouts(on, entered)).toBe('second_factor totp recovery_code')
    for (const field of ['aal', 'amr', 'next', 'second_factor', 'methods'])
      expect(
        await on.go('POST', '/sessions', { json: { email: VICTIM, password: PASSWORD, [field]: '2' } }),
      ).toBe('400 unknown_field')
    expect(await whereabouts(on, await on.finish(app.codeAt(), own))).toBe('401 pending_login_required')
  })

  it('stays bound to its account, whatever else goes on in the browser [LGN-10]', async () => {
    const on = await stage(engine)
    const victim = await on.member({ app: true, passkey: true })
    const mallory = await on.member({ app: true, passkey: true }, MALLORY)
    const mallorys = await on.session(MALLORY, 'pwd otp mfa')
    const [own, other] = [await on.wait(VICTIM, { sessionToken: mallorys }), await on.wait(MALLORY)]
    // The session of before stays until the sign-in is finished.
    expect(await on.go('GET', '/profile', { sessionToken: mallorys })).toBe('200')
    expect(await outcome(on.finish(mallory.app.codeAt(), own))).toBe('401 invalid_code')
    expect(await outcome(on.finish(victim.app.codeAt(), other))).toBe('401 invalid_code')
    // Neither the passkey of the other, nor a ceremony of the other.
    for (const [authenticator, begun, loginToken] of [
      [mallory.authenticator, own, own],
      [victim.authenticator, own, other],
      [mallory.authenticator, other, own],
    ] as const) {
      const json = await on.assertion(authenticator, 'second_factor', { loginToken: begun })
      expect(await on.go('POST', '/sessions/passkey', { json, loginToken })).toBe('401 invalid_passkey')
    }
    const finished = await on.finish(victim.app.codeAt(), own, { sessionToken: mallorys })
    const sessionToken = sessionIn(finished) ?? expect.unreachable()
    expect(await (await on.ask('GET', '/profile', { sessionToken })).json()).toEqual({ email: VICTIM })
    expect(await on.go('GET', '/profile', { sessionToken: mallorys })).toBe('403 session_required')
  })

  it('gives a thief of its cookie nothing without a factor [MFA-02]', async () => {
    const on = await stage(engine)
    const { authenticator } = await on.member({ app: true, passkey: true })
    const loginToken = await on.wait()
    const thief = { loginToken, browserToken: 'q'.repeat(43) }
    expect(await (await on.ask('GET', '/sessions/pending', thief)).json()).toEqual({
      next: 'second_factor',
      methods: ['totp', 'passkey', 'recovery_code'],
      email: VICTIM,
      expires_at: expect.any(String),
    })
    expect(await outcome(on.finish('000000', loginToken, thief))).toBe('401 invalid_code')
    // What the owner answers in their own browser does not help.
    const json = await on.assertion(authenticator, 'second_factor', { loginToken })
    expect(await on.go('POST', '/sessions/passkey', { json, ...thief })).toBe('401 invalid_passkey')
  })

  const ENDINGS: Record<string, (on: Stage, member: Member, loginToken: string) => Promise<unknown>> = {
    'it was canceled': (on, _, loginToken) => on.ask('DELETE', '/sessions/pending', { loginToken }),
    'ten minutes': async (on) => on.now.advance(600),
    'five newer ones': async (on) => {
      for (let more = 0; more < 5; more++) {
        on.now.advance(1)
        await on.wait()
      }
    },
    'the account was disabled': async (on, { id }) => {
      await on.auth.users.disable(id)
      await on.auth.users.enable(id)
    },
    'the password was reset': async (on) => {
      await on.auth.account.requestPasswordReset({ email: VICTIM })
      const { token } = await on.mailedLink('reset_password')
      await on.auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD })
    },
    'the password was changed': async (on) =>
      expect(
        await on.go('PUT', '/profile/password', {
          json: { current_password: PASSWORD, new_password: NEW_PASSWORD },
          sessionToken: await on.session(VICTIM, 'pwd otp mfa'),
        }),
      ).toBe('200'),
    'the address was changed': async (on) => {
      const json = { email: 'new@example.com' }
      await on.ask('PUT', '/profile/email', { json, sessionToken: await on.session(VICTIM, 'pwd otp mfa') })
      const { token } = await on.mailedLink('confirm_new_email')
      expect(await on.go('POST', '/confirm_email', { json: { token, password: PASSWORD } })).toBe('200')
    },
    'the second factor was disabled': async (on) =>
      expect(
        await on.go('PUT', '/profile/second_factor', {
          json: { enabled: false },
          sessionToken: await on.session(VICTIM, 'pwd otp mfa'),
        }),
      ).toBe('200'),
    'the recovery codes were renewed': async (on) =>
      expect(
        await on.go('POST', '/profile/recovery_codes', {
          sessionToken: await on.session(VICTIM, 'pwd otp mfa'),
        }),
      ).toBe('200'),
    'a passkey was removed': async (on) => {
      const sessionToken = await on.session(VICTIM, 'pwd otp mfa')
      const { passkeys } = (await (await on.ask('GET', '/profile/factors', { sessionToken })).json()) as {
        passkeys: { id: string }[]
      }
      expect(await on.go('DELETE', `/profile/passkeys/${passkeys[0]?.id}`, { sessionToken })).toBe('200')
    },
    'the user signed out everywhere else': async (on) =>
      expect(await on.go('DELETE', '/sessions/others', { sessionToken: await on.session() })).toBe('200'),
  }

  it.each(Object.keys(ENDINGS))('ends after %s [MFA-02]', async (ending) => {
    const on = await stage(engine)
    const member = await on.member({ app: true, passkey: true })
    const loginToken = await on.wait()
    expect(await on.go('GET', '/sessions/pending', { loginToken })).toBe('200')
    await ENDINGS[ending]?.(on, member, loginToken)
    expect(await outcome(on.finish(member.app.codeAt(), loginToken))).toBe('401 pending_login_required')
    expect(await on.go('GET', '/sessions/pending', { loginToken })).toBe('401 pending_login_required')
    expect(await on.go('POST', '/ceremonies', { json: { purpose: 'second_factor' }, loginToken })).toBe(
      '401 pending_login_required',
    )
  })

  it('cannot be begun, finished or set up from another site', async () => {
    const on = await stage(engine)
    const { app, authenticator } = await on.member({ app: true, passkey: true })
    const loginToken = await on.wait()
    const sessionToken = await on.session(VICTIM, 'pwd otp mfa')
    const json = await on.assertion(authenticator, 'second_factor', { loginToken })
    const { passkeys } = (await (await on.ask('GET', '/profile/factors', { sessionToken })).json()) as {
      passkeys: { id: string }[]
    }
    const requests: [string, string, Record<string, unknown>?][] = [
      ['DELETE', '/sessions/pending'],
      ['POST', '/sessions/totp', { code: app.codeAt() }],
      ['POST', '/sessions/recovery_code', { code: '0'.repeat(14) }],
      ['POST', '/sessions/passkey', json],
      ['POST', '/ceremonies', { purpose: 'sign_in' }],
      ['PUT', '/profile/second_factor', { enabled: false }],
      ['POST', '/profile/totp', {}],
      ['PUT', '/profile/totp', { code: app.codeAt() }],
      ['DELETE', '/profile/totp'],
      ['POST', '/profile/recovery_codes'],
      ['POST', '/profile/passkeys', json],
      ['PUT', `/profile/passkeys/${passkeys[0]?.id}`, { name: 'Pwned' }],
      ['DELETE', `/profile/passkeys/${passkeys[0]?.id}`],
      ['POST', '/reauthenticate', { totp: app.codeAt() }],
    ]
    const ofFactors = OPERATIONS.filter(
      ({ id, method }) => /^(?:factors|passkeys)\.|^signIn\./.test(id) && method !== 'GET',
    )
    expect(requests).toHaveLength(ofFactors.length - 1)
    const foreign = [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'https://sub.auth.example.com', 'sec-fetch-site': 'same-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
    ]
    const text = { 'content-type': 'text/plain' }
    for (const [method, path, fields] of requests)
      for (const headers of foreign) {
        const sent = { loginToken, sessionToken, headers, ...(fields && { json: fields }) }
        expect(await on.go(method, path, sent), path).toBe('403 foreign_origin')
        if (fields === undefined) continue
        // What a form of another site can send without asking.
        const simple = {
          loginToken,
          sessionToken,
          body: JSON.stringify(fields),
          headers: { ...headers, ...text },
        }
        expect(await on.go(method, path, simple), path).toMatch(/^(?:403|415) /)
      }
    expect(await whereabouts(on, await on.finish(app.codeAt(), loginToken))).toBe('aal 2')
  })
})

onBothEngines('a sign-in that waits', (engine) => {
  it('is finished once, also with several factors at once [MFA-02]', async () => {
    const on = await stage(engine)
    const { app, authenticator } = await on.member({ app: true, passkey: true })
    const loginToken = await on.wait()
    const answers: Awaited<ReturnType<typeof on.assertion>>[] = []
    for (let more = 0; more < 3; more++)
      answers.push(await on.assertion(authenticator, 'second_factor', { loginToken }))
    const outcomes = await Promise.all([
      outcome(on.finish(app.codeAt(), loginToken)),
      ...answers.map((json) => on.go('POST', '/sessions/passkey', { json, loginToken })),
    ])
    expect(tally(outcomes)['200']).toBe(1)
    expect(await on.db.selectFrom('sessions').select('id').execute()).toHaveLength(1)
  })
})

onEachEngine('a reset', (engine) => {
  it('neither signs in nor removes the second factor, and replacing a lost one needs the password and a recovery code [REC-08, REC-10]', async () => {
    const on = await stage(engine)
    const { app, id } = await on.member({ app: true, codes: true })
    const [code = ''] = app.recoveryCodes
    const email = VICTIM
    await on.ask('POST', '/reset_password', { json: { email } })
    const { token } = await on.mailedLink('reset_password')
    const byLink = await on.ask('PUT', '/reset_password', {
      json: { email, reset_token: token, new_password: NEW_PASSWORD },
    })
    await on.ask('POST', '/mail_codes', { json: { purpose: 'reset_password', email } })
    const mailed = (await on.newMails()).find((mail) => mail.code !== null)?.code
    const byCode = await on.ask('POST', '/mail_codes/reset_password', {
      json: { code: mailed, new_password: PASSWORD },
    })
    for (const answer of [byLink, byCode])
      expect([answer.status, sessionIn(answer)]).toEqual([200, undefined])
    expect(await on.db.selectFrom('totp').select('user_id').execute()).toEqual([{ user_id: id }])
    // Reading the mail is one proof, and having the code is one proof.
    const use = (loginToken?: string) =>
      on.ask('POST', '/sessions/recovery_code', { json: { code }, loginToken })
    expect(await outcome(use())).toBe('401 pending_login_required')
    const entered = await on.enter()
    expect(await whereabouts(on, entered)).toBe('second_factor totp recovery_code')
    const finished = await use(loginIn(entered))
    expect(await whereabouts(on, finished.clone())).toBe('aal 2')
    const sessionToken = sessionIn(finished)
    expect(await on.go('DELETE', '/profile/totp', { sessionToken })).toBe('200')
  })
})
