/** Second factors add no statement to a session check. */
import { expect, it } from 'vitest'
import type { Auth } from '../../src/index.ts'
import { migratedDatabase, onBothEngines } from '../support/engines.ts'
import { accountWithFactors, signInWithPasskey } from '../support/factored-account.ts'
import { CLIENT, PASSWORD, productionAuth, randomKey } from '../support/production.ts'
import { send } from '../support/send.ts'
import { signedIn } from '../support/signed-in.ts'
import { statementsDuring } from '../support/statements.ts'

const EVE = 'eve@example.com'
const POLICIES = ['off', 'optional', 'required', 'passkey'] as const
/** The session and its user, in one. */
const READ = /^select [^;]*\bjoin\b/
const RECORD_USE = /^update\b[^;]*\blast_seen_at\b/

onBothEngines('a session check', (engine) => {
  /** Bob has every kind of factor, and a session with a passkey. Eve has a password. */
  async function scene() {
    const databaseUrl = await migratedDatabase(engine)
    const secretKey = randomKey()
    // With an idle limit, the request waits until its use is recorded.
    const options = { databaseUrl, secretKey, sessionIdleSeconds: 86_400 }
    const bob = await accountWithFactors(engine, options)
    await bob.auth.users.create({ email: EVE, password: PASSWORD, confirmed: true })
    const eves = signedIn(await bob.auth.signIn.withPassword({ email: EVE, password: PASSWORD }, CLIENT))
    const bobs = signedIn(await signInWithPasskey(bob, bob.passkeys[0]))
    // No mail may be delivered during the measurement, because that would send statements.
    await bob.newMails()
    const under = async (secondFactor: (typeof POLICIES)[number]) => {
      const { auth } = await productionAuth(engine, { ...options, now: bob.now, secondFactor })
      return auth
    }
    return { ...bob, under, bobs: bobs.sessionToken, eves: eves.sessionToken }
  }

  /** The statements sent during `act`, except settings of the connection and the background query of the mail queue. */
  async function sentDuring(act: () => Promise<unknown>): Promise<string[]> {
    return (await statementsDuring(engine, act)).filter(
      (statement) => !/^pragma\b|\boutbox\b/.test(statement),
    )
  }

  /** Each way to check a session, and whether it found one. */
  const CHECKS: Readonly<Record<string, (auth: Auth, sessionToken: string) => Promise<boolean>>> = {
    'sessions.current': async (auth, sessionToken) =>
      (await auth.sessions.current({ sessionToken })) !== null,
    getUserFromSessionId: async (auth, sessionToken) =>
      (await auth.getUserFromSessionId(sessionToken)) !== null,
    'account.get': async (auth, sessionToken) => {
      await auth.account.get({ sessionToken })
      return true
    },
    'GET /profile': async (auth, sessionToken) =>
      (await send(auth, 'GET', '/profile', { sessionToken })).status === 200,
    'GET /session': async (auth, sessionToken) =>
      (await send(auth, 'GET', '/session', { sessionToken })).status === 200,
  }

  it('reads once, with any policy, and with or without factors', async () => {
    const { under, bobs, eves, now } = await scene()
    now.advance(60)
    for (const policy of POLICIES) {
      const auth = await under(policy)
      for (const [name, check] of Object.entries(CHECKS)) {
        for (const token of policy === 'off' || policy === 'optional' ? [bobs, eves] : [bobs]) {
          const what = `${name}, ${policy}, ${token === bobs ? 'with' : 'without'} factors`
          // The first use in a minute is recorded.
          await auth.sessions.current({ sessionToken: token })
          let found = false
          const sent = await sentDuring(async () => {
            found = await check(auth, token)
          })
          expect({ what, sent, found }).toEqual({ what, sent: [expect.stringMatching(READ)], found: true })
        }
      }
    }
  })

  it('reads once if the session lacks a required factor', async () => {
    const { under, eves } = await scene()
    for (const policy of ['required', 'passkey'] as const) {
      const auth = await under(policy)
      const sent = await sentDuring(async () => {
        expect(await auth.sessions.current({ sessionToken: eves })).toBeNull()
      })
      expect(sent, policy).toEqual([expect.stringMatching(READ)])
    }
  })

  it('records its use with one statement, which also ends the level of two factors after an idle hour', async () => {
    const { under, bobs, now } = await scene()
    const auth = await under('optional')
    for (const [seconds, aal] of [
      [60, 2],
      [3_600, 1],
    ] as const) {
      now.advance(seconds)
      let found: unknown
      const sent = await sentDuring(async () => {
        found = await auth.sessions.current({ sessionToken: bobs })
      })
      expect(sent).toEqual([expect.stringMatching(READ), expect.stringMatching(RECORD_USE)])
      expect(found).toMatchObject({ session: { aal } })
    }
  })
})
