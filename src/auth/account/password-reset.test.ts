import { expect, it, onTestFinished } from 'vitest'
import { freshAuth, onEachEngine, testClock } from '../../../test/support/engines.ts'
import { openDatabase } from '../../db/index.ts'

const EMAIL = 'bob@example.com'

async function bobsAuth(engine: 'sqlite' | 'postgres', options = {}) {
  const auth = await freshAuth(engine, options)
  return { auth, user: await auth.registerUser(EMAIL, 'old') }
}

onEachEngine('a password reset', (engine) => {
  it('sets the new password, consumes the token, and ends every session if so configured [CX-03, CX-09]', async () => {
    const { auth, user } = await bobsAuth(engine, { resetEndsSessions: true })
    const sessions = [await auth.createSession(EMAIL), await auth.createSession(EMAIL)]
    const token = await auth.getResetPasswordToken(' BOB@example.com ')
    expect((await auth.db.findUserBy({ id: user.id })).resetToken).toBe(token.slice(0, 36))
    await auth.updatePassword(token, 'new')
    expect(await auth.validLogin(EMAIL, 'new')).toBe(true)
    expect(await auth.validLogin(EMAIL, 'old')).toBe(false)
    for (const sessionToken of sessions) expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    await expect(auth.updatePassword(token, 'newer')).rejects.toMatchObject({ code: 'invalid_reset_token' })
    expect(await auth.db.findUserBy({ id: user.id })).toMatchObject({
      resetToken: null,
      sessionId: null,
      passwordVersion: 2,
      // The token was in the answer, so it does not prove access to the mailbox.
      emailVerifiedAt: null,
    })
    expect(await auth.delivery.count()).toBe(0)
  })

  it('keeps sessions in classic mode and revokes every other token [CX-09]', async () => {
    const { auth, user } = await bobsAuth(engine)
    const sessions = [await auth.createSession(EMAIL), await auth.createSession(EMAIL)]
    const before = await auth.db.findUserBy({ id: user.id })
    const first = await auth.getResetPasswordToken(EMAIL)
    await auth.updatePassword(first, 'new')
    const second = await auth.getResetPasswordToken(EMAIL)
    await auth.account.resetPassword({ resetToken: second, newPassword: 'newer', email: EMAIL })
    for (const sessionToken of sessions)
      expect(await auth.getUserFromSessionId(sessionToken)).toMatchObject({ id: user.id, passwordVersion: 3 })
    expect(await auth.db.findUserBy({ id: user.id })).toMatchObject({
      sessionId: before.sessionId,
      resetToken: null,
    })
    expect(await auth.validLogin(EMAIL, 'newer')).toBe(true)
    await expect(auth.updatePassword(first, 'x')).rejects.toMatchObject({ code: 'invalid_reset_token' })

    // A password change by the signed-in user still ends the other sessions.
    const change = { currentPassword: 'newer', newPassword: 'newest' }
    const { sessionToken } = await auth.account.changePassword(change, { sessionToken: sessions[0] })
    for (const ended of sessions) expect(await auth.getUserFromSessionId(ended)).toBeNull()
    expect((await auth.getUserFromSessionId(sessionToken))?.id).toBe(user.id)
  })

  it('throws for an unknown or missing address', async () => {
    const { auth } = await bobsAuth(engine)
    await expect(auth.getResetPasswordToken('rob@example.com')).rejects.toMatchObject({
      code: 'unknown_email',
    })
    await expect(auth.getResetPasswordToken('no address')).rejects.toMatchObject({ code: 'unknown_email' })
    await expect(auth.getResetPasswordToken('')).rejects.toMatchObject({
      code: 'missing_field',
      field: 'email',
    })
  })

  it('is refused without the exact token and changes nothing [CX-03]', async () => {
    const { auth, user } = await bobsAuth(engine)
    const token = await auth.getResetPasswordToken(EMAIL)
    const before = await auth.db.findUserBy({ id: user.id })
    const session = (await auth.createSession(EMAIL)) ?? ''
    const [id, secret] = token.split('.') as [string, string]
    const wrong = [
      '',
      id,
      `${id}.`,
      secret,
      `${id}.${'A'.repeat(43)}`,
      session,
      `${token} `,
      token.toUpperCase(),
      null,
      undefined,
      0,
      {},
    ]
    for (const value of wrong) {
      await expect(auth.updatePassword(value as string, 'new')).rejects.toMatchObject({
        code: 'invalid_reset_token',
      })
    }
    expect({ ...(await auth.db.findUserBy({ id: user.id })), sessionId: null }).toEqual(before)
    expect(await auth.getUserFromSessionId(session)).not.toBeNull()
    await auth.updatePassword(token, 'new')
  })

  it('is refused for a disabled account even if a token is left', async () => {
    const { auth, user } = await bobsAuth(engine)
    const token = await auth.getResetPasswordToken(EMAIL)
    // Bypasses users.disable, which would also revoke the tokens.
    const db = await openDatabase(auth.options.databaseUrl)
    onTestFinished(() => db.destroy())
    await db.updateTable('users').set({ disabled_at: 1 }).where('id', '=', user.id).execute()
    await expect(auth.updatePassword(token, 'new')).rejects.toMatchObject({ code: 'invalid_reset_token' })
    await auth.users.enable(user.id)
    expect(await auth.validLogin(EMAIL, 'old')).toBe(true)
  })

  it('never matches accounts without a token', async () => {
    const { auth, user } = await bobsAuth(engine)
    for (const value of [null, undefined, '', 'null']) {
      await expect(auth.updatePassword(value as unknown as string, 'pwned')).rejects.toMatchObject({
        code: 'invalid_reset_token',
      })
    }
    expect(await auth.db.findUserBy({ id: user.id })).toEqual(user)
  })

  it('with the address of another account is refused and keeps the token valid [CX-09, REC-07]', async () => {
    const { auth } = await bobsAuth(engine)
    await auth.registerUser('rob@example.com', 'rob')
    const token = await auth.getResetPasswordToken(EMAIL)
    for (const email of ['rob@example.com', 'nobody@example.com', 'nope', `${EMAIL}\0`]) {
      await expect(
        auth.account.resetPassword({ resetToken: token, newPassword: 'new', email }),
      ).rejects.toMatchObject({
        code: 'invalid_reset_token',
      })
    }
    expect(await auth.validLogin('rob@example.com', 'rob')).toBe(true)
    await auth.account.resetPassword({ resetToken: token, newPassword: 'new', email: 'BOB@example.com' })
  })

  it('with an invalid password is refused and keeps the token valid', async () => {
    const { auth } = await bobsAuth(engine, { minPasswordLength: 3 })
    const token = await auth.getResetPasswordToken(EMAIL)
    for (const [password, code] of [
      ['', 'missing_field'],
      ['ab', 'password_too_short'],
      ['x'.repeat(1_025), 'password_too_long'],
    ]) {
      await expect(auth.updatePassword(token, password as string)).rejects.toMatchObject({
        code,
        field: 'newPassword',
      })
    }
    await auth.updatePassword(token, 'new')
  })

  it('accepts only the latest token until it expires [REC-04]', async () => {
    const now = testClock()
    const { auth } = await bobsAuth(engine, { now })
    const older = await auth.getResetPasswordToken(EMAIL)
    const newer = await auth.getResetPasswordToken(EMAIL)
    await expect(auth.updatePassword(older, 'new')).rejects.toMatchObject({ code: 'invalid_reset_token' })
    now.advance(3_599)
    await auth.updatePassword(newer, 'new')
    const late = await auth.getResetPasswordToken(EMAIL)
    now.advance(3_600)
    await expect(auth.updatePassword(late, 'newest')).rejects.toMatchObject({ code: 'invalid_reset_token' })
  })

  it('is limited per account and per IP address, whether the account exists or not', async () => {
    const auth = await freshAuth(engine, {
      now: testClock(),
      resetRequestsPerAccount: 3,
      resetRequestsPerIp: 5,
    })
    await auth.registerUser(EMAIL, 'old')
    const ask = (email: string, ip: string) => auth.account.createResetToken({ email }, { ip })
    for (let request = 0; request < 3; request++) await ask(EMAIL, `192.0.2.${request}`)
    await expect(ask(EMAIL, '192.0.2.9')).rejects.toMatchObject({
      code: 'too_many_attempts',
      retryAfterSeconds: 1,
    })
    for (let request = 0; request < 5; request++) {
      await expect(ask(`nobody${request}@example.com`, '198.51.100.1')).rejects.toMatchObject({
        code: 'unknown_email',
      })
    }
    await expect(ask('one-more@example.com', '198.51.100.1')).rejects.toMatchObject({
      code: 'too_many_attempts',
    })
  })
})
