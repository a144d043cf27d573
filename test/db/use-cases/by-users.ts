/** The use cases of users and visitors. */
import { expect } from 'vitest'
import { addPasskey, PASSKEY_BROWSER, passkeyAnswer, scanTotp } from '../../support/factors.ts'
import { NEW_PASSWORD, PASSWORD } from '../../support/production.ts'
import { type Drive, member, refused, type Stage } from './stage.ts'

export const BY_USERS: Readonly<Partial<Record<Drive, (stage: Stage) => Promise<unknown>>>> = {
  async registerUser({ engine, person, stranger }) {
    await engine.registerUser(stranger(), PASSWORD)
    await engine.users.create({ email: stranger(), password: PASSWORD, confirmed: true })
    await refused(engine.registerUser((await person()).email, PASSWORD))
  },
  async 'account.register'({ client, engine, classic, person, stranger }) {
    for (const auth of [engine, classic])
      await auth.account.register({ email: stranger(), password: PASSWORD }, client())
    const { email } = await person()
    await engine.account.register({ email, password: PASSWORD })
    await refused(classic.account.register({ email, password: PASSWORD }))
  },
  async 'account.requestConfirmation'({ client, engine, person, stranger }) {
    const email = stranger()
    await engine.registerUser(email, PASSWORD)
    for (const address of [email, stranger(), (await person()).email])
      await engine.account.requestConfirmation({ email: address }, client())
  },
  async 'account.confirmEmail'({ client, engine, person, stranger, mailedToken }) {
    const email = stranger()
    await engine.registerUser(email, PASSWORD)
    const token = await mailedToken(email, 'verify_email')
    await refused(engine.account.confirmEmail({ token, password: NEW_PASSWORD }))
    await engine.account.confirmEmail({ token, password: PASSWORD }, client())
    const { sessionToken } = await person()
    const [newEmail] = [stranger()]
    await engine.account.changeEmail({ email: newEmail }, { sessionToken })
    const change = await mailedToken(newEmail, 'confirm_new_email')
    // An unconfirmed registration of the same address since then is replaced.
    await engine.registerUser(newEmail, PASSWORD)
    await engine.account.confirmEmail({ token: change, password: PASSWORD })
  },
  async 'account.update'({ client, engine, person }) {
    const { sessionToken } = await person()
    await engine.account.update({ name: 'Robert' }, { sessionToken, ...client() })
  },
  async 'account.changeEmail'({ client, engine, person, stranger }) {
    const { sessionToken } = await person()
    for (const email of [stranger(), (await person()).email])
      await engine.account.changeEmail({ email }, { sessionToken, ...client() })
  },
  async validLogin({ engine, person, stranger }) {
    const { email } = await person()
    expect(await engine.validLogin(email, PASSWORD)).toBe(true)
    expect(await engine.validLogin(email, NEW_PASSWORD)).toBe(false)
    expect(await engine.validLogin(stranger(), PASSWORD)).toBe(false)
  },
  async 'signIn.withPassword'({ client, engine, person, stranger }) {
    const { email, sessionToken } = await person()
    const { deviceToken } = await engine.signIn.withPassword(
      { email, password: PASSWORD },
      { sessionToken, ...client() },
    )
    await engine.signIn.withPassword(
      { email, password: PASSWORD },
      { deviceToken: deviceToken ?? expect.unreachable() },
    )
    await refused(engine.signIn.withPassword({ email: stranger(), password: PASSWORD }, client()))
    // Fails up to the limit and signs in, which sends a notice; then fails beyond the limit.
    const guessed = (await person()).email
    const { loginFailuresPerAccount } = engine.options
    for (let attempt = 0; attempt < loginFailuresPerAccount - 1; attempt++)
      await refused(engine.signIn.withPassword({ email: guessed, password: NEW_PASSWORD }, client()))
    await engine.signIn.withPassword({ email: guessed, password: PASSWORD })
    for (let attempt = 0; attempt <= loginFailuresPerAccount; attempt++)
      await refused(engine.signIn.withPassword({ email: guessed, password: NEW_PASSWORD }, client()))
    const unconfirmed = stranger()
    await engine.registerUser(unconfirmed, PASSWORD)
    await refused(engine.signIn.withPassword({ email: unconfirmed, password: PASSWORD }))
    const { sessionsPerUser } = engine.options
    const eager = (await person()).email
    for (let count = 0; count <= sessionsPerUser; count++)
      await engine.signIn.withPassword({ email: eager, password: PASSWORD })
  },
  async 'signIn.pending'(stage) {
    const { engine, begin } = await member(stage)
    expect(await engine.signIn.pending(await begin())).toMatchObject({ next: 'second_factor' })
  },
  async 'signIn.cancel'(stage) {
    const { engine, begin } = await member(stage)
    // The oldest ones are deleted.
    for (let count = 0; count < 6; count++) await begin()
    expect(await engine.signIn.cancel(await begin())).toBe(true)
  },
  async 'signIn.withTotp'(stage) {
    const { engine, begin, app } = await member(stage)
    await refused(engine.signIn.withTotp({ code: '000000' }, await begin()))
    await engine.signIn.withTotp({ code: app.codeAt() }, await begin())
  },
  async 'signIn.withRecoveryCode'(stage) {
    const { engine, begin, app } = await member(stage)
    await refused(engine.signIn.withRecoveryCode({ code: '0'.repeat(14) }, await begin()))
    await engine.signIn.withRecoveryCode({ code: app.recoveryCodes[0] ?? '' }, await begin())
  },
  async 'signIn.withPasskey'(stage) {
    const { engine, begin, authenticator } = await member(stage)
    for (const purpose of ['sign_in', 'second_factor'] as const) {
      const caller = { ...(await begin()), browserToken: PASSKEY_BROWSER }
      await engine.signIn.withPasskey(await passkeyAnswer(engine, authenticator, purpose, caller), caller)
    }
  },
  async 'factors.setSecondFactor'(stage) {
    const { engine, session } = await member(stage)
    for (const enabled of [false, true]) await engine.factors.setSecondFactor({ enabled }, session)
  },
  async 'factors.confirmTotp'(stage) {
    const { engine, session, now } = { ...stage, ...(await member(stage)) }
    const { codeAt } = await scanTotp(engine, now, session)
    await engine.factors.confirmTotp({ code: codeAt() }, session)
  },
  async 'factors.removeTotp'(stage) {
    const { engine, session } = await member(stage)
    await engine.factors.removeTotp(session)
  },
  async 'factors.renewRecoveryCodes'(stage) {
    const { engine, session } = await member(stage)
    await engine.factors.renewRecoveryCodes(session)
  },
  async 'passkeys.startCeremony'(stage) {
    const { engine, session } = await member(stage)
    const caller = { ...session, ...stage.client(), browserToken: PASSKEY_BROWSER }
    for (const purpose of ['sign_in', 'step_up', 'add_passkey'] as const)
      await engine.passkeys.startCeremony({ purpose }, caller)
  },
  async 'passkeys.add'(stage) {
    const { engine, session } = await member(stage)
    await addPasskey(engine, session)
  },
  async 'passkeys.rename'(stage) {
    const { engine, session, passkeyId: id } = await member(stage)
    await engine.passkeys.rename({ id, name: 'Phone' }, session)
  },
  async 'passkeys.remove'(stage) {
    const { engine, session, passkeyId: id } = await member(stage)
    await engine.passkeys.remove({ id }, session)
  },
  async 'mailCodes.request'({ engine, person, stranger, client }) {
    const caller = { browserToken: PASSKEY_BROWSER, ...client() }
    for (const email of [(await person()).email, stranger()])
      await engine.mailCodes.request({ purpose: 'reset_password', email }, caller)
  },
  async 'mailCodes.confirmEmail'({ engine, client }) {
    const request = { code: '00000000', password: PASSWORD }
    await refused(engine.mailCodes.confirmEmail(request, { browserToken: 'c'.repeat(43), ...client() }))
  },
  async 'mailCodes.resetPassword'({ engine, person, client }) {
    const caller = { browserToken: PASSKEY_BROWSER, ...client() }
    await engine.mailCodes.request({ purpose: 'reset_password', email: (await person()).email }, caller)
    await refused(engine.mailCodes.resetPassword({ code: '00000000', newPassword: NEW_PASSWORD }, caller))
  },
  async 'mailCodes.changeEmail'({ engine, person, stranger }) {
    const caller = { sessionToken: (await person()).sessionToken, browserToken: PASSKEY_BROWSER }
    await engine.account.changeEmail({ email: stranger() }, caller)
    await refused(engine.mailCodes.changeEmail({ code: '00000000' }, caller))
  },
  async 'sessions.verify'({ engine, person }) {
    const { sessionToken } = await person()
    await engine.sessions.verify({ fresh: true, aal: 'strongest' }, { sessionToken })
  },
  async createSession({ client, engine, person, stranger }) {
    expect(await engine.createSession((await person()).email, client())).not.toBeNull()
    expect(await engine.createSession(stranger())).toBeNull()
  },
  async getUserFromSessionId({ engine, now, person }) {
    const { id, sessionToken } = await person()
    expect(await engine.getUserFromSessionId(sessionToken)).toMatchObject({ id })
    now.advance(120)
    expect(await engine.getUserFromSessionId(sessionToken)).toMatchObject({ id })
    expect(await engine.getUserFromSessionId(`${engine.generateUuid()}.${'a'.repeat(43)}`)).toBeNull()
  },
  async 'account.get'({ engine, person }) {
    const { id, sessionToken } = await person()
    expect(await engine.account.get({ sessionToken })).toMatchObject({ id })
  },
  async 'sessions.current'({ engine, person }) {
    const { id, sessionToken } = await person()
    expect(await engine.sessions.current({ sessionToken })).toMatchObject({ user: { id } })
  },
  async 'sessions.create'({ engine, person }) {
    expect(await engine.sessions.create({ email: (await person()).email })).not.toBeNull()
  },
  async 'signIn.verifyPassword'({ engine, person }) {
    expect(await engine.signIn.verifyPassword({ email: (await person()).email, password: PASSWORD })).toBe(
      true,
    )
  },
  async 'users.create'({ engine, stranger }) {
    await engine.users.create({ email: stranger(), password: PASSWORD, confirmed: true })
  },
  async 'users.update'({ engine, person }) {
    const { id } = await person()
    await engine.users.update(id, { metadata: { plan: 'pro' }, privateMetadata: { customer: 'cus_1' } })
  },
  async 'users.endSessions'({ engine, person }) {
    await engine.users.endSessions((await person()).id)
  },
  async 'sessions.signOut'({ client, engine, person }) {
    const { sessionToken } = await person()
    expect(await engine.sessions.signOut({ ...client(), sessionToken })).toBe(true)
    expect(await engine.sessions.signOut({ sessionToken })).toBe(false)
  },
  async 'sessions.list'({ engine, person }) {
    const { sessionToken } = await person()
    expect(await engine.sessions.list({ sessionToken })).toHaveLength(2)
  },
  async 'sessions.end'({ client, engine, person }) {
    const { sessionToken } = await person()
    const other = (await engine.sessions.list({ sessionToken })).find(({ current }) => !current)
    await engine.sessions.end({ id: other?.id ?? expect.unreachable() }, { sessionToken, ...client() })
    await refused(engine.sessions.end({ id: engine.generateUuid() }, { sessionToken }))
  },
  async 'sessions.endOthers'({ client, engine, person }) {
    const { sessionToken } = await person()
    expect(await engine.sessions.endOthers({ sessionToken, ...client() })).toBe(1)
  },
  async 'signIn.reauthenticate'({ client, engine, person }) {
    const { sessionToken } = await person()
    await refused(engine.signIn.reauthenticate({ password: NEW_PASSWORD }, { sessionToken, ...client() }))
    await engine.signIn.reauthenticate({ password: PASSWORD }, { sessionToken, ...client() })
  },
  async 'account.changePassword'({ client, engine, person }) {
    const { sessionToken } = await person()
    const passwords = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }
    await refused(
      engine.account.changePassword({ ...passwords, currentPassword: NEW_PASSWORD }, { sessionToken }),
    )
    await engine.account.changePassword(passwords, { sessionToken, ...client() })
  },
  async 'account.export'({ client, engine, person }) {
    const { audit } = await engine.account.export({
      sessionToken: (await person()).sessionToken,
      ...client(),
    })
    expect(audit.length).toBeGreaterThan(1)
  },
  async 'account.delete'({ client, engine, person }) {
    await engine.account.delete({ sessionToken: (await person()).sessionToken, ...client() })
  },
  async destroySession({ engine, person }) {
    await engine.destroySession((await person()).id)
  },
  async 'account.createResetToken'({ client, engine, person, stranger }) {
    await engine.account.createResetToken({ email: (await person()).email }, client())
    await refused(engine.account.createResetToken({ email: stranger() }))
  },
  async 'account.requestPasswordReset'({ client, engine, person, stranger }) {
    for (const email of [(await person()).email, stranger()])
      await engine.account.requestPasswordReset({ email }, client())
  },
  async getResetPasswordToken({ engine, person }) {
    await engine.getResetPasswordToken((await person()).email)
  },
  async 'account.resetPassword'({ client, engine, classic, person }) {
    const { id, email } = await person()
    await engine.users.markPasswordCompromised(id)
    const { resetToken } = await engine.account.createResetToken({ email })
    await refused(engine.account.resetPassword({ resetToken, newPassword: PASSWORD }))
    await engine.account.resetPassword({ resetToken, newPassword: NEW_PASSWORD, email }, client())
    await refused(engine.account.resetPassword({ resetToken, newPassword: NEW_PASSWORD }))
    const another = await classic.getResetPasswordToken((await person()).email)
    await classic.account.resetPassword({ resetToken: another, newPassword: NEW_PASSWORD })
  },
  async updatePassword({ engine, person }) {
    await engine.updatePassword(await engine.getResetPasswordToken((await person()).email), NEW_PASSWORD)
  },
}
