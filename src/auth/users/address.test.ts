import { expect, it } from 'vitest'
import { type EngineName, freshAuth, onEachEngine } from '../../../test/support/engines.ts'
import { memoryMailer, NEW_PASSWORD, PASSWORD, productionAuth } from '../../../test/support/production.ts'
import type { Auth } from '../../index.ts'

const BOB = 'bob@example.com'
const NEW = 'Robert@example.com'
const NOBODY = 4711

/** The audited actions of operators, sorted because records of the same moment have no order. */
async function operatorActions(auth: Auth): Promise<string[]> {
  const lines = await Array.fromAsync(auth.audit.list())
  return lines
    .filter(({ actor, action }) => actor === 'operator' && !['register', 'login'].includes(action))
    .map(({ action, userId }) => `${action} ${userId}`)
    .toSorted()
}

/** Production mode with a confirmed and an unconfirmed account. */
async function openProduction(engine: EngineName) {
  const production = await productionAuth(engine, { resetRequestsPerAccount: 2 })
  const { auth, newMails } = production
  const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
  const unconfirmed = await auth.registerUser('new@example.com', PASSWORD)
  await newMails()
  return { ...production, id, unconfirmed }
}

onEachEngine('users.sendPasswordReset', (engine) => {
  it('mails a reset link regardless of the request limit', async () => {
    const { auth, id, mailedLink, newMails } = await openProduction(engine)
    for (let request = 0; request < 2; request++) await auth.account.requestPasswordReset({ email: BOB })
    await expect(auth.account.requestPasswordReset({ email: BOB })).rejects.toMatchObject({
      code: 'too_many_attempts',
    })
    await newMails()
    expect(await auth.users.sendPasswordReset(id)).toBe(true)
    const { token, email } = await mailedLink('reset_password')
    expect(email).toBe(BOB)
    await auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD })
    expect(await auth.validLogin(BOB, NEW_PASSWORD)).toBe(true)
    expect(await operatorActions(auth)).toEqual([`request_password_reset ${id}`])
  })
})

onEachEngine('users.sendConfirmation', (engine) => {
  it('mails the link again to an unconfirmed account regardless of the request limit', async () => {
    const { auth, id, unconfirmed, mailedLink, newMails } = await openProduction(engine)
    const { email } = unconfirmed
    for (let request = 0; request < 2; request++) await auth.account.requestConfirmation({ email })
    await expect(auth.account.requestConfirmation({ email })).rejects.toMatchObject({
      code: 'too_many_attempts',
    })
    await newMails()
    expect(await auth.users.sendConfirmation(unconfirmed.id)).toBe(true)
    const { token } = await mailedLink('verify_email')
    await auth.account.confirmEmail({ token, password: PASSWORD })
    expect(await auth.validLogin(email, PASSWORD)).toBe(true)
    // Both accounts are confirmed now.
    expect(await auth.users.sendConfirmation(unconfirmed.id)).toBe(false)
    expect(await auth.users.sendConfirmation(id)).toBe(false)
    expect(await newMails()).toEqual([])
    expect(await operatorActions(auth)).toEqual([`request_confirmation ${unconfirmed.id}`])
  })
})

onEachEngine('users.setEmail', (engine) => {
  it('notifies the old address and changes nothing until the new one is confirmed with the password', async () => {
    const { auth, id, newMails, mailedLink } = await openProduction(engine)
    const sessionToken = await auth.createSession(BOB)
    expect(await auth.users.setEmail(id, { email: ` ${NEW} ` })).toBe(true)
    expect(await auth.users.find(BOB)).toMatchObject({ user: { id, email: BOB } })
    expect(await auth.getUserFromSessionId(sessionToken)).toMatchObject({ email: BOB })
    const mails = await newMails()
    expect(mails.map(({ to, kind }) => [to, kind])).toEqual([
      [BOB, 'email_change_requested'],
      [NEW, 'confirm_new_email'],
    ])
    await auth.users.setEmail(id, { email: NEW })
    const { token } = await mailedLink('confirm_new_email')
    await expect(auth.account.confirmEmail({ token, password: NEW_PASSWORD })).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    await auth.account.confirmEmail({ token, password: PASSWORD })
    expect(await auth.users.find(NEW)).toMatchObject({ user: { id, email: NEW } })
    expect(await newMails()).toMatchObject([{ to: BOB, kind: 'email_changed' }])
    expect(await operatorActions(auth)).toEqual(Array(2).fill(`request_email_change ${id}`))
  })

  it('changes a vouched-for address at once and ends existing sessions and links', async () => {
    const { auth, unconfirmed, newMails, mailedLink } = await openProduction(engine)
    const { id, email } = unconfirmed
    await auth.account.requestConfirmation({ email })
    const old = await mailedLink('verify_email')
    expect(await auth.users.setEmail(id, { email: NEW, confirmed: true })).toBe(true)
    expect(await auth.validLogin(NEW, PASSWORD)).toBe(true)
    await expect(auth.account.confirmEmail({ token: old.token, password: PASSWORD })).rejects.toMatchObject({
      code: 'invalid_confirmation_token',
    })
    expect(await newMails()).toMatchObject([{ to: email, kind: 'email_changed' }])
    const sessionToken = await auth.createSession(NEW)
    // Another spelling of the same mailbox, so no notice is sent.
    await auth.users.setEmail(id, { email: NEW.toUpperCase(), confirmed: true })
    expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    expect((await auth.users.find(NEW))?.user.email).toBe(NEW.toUpperCase())
    expect(await newMails()).toEqual([])
    expect(await operatorActions(auth)).toEqual(Array(2).fill(`change_email ${id}`))
  })

  it('clears failures counted for the new address', async () => {
    const { auth, id } = await openProduction(engine)
    for (let guess = 0; guess < auth.options.loginFailuresPerAccount; guess++)
      await auth.validLogin(NEW, NEW_PASSWORD)
    await auth.users.setEmail(id, { email: NEW, confirmed: true })
    expect(await auth.validLogin(NEW, PASSWORD)).toBe(true)
  })

  it.each([
    { email: 'new@example.com', code: 'email_taken' },
    { email: ' NEW@Example.com', code: 'email_taken' },
    { email: 'nonsense', code: 'invalid_email' },
    { email: '', code: 'missing_field' },
  ])('refuses the address "$email" with $code', async ({ email, code }) => {
    const { auth, id, newMails } = await openProduction(engine)
    for (const confirmed of [false, true])
      await expect(auth.users.setEmail(id, { email, confirmed })).rejects.toMatchObject({ code })
    expect(await auth.users.find(BOB)).toMatchObject({ user: { id, email: BOB } })
    expect(await newMails()).toEqual([])
    expect(await operatorActions(auth)).toEqual([])
  })

  it('needs no mail server for a vouched-for address', async () => {
    const auth = await freshAuth(engine)
    const { id } = await auth.registerUser(BOB, PASSWORD)
    await auth.users.setEmail(id, { email: NEW, confirmed: true })
    expect(await auth.validLogin(NEW, PASSWORD)).toBe(true)
  })
})

onEachEngine('mail sent by operators', (engine) => {
  it('is not sent to disabled or unknown accounts and leaves no audit record', async () => {
    const { auth, id, unconfirmed, newMails } = await openProduction(engine)
    for (const userId of [id, unconfirmed.id]) await auth.users.disable(userId)
    const before = await operatorActions(auth)
    for (const userId of [id, unconfirmed.id, NOBODY]) {
      expect(await auth.users.sendPasswordReset(userId)).toBe(false)
      expect(await auth.users.sendConfirmation(userId)).toBe(false)
      expect(await auth.users.setEmail(userId, { email: NEW })).toBe(false)
    }
    expect(await auth.users.setEmail(NOBODY, { email: NEW, confirmed: true })).toBe(false)
    expect(await auth.users.setEmail(id, { email: NEW, confirmed: true })).toBe(true)
    expect((await newMails()).map(({ kind }) => kind)).toEqual(['email_changed'])
    expect(await operatorActions(auth)).toEqual([`change_email ${id}`, ...before])
  })

  it('is refused without a mail server or a base URL', async () => {
    for (const [options, option] of [
      [{ baseUrl: 'https://auth.example.com' }, 'smtpUrl'],
      [{ mailer: memoryMailer() }, 'baseUrl'],
    ] as const) {
      const auth = await freshAuth(engine, options)
      const { id } = await auth.registerUser(BOB, PASSWORD)
      const refusal = { name: 'OptionError', option }
      await expect(auth.users.sendPasswordReset(id)).rejects.toMatchObject(refusal)
      await expect(auth.users.sendConfirmation(id)).rejects.toMatchObject(refusal)
      await expect(auth.users.setEmail(id, { email: NEW })).rejects.toMatchObject(refusal)
    }
  })
})
