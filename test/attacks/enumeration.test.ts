/** Attacks that find out who has an account. Response times are covered by `test/full/timing.test.ts`. */
import { describe, expect, it } from 'vitest'
import type { Auth } from '../../src/index.ts'
import { sha256 } from '../../src/lib/digest.ts'
import { type EngineName, freshAuth, onEachEngine, watchedHasher } from '../support/engines.ts'
import { PASSWORD, type Production, productionAuth, sightOf } from '../support/production.ts'
import { type Send, send } from '../support/send.ts'
import { addMember, GENEROUS, MALLORY, outcome, PWNED, signIn, tally, VICTIM } from './support.ts'

/**
 * One address for each state of an account: usable, disabled, awaiting confirmation, with a compromised password,
 * without a password, created by an operator with a link that was not used yet; and `free`, which has no account. All
 * have one length, because responses repeat the address.
 */
const STATES = ['open', 'shut', 'wait', 'mark', 'none', 'link', 'free'] as const
type State = (typeof STATES)[number]
const emailOf = (state: State | string) => `${state}@example.com`

/** Adds an account in each state except `free`. */
async function populate({ auth }: Pick<Production, 'auth'>): Promise<void> {
  for (const state of ['open', 'shut', 'mark']) await addMember(auth, emailOf(state))
  await auth.registerUser(emailOf('wait'), PASSWORD)
  const none = await auth.db.addUser(emailOf('none'), '!')
  await auth.users.confirmEmail(none.id)
  await auth.users.create({ email: emailOf('link'), sendLink: true })
  await auth.users.disable((await auth.db.findUserBy({ email: emailOf('shut') })).id)
  await auth.users.markPasswordCompromised((await auth.db.findUserBy({ email: emailOf('mark') })).id)
}

/** Everything a client sees of several responses, without the address in them. */
async function sightsOf(email: string, ask: () => Promise<Response>, times: number): Promise<string> {
  const sights: unknown[] = []
  for (let time = 0; time < times; time++) sights.push(await sightOf(await ask()))
  return JSON.stringify(sights)
    .replaceAll(email, 'THE ADDRESS')
    .replaceAll(email.toUpperCase(), 'THE ADDRESS')
}

type Ask = (auth: Auth, email: string) => Promise<Response>

const ROUTES: Record<string, Ask> = {
  'a sign-in with a wrong password': (auth, email) =>
    send(auth, 'POST', '/sessions', { form: { email, password: PWNED } }),
  'a sign-in with the address in capital letters': (auth, email) =>
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

/** The responses for each state. */
async function answersOf(auth: Auth, ask: Ask, times = 12): Promise<Map<State, string>> {
  const answers = new Map<State, string>()
  for (const state of STATES)
    answers.set(state, await sightsOf(emailOf(state), () => ask(auth, emailOf(state)), times))
  return answers
}

onEachEngine('the existence of an account', (engine) => {
  it.each(Object.entries(ROUTES))(
    'CVE-2023-39522, CVE-2026-23511: is not revealed by %s, below and above the limit',
    async (_, ask) => {
      const service = await productionAuth(engine, { loginFailuresPerAccount: 3, resetRequestsPerAccount: 3 })
      await populate(service)
      const answers = await answersOf(service.auth, ask)
      expect(new Set(answers.values()).size).toBe(1)
    },
  )

  it('is revealed to the owner of the mailbox only', async () => {
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
      link: reset,
      free: [],
    })
    const again = await kindsAfter(ROUTES['a request for another confirmation'] ?? expect.unreachable())
    expect(again).toEqual({
      open: [],
      shut: [],
      wait: ['verify_email'],
      mark: [],
      none: [],
      // Confirming an address takes a password, so this link sets one.
      link: ['set_password'],
      free: [],
    })
    const exists = ['account_exists']
    expect(await kindsAfter(ROUTES['a registration'] ?? expect.unreachable())).toEqual({
      open: exists,
      shut: [],
      wait: exists,
      mark: exists,
      none: exists,
      link: exists,
      free: ['verify_email'],
    })
  })

  it('is revealed if the settings allow it', async () => {
    // This shows that the comparison detects differences: `explicit`, which production tolerates, and classic resets.
    const service = await productionAuth(engine, { ...GENEROUS, registrationAnswer: 'explicit' })
    await populate(service)
    const registrations = await answersOf(service.auth, ROUTES['a registration'] ?? expect.unreachable(), 1)
    expect(new Set(registrations.values()).size).toBe(2)
    const open = await freshAuth(engine)
    await open.registerUser(emailOf('open'), 'b4l0u')
    const ask = (email: string) => send(open, 'POST', '/reset_password', { form: { email } })
    expect([(await ask(emailOf('open'))).status, (await ask(emailOf('free'))).status]).toEqual([200, 403])
  })

  it('is not revealed by the right password of an account that cannot sign in', async () => {
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
    // A user with a compromised password must learn that a reset is required. A usable account signs in.
    for (const state of ['mark', 'open'] as const) expect(await right(state), state).not.toBe(unknown)
  })

  it('is not revealed to a stranger who registers the address, by any later response', async () => {
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

  it('is not revealed to a member who requests the address, except in the mailbox of that address', async () => {
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
      const exported = await send(auth, 'POST', '/profile/export', { sessionToken })
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

  it('does not change the work of a request: its hashes and audit rows', async () => {
    const work: string[] = []
    const hasher = watchedHasher((what) => void work.push(what === 'hash' ? what : 'verify'))
    const service = await productionAuth(engine, { ...GENEROUS, hasher })
    const { auth, db, newMails } = service
    await populate(service)
    await newMails()
    const lines = async () => (await db.selectFrom('audit').select('id').execute()).length
    for (const [name, ask] of Object.entries(ROUTES)) {
      const costs = new Set<string>()
      for (const state of STATES) {
        // A registration of the free address would change the later requests.
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

  it('CVE-2021-3754: depends only on the address, and no account can take the name of another', async () => {
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
    // Accounts have no user name: no route accepts one. The name in a profile identifies nobody.
    for (const name of ['username', 'user', 'login', 'name', 'id', 'user_id']) {
      const both = { email: MALLORY, password: PWNED, [name]: VICTIM }
      if (name !== 'name')
        expect(await outcome(send(auth, 'POST', '/users', { form: both }))).toBe('400 unknown_field')
      const alone = { [name]: VICTIM, password: PASSWORD }
      expect(await outcome(send(auth, 'POST', '/sessions', { form: alone }))).toBe('400 unknown_field')
    }
    expect((await Array.fromAsync(auth.users.list())).map(({ email }) => email)).toEqual([VICTIM])
    expect(tally((await newMails()).map(({ to, kind }) => `${kind} to ${to}`))).toHaveProperty(
      `account_exists to ${VICTIM}`,
    )
    // The owner still signs in, and another address gets its own account.
    expect(
      await outcome(send(auth, 'POST', '/sessions', { form: { email: VICTIM, password: PASSWORD } })),
    ).toBe('200')
    await send(auth, 'POST', '/users', { form: { email: MALLORY, password: PWNED, name: VICTIM } })
    expect(await Array.fromAsync(auth.users.list())).toHaveLength(2)
    expect((await auth.users.find(VICTIM))?.user.email).toBe(VICTIM)
  })

  it('also holds for sessions: ending another user’s session is answered like an unknown id', async () => {
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

/** What a stranger can do with an address. The responses are the same whether it has an account or not. */
const ACTS: Record<string, Ask> = { ...ROUTES }
for (const name of ['a sign-in with a wrong password', 'a reset', 'a registration'])
  ACTS[`${name}, twelve times`] = async (auth, email) => {
    for (let time = 1; time < 12; time++) await ROUTES[name]?.(auth, email)
    return (ROUTES[name] ?? expect.unreachable())(auth, email)
  }

const LIMITS = ['login', 'reset_request', 'confirmation_request', 'registration', 'email_change']

describe('everything a stranger can observe', () => {
  // SQLite is enough: the rules are the same in both dialects, and the tests above compare responses on both.
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
    // Not the mail budgets, which only the owner of the mailbox can observe.
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
    'is the same for a known and an unknown address after %s: later responses, counters, the stranger’s mail [LGN-07]',
    async (first) => {
      const observed = new Map<string, unknown>()
      for (const state of ['open', 'none', 'free'] as const) {
        const { auth, email, acts, ...world } = await worldOf(state)
        const failures = 'a sign-in with a wrong password, twelve times'
        const sights: unknown[] = []
        // Failures first, then the act, then every route, and a sign-in last: they show what the act reset.
        for (const name of [failures, first, ...names, 'a sign-in with a wrong password']) {
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

it.each<EngineName>(['sqlite', 'postgres'])('a fresh installation has no accounts, on %s', async (engine) => {
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
})
