import { expect, it } from 'vitest'
import { onBothEngines, onEachEngine } from '../../../test/support/engines.ts'
import {
  cookieIn,
  everyRow,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
} from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'
import { INVALID_TOKENS, isLive, newSession, signInNewUser } from '../../../test/support/signed-in.ts'
import { AuthError } from '../../model/errors.ts'

const BOB = 'bob@example.com'

onEachEngine('re-authentication', (engine) => {
  it('replaces the session and keeps the others [SES-04]', async () => {
    const production = await productionAuth(engine)
    const { auth, now } = production
    const { id, sessionToken } = await signInNewUser(production)
    const elsewhere = await newSession(auth)
    now.advance(700)
    const response = await send(auth, 'POST', '/reauthenticate', {
      json: { password: PASSWORD },
      sessionToken,
    })
    expect(response.status).toBe(200)
    const renewed = cookieIn(response, 'session_id') ?? ''
    expect(renewed).not.toBe(sessionToken)
    expect(await isLive(auth, sessionToken)).toBe(false)
    expect(await isLive(auth, elsewhere)).toBe(true)
    expect((await auth.getUserFromSessionId(renewed))?.id).toBe(id)
    const [current] = (await auth.sessions.list({ sessionToken: renewed })).filter((each) => each.current)
    expect(current).toMatchObject({ authenticatedAt: now(), createdAt: now(), amr: ['pwd'], aal: 1 })
  })

  it('is valid for exactly ten minutes [SES-13]', async () => {
    const production = await productionAuth(engine)
    const { auth, now } = production
    const { sessionToken } = await signInNewUser(production)
    now.advance(599)
    await auth.account.export({ sessionToken })
    now.advance(1)
    const stale = { code: 'reauthentication_required' }
    const id = (await newSession(auth)).slice(0, 36)
    for (const act of [
      () => auth.account.export({ sessionToken }),
      () => auth.account.delete({ sessionToken }),
      () => auth.account.changeEmail({ email: 'robert@example.com' }, { sessionToken }),
      () => auth.sessions.end({ id }, { sessionToken }),
      () => auth.sessions.endOthers({ sessionToken }),
    ])
      await expect(act()).rejects.toMatchObject(stale)
    // The session itself is still valid.
    expect(await isLive(auth, sessionToken)).toBe(true)
    const renewed = await auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken })
    await auth.account.export({ sessionToken: renewed.sessionToken })
    now.advance(599)
    await auth.account.delete({ sessionToken: renewed.sessionToken })
  })

  it('with a wrong password is refused and leaves the session unchanged', async () => {
    const production = await productionAuth(engine)
    const { auth, db } = production
    const { sessionToken } = await signInNewUser(production)
    const { sessions } = await everyRow(db)
    for (const [password, code] of [
      [NEW_PASSWORD, 'invalid_credentials'],
      ['', 'missing_field'],
      ['x'.repeat(1_025), 'password_too_long'],
    ] as const) {
      await expect(auth.signIn.reauthenticate({ password }, { sessionToken })).rejects.toMatchObject({
        code,
      })
    }
    expect((await everyRow(db)).sessions).toEqual(sessions)
    for (const sessionToken of INVALID_TOKENS) {
      await expect(
        auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken }),
      ).rejects.toMatchObject({
        code: 'unauthenticated',
      })
    }
  })

  it('ends no other session at the session limit', async () => {
    const production = await productionAuth(engine, { sessionsPerUser: 3 })
    const { auth, now } = production
    const { sessionToken } = await signInNewUser(production)
    const others: string[] = []
    for (let count = 0; count < 2; count++) {
      others.push(await newSession(auth))
      now.advance(60)
    }
    await isLive(auth, sessionToken)
    const renewed = await auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken })
    for (const each of [...others, renewed.sessionToken]) expect(await isLive(auth, each)).toBe(true)
  })
})

onBothEngines('re-authentications at the same time', (engine) => {
  it('succeeds for at most one of several concurrent requests, and not after a concurrent sign-out', async () => {
    for (const signOuts of [0, 10]) {
      const production = await productionAuth(engine, { loginFailuresPerAccount: 100 })
      const { auth } = production
      const { sessionToken } = await signInNewUser(production)
      const renewals = await Promise.allSettled([
        ...Array.from({ length: 10 }, () =>
          auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken }),
        ),
        ...Array.from({ length: signOuts }, async () => {
          if (!(await auth.sessions.signOut({ sessionToken }))) throw new AuthError('unauthenticated')
          return null
        }),
      ])
      const winners = renewals.filter((each) => each.status === 'fulfilled')
      expect(winners).toHaveLength(1)
      for (const each of renewals)
        if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'unauthenticated' })
      const isRenewed = winners[0]?.value !== null
      expect(await auth.users.find(BOB)).toMatchObject({ liveSessions: isRenewed ? 1 : 0 })
      // Only what happened is recorded.
      const actions = (await Array.fromAsync(auth.audit.list())).map(({ action }) => action)
      expect(actions.filter((action) => action === 'reauthenticate' || action === 'logout')).toEqual([
        isRenewed ? 'reauthenticate' : 'logout',
      ])
    }
  })
})
