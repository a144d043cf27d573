/** The hooks run in every way to sign in and to get an account. src/auth/hooks.test.ts tests what they may do. */
import { expect, it } from 'vitest'
import { HookRefusal, type Hooks } from '../../src/index.ts'
import { accountWithFactors, beginSignIn, codeOf, type Factored } from '../support/factored-account.ts'
import { PASSKEY_BROWSER, passkeyAnswer } from '../support/factors.ts'
import { CLIENT, everyRow, PASSWORD, type Production, productionAuth } from '../support/production.ts'
import { addFakeProvider, comeBack, PROVIDER, REACHES_LOOPBACK } from '../support/providers.ts'

const refuse = () => {
  throw new HookRefusal('not_today')
}
const REFUSED = { code: 'refused_by_application', applicationCode: 'not_today' }
const BROWSER = { ...CLIENT, browserToken: PASSKEY_BROWSER }

/** Hooks that refuse once they are switched on, and the calls that they got. */
function switchableHooks() {
  const asked: [hook: keyof Hooks, about: unknown][] = []
  const state = { refuses: false, asked, hooks: {} as Hooks }
  state.hooks = {
    beforeSignIn({ user, method }) {
      asked.push(['beforeSignIn', [user.email, method]])
      if (state.refuses) refuse()
    },
    beforeSignUp({ normalizedEmail, metadata }) {
      asked.push(['beforeSignUp', [normalizedEmail, metadata]])
      if (state.refuses) refuse()
    },
    afterSignUp: ({ user }) => void asked.push(['afterSignUp', user.email]),
  }
  return state
}

type Step = () => Promise<unknown>

/** The last step of each way to sign in with a second factor, and the method that the hook gets. */
const WAYS: Readonly<Record<string, readonly [method: string, prepare: (bob: Factored) => Promise<Step>]>> = {
  'a passkey': [
    'passkey',
    async ({ auth, passkeys: [{ authenticator }] }) => {
      const answer = await passkeyAnswer(auth, authenticator, 'sign_in')
      return () => auth.signIn.withPasskey(answer, BROWSER)
    },
  ],
  'a password and the code of an app': [
    'password',
    async (bob) => {
      const { loginToken } = await beginSignIn(bob)
      return () =>
        bob.auth.signIn.withTotp({ code: codeOf(bob.secret, bob.now()) }, { ...CLIENT, loginToken })
    },
  ],
  'a password and a recovery code': [
    'password',
    async (bob) => {
      const { loginToken } = await beginSignIn(bob)
      const code = bob.recoveryCodes[0] ?? expect.unreachable()
      return () => bob.auth.signIn.withRecoveryCode({ code }, { ...CLIENT, loginToken })
    },
  ],
  'a password and a passkey': [
    'password',
    async (bob) => {
      const { loginToken } = await beginSignIn(bob)
      const caller = { ...BROWSER, loginToken }
      const [{ authenticator }] = bob.passkeys
      const answer = await passkeyAnswer(bob.auth, authenticator, 'second_factor', caller)
      return () => bob.auth.signIn.withPasskey(answer, caller)
    },
  ],
}

async function sessionsOf({ db }: Pick<Production, 'db'>): Promise<unknown> {
  return (await everyRow(db)).sessions
}

it.each(Object.entries(WAYS))(
  'beforeSignIn runs once, at the end of a sign-in with %s',
  async (_, [method, prepare]) => {
    const state = switchableHooks()
    const bob = await accountWithFactors('sqlite', { hooks: state.hooks })
    state.refuses = true
    state.asked.length = 0
    const before = await sessionsOf(bob)
    const signIn = await prepare(bob)
    expect(state.asked).toEqual([])
    await expect(signIn()).rejects.toMatchObject(REFUSED)
    expect(state.asked).toEqual([['beforeSignIn', [bob.email, method]]])
    expect(await sessionsOf(bob)).toEqual(before)
  },
)

it('beforeSignIn runs in a sign-in with a mailed code', async () => {
  const state = switchableHooks()
  const service = await productionAuth('sqlite', { hooks: state.hooks })
  const { auth, newMails } = service
  await auth.account.register({ email: 'bob@example.com', password: PASSWORD }, BROWSER)
  const [mail] = await newMails()
  state.refuses = true
  const confirm = () => auth.mailCodes.confirmEmail({ code: mail?.code ?? expect.unreachable() }, BROWSER)
  await expect(confirm()).rejects.toMatchObject(REFUSED)
  expect(state.asked.at(-1)).toEqual(['beforeSignIn', ['bob@example.com', 'mail_code']])
  expect(await sessionsOf(service)).toEqual([])
})

async function atProvider() {
  const state = switchableHooks()
  const service = await productionAuth('sqlite', { hooks: state.hooks, outboundPrivate: REACHES_LOOPBACK })
  const { auth, now } = service
  const fake = await addFakeProvider(auth, now)
  const comesBack = async () => {
    const { parameters, flowToken } = comeBack(fake, await auth.providers.startSignIn({ provider: PROVIDER }))
    const caller = { ...BROWSER, sessionToken: null, flowToken }
    return {
      caller,
      outcome: await auth.providers.completeSignIn({ provider: PROVIDER, parameters }, caller),
    }
  }
  return { ...service, state, fake, comesBack }
}

it('every hook runs in a sign-up through a provider, and beforeSignIn in each sign-in', async () => {
  const { auth, state, fake, comesBack, ...service } = await atProvider()
  const { email } = fake.person
  state.refuses = true
  await expect(comesBack()).rejects.toMatchObject(REFUSED)
  expect(state.asked).toEqual([['beforeSignUp', [email, {}]]])
  expect(await Array.fromAsync(auth.users.list())).toEqual([])

  state.refuses = false
  state.asked.length = 0
  expect((await comesBack()).outcome.next).toBe('signed_in')
  await expect.poll(() => state.asked).toHaveLength(3)
  expect(state.asked).toEqual([
    ['beforeSignUp', [email, {}]],
    ['beforeSignIn', [email, 'provider']],
    ['afterSignUp', email],
  ])

  state.refuses = true
  state.asked.length = 0
  const before = await sessionsOf(service)
  await expect(comesBack()).rejects.toMatchObject(REFUSED)
  expect(state.asked).toEqual([['beforeSignIn', [email, 'provider']]])
  expect(await sessionsOf(service)).toEqual(before)
})

it('beforeSignUp runs for the address that a person from a provider enters', async () => {
  const { auth, state, fake, comesBack } = await atProvider()
  fake.person = { ...fake.person, email_verified: false }
  const { caller, outcome } = await comesBack()
  expect(outcome.next).toBe('address_required')
  state.refuses = true
  await expect(auth.providers.enterAddress({ email: 'bob@example.com' }, caller)).rejects.toMatchObject(
    REFUSED,
  )
  expect(state.asked).toEqual([['beforeSignUp', ['bob@example.com', {}]]])
  expect(await Array.fromAsync(auth.users.list())).toEqual([])
  state.refuses = false
  state.asked.length = 0
  await auth.providers.enterAddress({ email: 'bob@example.com' }, caller)
  await expect.poll(() => state.asked).toHaveLength(2)
  expect(state.asked.at(-1)).toEqual(['afterSignUp', 'bob@example.com'])
})
