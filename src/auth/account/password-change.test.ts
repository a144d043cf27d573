import { expect, it } from 'vitest'
import { onBothEngines, onEachEngine, watchedHasher } from '../../../test/support/engines.ts'
import {
  cookieIn,
  everyRow,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
} from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'
import { INVALID_TOKENS, isLive, newSession, signInNewUser } from '../../../test/support/signed-in.ts'
import type { Auth } from '../../index.ts'

const BOB = 'bob@example.com'

onEachEngine('a password change', (engine) => {
  it('ends every session, revokes every link and returns a new session [SES-04, SES-12, REC-07]', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { id, sessionToken } = await signInNewUser(production)
    const elsewhere = await newSession(auth)
    await auth.account.requestPasswordReset({ email: BOB })
    const reset = await mailedLink('reset_password')
    await auth.account.changeEmail({ email: 'robert@example.com' }, { sessionToken })
    const move = await mailedLink('confirm_new_email')

    const renewed = await auth.account.changePassword(
      { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
      { sessionToken },
    )
    expect(renewed.user).toMatchObject({ id, email: BOB })
    expect(await isLive(auth, renewed.sessionToken)).toBe(true)
    for (const ended of [sessionToken, elsewhere]) expect(await isLive(auth, ended)).toBe(false)
    expect(await auth.validLogin(BOB, NEW_PASSWORD)).toBe(true)
    expect(await auth.validLogin(BOB, PASSWORD)).toBe(false)
    await expect(
      auth.account.resetPassword({ resetToken: reset.token, newPassword: PASSWORD }),
    ).rejects.toMatchObject({ code: 'invalid_reset_token' })
    await expect(
      auth.account.confirmEmail({ token: move.token, password: NEW_PASSWORD }),
    ).rejects.toMatchObject({
      code: 'invalid_confirmation_token',
    })
    expect(await auth.users.find(BOB)).toMatchObject({ liveSessions: 1 })
    expect(await auth.db.findUserBy({ email: BOB })).toMatchObject({ passwordVersion: 2 })
  })

  it('sends a notice in the language of the account, without secrets or links [LGN-12]', async () => {
    const production = await productionAuth(engine)
    const { auth, newMails, mailedLink } = production
    await auth.account.register({ email: BOB, password: PASSWORD }, { acceptLanguage: 'fr' })
    await auth.account.confirmEmail({ token: (await mailedLink('verify_email')).token, password: PASSWORD })
    const { sessionToken } = await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    await newMails()
    const request = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }
    const caller = { sessionToken, acceptLanguage: 'en' }
    const renewed = await auth.account.changePassword(request, caller)
    const mails = await newMails()
    expect(mails).toMatchObject([{ kind: 'password_changed', to: BOB, language: 'fr' }])
    for (const secret of [PASSWORD, NEW_PASSWORD, renewed.sessionToken, 'http'])
      expect(JSON.stringify(mails)).not.toContain(secret)
  })

  it('with a wrong current password changes nothing and counts as a failed sign-in [PW-08]', async () => {
    const production = await productionAuth(engine, { loginFailuresPerAccount: 3 })
    const { auth, db, now, newMails } = production
    const { sessionToken } = await signInNewUser(production)
    const change = (currentPassword: string) =>
      auth.account.changePassword({ currentPassword, newPassword: NEW_PASSWORD }, { sessionToken })
    const state = async () => {
      const { users, sessions } = await everyRow(db)
      return { users, sessions }
    }
    const before = await state()
    await expect(change(NEW_PASSWORD)).rejects.toMatchObject({ code: 'invalid_credentials' })
    await expect(change(`${PASSWORD} `)).rejects.toMatchObject({ code: 'invalid_credentials' })
    // The third wrong guess is a sign-in: they share one limit.
    expect(await auth.validLogin(BOB, NEW_PASSWORD)).toBe(false)
    await expect(change(PASSWORD)).rejects.toMatchObject({ code: 'too_many_attempts', retryAfterSeconds: 1 })
    await expect(auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken })).rejects.toMatchObject({
      code: 'too_many_attempts',
    })
    expect(await state()).toEqual(before)
    expect(await newMails()).toEqual([])
    now.advance(1)
    await change(PASSWORD)
  })

  it('follows the password policy and changes nothing if refused [PW-01, PW-07]', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { sessionToken } = await signInNewUser(production)
    for (const [newPassword, code] of [
      ['', 'missing_field'],
      ['fourteen chars', 'password_too_short'],
      ['passwordpassword', 'password_too_common'],
      ['bob@example.com1', 'password_guessable'],
      ['x'.repeat(1_025), 'password_too_long'],
      ['\ud800 seven green umbrellas', 'invalid_field'],
    ] as const) {
      await expect(
        auth.account.changePassword({ currentPassword: PASSWORD, newPassword }, { sessionToken }),
      ).rejects.toMatchObject({ code, field: 'newPassword' })
    }
    expect(await isLive(auth, sessionToken)).toBe(true)
    expect(await auth.validLogin(BOB, PASSWORD)).toBe(true)
  })

  it('requires a session and sets the new one as the cookie', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const json = { current_password: PASSWORD, new_password: NEW_PASSWORD }
    for (const sessionToken of INVALID_TOKENS) {
      await expect(
        auth.account.changePassword(
          { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
          { sessionToken },
        ),
      ).rejects.toMatchObject({ code: 'unauthenticated' })
    }
    const { sessionToken } = await signInNewUser(production)
    const response = await send(auth, 'PUT', '/profile/password', { json, sessionToken })
    expect(response.status).toBe(200)
    const renewed = cookieIn(response, 'session_id') ?? ''
    expect((await send(auth, 'GET', '/profile', { sessionToken: renewed })).status).toBe(200)
    expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(403)
    expect((await send(auth, 'GET', '/sessions', { sessionToken })).status).toBe(401)
  })
})

onBothEngines('password changes at the same time', (engine) => {
  it('succeeds for exactly one of twenty concurrent requests', async () => {
    const production = await productionAuth(engine, { loginFailuresPerAccount: 100 })
    const { auth } = production
    const { sessionToken } = await signInNewUser(production)
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        auth.account.changePassword(
          { currentPassword: PASSWORD, newPassword: `${NEW_PASSWORD} ${index}` },
          { sessionToken },
        ),
      ),
    )
    const winners = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []))
    expect(winners).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected')
        expect(['invalid_credentials', 'unauthenticated']).toContain(result.reason.code)
    }
    expect(await auth.validLogin(BOB, `${NEW_PASSWORD} ${winners[0]}`)).toBe(true)
    expect(await auth.users.find(BOB)).toMatchObject({ liveSessions: 1 })
    expect(await auth.db.findUserBy({ email: BOB })).toMatchObject({ passwordVersion: 2 })
  })
})

onEachEngine('a session that ended while its password was checked', (engine) => {
  const RENEWALS: Record<string, (auth: Auth, sessionToken: string) => Promise<unknown>> = {
    'a re-authentication': (auth, sessionToken) =>
      auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken }),
    'a password change': (auth, sessionToken) =>
      auth.account.changePassword({ currentPassword: PASSWORD, newPassword: NEW_PASSWORD }, { sessionToken }),
  }
  const ENDS: Record<
    string,
    (auth: Auth, session: { token: string; id: string }, other: string) => Promise<unknown>
  > = {
    'a sign-out': (auth, { token }) => auth.sessions.signOut({ sessionToken: token }),
    'another device': (auth, { id }, other) => auth.sessions.end({ id }, { sessionToken: other }),
    'another device, with all others': (auth, _, other) => auth.sessions.endOthers({ sessionToken: other }),
    'an operator': (auth) => auth.users.endEverySession(),
  }
  const CASES = Object.keys(RENEWALS).flatMap((renewal) => Object.keys(ENDS).map((end) => [renewal, end]))

  it.each(CASES)('is not renewed by %s: it was ended by %s', async (renewal = '', end = '') => {
    let isHeld = false
    const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const hasher = watchedHasher(async (work) => {
      if (!isHeld || work !== 'verify') return
      reached.resolve()
      await released.promise
    })
    const production = await productionAuth(engine, { hasher })
    const { auth } = production
    const { sessionToken } = await signInNewUser(production)
    const other = await newSession(auth)
    isHeld = true
    const renewed = RENEWALS[renewal]?.(auth, sessionToken)
    await reached.promise
    await ENDS[end]?.(auth, { token: sessionToken, id: sessionToken.split('.')[0] ?? '' }, other)
    const before = await auth.users.find(BOB)
    released.resolve()
    await expect(renewed).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(await auth.users.find(BOB)).toEqual(before)
    isHeld = false
    expect(await auth.validLogin(BOB, PASSWORD)).toBe(true)
  })
})
