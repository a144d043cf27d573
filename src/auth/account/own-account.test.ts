import { expect, it } from 'vitest'
import { CHEAP_HASHER, onBothEngines, onEachEngine, testClock } from '../../../test/support/engines.ts'
import {
  CLIENT,
  cookieIn,
  everyRow,
  NEW_PASSWORD,
  PASSWORD,
  type Production,
  productionAuth,
  sightOf,
} from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'
import { signedIn } from '../../../test/support/signed-in.ts'
import type { Auth, Hasher } from '../../index.ts'
import { AuthError } from '../../model/errors.ts'

const BOB = 'bob@example.com'
const ROB = 'rob@example.com'
const INVALID_TOKENS = [null, undefined, '', `01978f7e-0000-7000-8000-000000000000.${'A'.repeat(43)}`]

/** Creates Bob's account and signs him in. */
async function signInBob({ auth, newMails }: Production): Promise<{ id: number; sessionToken: string }> {
  const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
  const { sessionToken } = signedIn(
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD }, CLIENT),
  )
  await newMails()
  return { id, sessionToken }
}

/** Opens another session for the account. */
async function newSession(auth: Auth, email = BOB): Promise<string> {
  return (await auth.createSession(email)) ?? expect.unreachable('no account')
}

async function isLive(auth: Auth, sessionToken: string): Promise<boolean> {
  return (await auth.getUserFromSessionId(sessionToken)) !== null
}

onEachEngine('a password change', (engine) => {
  it('ends every session, revokes every link and returns a new session', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { id, sessionToken } = await signInBob(production)
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

  it('sends a notice in the language of the account, without secrets or links', async () => {
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

  it('with a wrong current password changes nothing and counts as a failed sign-in', async () => {
    const production = await productionAuth(engine, { loginFailuresPerAccount: 3 })
    const { auth, db, now, newMails } = production
    const { sessionToken } = await signInBob(production)
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

  it('follows the password policy and changes nothing if refused', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { sessionToken } = await signInBob(production)
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
    const { sessionToken } = await signInBob(production)
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
    const { sessionToken } = await signInBob(production)
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

onEachEngine('re-authentication', (engine) => {
  it('replaces the session and keeps the others', async () => {
    const production = await productionAuth(engine)
    const { auth, now } = production
    const { id, sessionToken } = await signInBob(production)
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

  it('is valid for exactly ten minutes', async () => {
    const production = await productionAuth(engine)
    const { auth, now } = production
    const { sessionToken } = await signInBob(production)
    now.advance(599)
    await auth.account.export({ sessionToken })
    now.advance(1)
    const stale = { code: 'reauthentication_required' }
    await expect(auth.account.export({ sessionToken })).rejects.toMatchObject(stale)
    await expect(auth.account.delete({ sessionToken })).rejects.toMatchObject(stale)
    await expect(
      auth.account.changeEmail({ email: 'robert@example.com' }, { sessionToken }),
    ).rejects.toMatchObject(stale)
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
    const { sessionToken } = await signInBob(production)
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
    const { sessionToken } = await signInBob(production)
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
      const { sessionToken } = await signInBob(production)
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
    const hasher: Hasher = {
      ...CHEAP_HASHER,
      async verify(password, hash) {
        if (isHeld) {
          reached.resolve()
          await released.promise
        }
        return CHEAP_HASHER.verify(password, hash)
      },
    }
    const production = await productionAuth(engine, { hasher })
    const { auth } = production
    const { sessionToken } = await signInBob(production)
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

onEachEngine('the sessions of a user', (engine) => {
  it('are listed with times and device, most recently used first, without their secrets', async () => {
    const production = await productionAuth(engine)
    const { auth, now } = production
    const start = now()
    const { sessionToken } = await signInBob(production)
    now.advance(60)
    const elsewhere = signedIn(
      await auth.signIn.withPassword(
        { email: BOB, password: PASSWORD },
        { ip: '2001:db8::1', userAgent: 'curl/8' },
      ),
    )
    await auth.users.create({ email: ROB, password: PASSWORD, confirmed: true })
    await newSession(auth, ROB)
    now.advance(60)
    const sessions = await auth.sessions.list({ sessionToken })
    expect(sessions).toEqual([
      {
        id: sessionToken.slice(0, 36),
        current: true,
        createdAt: start,
        authenticatedAt: start,
        lastSeenAt: now(),
        idleExpiresAt: new Date(now().getTime() + 7 * 86_400_000),
        expiresAt: new Date(start.getTime() + 30 * 86_400_000),
        amr: ['pwd'],
        aal: 1,
        transport: 'cookie',
        persistent: true,
        ip: CLIENT.ip,
        userAgent: CLIENT.userAgent,
      },
      expect.objectContaining({
        id: elsewhere.sessionToken.slice(0, 36),
        current: false,
        ip: '2001:db8::1',
        userAgent: 'curl/8',
      }),
    ])
    const response = await send(auth, 'GET', '/sessions', { sessionToken })
    const body = await response.text()
    for (const token of [sessionToken, elsewhere.sessionToken]) expect(body).not.toContain(token.slice(37))
    expect(JSON.parse(body)).toMatchObject({ sessions: [{ current: true }, { current: false }] })
  })

  it('are listed only until they expire', async () => {
    const production = await productionAuth(engine, { sessionIdleSeconds: 1_000 })
    const { auth, now } = production
    const { sessionToken } = await signInBob(production)
    await newSession(auth)
    now.advance(999)
    expect(await auth.sessions.list({ sessionToken })).toHaveLength(2)
    now.advance(1)
    expect(await auth.sessions.list({ sessionToken })).toHaveLength(1)
  })

  it('can be ended one by one, including the current one', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { sessionToken } = await signInBob(production)
    const [second, third] = [await newSession(auth), await newSession(auth)]
    await auth.sessions.end({ id: second.slice(0, 36) }, { sessionToken })
    expect(await isLive(auth, second)).toBe(false)
    for (const live of [sessionToken, third]) expect(await isLive(auth, live)).toBe(true)
    await auth.sessions.end({ id: sessionToken.slice(0, 36) }, { sessionToken })
    expect(await isLive(auth, sessionToken)).toBe(false)
    expect(await isLive(auth, third)).toBe(true)
  })

  it('can be ended only by their owner: any other id is not found, whether it exists or not', async () => {
    const production = await productionAuth(engine)
    const { auth, db } = production
    const { sessionToken } = await signInBob(production)
    await auth.users.create({ email: ROB, password: PASSWORD, confirmed: true })
    const robs = await newSession(auth, ROB)
    const own = sessionToken.slice(0, 36)
    const before = await everyRow(db)
    const unknown = auth.generateUuid()
    const ids = [
      robs.slice(0, 36),
      unknown,
      '',
      'others ',
      own.toUpperCase(),
      `${own} `,
      sessionToken,
      robs,
      `${own}' or '1'='1`,
      '00000000-0000-0000-0000-00000000000g',
    ]
    for (const id of [...ids, null, undefined, 7, {}] as string[]) {
      await expect(auth.sessions.end({ id }, { sessionToken })).rejects.toMatchObject({
        code: 'not_found',
      })
    }
    expect(await everyRow(db)).toEqual(before)
    const answers = [robs.slice(0, 36), unknown].map(async (id) =>
      sightOf(await send(auth, 'DELETE', `/sessions/${id}`, { sessionToken })),
    )
    const [foreign, missing] = await Promise.all(answers)
    expect(foreign).toMatchObject({ status: 404 })
    expect(foreign).toEqual(missing)
  })

  it('can all be ended except the current one, without affecting other users', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { id, sessionToken } = await signInBob(production)
    await auth.users.create({ email: ROB, password: PASSWORD, confirmed: true })
    const robs = await newSession(auth, ROB)
    const others = [await newSession(auth), await newSession(auth)]
    expect(await auth.sessions.endOthers({ sessionToken })).toBe(2)
    for (const ended of others) expect(await isLive(auth, ended)).toBe(false)
    for (const live of [sessionToken, robs]) expect(await isLive(auth, live)).toBe(true)
    expect((await auth.db.findUserBy({ id })).sessionId).toBe(sessionToken.slice(0, 36))
    expect(await auth.sessions.endOthers({ sessionToken })).toBe(0)
  })

  it('can be managed only with a valid session', async () => {
    const { auth } = await productionAuth(engine)
    const refusal = { code: 'unauthenticated' }
    for (const sessionToken of INVALID_TOKENS) {
      await expect(auth.sessions.list({ sessionToken })).rejects.toMatchObject(refusal)
      await expect(auth.sessions.endOthers({ sessionToken })).rejects.toMatchObject(refusal)
      await expect(auth.sessions.end({ id: auth.generateUuid() }, { sessionToken })).rejects.toMatchObject(
        refusal,
      )
      await expect(auth.account.export({ sessionToken })).rejects.toMatchObject(refusal)
      await expect(auth.account.delete({ sessionToken })).rejects.toMatchObject(refusal)
    }
  })
})

onBothEngines('the sessions of a user, in statements of each engine,', (engine) => {
  it('can be ended by an operator, for one user or for all', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { id, sessionToken } = await signInBob(production)
    await auth.users.create({ email: ROB, password: PASSWORD, confirmed: true })
    const robs = [await newSession(auth, ROB), await newSession(auth, ROB)]
    await auth.destroySession(id)
    expect(await isLive(auth, sessionToken)).toBe(false)
    for (const live of robs) expect(await isLive(auth, live)).toBe(true)
    expect(await auth.users.endEverySession()).toBe(2)
    for (const ended of robs) expect(await isLive(auth, ended)).toBe(false)
    expect(await Array.fromAsync(auth.audit.list({ action: 'end_all_sessions' }))).toHaveLength(2)
  })

  it('are ended once by concurrent requests', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { sessionToken } = await signInBob(production)
    const [id = ''] = (await newSession(auth)).split('.')
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => auth.sessions.end({ id }, { sessionToken })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'not_found' })
    expect(await Array.fromAsync(auth.audit.list({ action: 'end_session' }))).toHaveLength(1)
  })
})

onEachEngine('the export of an account', (engine) => {
  it('contains what is stored about it, without secrets or hashes', async () => {
    const production = await productionAuth(engine)
    const { auth, db, now, mailedLink, newMails } = production
    const { id, sessionToken } = await signInBob(production)
    const privateMetadata = { note: 'private to the application' }
    await auth.users.update(id, { name: 'Bob', metadata: { plan: 'pro' }, privateMetadata })
    await auth.users.create({ email: ROB, password: PASSWORD, confirmed: true })
    await newSession(auth, ROB)
    await auth.account.requestPasswordReset({ email: BOB }, CLIENT)
    const reset = await mailedLink('reset_password')
    const device = signedIn(await auth.signIn.withPassword({ email: BOB, password: PASSWORD }, CLIENT))
    await newMails()

    const exported = await auth.account.export({ sessionToken, ...CLIENT })
    expect(exported.account).toEqual({
      id,
      email: BOB,
      createdAt: now(),
      disabledAt: null,
      emailVerifiedAt: now(),
      locale: null,
      name: 'Bob',
      picture: null,
      metadata: { plan: 'pro' },
      passwordCompromisedAt: null,
    })
    expect(exported.sessions).toHaveLength(2)
    expect(exported.audit.map(({ action }) => action).sort()).toEqual(
      ['register', 'login', 'update_profile', 'request_password_reset', 'login', 'export_account'].sort(),
    )
    const response = await send(auth, 'POST', '/profile/export', { sessionToken })
    const bodies = [JSON.stringify(exported), await response.text()]
    const { hashedPassword } = await auth.db.findUserBy({ id })
    const rows = await everyRow(db)
    const hashes = [...(rows.sessions ?? []), ...(rows.tokens ?? [])].map(
      (row) => JSON.parse(String(row)).secret_hash as string,
    )
    expect(hashes).toHaveLength(4)
    const secrets = [
      hashedPassword,
      PASSWORD,
      ...[sessionToken, device.sessionToken, reset.token].map((token) => token.slice(37)),
      ...hashes,
      ...hashes.map((hash) => Buffer.from(hash, 'hex').toString('base64')),
      device.deviceToken ?? '',
      ROB,
      privateMetadata.note,
    ]
    for (const body of bodies) for (const secret of secrets) expect(body).not.toContain(secret)
  })
})

onEachEngine('the deletion of an account', (engine) => {
  it('removes all its rows except audit records, which keep only its id [DAT-03]', async () => {
    const production = await productionAuth(engine)
    const { auth, db, mailedLink, newMails } = production
    await auth.users.create({ email: ROB, password: PASSWORD, confirmed: true })
    await auth.signIn.withPassword({ email: ROB, password: PASSWORD }, CLIENT)
    await newMails()
    const others = await everyRow(db)

    const { id, sessionToken } = await signInBob(production)
    await newSession(auth)
    await auth.account.requestPasswordReset({ email: BOB }, CLIENT)
    const reset = await mailedLink('reset_password')
    await auth.account.changeEmail({ email: 'robert@example.com' }, { sessionToken, ...CLIENT })
    const move = await mailedLink('confirm_new_email')
    await auth.account.export({ sessionToken, ...CLIENT })
    expect(await auth.account.delete({ sessionToken, ...CLIENT })).toMatchObject({ id, email: BOB })
    await newMails()

    const { audit = [], throttles, ...rest } = await everyRow(db)
    const { audit: auditBefore = [], throttles: _, ...restBefore } = others
    expect(rest).toEqual(restBefore)
    const lines = audit.filter((line) => !auditBefore.includes(line)).map((line) => JSON.parse(String(line)))
    expect(lines.length).toBeGreaterThan(4)
    for (const line of lines) expect(line).toMatchObject({ user_id: id, ip_address: null, user_agent: null })
    expect(lines.filter(({ action }) => action === 'delete_account')).toMatchObject([
      { actor: 'user', request_id: CLIENT.requestId },
    ])
    // Nothing identifies the account, and other accounts are untouched.
    const left = JSON.stringify([lines, throttles])
    for (const trace of ['bob', 'robert', CLIENT.ip ?? '', CLIENT.userAgent ?? ''])
      expect(left).not.toContain(trace)
    for (const line of auditBefore) expect(audit).toContain(line)

    await expect(auth.getUserFromSessionId(sessionToken)).resolves.toBeNull()
    await expect(auth.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    await expect(
      auth.account.resetPassword({ resetToken: reset.token, newPassword: NEW_PASSWORD }),
    ).rejects.toMatchObject({ code: 'invalid_reset_token' })
    await expect(auth.account.confirmEmail({ token: move.token, password: PASSWORD })).rejects.toMatchObject({
      code: 'invalid_confirmation_token',
    })
  })

  it('sends one notice to its address', async () => {
    const production = await productionAuth(engine)
    const { auth, newMails } = production
    const { sessionToken } = await signInBob(production)
    const response = await send(auth, 'DELETE', '/profile', { sessionToken })
    expect(await response.json()).toEqual({ email: BOB, message: 'account deleted' })
    expect(cookieIn(response, 'session_id')).toBe('')
    expect(await newMails()).toMatchObject([{ kind: 'account_deleted', to: BOB }])
  })

  it('frees the address for an account with a new id', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { id, sessionToken } = await signInBob(production)
    await auth.account.delete({ sessionToken })
    await auth.account.register({ email: BOB, password: NEW_PASSWORD })
    const { token } = await mailedLink('verify_email')
    const again = await auth.account.confirmEmail({ token, password: NEW_PASSWORD })
    expect(again.id).toBeGreaterThan(id)
    expect(await Array.fromAsync(auth.audit.list({ userId: again.id }))).toHaveLength(2)
  })

  it('by an operator removes the same rows', async () => {
    const production = await productionAuth(engine, { now: testClock() })
    const { auth, db } = production
    const { id } = await signInBob(production)
    expect(await auth.users.delete(id)).toBe(true)
    expect(await auth.users.delete(id)).toBe(false)
    const { users, sessions, tokens, outbox } = await everyRow(db)
    expect({ users, sessions, tokens, outbox }).toEqual({ users: [], sessions: [], tokens: [], outbox: [] })
    for (const line of await Array.fromAsync(auth.audit.list({ userId: id })))
      expect(line).toMatchObject({ ip: null, userAgent: null })
  })
})

onBothEngines('deletions of an account at the same time', (engine) => {
  it('succeeds once for concurrent requests', async () => {
    const production = await productionAuth(engine)
    const { auth, newMails } = production
    const { sessionToken } = await signInBob(production)
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => auth.account.delete({ sessionToken })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'unauthenticated' })
    }
    expect(await newMails()).toHaveLength(1)
    expect(await Array.fromAsync(auth.audit.list({ action: 'delete_account' }))).toHaveLength(1)
  })
})
