import { expect, it } from 'vitest'
import { type EngineName, freshAuth, onBothEngines } from '../../../test/support/engines.ts'
import { memoryMailer, NEW_PASSWORD, PASSWORD, productionAuth } from '../../../test/support/production.ts'
import type { Auth } from '../../index.ts'

const BOB = 'bob@example.com'
const NEW = 'Robert@example.com'
const NOBODY = 4711

/** What operators have done to accounts. Lines of one moment stand in any order. */
async function doneByOperators(auth: Auth): Promise<string[]> {
  const lines = await Array.fromAsync(auth.audit.list())
  return lines
    .filter(({ actor, action }) => actor === 'operator' && !['register', 'login'].includes(action))
    .map(({ action, userId }) => `${action} ${userId}`)
    .toSorted()
}

/** Production with an account that is confirmed, and one that is not. */
async function stage(engine: EngineName) {
  const production = await productionAuth(engine, { resetRequestsPerAccount: 2 })
  const { auth, newMails } = production
  const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
  const unconfirmed = await auth.registerUser('new@example.com', PASSWORD)
  await newMails()
  return { ...production, id, unconfirmed }
}

onBothEngines('sendUserReset', (engine) => {
  it('mails a link that sets a new password, past the limit on requests', async () => {
    const { auth, id, mailedLink, newMails } = await stage(engine)
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
    expect(await doneByOperators(auth)).toEqual([`request_password_reset ${id}`])
  })
})

onBothEngines('resendConfirmation', (engine) => {
  it('mails the link again to an account that awaits it, past the limit on requests', async () => {
    const { auth, id, unconfirmed, mailedLink, newMails } = await stage(engine)
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
    // Confirmed by now, as the other one was from the beginning.
    expect(await auth.users.sendConfirmation(unconfirmed.id)).toBe(false)
    expect(await auth.users.sendConfirmation(id)).toBe(false)
    expect(await newMails()).toEqual([])
    expect(await doneByOperators(auth)).toEqual([`request_confirmation ${unconfirmed.id}`])
  })
})

onBothEngines('setUserEmail', (engine) => {
  it('changes nothing before the new mailbox has confirmed it with the password, and tells the old one', async () => {
    const { auth, id, newMails, mailedLink } = await stage(engine)
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
    expect(await doneByOperators(auth)).toEqual(Array(2).fill(`request_email_change ${id}`))
  })

  it('with the word of the operator changes it at once, confirmed, and ends what was opened before', async () => {
    const { auth, unconfirmed, newMails, mailedLink } = await stage(engine)
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
    // Another spelling of the same address: the mailbox is the same, and there is nothing to tell.
    await auth.users.setEmail(id, { email: NEW.toUpperCase(), confirmed: true })
    expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    expect((await auth.users.find(NEW))?.user.email).toBe(NEW.toUpperCase())
    expect(await newMails()).toEqual([])
    expect(await doneByOperators(auth)).toEqual(Array(2).fill(`change_email ${id}`))
  })

  it('gives an account no wrong guesses that were made before it had the address', async () => {
    const { auth, id } = await stage(engine)
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
  ])('refuses $email: $code', async ({ email, code }) => {
    const { auth, id, newMails } = await stage(engine)
    for (const confirmed of [false, true])
      await expect(auth.users.setEmail(id, { email, confirmed })).rejects.toMatchObject({ code })
    expect(await auth.users.find(BOB)).toMatchObject({ user: { id, email: BOB } })
    expect(await newMails()).toEqual([])
    expect(await doneByOperators(auth)).toEqual([])
  })

  it('needs no mail where the operator vouches', async () => {
    const auth = await freshAuth(engine)
    const { id } = await auth.registerUser(BOB, PASSWORD)
    await auth.users.setEmail(id, { email: NEW, confirmed: true })
    expect(await auth.validLogin(NEW, PASSWORD)).toBe(true)
  })
})

onBothEngines('what operators mail', (engine) => {
  it('reaches no account that is disabled or not there, and leaves no line', async () => {
    const { auth, id, unconfirmed, newMails } = await stage(engine)
    for (const userId of [id, unconfirmed.id]) await auth.users.disable(userId)
    const before = await doneByOperators(auth)
    for (const userId of [id, unconfirmed.id, NOBODY]) {
      expect(await auth.users.sendPasswordReset(userId)).toBe(false)
      expect(await auth.users.sendConfirmation(userId)).toBe(false)
      expect(await auth.users.setEmail(userId, { email: NEW })).toBe(false)
    }
    expect(await auth.users.setEmail(NOBODY, { email: NEW, confirmed: true })).toBe(false)
    expect(await auth.users.setEmail(id, { email: NEW, confirmed: true })).toBe(true)
    expect((await newMails()).map(({ kind }) => kind)).toEqual(['email_changed'])
    expect(await doneByOperators(auth)).toEqual([`change_email ${id}`, ...before])
  })

  it('is refused where there is no mail server, or no address for its links', async () => {
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
