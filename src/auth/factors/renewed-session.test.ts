import { expect, it } from 'vitest'
import { onEachEngine } from '../../../test/support/engines.ts'
import { addPasskey, addTotp, scanTotp } from '../../../test/support/factors.ts'
import { PASSWORD, productionAuth } from '../../../test/support/production.ts'
import { send, sessionIdOf } from '../../../test/support/send.ts'
import { signedIn } from '../../../test/support/signed-in.ts'

const RIGHT = { email: 'bob@example.com', password: PASSWORD }

async function scene(...[engine, options]: Parameters<typeof productionAuth>) {
  const production = await productionAuth(engine, options)
  const { auth } = production
  await auth.users.create({ ...RIGHT, confirmed: true })
  const signIn = async (transport?: 'bearer') => ({
    sessionToken: signedIn(await auth.signIn.withPassword({ ...RIGHT, transport })).sessionToken,
  })
  const sessionOf = async (sessionToken: string | null) =>
    (await auth.sessions.current({ sessionToken }))?.session ?? null
  return { ...production, signIn, sessionOf }
}

onEachEngine('setting up a factor', (engine) => {
  it.each([
    ['an app', 'pwd otp mfa', addTotp],
    ['a passkey', 'pwd hwk mfa', (auth, _, caller) => addPasskey(auth, caller)],
    [
      'a key that did not verify the user',
      'pwd hwk mfa',
      (auth, _, caller) => addPasskey(auth, caller, { purpose: 'add_security_key', flags: { uv: false } }),
    ],
  ] as readonly [
    string,
    string,
    (...given: Parameters<typeof addTotp>) => Promise<{ sessionToken: string }>,
  ][])('replaces the session by one that has it: %s [SES-04, MFA-05]', async (_, amr, add) => {
    const { auth, now, signIn, sessionOf } = await scene(engine)
    const before = await signIn()
    now.advance(300)
    const { sessionToken } = await add(auth, now, before)
    expect(await sessionOf(before.sessionToken)).toBeNull()
    const session = await sessionOf(sessionToken)
    expect(session).toMatchObject({ aal: 2, amr: amr.split(' '), fresh: true })
    expect(session?.authenticatedAt).toEqual(now())
    // The set-up can continue at once.
    await auth.sessions.verify({ fresh: true, aal: 'strongest' }, { sessionToken })
  })

  it('leaves the session as it is if the code is wrong', async () => {
    const { auth, now, signIn, sessionOf } = await scene(engine)
    const before = await signIn()
    await scanTotp(auth, now, before)
    await expect(auth.factors.confirmTotp({ code: '000000' }, before)).rejects.toMatchObject({
      code: 'invalid_code',
    })
    expect(await sessionOf(before.sessionToken)).toMatchObject({ aal: 1, amr: ['pwd'] })
  })

  it('keeps the word of a program that vouched for the user, where an app alone is not level 2', async () => {
    const { auth, now, sessionOf } = await scene(engine, { secondFactor: 'required' })
    const { sessionToken } = await addTotp(auth, now, { sessionToken: await auth.createSession(RIGHT.email) })
    expect(await sessionOf(sessionToken)).toMatchObject({ aal: 0, amr: ['otp'] })
  })

  it('answers with the new token as the client presents it: in the cookie, or in the body', async () => {
    const { auth, now, signIn, sessionOf } = await scene(engine)
    const cookie = await signIn()
    const code = async (caller: { readonly sessionToken: string }) => ({
      code: (await scanTotp(auth, now, caller)).codeAt(),
    })
    const answer = await send(auth, 'PUT', '/profile/totp', { json: await code(cookie), ...cookie })
    expect(await answer.json()).not.toHaveProperty('session_token')
    const token = sessionIdOf(answer)
    expect(await sessionOf(token)).toMatchObject({ aal: 2 })
    await auth.factors.removeTotp({ sessionToken: token })
    const bearer = await signIn('bearer')
    const headers = { authorization: `Bearer ${bearer.sessionToken}` }
    const inBody = await send(auth, 'PUT', '/profile/totp', { json: await code(bearer), headers })
    expect(inBody.headers.getSetCookie()).toEqual([])
    const body = (await inBody.json()) as { session_token: string; expires_at: string }
    expect(body.session_token).not.toBe(bearer.sessionToken)
    expect(Date.parse(body.expires_at)).toBeGreaterThan(now().getTime())
    expect(
      await auth.sessions.current({ sessionToken: body.session_token, transport: 'bearer' }),
    ).toMatchObject({
      session: { aal: 2 },
    })
  })

  it('goes on in the session that replaces the one that began it', async () => {
    const { auth, signIn } = await scene(engine)
    const before = await signIn()
    const { secret } = await auth.factors.startTotp(before)
    const renewed = await auth.signIn.reauthenticate({ password: PASSWORD }, before)
    expect(await auth.factors.findTotpSetup(renewed)).toMatchObject({ secret })
    const { sessionToken } = await addPasskey(auth, renewed)
    expect(await auth.factors.findTotpSetup({ sessionToken })).toMatchObject({ secret })
  })
})
