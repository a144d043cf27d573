import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { CHEAP_HASHER, type EngineName, freshAuth, onEachEngine } from '../../test/support/engines.ts'
import {
  CLIENT,
  cookieIn,
  everyRow,
  NEW_PASSWORD,
  PASSWORD,
  type Production,
  productionAuth,
  until,
} from '../../test/support/production.ts'
import { type Send, send } from '../../test/support/send.ts'
import { signedIn } from '../../test/support/signed-in.ts'
import { type AuditRecord, type Auth, createAuth, HookRefusal, type Hooks } from '../index.ts'
import { openHooks } from './hooks.ts'

const BOB = 'Bob@Example.com'
const REFUSAL = ['invitation_required', 'Ask your team for an invitation.'] as const
const STATES = ['new', 'taken', 'unconfirmed', 'disabled'] as const

/** Everything that a hook can do except allow, with the answer. */
const FAILURES: readonly [status: number, code: string, hook: () => never][] = [
  [403, 'refused_by_application', refuse],
  [500, 'internal_error', () => fail('broken')],
  // Only a `HookRefusal` is a refusal.
  [500, 'internal_error', () => fail('refused_by_application')],
  [500, 'internal_error', () => false as never],
]

function refuse(): never {
  throw new HookRefusal(...REFUSAL)
}

function fail(code: string): never {
  throw Object.assign(new Error('a fault'), { code })
}

interface Logged {
  readonly message: string
  readonly fields: Record<string, unknown>
}

interface Scene extends Production {
  readonly audit: AuditRecord[]
  readonly errors: Logged[]
  ask(path: string, json: Record<string, string>, request?: Send): Promise<Response>
}

async function withHooks(
  engine: EngineName,
  hooks: Hooks,
  options: Parameters<typeof productionAuth>[1] = {},
): Promise<Scene> {
  const audit: AuditRecord[] = []
  const errors: Logged[] = []
  const error = (fields: Record<string, unknown>, message: string) => void errors.push({ fields, message })
  const production = await productionAuth(engine, {
    ...options,
    hooks,
    onAudit: (record) => void audit.push(record),
    logger: { debug() {}, info() {}, warn() {}, error },
  })
  const ask: Scene['ask'] = (path, json, request = {}) =>
    send(production.auth, 'POST', path, { json, ip: '192.0.2.7', ...request })
  return { ...production, audit, errors, ask }
}

async function createAccount(
  auth: Auth,
  email = BOB,
  state: (typeof STATES)[number] = 'taken',
): Promise<void> {
  if (state === 'new') return
  const { id } = await auth.users.create({ email, password: PASSWORD, confirmed: state !== 'unconfirmed' })
  if (state === 'disabled') await auth.users.disable(id)
}

/** A hook that never answers, and the moment when it was called. */
function silence() {
  const asked = Promise.withResolvers<void>()
  const hook = () => {
    asked.resolve()
    return new Promise<void>(() => {})
  }
  return { hook, asked: asked.promise }
}

/** Lets the test control the time limit. */
function holdTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
}

/** The rows that a sign-up or a sign-in changes. Not the counters and the audit log. */
async function rowsOf({ db }: Production) {
  const { users, sessions, outbox, tokens } = await everyRow(db)
  return { users, sessions, outbox, tokens }
}

const SIGN_UP = { email: ` ${BOB}`, password: NEW_PASSWORD }
const SIGN_IN = { email: BOB, password: PASSWORD }

onEachEngine('beforeSignUp', (engine) => {
  it('refuses before any look-up, and always with the same answer [LGN-07]', async () => {
    const hook = vi.fn(refuse)
    const hash = vi.fn(CHEAP_HASHER.hash)
    const scene = await withHooks(engine, { beforeSignUp: hook }, { hasher: { ...CHEAP_HASHER, hash } })
    for (const state of STATES) await createAccount(scene.auth, `${state}@example.com`, state)
    await scene.newMails()
    hash.mockClear()
    const before = await rowsOf(scene)
    for (const state of STATES) {
      const email = `${state}@Example.com`
      const recorded = scene.audit.length
      hook.mockClear()
      const headers = { 'user-agent': 'curl/8' }
      const answer = await scene.ask('/users', { email: ` ${email}`, password: NEW_PASSWORD }, { headers })
      expect(answer.status).toBe(403)
      expect(await answer.json()).toEqual({
        message: REFUSAL[1],
        code: 'refused_by_application',
        application_code: REFUSAL[0],
        request_id: expect.any(String),
      })
      const client = { ip: '192.0.2.7', userAgent: 'curl/8', requestId: expect.any(String) }
      expect(hook.mock.calls).toEqual([
        [{ email, normalizedEmail: email.toLowerCase(), metadata: {} }, client],
      ])
      expect(scene.audit.slice(recorded)).toMatchObject([
        {
          action: 'register',
          outcome: 'refused',
          reason: 'refused_by_application',
          userId: null,
          details: { code: REFUSAL[0], email: `${state.slice(0, 1)}***@example.com` },
        },
      ])
    }
    expect(hash).not.toHaveBeenCalled()
    expect(await rowsOf(scene)).toEqual(before)
  })

  it('creates no account unless it allows that [API-15]', async () => {
    const hook = vi.fn<() => void>()
    const scene = await withHooks(engine, { beforeSignUp: hook })
    const before = await rowsOf(scene)
    for (const [status, code, fails] of FAILURES) {
      hook.mockImplementation(fails)
      const answer = await scene.ask('/users', SIGN_UP)
      expect([answer.status, await answer.json()]).toMatchObject([status, { code }])
    }
    expect(await rowsOf(scene)).toEqual(before)
  })

  it('creates no account if it does not answer within 5 seconds [API-15]', async () => {
    const { hook, asked } = silence()
    const scene = await withHooks(engine, { beforeSignUp: hook })
    const before = await rowsOf(scene)
    holdTimers()
    const answer = scene.ask('/users', SIGN_UP)
    await asked
    vi.advanceTimersByTime(5_000)
    expect(await (await answer).json()).toMatchObject({ code: 'unavailable' })
    expect(await rowsOf(scene)).toEqual(before)
  })

  it('does not run for accounts that the program adds, nor for registrations over the limit', async () => {
    const hook = vi.fn(refuse)
    const { auth, ask } = await withHooks(engine, { beforeSignUp: hook }, { registrationsPerIp: 2 })
    await auth.users.create({ email: 'a@example.com', password: PASSWORD })
    await auth.registerUser('b@example.com', PASSWORD)
    await Array.fromAsync(
      auth.transfer.importUsers([{ fields: { email: 'c@example.com', hashed_password: '!' } }]),
    )
    expect(hook).not.toHaveBeenCalled()
    const statuses: number[] = []
    for (let time = 0; time < 4; time++) statuses.push((await ask('/users', SIGN_UP)).status)
    expect(statuses).toEqual([403, 403, 429, 429])
    expect(hook).toHaveBeenCalledTimes(2)
  })
})

onEachEngine('afterSignUp', (engine) => {
  it('runs after the answer, and only if an account was created', async () => {
    const done: string[] = []
    const signedUp = Promise.withResolvers<Parameters<NonNullable<Hooks['afterSignUp']>>>()
    const scene = await withHooks(engine, {
      async afterSignUp(...input) {
        done.push(`created ${input[0].user.email}`)
        // The account is committed.
        expect(await scene.auth.users.find(BOB)).not.toBeNull()
        signedUp.resolve(input)
      },
    })
    const first = await scene.ask('/users', SIGN_UP)
    done.push('answered')
    const [{ user }, client] = await signedUp.promise
    const second = await scene.ask('/users', SIGN_UP)
    await scene.auth.close()
    expect(done).toEqual(['answered', `created ${BOB}`])
    expect(await first.json()).toEqual(await second.json())
    expect(client).toMatchObject({ ip: '192.0.2.7' })
    expect(user).toMatchObject({ email: BOB, emailVerifiedAt: null })
    expect(Object.keys(user)).not.toContain('hashedPassword')
  })

  it('changes nothing if it fails, and is logged', async () => {
    const scene = await withHooks(engine, { afterSignUp: () => fail('broken') })
    expect((await scene.ask('/users', SIGN_UP)).status).toBe(200)
    await scene.newMails()
    await until(() => scene.errors.length > 0)
    expect(scene.errors).toMatchObject([
      { message: 'the hook afterSignUp failed', fields: { reason: { code: 'broken' } } },
    ])
    expect(await scene.auth.users.find(BOB)).not.toBeNull()
  })

  it('does not delay the answer, and delays `close` by 5 seconds at most', async () => {
    const { hook, asked } = silence()
    const scene = await withHooks(engine, { afterSignUp: hook })
    holdTimers()
    expect((await scene.ask('/users', SIGN_UP)).status).toBe(200)
    await asked
    const closed = scene.auth.close()
    vi.advanceTimersByTime(5_000)
    await closed
    expect(scene.errors.map(({ message }) => message)).toContain('the hook afterSignUp took longer than 5 s')
  })
})

onEachEngine('beforeSignIn', (engine) => {
  it('signs nobody in unless it allows that [API-15]', async () => {
    const hook = vi.fn<() => void>()
    const scene = await withHooks(engine, { beforeSignIn: hook })
    await createAccount(scene.auth)
    const sessionToken = (await scene.auth.createSession(BOB)) ?? expect.unreachable()
    const before = await rowsOf(scene)
    for (const [status, code, fails] of FAILURES) {
      hook.mockImplementation(fails)
      const answer = await scene.ask('/sessions', SIGN_IN, { sessionToken })
      expect([answer.status, await answer.json()]).toMatchObject([status, { code }])
      expect(answer.headers.getSetCookie()).toEqual([])
    }
    // The existing session of the client also stays.
    expect(await rowsOf(scene)).toEqual(before)
    await until(() => scene.errors.length === 6)
    const faults = Array(3).fill(['the hook beforeSignIn failed', 'request']).flat()
    expect(scene.errors.map(({ message }) => message)).toEqual(faults)
  })

  it('also runs for a bearer token', async () => {
    const hook = vi.fn<() => void>(refuse)
    const scene = await withHooks(engine, { beforeSignIn: hook })
    await createAccount(scene.auth)
    const signIn = { ...SIGN_IN, transport: 'bearer' }
    expect((await scene.ask('/sessions', signIn)).status).toBe(403)
    expect((await rowsOf(scene)).sessions).toEqual([])
    hook.mockImplementation(() => {})
    expect(await (await scene.ask('/sessions', signIn)).json()).toMatchObject({
      session_token: expect.any(String),
    })
  })

  it('signs nobody in if it does not answer within 5 seconds, or answers later [API-15]', async () => {
    const asked = Promise.withResolvers<void>()
    const permission = Promise.withResolvers<void>()
    const scene = await withHooks(engine, {
      beforeSignIn() {
        asked.resolve()
        return permission.promise
      },
    })
    await createAccount(scene.auth)
    // If the mail worker queries PostgreSQL at that moment, the time-out of its query passes too.
    const errors = () => scene.errors.filter(({ message }) => message !== 'the outbox cannot be read')
    const before = await everyRow(scene.db)
    holdTimers()
    const answer = scene.ask('/sessions', SIGN_IN)
    await asked.promise
    vi.advanceTimersByTime(4_999)
    expect(errors()).toEqual([])
    vi.advanceTimersByTime(1)
    const late = await answer
    permission.resolve()
    expect([late.status, await late.json()]).toMatchObject([503, { code: 'unavailable' }])
    expect(cookieIn(late, 'session_id')).toBeUndefined()
    const { throttles, ...rows } = await everyRow(scene.db)
    expect({ ...rows, throttles: before.throttles }).toEqual(before)
    await until(() => errors().length === 2)
    expect(errors()).toMatchObject([
      { message: 'the hook beforeSignIn took longer than 5 s' },
      { message: 'request' },
    ])
  })

  it('runs only after every other gate', async () => {
    const hook = vi.fn()
    const { auth, ask, db } = await withHooks(engine, { beforeSignIn: hook })
    await createAccount(auth)
    const closed = [
      { disabled_at: 1 },
      { disabled_at: null, email_verified_at: null },
      { email_verified_at: 1, password_compromised_at: 1 },
    ]
    await ask('/sessions', { email: 'nobody@example.com', password: PASSWORD })
    await ask('/sessions', { email: BOB, password: NEW_PASSWORD })
    for (const change of closed) {
      await db.updateTable('users').set(change).execute()
      expect((await ask('/sessions', SIGN_IN)).status).toBeGreaterThan(400)
    }
    expect(hook).not.toHaveBeenCalled()
    await db.updateTable('users').set({ password_compromised_at: null }).execute()
    expect((await ask('/sessions', SIGN_IN)).status).toBe(200)
    expect(hook).toHaveBeenCalledOnce()
  })

  it('counts a refusal as a sign-in and not as a wrong password', async () => {
    const hook = vi.fn<() => void>(refuse)
    const options = { loginFailuresPerAccount: 2, signInsPerAccount: 5 }
    const { auth, ask, audit } = await withHooks(engine, { beforeSignIn: hook }, options)
    await createAccount(auth)
    const statuses: number[] = []
    for (let time = 0; time < 4; time++) statuses.push((await ask('/sessions', SIGN_IN)).status)
    hook.mockImplementation(() => {})
    for (let time = 0; time < 2; time++) statuses.push((await ask('/sessions', SIGN_IN)).status)
    expect(statuses).toEqual([403, 403, 403, 403, 200, 429])
    const [record] = audit.filter(({ action }) => action === 'login')
    expect(record).toMatchObject({
      outcome: 'refused',
      reason: 'refused_by_application',
      userId: expect.any(Number),
      details: { code: REFUSAL[0], method: 'password' },
    })
    expect(audit.find(({ outcome, reason }) => outcome === 'success' && reason === 'pwd')?.details).toEqual({
      device: 'new',
      failures: 0,
    })
  })

  it('counts nothing if it fails', async () => {
    const hook = vi.fn<() => void>(() => fail('broken'))
    const options = { loginFailuresPerAccount: 2, signInsPerAccount: 2 }
    const { auth, ask } = await withHooks(engine, { beforeSignIn: hook }, options)
    await createAccount(auth)
    for (let time = 0; time < 4; time++) expect((await ask('/sessions', SIGN_IN)).status).toBe(500)
    hook.mockImplementation(() => {})
    expect((await ask('/sessions', SIGN_IN)).status).toBe(200)
  })

  it('starts no session for an account that is disabled while it runs', async () => {
    const scene = await withHooks(engine, {
      async beforeSignIn({ user }) {
        await scene.auth.users.disable(user.id)
      },
    })
    await createAccount(scene.auth)
    expect((await scene.ask('/sessions', SIGN_IN)).status).toBe(401)
    expect((await rowsOf(scene)).sessions).toEqual([])
  })

  it('starts no session for an account whose address is changed while it runs', async () => {
    const scene = await withHooks(engine, {
      async beforeSignIn({ user }) {
        await scene.auth.users.setEmail(user.id, { email: 'new@example.com', confirmed: true })
      },
    })
    await createAccount(scene.auth)
    expect((await scene.ask('/sessions', SIGN_IN)).status).toBe(401)
    expect((await rowsOf(scene)).sessions).toEqual([])
  })

  it('does not run if a session is renewed, no session starts, or the program vouches for the user', async () => {
    const hook = vi.fn()
    const { auth } = await withHooks(engine, { beforeSignIn: hook })
    await createAccount(auth)
    const { sessionToken } = await auth.signIn.withPassword(SIGN_IN)
    expect(hook).toHaveBeenCalledOnce()
    const renewed = await auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken })
    await auth.account.changePassword({ currentPassword: PASSWORD, newPassword: NEW_PASSWORD }, renewed)
    expect(await auth.validLogin(BOB, NEW_PASSWORD)).toBe(true)
    expect(await auth.sessions.create({ email: BOB })).not.toBeNull()
    expect(hook).toHaveBeenCalledOnce()
  })

  it('gets frozen copies without a secret, outside of transactions', async () => {
    const seen: object[] = []
    const scene = await withHooks(engine, {
      async beforeSignIn(attempt, client) {
        seen.push(attempt, attempt.user, client)
        attempt.user.createdAt.setTime(0)
        // On SQLite this would wait for a transaction in vain.
        await scene.auth.users.create({ email: 'carol@example.com', password: PASSWORD })
      },
    })
    await createAccount(scene.auth)
    const deviceToken = 'v1.device.token'
    const { user } = signedIn(
      await scene.auth.signIn.withPassword(SIGN_IN, {
        ...CLIENT,
        deviceToken,
        sessionToken: 'x',
      }),
    )
    expect(user.createdAt.getTime()).toBeGreaterThan(0)
    expect(seen.map((each) => Object.isFrozen(each))).toEqual([true, true, true])
    const [, account = {}, client = {}] = seen
    expect(Object.keys(client).sort()).toEqual(['acceptLanguage', 'ip', 'requestId', 'userAgent'])
    expect(Object.keys(account)).toEqual(Object.keys(user))
    expect(JSON.stringify(seen)).not.toMatch(/\$2b\$|tortoise|v1\.device/)
  })
})

describe('the option hooks', () => {
  it.each([
    [{ beforeSignup: () => {} }, 'beforeSignup is not a hook'],
    [{ beforeSignIn: 'yes' }, 'beforeSignIn must be a function'],
    ['yes', 'expected an object'],
  ])('refuses %j', async (hooks, problem) => {
    await expect(createAuth({ databaseUrl: 'sqlite:', hooks } as never)).rejects.toMatchObject({
      name: 'OptionError',
      option: 'hooks',
      message: expect.stringContaining(problem),
    })
  })

  it('may leave hooks out', async () => {
    const hooks = openHooks({ beforeSignUp: undefined }, () => {})
    expect(await hooks.beforeSignUp({ email: BOB, normalizedEmail: BOB, metadata: {} }, {})).toBeNull()
    const auth = await freshAuth('sqlite', { hooks: undefined })
    expect(await auth.account.register({ email: BOB, password: 'b4l0u' })).toEqual({ email: BOB })
  })
})

describe('a refusal', () => {
  it.each([
    [''],
    ['Invitation required'],
    ['x'.repeat(65)],
    [undefined],
    ['fine', ''],
    ['fine', 'two\nlines'],
    ['fine', 'x'.repeat(501)],
    ['fine', '\ud800'],
  ])('cannot have the code %j and the message %j', (...values) => {
    expect(() => new HookRefusal(...(values as [string]))).toThrow(TypeError)
  })

  it('has a message of its own if the application gives none', () => {
    expect(new HookRefusal('banned').message).toBe(
      'This request was refused. Contact the operator of this service.',
    )
  })
})
