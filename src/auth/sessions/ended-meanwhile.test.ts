import { expect, it } from 'vitest'
import { onBothEngines, testClock } from '../../../test/support/engines.ts'
import { addPasskey, addTotp } from '../../../test/support/factors.ts'
import { everyRow, PASSWORD, productionAuth, until } from '../../../test/support/production.ts'
import { addFakeProvider, comeBack, PROVIDER, REACHES_LOOPBACK } from '../../../test/support/providers.ts'
import { signedIn } from '../../../test/support/signed-in.ts'
import * as store from '../../db/index.ts'
import type { SessionCaller } from '../caller.ts'

const ANNA = { email: 'anna@example.org', password: PASSWORD }

onBothEngines('a change that has begun when the sessions of its account end', (engine) => {
  /** A session with two factors, and an identity at a provider that waits to be connected to its account. */
  async function scene() {
    const clock = testClock()
    let readings = 0
    const read = () => {
      readings++
      return clock()
    }
    const now = Object.assign(read, { advance: clock.advance })
    const production = await productionAuth(engine, { now, outboundPrivate: REACHES_LOOPBACK })
    const { auth, db } = production
    const { id } = await auth.users.create({ ...ANNA, confirmed: true })
    const begun = signedIn(await auth.signIn.withPassword(ANNA))
    const app = await addTotp(auth, now, { sessionToken: begun.sessionToken })
    const { sessionToken, passkey } = await addPasskey(auth, app)
    const fake = await addFakeProvider(auth, now)
    const arrive = async () => {
      const { parameters, flowToken } = comeBack(
        fake,
        await auth.providers.startSignIn({ provider: PROVIDER }),
      )
      const answer = { provider: PROVIDER, parameters }
      await auth.providers.completeSignIn(answer, { flowToken, sessionToken: null })
      return flowToken
    }
    const connected: SessionCaller = { sessionToken, flowToken: await arrive() }
    await auth.providers.connect(connected)
    const [identity = expect.unreachable()] = await auth.identities.list({ sessionToken })
    fake.person = { ...fake.person, sub: 'another' }
    const caller: SessionCaller = { sessionToken, flowToken: await arrive() }
    /** Ends the sessions on another instance, after the guard of the change has found the session. */
    const endDuring = async (change: () => Promise<unknown>) => {
      const held = Promise.withResolvers<void>()
      const go = Promise.withResolvers<void>()
      const ending = db.transaction().execute(async (tx) => {
        await store.lockUser(tx, id)
        held.resolve()
        await go.promise
        await store.deleteSessionsOf(tx, id)
      })
      await held.promise
      const before = readings
      const changing = change()
      // The guard reads the clock once it has the session.
      await Promise.race([until(() => readings > before), changing.catch(() => {})])
      go.resolve()
      await ending
      return changing
    }
    return { ...production, caller, passkey, identity, endDuring }
  }
  type Scene = Awaited<ReturnType<typeof scene>>

  it.each<[string, (scene: Scene) => Promise<unknown>]>([
    ['new recovery codes', ({ auth, caller }) => auth.factors.renewRecoveryCodes(caller)],
    [
      'the second factor is turned off',
      ({ auth, caller }) => auth.factors.setSecondFactor({ enabled: false }, caller),
    ],
    ['the app is removed', ({ auth, caller }) => auth.factors.removeTotp(caller)],
    ['a passkey is removed', ({ auth, caller, passkey }) => auth.passkeys.remove(passkey, caller)],
    ['an identity is connected', ({ auth, caller }) => auth.providers.connect(caller)],
    ['an identity is disconnected', ({ auth, caller, identity }) => auth.identities.unlink(identity, caller)],
    [
      'another address is requested',
      ({ auth, caller }) => auth.account.changeEmail({ email: 'm@evil.example' }, caller),
    ],
    ['the account is deleted', ({ auth, caller }) => auth.account.delete(caller)],
  ])('is not made: %s [SES-11, REC-09]', async (_, change) => {
    const on = await scene()
    const rows = async () => {
      const { users, totp, passkeys, recovery_codes, identities, audit } = await everyRow(on.db)
      return { users, totp, passkeys, recovery_codes, identities, audit }
    }
    const before = await rows()
    await expect(on.endDuring(() => change(on))).rejects.toMatchObject({ code: 'unauthenticated' })
    const { users, ...after } = await rows()
    expect({ users: users?.length, ...after }).toEqual({ ...before, users: before.users?.length })
  })
})
