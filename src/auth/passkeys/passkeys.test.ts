import { expect, it } from 'vitest'
import { type EngineName, onEachEngine } from '../../../test/support/engines.ts'
import { addPasskey, addTotp, PASSKEY_BROWSER, passkeyAnswer } from '../../../test/support/factors.ts'
import { CLIENT, PASSWORD, productionAuth } from '../../../test/support/production.ts'
import { signedIn } from '../../../test/support/signed-in.ts'

const BOB = 'bob@example.com'
const EVE = 'eve@example.com'
const BROWSER = { browserToken: PASSKEY_BROWSER }

async function withSession(engine: EngineName, options: Parameters<typeof productionAuth>[1] = {}) {
  const production = await productionAuth(engine, options)
  const { auth } = production
  const sessionOf = async (email: string) => {
    await auth.users.create({ email, password: PASSWORD, confirmed: true })
    const result = await auth.signIn.withPassword({ email, password: PASSWORD }, CLIENT)
    return { sessionToken: signedIn(result).sessionToken }
  }
  const bob = await sessionOf(BOB)
  await production.newMails()
  return { ...production, bob, sessionOf }
}

onEachEngine('a passkey', (engine) => {
  it('is added, signs in on its own with two factors, is renamed and removed, and its owner is notified [MFA-05]', async () => {
    const { auth, bob, newMails } = await withSession(engine)
    const { authenticator, passkey } = await addPasskey(auth, bob)
    expect(passkey).toMatchObject({ name: 'Bitwarden', discoverable: true, usable: true, lastUsedAt: null })
    expect(await newMails()).toMatchObject([{ kind: 'passkey_added' }])
    // It does not enable the second factor.
    signedIn(await auth.signIn.withPassword({ email: BOB, password: PASSWORD }))
    const answer = await passkeyAnswer(auth, authenticator, 'sign_in')
    const result = signedIn(await auth.signIn.withPasskey(answer, BROWSER))
    expect(await auth.sessions.current({ sessionToken: result.sessionToken })).toMatchObject({
      user: { email: BOB },
      session: { amr: ['hwk', 'mfa'], aal: 2 },
    })
    const strong = { sessionToken: result.sessionToken }
    expect(await auth.passkeys.rename({ id: passkey.id, name: ' My phone ' }, strong)).toMatchObject({
      name: 'My phone',
    })
    await newMails()
    await auth.passkeys.remove({ id: passkey.id }, strong)
    expect((await newMails()).map(({ kind }) => kind)).toEqual(['passkey_removed'])
    expect((await auth.factors.list(strong)).passkeys).toEqual([])
    await expect(
      auth.signIn.withPasskey(await passkeyAnswer(auth, authenticator, 'sign_in'), BROWSER),
    ).rejects.toMatchObject({ code: 'unknown_passkey' })
  })

  it('does not sign in on its own if it was added as a security key, even if it could', async () => {
    const { auth, bob } = await withSession(engine)
    const { authenticator } = await addPasskey(auth, bob, { purpose: 'add_security_key' })
    const answer = await passkeyAnswer(auth, authenticator, 'sign_in')
    await expect(auth.signIn.withPasskey(answer, BROWSER)).rejects.toMatchObject({ code: 'invalid_passkey' })
  })

  it('is the second factor of a sign-in, if it belongs to its user [PKY-04]', async () => {
    const { auth, bob, now, sessionOf } = await withSession(engine)
    const { authenticator, sessionToken } = await addPasskey(auth, bob, {
      purpose: 'add_security_key',
      flags: { uv: false },
    })
    await addTotp(auth, now, { sessionToken: (await stepUp()).sessionToken })
    const eves = await addPasskey(auth, await sessionOf(EVE))
    const { loginToken } = await begin()
    const caller = { loginToken, ...BROWSER }
    for (const [other, code] of [
      [eves.authenticator, 'invalid_passkey'],
      [authenticator, undefined],
    ] as const) {
      const answer = await passkeyAnswer(auth, other, 'second_factor', caller)
      const result = auth.signIn.withPasskey(answer, caller)
      if (code !== undefined) await expect(result).rejects.toMatchObject({ code })
      else expect(await result).toMatchObject({ next: 'signed_in', user: { email: BOB } })
    }

    async function begin() {
      const result = await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
      return result.next === 'signed_in' ? expect.unreachable() : result
    }

    // An hour later, only the password counts, and that cannot add another factor.
    async function stepUp() {
      now.advance(3_600)
      await expect(auth.factors.startTotp({ sessionToken })).rejects.toMatchObject({
        code: 'second_factor_required',
        accepts: ['passkey'],
      })
      const answer = await passkeyAnswer(auth, authenticator, 'step_up', { sessionToken })
      return auth.signIn.reauthenticate(answer, { sessionToken, ...BROWSER })
    }
  })

  it('that did not verify the user does not sign in on its own [PKY-03]', async () => {
    const { auth, bob } = await withSession(engine)
    const { authenticator } = await addPasskey(auth, bob)
    const unverified = await passkeyAnswer(auth, authenticator, 'sign_in', {}, { flags: { uv: false } })
    await expect(auth.signIn.withPasskey(unverified, BROWSER)).rejects.toMatchObject({
      code: 'user_verification_required',
    })
  })

  it('works once for each ceremony, in its browser, for its purpose, and within five minutes [PKY-01]', async () => {
    const { auth, bob, now } = await withSession(engine)
    const { authenticator, sessionToken } = await addPasskey(auth, bob)
    const fails = async (answer: Awaited<ReturnType<typeof passkeyAnswer>>, caller = BROWSER) =>
      expect(auth.signIn.withPasskey(answer, caller)).rejects.toMatchObject({ code: 'invalid_passkey' })
    const answer = await passkeyAnswer(auth, authenticator, 'sign_in')
    await fails(answer, { browserToken: 'q'.repeat(43) })
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => auth.signIn.withPasskey(answer, BROWSER)),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await fails(answer)
    await fails(await passkeyAnswer(auth, authenticator, 'step_up', { sessionToken }))
    const late = await passkeyAnswer(auth, authenticator, 'sign_in')
    now.advance(300)
    await fails(late)
  })

  it('must name its user at a sign-in', async () => {
    const { auth, bob, sessionOf, db } = await withSession(engine)
    const { authenticator } = await addPasskey(auth, bob)
    await addPasskey(auth, await sessionOf(EVE))
    const { webauthn_handle } = await db
      .selectFrom('users')
      .select('webauthn_handle')
      .where('email', '=', EVE)
      .executeTakeFirstOrThrow()
    for (const userHandle of [null, Buffer.from(webauthn_handle ?? '', 'base64url'), Buffer.from('x')]) {
      const answer = await passkeyAnswer(auth, authenticator, 'sign_in', {}, { userHandle })
      await expect(auth.signIn.withPasskey(answer, BROWSER)).rejects.toMatchObject({
        code: 'invalid_passkey',
      })
    }
  })

  it('cannot be registered twice, for anybody [PKY-04]', async () => {
    const { auth, bob, sessionOf } = await withSession(engine)
    const { authenticator } = await addPasskey(auth, bob)
    const { credentialId } = authenticator
    const eve = await sessionOf(EVE)
    await expect(addPasskey(auth, eve, { credentialId })).rejects.toMatchObject({ code: 'passkey_known' })
  })

  it('that is bound to a device and does not count up is refused, recorded and reported [PKY-05]', async () => {
    const { auth, bob, newMails } = await withSession(engine)
    const { authenticator } = await addPasskey(auth, bob)
    signedIn(await auth.signIn.withPasskey(await passkeyAnswer(auth, authenticator, 'sign_in'), BROWSER))
    await newMails()
    const copy = await passkeyAnswer(auth, authenticator, 'sign_in', {}, { signCount: 1 })
    await expect(auth.signIn.withPasskey(copy, BROWSER)).rejects.toMatchObject({ code: 'invalid_passkey' })
    expect((await newMails()).map(({ kind }) => kind)).toEqual(['passkey_refused'])
    const records = await Array.fromAsync(auth.audit.list({ action: 'use_passkey' }))
    expect(records).toMatchObject([{ outcome: 'refused', reason: 'passkey_counter' }])
  })

  it('may become synced, unless only device-bound ones are allowed [PKY-05]', async () => {
    const synced = { flags: { be: true, bs: true } }
    const free = await withSession(engine)
    const { authenticator } = await addPasskey(free.auth, free.bob)
    const answer = await passkeyAnswer(free.auth, authenticator, 'sign_in', {}, synced)
    signedIn(await free.auth.signIn.withPasskey(answer, BROWSER))
    const strict = await withSession(engine, { passkeyStorage: 'device_bound' })
    const bound = await addPasskey(strict.auth, strict.bob)
    await expect(
      strict.auth.signIn.withPasskey(
        await passkeyAnswer(strict.auth, bound.authenticator, 'sign_in', {}, synced),
        BROWSER,
      ),
    ).rejects.toMatchObject({ code: 'invalid_passkey' })
    await expect(addPasskey(strict.auth, await strict.sessionOf(EVE), synced)).rejects.toMatchObject({
      code: 'invalid_passkey',
    })
  })

  it('is limited in number, and so are ceremonies of an IP address', async () => {
    const { auth, bob } = await withSession(engine, { passkeysPerUser: 1 })
    const strong = await addPasskey(auth, bob)
    await expect(addPasskey(auth, strong)).rejects.toMatchObject({ code: 'too_many_passkeys' })
    const ip = '2001:db8::1'
    const begin = () =>
      auth.passkeys.startCeremony({ purpose: 'sign_in' }, { ...BROWSER, ip, sessionToken: null })
    for (let count = 0; count < 120; count++) await begin()
    await expect(begin()).rejects.toMatchObject({ code: 'too_many_attempts' })
  })
})
