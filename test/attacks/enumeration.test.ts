/** Attacks that find out who has an account. How long an answer takes is the business of `timing.test.ts`. */
import { describe, expect, it } from 'vitest'
import type { Auth, Hasher } from '../../src/index.ts'
import { sha256 } from '../../src/lib/digest.ts'
import { CHEAP_HASHER, type EngineName, freshAuth, onBothEngines } from '../support/engines.ts'
import { PASSWORD, type Production, productionAuth, sightOf } from '../support/production.ts'
import { type Send, send } from '../support/send.ts'
import { addMember, GENEROUS, MALLORY, outcome, PWNED, signIn, tally, VICTIM } from './support.ts'

/** One address for each state that an account can be in, and one that has none. All of one length, as they are repeated. */
const STATES = ['open', 'shut', 'wait', 'mark', 'none', 'free'] as const
type State = (typeof STATES)[number]
const emailOf = (state: State | string) => `${state}@example.com`

/** Makes an account in each state; `free` stays without. */
async function populate({ auth }: Pick<Production, 'auth'>): Promise<void> {
  for (const state of ['open', 'shut', 'mark']) await addMember(auth, emailOf(state))
  await auth.registerUser(emailOf('wait'), PASSWORD)
  const none = await auth.db.addUser(emailOf('none'), '!')
  await auth.users.confirmEmail(none.id)
  await auth.users.disable((await auth.db.findUserBy({ email: emailOf('shut') })).id)
  await auth.users.markPasswordCompromised((await auth.db.findUserBy({ email: emailOf('mark') })).id)
}

/** Everything a client sees of a row of answers, with its own address taken out. */
async function sightsOf(email: string, ask: () => Promise<Response>, times: number): Promise<string> {
  const sights: unknown[] = []
  for (let time = 0; time < times; time++) sights.push(await sightOf(await ask()))
  return JSON.stringify(sights)
    .replaceAll(email, 'THE ADDRESS')
    .replaceAll(email.toUpperCase(), 'THE ADDRESS')
}

type Ask = (auth: Auth, email: string) => Promise<Response>

const ROUTES: Record<string, Ask> = {
  'a login with the wrong password': (auth, email) =>
    send(auth, 'POST', '/sessions', { form: { email, password: PWNED } }),
  'a login in capital letters': (auth, email) =>
    send(auth, 'POST', '/sessions', { form: { email: email.toUpperCase(), password: PWNED } }),
  'a reset': (auth, email) => send(auth, 'POST', '/reset_password', { form: { email } }),
  'a reset with a forged token': (auth, email) =>
    send(auth, 'PUT', '/reset_password', {
      form: {
        email,
        reset_token: `01a1fdfa-4600-7060-8275-4edb83eb76c3.${'A'.repeat(43)}`,
        new_password: 'x',
      },
    }),
  'a request for another confirmation': (auth, email) =>
    send(auth, 'POST', '/request_confirmation', { json: { email } }),
  'a registration': (auth, email) => send(auth, 'POST', '/users', { form: { email, password: PASSWORD } }),
  'a registration with a password that is refused': (auth, email) =>
    send(auth, 'POST', '/users', { form: { email, password: 'short' } }),
}

/** Whether the accounts get different answers anywhere. */
async function answersOf(auth: Auth, ask: Ask, times = 12): Promise<Map<State, string>> {
  const answers = new Map<State, string>()
  for (const state of STATES)
    answers.set(state, await sightsOf(emailOf(state), () => ask(auth, emailOf(state)), times))
  return answers
}

onBothEngines('who has an account', (engine) => {
  it.each(Object.entries(ROUTES))(
    'CVE-2023-39522, CVE-2026-23511: is not told by %s, asked until the limit and beyond',
    async (_, ask) => {
      const service = await productionAuth(engine, { loginFailuresPerAccount: 3, resetRequestsPerAccount: 3 })
      await populate(service)
      const answers = await answersOf(service.auth, ask)
      expect(new Set(answers.values()).size).toBe(1)
    },
  )

  it('is told by the mailboxes alone, so that there was something to tell', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, newMails } = service
    await populate(service)
    await newMails()
    const kindsAfter = async (ask: Ask) => {
      const kinds: Partial<Record<State, string[]>> = {}
      for (const state of STATES) {
        await ask(auth, emailOf(state))
        const mails = await newMails()
        expect(mails.map(({ to }) => to)).toEqual(mails.map(() => emailOf(state)))
        kinds[state] = mails.map(({ kind }) => kind)
      }
      return kinds
    }
    const reset = ['reset_password']
    expect(await kindsAfter(ROUTES['a reset'] ?? expect.unreachable())).toEqual({
      open: reset,
      shut: [],
      wait: reset,
      mark: reset,
      none: reset,
      free: [],
    })
    const again = await kindsAfter(ROUTES['a request for another confirmation'] ?? expect.unreachable())
    expect(again).toEqual({ open: [], shut: [], wait: ['verify_email'], mark: [], none: [], free: [] })
    const exists = ['account_exists']
    expect(await kindsAfter(ROUTES['a registration'] ?? expect.unreachable())).toEqual({
      open: exists,
      shut: [],
      wait: exists,
      mark: exists,
      none: exists,
      free: ['verify_email'],
    })
  })

  it('is told by these same answers once the settings let them', async () => {
    // What the comparison has to find: `explicit`, which production tolerates, and the classic reset.
    const service = await productionAuth(engine, { ...GENEROUS, registrationAnswer: 'explicit' })
    await populate(service)
    const registrations = await answersOf(service.auth, ROUTES['a registration'] ?? expect.unreachable(), 1)
    expect(new Set(registrations.values()).size).toBe(2)
    const open = await freshAuth(engine)
    await open.registerUser(emailOf('open'), 'b4l0u')
    const ask = (email: string) => send(open, 'POST', '/reset_password', { form: { email } })
    expect([(await ask(emailOf('open'))).status, (await ask(emailOf('free'))).status]).toEqual([200, 403])
  })

  it('is not told by the right password either, where it opens nothing', async () => {
    const service = await productionAuth(engine, { loginFailuresPerAccount: 3 })
    const { auth } = service
    await populate(service)
    const right = (state: State) =>
      sightsOf(
        emailOf(state),
        () => send(auth, 'POST', '/sessions', { form: { email: emailOf(state), password: PASSWORD } }),
        6,
      )
    const unknown = await right('free')
    for (const state of ['shut', 'wait', 'none'] as const) expect(await right(state), state).toBe(unknown)
    // Whoever knows the marked password has to hear that it is no good any more; an open account opens.
    for (const state of ['mark', 'open'] as const) expect(await right(state), state).not.toBe(unknown)
  })

  it('is not told to a stranger who registered the address first, by anything that follows', async () => {
    const story = async (isTaken: boolean) => {
      const { auth } = await productionAuth(engine, {
        loginFailuresPerAccount: 3,
        resetRequestsPerAccount: 3,
      })
      if (isTaken) await addMember(auth, emailOf('mine'))
      const email = emailOf('mine')
      const steps: Ask[] = [
        (auth) => send(auth, 'POST', '/users', { form: { email, password: PWNED } }),
        (auth) => send(auth, 'POST', '/users', { form: { email, password: `${PWNED} too` } }),
        ...Array.from<unknown, Ask>(
          { length: 5 },
          () => (auth) => send(auth, 'POST', '/sessions', { form: { email, password: PWNED } }),
        ),
        (auth) => send(auth, 'POST', '/request_confirmation', { json: { email } }),
        (auth) => send(auth, 'POST', '/reset_password', { form: { email } }),
        (auth) => send(auth, 'POST', '/users', { form: { email, password: PWNED } }),
        (auth) => send(auth, 'POST', '/users', { form: { email, password: PWNED } }),
      ]
      const sights: unknown[] = []
      for (const step of steps) sights.push(await sightOf(await step(auth, email)))
      return sights
    }
    expect(await story(true)).toEqual(await story(false))
  })

  it('is not told to a member who asks for the address, and only the mailboxes differ', async () => {
    const story = async (isTaken: boolean) => {
      const { auth, newMails } = await productionAuth(engine, { resetRequestsPerAccount: 3 })
      await addMember(auth, MALLORY)
      if (isTaken) await addMember(auth)
      const { sessionToken } = await signIn(auth, MALLORY)
      await newMails()
      const sights: unknown[] = []
      for (let time = 0; time < 5; time++)
        sights.push(
          await sightOf(await send(auth, 'PUT', '/profile/email', { json: { email: VICTIM }, sessionToken })),
        )
      const exported = await send(auth, 'GET', '/profile/export', { sessionToken })
      const { audit } = (await exported.json()) as { audit: { action: string; reason: string | null }[] }
      sights.push(audit.map(({ action, reason }) => `${action} ${reason}`).sort())
      const mails = await newMails()
      const toVictim = new Set(mails.filter(({ to }) => to === VICTIM).map(({ kind }) => kind))
      const toMallory = new Set(mails.filter(({ to }) => to === MALLORY).map(({ kind }) => kind))
      return { seen: [sights, [...toMallory]], toVictim: [...toVictim] }
    }
    const [taken, free] = [await story(true), await story(false)]
    expect(taken.seen).toEqual(free.seen)
    expect([taken.toVictim, free.toVictim]).toEqual([['account_exists'], ['confirm_new_email']])
  })

  it('costs the same work to refuse: one hash, one line of the audit, one mail in the outbox', async () => {
    const work: string[] = []
    const hasher: Hasher = {
      ...CHEAP_HASHER,
      hash: (password) => noting('hash', CHEAP_HASHER.hash(password)),
      verify: (password, hash) => noting('verify', CHEAP_HASHER.verify(password, hash)),
      verifyNothing: (password) => noting('verify', CHEAP_HASHER.verifyNothing(password)),
    }
    const noting = <Result>(what: string, done: Result) => {
      work.push(what)
      return done
    }
    const service = await productionAuth(engine, { ...GENEROUS, hasher })
    const { auth, db, newMails } = service
    await populate(service)
    await newMails()
    const lines = async () => (await db.selectFrom('audit').select('id').execute()).length
    for (const [name, ask] of Object.entries(ROUTES)) {
      const costs = new Set<string>()
      for (const state of STATES) {
        // A registration would change what comes after it.
        const email =
          name.startsWith('a registration') && state === 'free'
            ? emailOf(`free${name.length}`)
            : emailOf(state)
        await newMails()
        work.length = 0
        const before = await lines()
        await ask(auth, email)
        costs.add(JSON.stringify({ work, lines: (await lines()) - before }))
      }
      expect([...costs], name).toHaveLength(1)
    }
  })

  it('CVE-2021-3754: is decided by the address alone, and no account can be called what another is', async () => {
    const { auth, newMails } = await productionAuth(engine, GENEROUS)
    await addMember(auth)
    const posing = [
      'VICTIM@example.com',
      ' victim@example.com',
      'victim@EXAMPLE.com',
      'v\u0069ctim@example.com',
    ]
    for (const email of posing) {
      expect(await outcome(send(auth, 'POST', '/users', { form: { email, password: PWNED } }))).toBe('200')
      expect(await outcome(send(auth, 'POST', '/sessions', { form: { email, password: PWNED } }))).toBe(
        '401 invalid_credentials',
      )
    }
    for (const email of [
      '"victim@example.com"@evil.example',
      'victim@example.com@evil.example',
      'victim@example\uff0ecom',
      'victim',
      '',
    ])
      expect(await outcome(send(auth, 'POST', '/users', { form: { email, password: PWNED } }))).toMatch(
        /^400 (?:invalid_email|missing_field)$/,
      )
    // There is no second name: no route takes one, and none signs in.
    for (const name of ['username', 'user', 'login', 'name', 'id', 'user_id']) {
      const both = { email: MALLORY, password: PWNED, [name]: VICTIM }
      expect(await outcome(send(auth, 'POST', '/users', { form: both }))).toBe('400 unknown_field')
      const alone = { [name]: VICTIM, password: PASSWORD }
      expect(await outcome(send(auth, 'POST', '/sessions', { form: alone }))).toBe('400 unknown_field')
    }
    expect((await Array.fromAsync(auth.users.list())).map(({ email }) => email)).toEqual([VICTIM])
    expect(tally((await newMails()).map(({ to, kind }) => `${kind} to ${to}`))).toHaveProperty(
      `account_exists to ${VICTIM}`,
    )
    // The owner is let in all the same, and a name of one's own gets an account of its own.
    expect(
      await outcome(send(auth, 'POST', '/sessions', { form: { email: VICTIM, password: PASSWORD } })),
    ).toBe('200')
    await send(auth, 'POST', '/users', { form: { email: MALLORY, password: PWNED } })
    expect(await Array.fromAsync(auth.users.list())).toHaveLength(2)
  })

  it('and which ids are whose is not told by the answer to a session that is not one’s own', async () => {
    const { auth } = await productionAuth(engine, GENEROUS)
    await addMember(auth)
    await addMember(auth, MALLORY)
    const victims = (await signIn(auth)).sessionToken
    const { sessionToken } = await signIn(auth, MALLORY)
    const sights = new Set<string>()
    const ids = [victims.split('.')[0], auth.generateUuid(), 'x', '1', victims]
    for (const id of ids)
      sights.add(
        JSON.stringify(await sightOf(await send(auth, 'DELETE', `/sessions/${id}`, { sessionToken }))),
      )
    expect([...sights]).toHaveLength(1)
    expect(await outcome(send(auth, 'GET', '/profile', { sessionToken: victims }))).toBe('200')
  })
})

/** What a stranger can do to an address, each answered alike whether it has an account or not. */
const ACTS: Record<string, Ask> = { ...ROUTES }
for (const name of ['a login with the wrong password', 'a reset', 'a registration'])
  ACTS[`${name}, twelve times`] = async (auth, email) => {
    for (let time = 1; time < 12; time++) await ROUTES[name]?.(auth, email)
    return (ROUTES[name] ?? expect.unreachable())(auth, email)
  }

const LIMITS = ['login', 'reset_request', 'confirmation_request', 'registration', 'email_change']

describe('everything a stranger can observe', () => {
  // The rules are the same on both engines; the answers are compared on both above.
  const worldOf = async (state: 'open' | 'none' | 'free') => {
    const service = await productionAuth('sqlite', {
      loginFailuresPerAccount: 10,
      resetRequestsPerAccount: 3,
    })
    await populate(service)
    await addMember(service.auth, MALLORY)
    const { sessionToken } = await signIn(service.auth, MALLORY)
    await service.newMails()
    const { auth, db } = service
    const email = emailOf(state)
    // Not those of the mail budgets, which only the mailbox of the address can observe.
    const counters = async () => {
      const rows = await db.selectFrom('throttles').select(['key', 'failures', 'blocked_until']).execute()
      return LIMITS.map((limit) => {
        const key = Buffer.from(sha256(`${limit}\naccount\n${email}`)).toString('hex')
        const row = rows.find((candidate) => candidate.key === key)
        return `${limit}: ${row?.failures ?? 0}, ${row?.blocked_until ?? 0}`
      })
    }
    const changeEmail: Ask = (auth) => send(auth, 'PUT', '/profile/email', { json: { email }, sessionToken })
    return {
      email,
      auth,
      counters,
      acts: { ...ACTS, 'a change of address to it': changeEmail } as Record<string, Ask>,
      mailsToMallory: async () =>
        (await service.newMails()).filter(({ to }) => to === MALLORY).map(({ kind }) => kind),
    }
  }

  const names = [...Object.keys(ACTS), 'a change of address to it']

  it.each(names)(
    'is the same for a known and an unknown address after %s: every other answer, the sign-in counters, their mail',
    async (first) => {
      const observed = new Map<string, unknown>()
      for (const state of ['open', 'none', 'free'] as const) {
        const { auth, email, acts, ...world } = await worldOf(state)
        const failures = 'a login with the wrong password, twelve times'
        const sights: unknown[] = []
        // Failures first, then the act, then every route, the sign-in last: what the act undid shows in what follows.
        for (const name of [failures, first, ...names, 'a login with the wrong password']) {
          const answer = await sightsOf(email, () => (acts[name] ?? expect.unreachable())(auth, email), 1)
          sights.push({ name, answer, counters: await world.counters() })
        }
        observed.set(state, [sights, await world.mailsToMallory()])
      }
      expect(observed.get('open')).toEqual(observed.get('free'))
      expect(observed.get('none')).toEqual(observed.get('free'))
    },
  )
})

it.each<EngineName>(['sqlite', 'postgres'])(
  'nobody has an account on a fresh install, on %s',
  async (engine) => {
    const { auth } = await productionAuth(engine)
    expect(await Array.fromAsync(auth.users.list())).toEqual([])
    for (const [email, password] of [
      ['admin@example.com', 'admin'],
      ['admin@localhost', 'changeme'],
      ['root@localhost', 'root'],
    ] as const) {
      const request: Send = { form: { email, password } }
      expect(await outcome(send(auth, 'POST', '/sessions', request))).toBe('401 invalid_credentials')
    }
  },
)
