import { expect, it } from 'vitest'
import { onBothEngines } from '../../../test/support/engines.ts'
import {
  CLIENT,
  everyRow,
  NEW_PASSWORD,
  PASSWORD,
  type Production,
  productionAuth,
  sightOf,
} from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'
import type { Auth } from '../../index.ts'

const BOB = 'bob@example.com'
const NEW = 'robert@example.com'
const INVALID = { code: 'invalid_confirmation_token' }

/** Bob has registered; the link that confirms is in his mailbox. */
async function bobAwaits(production: Production): Promise<{ id: number; token: string }> {
  await production.auth.account.register({ email: BOB, password: PASSWORD })
  const { token } = await production.mailedLink('verify_email')
  return { id: (await production.auth.db.findUserBy({ email: BOB })).id, token }
}

/** Bob has an account and is signed in. */
async function bobIsIn({ auth, newMails }: Production): Promise<{ id: number; sessionToken: string }> {
  const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
  const { sessionToken } = await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
  await newMails()
  return { id, sessionToken }
}

/** And has asked for another address: the link is in its mailbox. */
async function bobMoves(
  production: Production,
): Promise<{ id: number; sessionToken: string; token: string }> {
  const bob = await bobIsIn(production)
  await production.auth.account.changeEmail({ email: NEW }, { sessionToken: bob.sessionToken })
  return { ...bob, token: (await production.mailedLink('confirm_new_email')).token }
}

async function isOpen(auth: Auth, email: string, password = PASSWORD): Promise<boolean> {
  return auth.validLogin(email, password)
}

onBothEngines('the confirmation of an address', (engine) => {
  it('takes the token and the password, and opens the account but no session', async () => {
    const production = await productionAuth(engine)
    const { auth, now, db } = production
    const { id, token } = await bobAwaits(production)
    now.advance(60)
    const response = await send(auth, 'POST', '/confirm_email', { json: { token, password: PASSWORD } })
    expect(response.status).toBe(200)
    expect(response.headers.getSetCookie()).toEqual([])
    expect((await everyRow(db)).sessions).toEqual([])
    expect(await auth.db.findUserBy({ id })).toMatchObject({ emailVerifiedAt: now() })
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
  })

  it('with the wrong password is refused, keeps the token, and counts as a failed login', async () => {
    const production = await productionAuth(engine, { loginFailuresPerAccount: 4 })
    const { auth, now } = production
    const { id, token } = await bobAwaits(production)
    const guess = (password: string) => auth.account.confirmEmail({ token, password })
    for (const password of [NEW_PASSWORD, `${PASSWORD} `]) {
      await expect(guess(password)).rejects.toMatchObject({ code: 'invalid_credentials' })
    }
    // The third and the fourth are guessed elsewhere: it is one limit.
    for (let guesses = 0; guesses < 2; guesses++) expect(await isOpen(auth, BOB, NEW_PASSWORD)).toBe(false)
    await expect(guess(PASSWORD)).rejects.toMatchObject({ code: 'too_many_attempts', retryAfterSeconds: 1 })
    await expect(auth.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject({
      code: 'too_many_attempts',
    })
    expect((await auth.db.findUserBy({ id })).emailVerifiedAt).toBeNull()
    now.advance(1)
    await guess(PASSWORD)
    expect(await isOpen(auth, BOB)).toBe(true)
  })

  it('counts guesses under the address that they come from, over all accounts', async () => {
    const production = await productionAuth(engine, { loginFailuresPerIp: 3 })
    const { auth } = production
    const { token } = await bobAwaits(production)
    for (let guesses = 0; guesses < 3; guesses++) {
      await expect(
        auth.signIn.withPassword({ email: `user${guesses}@example.com`, password: PASSWORD }, CLIENT),
      ).rejects.toMatchObject({ code: 'invalid_credentials' })
    }
    await expect(auth.account.confirmEmail({ token, password: PASSWORD }, CLIENT)).rejects.toMatchObject({
      code: 'too_many_attempts',
    })
    await auth.account.confirmEmail({ token, password: PASSWORD }, { ip: '198.51.100.1' })
  })

  it('is done by one of twenty at once', async () => {
    const production = await productionAuth(engine, { loginFailuresPerAccount: 100 })
    const { auth } = production
    const { token } = await bobAwaits(production)
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => auth.account.confirmEmail({ token, password: PASSWORD })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject(INVALID)
    }
    await expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject(INVALID)
  })

  it('takes nothing but the exact token of its own purpose, and says no more', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { id, token } = await bobAwaits(production)
    await auth.account.requestPasswordReset({ email: BOB })
    const reset = await mailedLink('reset_password')
    const [uuid, secret] = token.split('.') as [string, string]
    const [resetUuid, resetSecret] = reset.token.split('.') as [string, string]
    const wrong = [
      '',
      uuid,
      secret,
      `${uuid}.${'A'.repeat(43)}`,
      `${uuid}.${resetSecret}`,
      `${resetUuid}.${secret}`,
      ` ${token}`,
      token.toUpperCase(),
      reset.token,
      null,
      undefined,
      { token },
    ]
    for (const value of wrong) {
      await expect(
        auth.account.confirmEmail({ token: value as string, password: PASSWORD }),
      ).rejects.toMatchObject(INVALID)
    }
    await expect(
      auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD }),
    ).rejects.toMatchObject({
      code: 'invalid_reset_token',
    })
    expect((await auth.db.findUserBy({ id })).emailVerifiedAt).toBeNull()
    await auth.account.confirmEmail({ token, password: PASSWORD })
  })

  it('refuses what can be no password, and keeps the token', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { token } = await bobAwaits(production)
    for (const [password, code] of [
      ['', 'missing_field'],
      [undefined, 'missing_field'],
      [0, 'invalid_field'],
      ['x'.repeat(1_025), 'password_too_long'],
    ] as const) {
      await expect(auth.account.confirmEmail({ token, password: password as string })).rejects.toMatchObject({
        code,
        field: 'password',
      })
    }
    await auth.account.confirmEmail({ token, password: PASSWORD })
  })

  it('takes the token for its time from when the mail left', async () => {
    const production = await productionAuth(engine)
    const { auth, now, mailedLink } = production
    const { token } = await bobAwaits(production)
    now.advance(86_400)
    await expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject(INVALID)
    await auth.account.requestConfirmation({ email: BOB })
    const next = await mailedLink('verify_email')
    now.advance(86_399)
    await auth.account.confirmEmail({ token: next.token, password: PASSWORD })
  })

  it('takes the token of the newest mail alone', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { token } = await bobAwaits(production)
    await auth.account.requestConfirmation({ email: ' BOB@example.com' })
    const newer = await mailedLink('verify_email')
    await expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject(INVALID)
    await auth.account.confirmEmail({ token: newer.token, password: PASSWORD })
  })

  it('dies with a reset of the password', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { token } = await bobAwaits(production)
    await auth.account.requestPasswordReset({ email: BOB })
    const reset = await mailedLink('reset_password')
    await auth.account.resetPassword({ resetToken: reset.token, newPassword: NEW_PASSWORD })
    for (const password of [PASSWORD, NEW_PASSWORD]) {
      await expect(auth.account.confirmEmail({ token, password })).rejects.toMatchObject(INVALID)
    }
  })

  it('dies with the account, with its shutting, and with another address', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { id, token } = await bobAwaits(production)
    const refused = () =>
      expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject(INVALID)
    // An address that was changed past the use cases, and back.
    await auth.db.updateUser(id, { email: NEW })
    await refused()
    await auth.db.updateUser(id, { email: BOB })
    await auth.users.disable(id)
    await refused()
    await auth.users.enable(id)
    await refused()
    expect((await auth.db.findUserBy({ id })).emailVerifiedAt).toBeNull()
    await auth.users.delete(id)
    await refused()
  })

  it('can be asked for again: the same answer for every address, and mail for whom it awaits', async () => {
    const { auth, newMails } = await productionAuth(engine)
    await auth.registerUser('awaits@example.com', PASSWORD)
    await auth.users.create({ email: 'confirmed@example.com', password: PASSWORD, confirmed: true })
    const shut = await auth.registerUser('shut@example.com', PASSWORD)
    await auth.users.disable(shut.id)
    await newMails()
    const sights: unknown[] = []
    const named = ['awaits', 'confirmed', 'shut', 'nobody'].map((name) => `${name}@example.com`)
    for (const email of [...named, 'nope', '<awaits@example.com>', 'awaits@example.com@example.com']) {
      const json = { email }
      const sight = await sightOf(await send(auth, 'POST', '/request_confirmation', { json }))
      sights.push(JSON.parse(JSON.stringify(sight).replaceAll(email, 'EMAIL')))
    }
    expect(sights[0]).toMatchObject({ status: 200 })
    for (const sight of sights) expect(sight).toEqual(sights[0])
    expect(await newMails()).toMatchObject([{ kind: 'verify_email', to: 'awaits@example.com' }])
  })
})

onBothEngines('the registration of somebody else’s address', (engine) => {
  it('opens nothing to whoever did it, not even where its owner follows the link', async () => {
    const production = await productionAuth(engine)
    const { auth, db, mailedLink } = production
    // The attacker knows this password; the link is with the victim.
    const { id, token } = await bobAwaits(production)
    await expect(auth.account.confirmEmail({ token, password: NEW_PASSWORD })).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    expect(await isOpen(auth, BOB)).toBe(false)

    // The victim registers, learns by mail that there is an account, and sets a password of their own.
    await auth.account.register({ email: BOB, password: NEW_PASSWORD })
    const reset = await mailedLink('account_exists')
    await auth.account.resetPassword({ resetToken: reset.token, newPassword: NEW_PASSWORD })
    expect(await isOpen(auth, BOB)).toBe(false)
    expect(await isOpen(auth, BOB, NEW_PASSWORD)).toBe(true)
    await expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject(INVALID)
    expect(await auth.db.findUserBy({ email: BOB })).toMatchObject({
      id,
      emailVerifiedAt: expect.any(Date),
    })
    const { sessions, tokens } = await everyRow(db)
    expect({ sessions, tokens }).toEqual({ sessions: [], tokens: [] })
  })

  it('by a change of one’s own address gives its owner nothing of the account, nor the account the address', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { id, token } = await bobMoves(production)
    // Who reads the mailbox has the link, and not the password.
    for (const password of [NEW_PASSWORD, 'another password of theirs']) {
      await expect(auth.account.confirmEmail({ token, password })).rejects.toMatchObject({
        code: 'invalid_credentials',
      })
    }
    expect(await auth.db.findUserBy({ id })).toMatchObject({ email: BOB })
    // And registers it in the meantime, and confirms it: the address is theirs.
    await auth.account.register({ email: NEW, password: NEW_PASSWORD })
    const own = await mailedLink('verify_email')
    await auth.account.confirmEmail({ token: own.token, password: NEW_PASSWORD })
    await expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject(INVALID)
    expect(await auth.db.findUserBy({ id })).toMatchObject({ email: BOB })
    expect(await isOpen(auth, NEW, NEW_PASSWORD)).toBe(true)
  })

  it('keeps nobody from it who reads its mail: what was never confirmed gives way', async () => {
    const production = await productionAuth(engine)
    const { auth, newMails } = production
    const { id, token } = await bobMoves(production)
    // Somebody else registers the address that the link is on its way to, and cannot confirm it.
    await auth.account.register({ email: NEW, password: NEW_PASSWORD })
    await newMails()
    expect(await auth.account.confirmEmail({ token, password: PASSWORD })).toMatchObject({ id, email: NEW })
    expect(await Array.fromAsync(auth.users.list())).toMatchObject([{ id, email: NEW }])
    expect(await isOpen(auth, NEW, NEW_PASSWORD)).toBe(false)
    expect(await isOpen(auth, NEW)).toBe(true)
  })
})

onBothEngines('a change of address', (engine) => {
  it('asks the new one for its consent, tells the old one, and changes nothing yet', async () => {
    const production = await productionAuth(engine)
    const { auth, newMails } = production
    const { id, sessionToken } = await bobIsIn(production)
    const before = await auth.db.findUserBy({ id })
    await auth.account.changeEmail({ email: ` ${NEW} ` }, { sessionToken })
    const mails = await newMails()
    expect(mails).toMatchObject([
      { kind: 'email_change_requested', to: BOB, text: expect.stringContaining('r***@example.com') },
      { kind: 'confirm_new_email', to: NEW },
    ])
    // The old mailbox learns neither the new address nor a link.
    expect(mails[0]?.text).not.toContain(NEW)
    expect(mails[0]?.text).not.toContain('http')
    expect(await auth.db.findUserBy({ id })).toEqual(before)
    expect(await isOpen(auth, BOB)).toBe(true)
    expect(await isOpen(auth, NEW)).toBe(false)
  })

  it('makes the confirmed address the account’s, tells the old one, and leaves sessions open', async () => {
    const production = await productionAuth(engine)
    const { auth, now, newMails } = production
    const { id, sessionToken, token } = await bobMoves(production)
    now.advance(60)
    expect(await auth.account.confirmEmail({ token, password: PASSWORD })).toMatchObject({ id, email: NEW })
    expect(await auth.db.findUserBy({ id })).toMatchObject({ email: NEW, emailVerifiedAt: now() })
    expect(await newMails()).toMatchObject([
      { kind: 'email_changed', to: BOB, text: expect.stringContaining('r***@example.com') },
    ])
    expect(await isOpen(auth, NEW)).toBe(true)
    expect(await isOpen(auth, BOB)).toBe(false)
    expect((await auth.getUserFromSessionId(sessionToken))?.email).toBe(NEW)
    await expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject(INVALID)
  })

  it('voids what was mailed to the old address', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { token } = await bobMoves(production)
    await auth.account.requestPasswordReset({ email: BOB })
    const reset = await mailedLink('reset_password')
    await auth.account.confirmEmail({ token, password: PASSWORD })
    await expect(
      auth.account.resetPassword({ resetToken: reset.token, newPassword: NEW_PASSWORD }),
    ).rejects.toMatchObject({ code: 'invalid_reset_token' })
    expect(await isOpen(auth, NEW)).toBe(true)
  })

  it('to an address that somebody has is answered alike, and only that mailbox learns of it', async () => {
    const production = await productionAuth(engine)
    const { auth, newMails } = production
    const { id, sessionToken } = await bobIsIn(production)
    await auth.users.create({ email: 'taken@example.com', password: PASSWORD, confirmed: true })
    const ask = async (email: string) => {
      const sight = await sightOf(
        await send(auth, 'PUT', '/profile/email', { json: { email }, sessionToken }),
      )
      return JSON.parse(JSON.stringify(sight).replaceAll(email, 'ADDRESS'))
    }
    const sight = await ask(NEW)
    expect(sight).toMatchObject({ status: 200 })
    await newMails()
    expect(await ask('taken@example.com')).toEqual(sight)
    expect(await newMails()).toMatchObject([
      { kind: 'email_change_requested', to: BOB },
      { kind: 'account_exists', to: 'taken@example.com' },
    ])
    expect((await auth.db.findUserBy({ id })).email).toBe(BOB)
  })

  it('to an address that was taken meanwhile is refused, and changes nothing', async () => {
    const production = await productionAuth(engine)
    const { auth, db, newMails } = production
    const { token } = await bobMoves(production)
    await auth.users.create({ email: NEW, password: NEW_PASSWORD, confirmed: true })
    await newMails()
    const state = async () => {
      const { users, sessions, tokens, outbox, audit } = await everyRow(db)
      return { users, sessions, tokens, outbox, audit }
    }
    const before = await state()
    await expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject(INVALID)
    expect(await state()).toEqual(before)
    expect(await isOpen(auth, BOB)).toBe(true)
    expect(await isOpen(auth, NEW, NEW_PASSWORD)).toBe(true)
  })

  it('to one address by two accounts at once is one account’s', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { token } = await bobMoves(production)
    await auth.users.create({ email: 'rob@example.com', password: PASSWORD, confirmed: true })
    const { sessionToken } = await auth.signIn.withPassword({ email: 'rob@example.com', password: PASSWORD })
    await auth.account.changeEmail({ email: NEW }, { sessionToken })
    const robs = await mailedLink('confirm_new_email')
    const results = await Promise.allSettled(
      [token, robs.token].map((each) => auth.account.confirmEmail({ token: each, password: PASSWORD })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject(INVALID)
    }
  })

  it('to another spelling of the same address is possible', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { sessionToken } = await bobIsIn(production)
    await auth.account.changeEmail({ email: 'Bob@Example.com' }, { sessionToken })
    const { token } = await mailedLink('confirm_new_email')
    expect(await auth.account.confirmEmail({ token, password: PASSWORD })).toMatchObject({
      email: 'Bob@Example.com',
    })
    expect(await isOpen(auth, BOB)).toBe(true)
  })

  it('demands a session, and a password typed minutes ago, to the second', async () => {
    const production = await productionAuth(engine)
    const { auth, now, newMails } = production
    const { sessionToken } = await bobIsIn(production)
    for (const nobodys of [null, undefined, '', `${auth.generateUuid()}.${'A'.repeat(43)}`]) {
      await expect(auth.account.changeEmail({ email: NEW }, { sessionToken: nobodys })).rejects.toMatchObject(
        {
          code: 'unauthenticated',
        },
      )
    }
    for (const [email, code] of [
      ['', 'missing_field'],
      ['robert', 'invalid_email'],
      [`${NEW}\n`, 'invalid_email'],
    ]) {
      await expect(
        auth.account.changeEmail({ email: email as string }, { sessionToken }),
      ).rejects.toMatchObject({
        code,
        field: 'email',
      })
    }
    now.advance(600)
    await expect(auth.account.changeEmail({ email: NEW }, { sessionToken })).rejects.toMatchObject({
      code: 'reauthentication_required',
    })
    expect(await newMails()).toEqual([])
    const renewed = await auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken })
    now.advance(599)
    await auth.account.changeEmail({ email: NEW }, { sessionToken: renewed.sessionToken })
    expect(await newMails()).toHaveLength(2)
  })

  it('dies with a newer one, with another password, with the mark of a known one, and with the account’s shutting', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { id, ...bob } = await bobMoves(production)
    const refused = (token: string, password: string) =>
      expect(auth.account.confirmEmail({ token, password })).rejects.toMatchObject(INVALID)
    const moving = async (sessionToken: string) => {
      await auth.account.changeEmail({ email: 'third@example.com' }, { sessionToken })
      return (await mailedLink('confirm_new_email')).token
    }
    const second = await moving(bob.sessionToken)
    await refused(bob.token, PASSWORD)

    const { sessionToken } = await auth.account.changePassword(
      { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
      { sessionToken: bob.sessionToken },
    )
    await refused(second, NEW_PASSWORD)

    const third = await moving(sessionToken)
    await auth.users.markPasswordCompromised(id)
    await refused(third, NEW_PASSWORD)

    await auth.account.requestPasswordReset({ email: BOB })
    const reset = await mailedLink('reset_password')
    await auth.account.resetPassword({ resetToken: reset.token, newPassword: PASSWORD })
    const login = await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    const fourth = await moving(login.sessionToken)
    await auth.users.disable(id)
    await auth.users.enable(id)
    await refused(fourth, PASSWORD)
    expect((await auth.db.findUserBy({ id })).email).toBe(BOB)
  })
})
