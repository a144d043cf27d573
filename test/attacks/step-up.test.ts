/** Attacks with a stolen session on an account that has a second factor. */
import { expect, it } from 'vitest'
import { onEachEngine } from '../support/engines.ts'
import { addTotp, scanTotp } from '../support/factors.ts'
import { NEW_PASSWORD, PASSWORD } from '../support/production.ts'
import { sessionIn } from '../support/send.ts'
import { type Stage, stage } from './member.ts'

/** Operations that could take the account over, or export all its data. Each is refused before its body is validated. */
const ACTS = [
  ['POST', '/profile/totp', {}],
  ['PUT', '/profile/totp', { code: '123456' }],
  ['DELETE', '/profile/totp'],
  ['POST', '/ceremonies', { purpose: 'add_passkey' }],
  ['POST', '/ceremonies', { purpose: 'add_security_key' }],
  ['POST', '/profile/passkeys', { ceremony: '019a3f5e-7c00-7000-8000-00000000000d', credential: {} }],
  ['DELETE', '/profile/passkeys/019a3f5e-7c00-7000-8000-00000000000d'],
  ['POST', '/profile/recovery_codes'],
  ['PUT', '/profile/second_factor', { enabled: false }],
  ['PUT', '/profile/email', { email: 'mallory@evil.example' }],
  ['POST', '/profile/export'],
  ['DELETE', '/profile'],
] as const

const CHANGE_PASSWORD = [
  'PUT',
  '/profile/password',
  { current_password: PASSWORD, new_password: NEW_PASSWORD },
] as const

const DAY = 86_400
const HOUR = 3_600

/** How a session became too weak: its strength at first, and what happens then. */
const STATES: Readonly<Record<string, { amr: string; wait: readonly number[]; refusal: string }>> = {
  'with the password alone': { amr: 'pwd', wait: [], refusal: 'second_factor_required' },
  'that was not used for an hour': {
    amr: 'pwd otp mfa',
    wait: [HOUR],
    refusal: 'second_factor_required',
  },
  'that was used again after an hour': {
    amr: 'pwd otp mfa',
    wait: [HOUR, 60],
    refusal: 'second_factor_required',
  },
  'of yesterday, used all the time': {
    amr: 'pwd otp mfa',
    wait: Array(DAY / 1_800).fill(1_800),
    refusal: 'second_factor_required',
  },
  'that is not fresh': { amr: 'pwd otp mfa', wait: [600], refusal: 'reauthentication_required' },
}

/** The status, code and `accepts` of a refusal. */
async function refusalOf(answer: Response): Promise<unknown> {
  const { code, accepts } = (await answer.json()) as Record<string, unknown>
  return { status: answer.status, code, accepts }
}

async function aalOf({ ask }: Stage, sessionToken: string | undefined): Promise<number | undefined> {
  const current = await ask('GET', '/session', { sessionToken: sessionToken ?? expect.unreachable() })
  return ((await current.json()) as { session: { aal: number } | null }).session?.aal
}

onEachEngine('a stolen session', (engine) => {
  it.each(Object.entries(STATES))(
    '%s cannot change factors, address or password, export or delete [SES-14, MFA-05]',
    async (_, { amr, wait, refusal }) => {
      const on = await stage(engine)
      await on.member({ app: true, passkey: true })
      const sessionToken = await on.session(undefined, amr)
      for (const seconds of wait) {
        on.now.advance(seconds)
        expect(await on.go('GET', '/profile', { sessionToken })).toBe('200')
      }
      const isWeak = refusal === 'second_factor_required'
      const before = await on.db.selectFrom('users').selectAll().execute()
      for (const [method, path, json] of [...ACTS, ...(isWeak ? [CHANGE_PASSWORD] : [])])
        expect(await refusalOf(await on.ask(method, path, { json, sessionToken })), path).toEqual({
          status: 403,
          code: refusal,
          accepts: ['totp', 'passkey', ...(isWeak ? [] : ['password'])],
        })
      expect(await on.db.selectFrom('users').selectAll().execute()).toEqual(before)
      expect(await on.newMails()).toEqual([])
      // It stays a session (NIST SP 800-63B-4 §2.2.3 asks only for the level).
      expect(await aalOf(on, sessionToken)).toBe(isWeak ? 1 : 2)
    },
  )

  it('gets level 2 back with a second factor, never with the password, before or after it [SES-08, SES-15]', async () => {
    const on = await stage(engine)
    const { app, authenticator } = await on.member({ app: true, passkey: true })
    const again = async (sessionToken: string | undefined, json: Record<string, unknown>) =>
      sessionIn(await on.ask('POST', '/reauthenticate', { json, sessionToken: sessionToken ?? '' }))
    for (const amr of ['pwd otp mfa', 'hwk mfa', 'pwd hwk mfa'])
      for (const uses of [0, 1, 2]) {
        let token: string | undefined = await on.session(undefined, amr)
        on.now.advance(HOUR)
        for (let use = 0; use < uses; use++) {
          expect(await on.go('GET', '/profile', { sessionToken: token })).toBe('200')
          on.now.advance(60)
        }
        for (const _ of [1, 2]) {
          token = await again(token, { password: PASSWORD })
          expect(await aalOf(on, token), `${amr}, used ${uses} times`).toBe(1)
        }
        const answer = await on.assertion(authenticator, 'step_up', { sessionToken: token ?? '' })
        expect(await aalOf(on, await again(token, { ...answer }))).toBe(2)
      }
    // A code of an app that was proven long ago does not count together with a new password either.
    let token = await again(await on.session(undefined, ''), { totp: app.codeAt() })
    expect(await aalOf(on, token)).toBe(1)
    on.now.advance(DAY)
    token = await again(token, { password: PASSWORD })
    expect(await aalOf(on, token)).toBe(1)
    expect(await aalOf(on, await again(token, { totp: app.codeAt() }))).toBe(2)
  })

  it('is not kept at level 2 beyond a day with the password alone [SES-08]', async () => {
    const on = await stage(engine)
    const { app } = await on.member({ app: true })
    let token = await on.session(undefined, 'pwd otp mfa')
    const renew = async (json: Record<string, unknown>) => {
      const answer = await on.ask('POST', '/reauthenticate', { json, sessionToken: token })
      token = sessionIn(answer) ?? expect.unreachable()
    }
    const levels: (number | undefined)[] = []
    for (let half = 0; half < DAY; half += 1_800) {
      on.now.advance(1_800)
      await renew({ password: PASSWORD })
      levels.push(await aalOf(on, token))
    }
    expect(levels).toEqual([...Array(47).fill(2), 1])
    const password = await on.ask('PUT', CHANGE_PASSWORD[1], {
      json: CHANGE_PASSWORD[2],
      sessionToken: token,
    })
    expect(password.status).toBe(403)
    await renew({ totp: app.codeAt() })
    on.now.advance(HOUR - 1)
    const changed = await on.ask('PUT', CHANGE_PASSWORD[1], { json: CHANGE_PASSWORD[2], sessionToken: token })
    expect(await aalOf(on, sessionIn(changed))).toBe(2)
    expect(sessionIn(changed)).not.toBe(token)
  })

  it.each([
    ['by default', {}, DAY, HOUR],
    ['in the strictest profile', { aal2LifetimeSeconds: 43_200, aal2IdleSeconds: 900 }, 43_200, 900],
  ] as const)(
    'has level 2 for a day or an hour %s, and lasts 30 days [SES-08]',
    async (_, options, lifetime, idle) => {
      const on = await stage(engine, { sessionIdleSeconds: 30 * DAY, ...options })
      await on.member({ app: true })
      const [busy, quiet] = [
        await on.session(undefined, 'pwd otp mfa'),
        await on.session(undefined, 'pwd otp mfa'),
      ]
      const levels: (number | undefined)[] = []
      for (let second = 0; second < lifetime; second += idle - 1) {
        on.now.advance(Math.min(idle - 1, lifetime - second - 1))
        levels.push(await aalOf(on, busy))
      }
      expect(new Set(levels)).toEqual(new Set([2]))
      on.now.advance(1)
      expect([await aalOf(on, busy), await aalOf(on, quiet)]).toEqual([1, 1])
      const late = await on.session(undefined, 'pwd otp mfa')
      on.now.advance(idle - 1)
      expect(await aalOf(on, late)).toBe(2)
      on.now.advance(idle)
      expect(await aalOf(on, late)).toBe(1)
      on.now.advance(30 * DAY - lifetime - 2 * idle)
      expect(await aalOf(on, busy)).toBe(1)
      on.now.advance(1)
      expect(await aalOf(on, busy)).toBeUndefined()
    },
  )

  it('of a program that vouched for its user must prove a factor too [SES-15]', async () => {
    const on = await stage(engine)
    await on.member({ app: true })
    const sessionToken = (await on.auth.createSession('victim@example.com')) ?? expect.unreachable()
    for (const [method, path, json] of ACTS)
      expect(await refusalOf(await on.ask(method, path, { json, sessionToken })), path).toMatchObject({
        code: 'second_factor_required',
        accepts: ['totp'],
      })
  })
})

onEachEngine('the other sessions', (engine) => {
  it.each([
    ['DELETE', '/profile/totp', undefined],
    ['POST', '/profile/recovery_codes', undefined],
    ['PUT', '/profile/second_factor', { enabled: false }],
  ] as const)('end with %s %s, but not those of other accounts [SES-12]', async (method, path, json) => {
    const on = await stage(engine)
    await on.member({ app: true, passkey: true })
    await on.member({}, 'other@example.com')
    const [own, stolen] = [await on.session(undefined, 'pwd otp mfa'), await on.session()]
    const other = await on.session('other@example.com')
    expect(await on.go(method, path, { json, sessionToken: own })).toBe('200')
    expect(await aalOf(on, stolen)).toBeUndefined()
    expect([await aalOf(on, own), await aalOf(on, other)]).toEqual([2, 1])
  })

  it('end when a factor is added, in a session or while a sign-in waits for it [SES-12]', async () => {
    const on = await stage(engine)
    const { id } = await on.member({})
    const [own, stolen] = [await on.session(), await on.session()]
    const { sessionToken } = await addTotp(on.auth, on.now, { sessionToken: own })
    const all = [sessionToken, own, stolen]
    expect(await Promise.all(all.map((each) => aalOf(on, each)))).toEqual([2, undefined, undefined])
    await on.db.deleteFrom('totp').execute()
    await on.db.updateTable('users').set({ second_factor_required_at: 1 }).where('id', '=', id).execute()
    const loginToken = await on.wait()
    const { codeAt } = await scanTotp(on.auth, on.now, { loginToken, sessionToken: null })
    const answer = await on.ask('PUT', '/profile/totp', { json: { code: codeAt() }, loginToken })
    expect(await aalOf(on, sessionIn(answer))).toBe(2)
    expect(await on.db.selectFrom('sessions').select('id').execute()).toHaveLength(1)
  })
})

onEachEngine('a factor', (engine) => {
  it.each([
    ['required', { app: true }],
    ['required', { passkey: true }],
    ['passkey', { passkey: true }],
    ['passkey', { app: true, passkey: true }],
  ] as const)('that the policy %s demands cannot be removed: %o [MFA-04]', async (secondFactor, has) => {
    const on = await stage(engine, { secondFactor })
    await on.member(has)
    const sessionToken = await on.session(undefined, 'pwd hwk mfa')
    const list = async () =>
      (await (await on.ask('GET', '/profile/factors', { sessionToken })).json()) as {
        totp: unknown
        passkeys: { id: string }[]
      }
    const { passkeys } = await list()
    const path = 'passkey' in has ? `/profile/passkeys/${passkeys[0]?.id}` : '/profile/totp'
    expect(await on.go('DELETE', path, { sessionToken })).toBe('409 last_factor')
    const json = { enabled: false }
    expect(await on.go('PUT', '/profile/second_factor', { json, sessionToken })).toBe('409 last_factor')
    const left = await list()
    expect([left.totp !== null, left.passkeys.length]).toEqual(['app' in has, 'passkey' in has ? 1 : 0])
  })

  it('can be removed at once by its owner where the policy leaves it to them [MFA-04]', async () => {
    const on = await stage(engine)
    await on.member({ app: true, passkey: true })
    const sessionToken = await on.session(undefined, 'pwd otp mfa')
    expect(await on.go('DELETE', '/profile/totp', { sessionToken })).toBe('200')
    expect(await on.go('DELETE', '/profile/totp', { sessionToken })).toBe('404 not_found')
    const factors = await (await on.ask('GET', '/profile/factors', { sessionToken })).json()
    expect(factors).toMatchObject({ totp: null, passkeys: [{}], second_factor_enabled: true })
  })
})
