import { expect, it } from 'vitest'
import { onEachEngine, testClock } from '../../../test/support/engines.ts'
import { addPasskey } from '../../../test/support/factors.ts'
import { PASSWORD, productionAuth } from '../../../test/support/production.ts'
import { addFakeProvider, comeBack, PROVIDER, REACHES_LOOPBACK } from '../../../test/support/providers.ts'
import type { Auth } from '../../index.ts'
import type { UserQuery } from './find.ts'
import { ACCOUNT_STATES, type AccountState, type ListedUser } from './state.ts'

/** How to put an account into each state. */
const ENTER: Readonly<Record<AccountState, (auth: Auth, id: number, email: string) => Promise<unknown>>> = {
  active: async () => {},
  disabled: (auth, id) => auth.users.disable(id),
  // A new address is unconfirmed.
  unconfirmed: (auth, id, email) => auth.db.updateUser(id, { email }),
  no_password: (auth, id) => auth.db.updateUser(id, { hashedPassword: '!' }),
  unknown_hash: (auth, id) => auth.db.updateUser(id, { hashedPassword: '$6$rounds=5000$salt$hash' }),
  compromised: (auth, id) => auth.users.markPasswordCompromised(id),
  async locked(auth, _id, email) {
    for (let failure = 0; failure < 2; failure++) await auth.validLogin(email, 'wrong')
  },
}

async function idsOf(auth: Auth, query?: UserQuery): Promise<number[]> {
  return (await Array.fromAsync(auth.users.list(query))).map(({ id }) => id)
}

async function stateOf(auth: Auth, email: string): Promise<AccountState | undefined> {
  return (await auth.users.find(email))?.user.state
}

const LOOPBACK = { outboundPrivate: REACHES_LOOPBACK }
const LOCKING = { loginFailuresPerAccount: 2, loginFailuresUntilLock: 2 }

onEachEngine('the state of an account', (engine) => {
  it('is the first reason against signing in, the same in the list, in the filter and for a single account', async () => {
    const { auth } = await productionAuth(engine, LOCKING)
    // Each state alone, and with each later one.
    const pairs = ACCOUNT_STATES.flatMap((first, index) => [
      [first],
      ...ACCOUNT_STATES.slice(index + 1).map((second) => [first, second]),
    ])
    const expected: [email: string, state: AccountState][] = []
    for (const states of pairs) {
      const email = `${states.join('-')}@example.com`
      const { id } = await auth.users.create({ email, password: PASSWORD, confirmed: true })
      // In reverse order, because disabling also ends what other states need.
      for (const state of states.toReversed()) await ENTER[state](auth, id, email)
      const [state = 'active'] = states.filter((each) => each !== 'active')
      expected.push([email, state])
    }
    const listed = await Array.fromAsync(auth.users.list())
    expect(listed.map(({ email, state }) => [email, state])).toEqual(expected)
    for (const [email, state] of expected) expect(await stateOf(auth, email), email).toBe(state)
    for (const state of ACCOUNT_STATES) {
      const found: ListedUser[] = await Array.fromAsync(auth.users.list({ state }))
      expect(found, state).toEqual(listed.filter((user) => user.state === state))
      expect(found, state).not.toEqual([])
    }
  })

  it.each(ACCOUNT_STATES)('%s allows a sign-in only if it is active', async (state) => {
    const { auth } = await productionAuth(engine, LOCKING)
    const email = 'bob@example.com'
    const { id } = await auth.users.create({ email, password: PASSWORD, confirmed: true })
    await ENTER[state](auth, id, email)
    const result = await auth.validLogin(email, PASSWORD).catch(({ code }) => code)
    expect(result).toBe(state === 'active' ? true : state === 'locked' ? 'too_many_attempts' : false)
  })

  it('is active in classic mode without a confirmed address and after failures', async () => {
    const { auth } = await productionAuth(engine, {
      mode: 'classic',
      loginFailuresPerAccount: 2,
      resetTokenDelivery: 'mail',
    })
    const { email } = await auth.registerUser('bob@example.com', PASSWORD)
    for (let failure = 0; failure < 2; failure++) await auth.validLogin(email, 'wrong')
    expect(await stateOf(auth, email)).toBe('active')
    expect([await idsOf(auth, { state: 'unconfirmed' }), await idsOf(auth, { state: 'locked' })]).toEqual([
      [],
      [],
    ])
  })

  it('is active without a password if a provider or a passkey signs the user in, in the filter too', async () => {
    const { auth, now } = await productionAuth(engine, LOOPBACK)
    const fake = await addFakeProvider(auth, now)
    const add = async (email: string) => {
      const { id } = await auth.users.create({ email, password: PASSWORD, confirmed: true })
      await auth.db.updateUser(id, { hashedPassword: '!' })
      return id
    }
    fake.person = { ...fake.person, email: 'provider@example.com' }
    const started = await auth.providers.startSignIn({ provider: PROVIDER })
    const { parameters, flowToken } = comeBack(fake, started)
    await auth.providers.completeSignIn({ provider: PROVIDER, parameters }, { sessionToken: null, flowToken })
    const id = await add('passkey@example.com')
    await addPasskey(auth, { sessionToken: (await auth.createSession('passkey@example.com')) ?? '' })
    await add('nothing@example.com')
    const states = async () =>
      Object.fromEntries((await Array.fromAsync(auth.users.list())).map(({ email, state }) => [email, state]))
    const expected = {
      'provider@example.com': 'active',
      'passkey@example.com': 'active',
      'nothing@example.com': 'no_password',
    }
    expect(await states()).toEqual(expected)
    expect(await idsOf(auth, { state: 'active' })).toEqual([expect.any(Number), id])
    expect(await idsOf(auth, { state: 'no_password' })).toHaveLength(1)
    // Nobody can sign in there any longer.
    await auth.providers.disable(PROVIDER)
    expect(await states()).toEqual({ ...expected, 'provider@example.com': 'no_password' })
    // The mailed link that sets a password also confirms the address.
    await auth.db.updateUser(id, { email: 'new@example.com' })
    expect(await stateOf(auth, 'new@example.com')).toBe('no_password')
  })

  it('is no longer locked after an operator unlocks the account', async () => {
    const { auth } = await productionAuth(engine, LOCKING)
    const { id, email } = await auth.users.create({
      email: 'bob@example.com',
      password: PASSWORD,
      confirmed: true,
    })
    await ENTER.locked(auth, id, email)
    expect(await stateOf(auth, email)).toBe('locked')
    await auth.users.unlock(id)
    expect(await stateOf(auth, email)).toBe('active')
  })
})

onEachEngine('the list of users', (engine) => {
  it.each<[part: string, emails: readonly string[]]>([
    ['bob', ['Bob@example.com', 'bob.builder@bücher.example']],
    ['BOB@', ['Bob@example.com']],
    ['example.com', ['Bob@example.com', 'a_b@example.com', 'a%c@example.com', 'élodie@example.com']],
    ['bücher.example', ['bob.builder@bücher.example']],
    ['büch', ['bob.builder@bücher.example']],
    ['xn--bcher', ['bob.builder@bücher.example']],
    ['ÉLO', ['élodie@example.com']],
    ['e\u0301lodie', ['élodie@example.com']],
    // Wildcards of LIKE match only themselves.
    ['_', ['a_b@example.com']],
    ['%', ['a%c@example.com']],
    ['\\', []],
    ['nobody', []],
  ])('can be searched by part of the address: %j', async (part, emails) => {
    const { auth } = await productionAuth(engine)
    const all = [
      'Bob@example.com',
      'bob.builder@bücher.example',
      'a_b@example.com',
      'a%c@example.com',
      'élodie@example.com',
    ]
    for (const email of all) await auth.db.addUser(email, '!')
    const found = await Array.fromAsync(auth.users.list({ email: part }))
    expect(found.map(({ email }) => email)).toEqual(emails)
  })

  it('can be filtered by registration time, continued after an id, and combines all filters', async () => {
    const now = testClock()
    const { auth } = await productionAuth(engine, { now })
    for (const name of ['a', 'b', 'c', 'd']) {
      await auth.db.addUser(`${name}@example.com`, name === 'd' ? '$2b$04$hash' : '!')
      now.advance(60)
    }
    const since = new Date(now().getTime() - 180_000)
    expect(await idsOf(auth, { since })).toEqual([2, 3, 4])
    expect(await idsOf(auth, { since: now() })).toEqual([])
    expect(await idsOf(auth, { afterId: 2 })).toEqual([3, 4])
    expect(await idsOf(auth, { afterId: 4 })).toEqual([])
    for (const name of ['a', 'b', 'c'])
      await auth.users.confirmEmail((await auth.db.findUserBy({ email: `${name}@example.com` })).id)
    expect(await idsOf(auth, { state: 'no_password', since, afterId: 2, email: 'example' })).toEqual([3])
    expect(await idsOf(auth, { state: 'no_password', since, afterId: 2, email: 'd@' })).toEqual([])
  })
})
