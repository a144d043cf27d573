import { expect, it } from 'vitest'
import { onEachEngine } from '../../../test/support/engines.ts'
import { addPasskey } from '../../../test/support/factors.ts'
import { PASSWORD, productionAuth } from '../../../test/support/production.ts'
import { addFakeProvider, comeBack, PROVIDER, REACHES_LOOPBACK } from '../../../test/support/providers.ts'

onEachEngine('the last identity of an account without a password', (engine) => {
  it('is disconnected only if a passkey can sign in, not if there is only a security key [FED-10]', async () => {
    const { auth, now } = await productionAuth(engine, { outboundPrivate: REACHES_LOOPBACK })
    const fake = await addFakeProvider(auth, now)
    const { parameters, flowToken } = comeBack(fake, await auth.providers.startSignIn({ provider: PROVIDER }))
    const answer = { provider: PROVIDER, parameters }
    const outcome = await auth.providers.completeSignIn(answer, { flowToken, sessionToken: null })
    if (outcome.next !== 'signed_in') return expect.unreachable()
    const { sessionToken } = outcome
    const [identity = expect.unreachable()] = await auth.identities.list({ sessionToken })

    const key = await addPasskey(auth, { sessionToken }, { purpose: 'add_security_key' })
    await expect(auth.identities.unlink(identity, key)).rejects.toMatchObject({ code: 'last_way_in' })
    const passkey = await addPasskey(auth, key)
    await auth.identities.unlink(identity, passkey)
    expect(await auth.identities.list(passkey)).toEqual([])

    // The passkey is now the last way in. The security key is none.
    await expect(auth.passkeys.remove(passkey.passkey, passkey)).rejects.toMatchObject({
      code: 'last_way_in',
    })
    await auth.passkeys.remove(key.passkey, passkey)
    const { sessionToken: withPassword } = await auth.account.changePassword(
      { newPassword: PASSWORD },
      passkey,
    )
    await auth.passkeys.remove(passkey.passkey, { sessionToken: withPassword })
  })
})
