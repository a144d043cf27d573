import { expect, it } from 'vitest'
import { onEachEngine } from '../../../test/support/engines.ts'
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
import { signedIn, signInNewUser } from '../../../test/support/signed-in.ts'
import type { Auth } from '../../index.ts'

const BOB = 'bob@example.com'
const NEW = 'robert@example.com'
const INVALID = { code: 'invalid_confirmation_token' }

/** Registers Bob. Returns the token of his confirmation mail. */
async function registerBob(production: Production): Promise<{ id: number; token: string }> {
  await production.auth.account.register({ email: BOB, password: PASSWORD })
  const { token } = await production.mailedLink('verify_email')
  return { id: (await production.auth.db.findUserBy({ email: BOB })).id, token }
}

/** Signs Bob in and requests an address change. Returns the token of the mail to the new address. */
async function requestMove(
  production: Production,
): Promise<{ id: number; sessionToken: string; token: string }> {
  const bob = await signInNewUser(production)
  await production.auth.account.changeEmail({ email: NEW }, { sessionToken: bob.sessionToken })
  return { ...bob, token: (await production.mailedLink('confirm_new_email')).token }
}

async function canSignIn(auth: Auth, email: string, password = PASSWORD): Promise<boolean> {
  return auth.validLogin(email, password)
}

onEachEngine('the confirmation of an email address', (engine) => {
  it('needs the token and the password, and starts no session [EML-03]', async () => {
    const production = await productionAuth(engine)
    const { auth, now, db } = production
    const { id, token } = await registerBob(production)
    now.advance(60)
    const response = await send(auth, 'POST', '/confirm_email', { json: { token, password: PASSWORD } })
    expect(response.status).toBe(200)
    expect(response.headers.getSetCookie()).toEqual([])
    expect((await everyRow(db)).sessions).toEqual([])
    expect(await auth.db.findUserBy({ id })).toMatchObject({ emailVerifiedAt: now() })
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
  })

  it('with a wrong password is refused, keeps the token and counts as a failed sign-in [EML-03]', async () => {
    const production = await productionAuth(engine, { loginFailuresPerAccount: 4 })
    const { auth, now } = production
    const { id, token } = await registerBob(production)
    const guess = (password: string) => auth.account.confirmEmail({ token, password })
    for (const password of [NEW_PASSWORD, `${PASSWORD} `]) {
      await expect(guess(password)).rejects.toMatchObject({ code: 'invalid_credentials' })
    }
    // The third and fourth wrong guesses are sign-ins: they share one limit.
    for (let guesses = 0; guesses < 2; guesses++) expect(await canSignIn(auth, BOB, NEW_PASSWORD)).toBe(false)
    await expect(guess(PASSWORD)).rejects.toMatchObject({ code: 'too_many_attempts', retryAfterSeconds: 1 })
    await expect(auth.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject({
      code: 'too_many_attempts',
    })
    expect((await auth.db.findUserBy({ id })).emailVerifiedAt).toBeNull()
    now.advance(1)
    await guess(PASSWORD)
    expect(await canSignIn(auth, BOB)).toBe(true)
  })

  it('counts wrong guesses per IP address across all accounts', async () => {
    const production = await productionAuth(engine, { loginFailuresPerIp: 3 })
    const { auth } = production
    const { token } = await registerBob(production)
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

  it('accepts only its exact token and refuses everything else alike', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { id, token } = await registerBob(production)
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

  it('refuses an invalid password and keeps the token', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { token } = await registerBob(production)
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

  it('accepts the token for a day after the mail was sent [EML-03]', async () => {
    const production = await productionAuth(engine)
    const { auth, now, mailedLink } = production
    const { token } = await registerBob(production)
    now.advance(86_400)
    await expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject(INVALID)
    await auth.account.requestConfirmation({ email: BOB })
    const next = await mailedLink('verify_email')
    now.advance(86_399)
    await auth.account.confirmEmail({ token: next.token, password: PASSWORD })
  })

  it('accepts each outstanding link once more are requested, and no other link after one is used [EML-03]', async () => {
    const production = await productionAuth(engine)
    const { auth, db, mailedLink } = production
    const { token } = await registerBob(production)
    await auth.account.requestConfirmation({ email: ' BOB@example.com' })
    const newer = await mailedLink('verify_email')
    await auth.account.requestPasswordReset({ email: BOB })
    const reset = await mailedLink('reset_password')
    await auth.account.confirmEmail({ token, password: PASSWORD })
    await expect(auth.account.confirmEmail({ token: newer.token, password: PASSWORD })).rejects.toMatchObject(
      INVALID,
    )
    expect(await db.selectFrom('tokens').select('purpose').execute()).toEqual([{ purpose: 'reset_password' }])
    await auth.account.resetPassword({ resetToken: reset.token, newPassword: NEW_PASSWORD })
  })

  it('is refused after a password reset', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { token } = await registerBob(production)
    await auth.account.requestPasswordReset({ email: BOB })
    const reset = await mailedLink('reset_password')
    await auth.account.resetPassword({ resetToken: reset.token, newPassword: NEW_PASSWORD })
    for (const password of [PASSWORD, NEW_PASSWORD]) {
      await expect(auth.account.confirmEmail({ token, password })).rejects.toMatchObject(INVALID)
    }
  })

  it('is refused after the account was deleted or disabled or its address changed [EML-03]', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { id, token } = await registerBob(production)
    const refused = () =>
      expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject(INVALID)
    // Bypasses the use cases, which would revoke the token.
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

  it('can be requested again, with the same answer for every address and mail only to unconfirmed accounts', async () => {
    const { auth, newMails } = await productionAuth(engine)
    await auth.registerUser('unconfirmed@example.com', PASSWORD)
    await auth.users.create({ email: 'confirmed@example.com', password: PASSWORD, confirmed: true })
    const disabled = await auth.registerUser('disabled@example.com', PASSWORD)
    await auth.users.disable(disabled.id)
    await newMails()
    const answers: unknown[] = []
    const named = ['unconfirmed', 'confirmed', 'disabled', 'nobody'].map((name) => `${name}@example.com`)
    for (const email of [
      ...named,
      'nope',
      '<unconfirmed@example.com>',
      'unconfirmed@example.com@example.com',
    ]) {
      const json = { email }
      const answer = await sightOf(await send(auth, 'POST', '/request_confirmation', { json }))
      answers.push(JSON.parse(JSON.stringify(answer).replaceAll(email, 'EMAIL')))
    }
    expect(answers[0]).toMatchObject({ status: 200 })
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(await newMails()).toMatchObject([{ kind: 'verify_email', to: 'unconfirmed@example.com' }])
  })
})

onEachEngine('a registration with another person’s address', (engine) => {
  it('gives the attacker no access, even if the owner follows the link [EML-07]', async () => {
    const production = await productionAuth(engine)
    const { auth, db, mailedLink } = production
    // The attacker knows the password. The victim has the link.
    const { id, token } = await registerBob(production)
    await expect(auth.account.confirmEmail({ token, password: NEW_PASSWORD })).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    expect(await canSignIn(auth, BOB)).toBe(false)

    // The victim registers, learns by mail that there is an account, and sets a password of their own.
    await auth.account.register({ email: BOB, password: NEW_PASSWORD })
    const reset = await mailedLink('account_exists')
    await auth.account.resetPassword({ resetToken: reset.token, newPassword: NEW_PASSWORD })
    expect(await canSignIn(auth, BOB)).toBe(false)
    expect(await canSignIn(auth, BOB, NEW_PASSWORD)).toBe(true)
    await expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject(INVALID)
    expect(await auth.db.findUserBy({ email: BOB })).toMatchObject({
      id,
      emailVerifiedAt: expect.any(Date),
    })
    const { sessions, tokens } = await everyRow(db)
    expect({ sessions, tokens }).toEqual({ sessions: [], tokens: [] })
  })

  it('by an address change gives neither side access to the other', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { id, token } = await requestMove(production)
    // The owner of the mailbox has the link, but not the password.
    for (const password of [NEW_PASSWORD, 'another password of theirs']) {
      await expect(auth.account.confirmEmail({ token, password })).rejects.toMatchObject({
        code: 'invalid_credentials',
      })
    }
    expect(await auth.db.findUserBy({ id })).toMatchObject({ email: BOB })
    // The owner then registers the address and confirms it.
    await auth.account.register({ email: NEW, password: NEW_PASSWORD })
    const own = await mailedLink('verify_email')
    await auth.account.confirmEmail({ token: own.token, password: NEW_PASSWORD })
    await expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject(INVALID)
    expect(await auth.db.findUserBy({ id })).toMatchObject({ email: BOB })
    expect(await canSignIn(auth, NEW, NEW_PASSWORD)).toBe(true)
  })

  it('does not block the owner of the mailbox: the unconfirmed account is removed [EML-07]', async () => {
    const production = await productionAuth(engine)
    const { auth, newMails } = production
    const { id, token } = await requestMove(production)
    // An attacker registers the new address, but cannot confirm it.
    await auth.account.register({ email: NEW, password: NEW_PASSWORD }, CLIENT)
    await newMails()
    const { id: attacker } = await auth.db.findUserBy({ email: NEW })
    expect(await auth.account.confirmEmail({ token, password: PASSWORD }, CLIENT)).toMatchObject({
      id,
      email: NEW,
    })
    // As with every deleted account, the records about it name no IP address and no device.
    const about = await Array.fromAsync(auth.audit.list({ userId: attacker }))
    const nowhere = { userId: attacker, ip: null, userAgent: null }
    expect(about).toMatchObject([
      {
        ...nowhere,
        action: 'delete_account',
        outcome: 'success',
        reason: 'address_confirmed',
        actor: 'user',
        actorId: String(id),
      },
      { ...nowhere, action: 'register' },
    ])
    expect(await Array.fromAsync(auth.users.list())).toMatchObject([{ id, email: NEW }])
    expect(await canSignIn(auth, NEW, NEW_PASSWORD)).toBe(false)
    expect(await canSignIn(auth, NEW)).toBe(true)
  })
})

onEachEngine('an email address change', (engine) => {
  it('asks the new address for confirmation, notifies the old one, and changes nothing yet [EML-06, LGN-12]', async () => {
    const production = await productionAuth(engine)
    const { auth, newMails } = production
    const { id, sessionToken } = await signInNewUser(production)
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
    expect(await canSignIn(auth, BOB)).toBe(true)
    expect(await canSignIn(auth, NEW)).toBe(false)
  })

  it('takes effect when confirmed, notifies the old address, and keeps sessions [EML-06, LGN-12]', async () => {
    const production = await productionAuth(engine)
    const { auth, now, newMails } = production
    const { id, sessionToken, token } = await requestMove(production)
    now.advance(60)
    expect(await auth.account.confirmEmail({ token, password: PASSWORD })).toMatchObject({ id, email: NEW })
    expect(await auth.db.findUserBy({ id })).toMatchObject({ email: NEW, emailVerifiedAt: now() })
    expect(await newMails()).toMatchObject([
      { kind: 'email_changed', to: BOB, text: expect.stringContaining('r***@example.com') },
    ])
    expect(await canSignIn(auth, NEW)).toBe(true)
    expect(await canSignIn(auth, BOB)).toBe(false)
    expect((await auth.getUserFromSessionId(sessionToken))?.email).toBe(NEW)
    await expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject(INVALID)
  })

  it('revokes links that were sent to the old address', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { token } = await requestMove(production)
    await auth.account.requestPasswordReset({ email: BOB })
    const reset = await mailedLink('reset_password')
    await auth.account.confirmEmail({ token, password: PASSWORD })
    await expect(
      auth.account.resetPassword({ resetToken: reset.token, newPassword: NEW_PASSWORD }),
    ).rejects.toMatchObject({ code: 'invalid_reset_token' })
    expect(await canSignIn(auth, NEW)).toBe(true)
  })

  it('to a taken address gets the same answer, and only that mailbox gets a mail', async () => {
    const production = await productionAuth(engine)
    const { auth, newMails } = production
    const { id, sessionToken } = await signInNewUser(production)
    await auth.users.create({ email: 'taken@example.com', password: PASSWORD, confirmed: true })
    const ask = async (email: string) => {
      const answer = await sightOf(
        await send(auth, 'PUT', '/profile/email', { json: { email }, sessionToken }),
      )
      return JSON.parse(JSON.stringify(answer).replaceAll(email, 'ADDRESS'))
    }
    const answer = await ask(NEW)
    expect(answer).toMatchObject({ status: 200 })
    await newMails()
    expect(await ask('taken@example.com')).toEqual(answer)
    expect(await newMails()).toMatchObject([
      { kind: 'email_change_requested', to: BOB },
      { kind: 'account_exists', to: 'taken@example.com' },
    ])
    expect((await auth.db.findUserBy({ id })).email).toBe(BOB)
  })

  it('to an address taken in the meantime is refused and changes nothing', async () => {
    const production = await productionAuth(engine)
    const { auth, db, newMails } = production
    const { token } = await requestMove(production)
    await auth.users.create({ email: NEW, password: NEW_PASSWORD, confirmed: true })
    await newMails()
    const state = async () => {
      const { users, sessions, tokens, outbox, audit } = await everyRow(db)
      return { users, sessions, tokens, outbox, audit }
    }
    const before = await state()
    await expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject(INVALID)
    expect(await state()).toEqual(before)
    expect(await canSignIn(auth, BOB)).toBe(true)
    expect(await canSignIn(auth, NEW, NEW_PASSWORD)).toBe(true)
  })

  it('to the same address succeeds for only one of two accounts', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { token } = await requestMove(production)
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

  it('may change only the spelling of the address', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { sessionToken } = await signInNewUser(production)
    await auth.account.changeEmail({ email: 'Bob@Example.com' }, { sessionToken })
    const { token } = await mailedLink('confirm_new_email')
    expect(await auth.account.confirmEmail({ token, password: PASSWORD })).toMatchObject({
      email: 'Bob@Example.com',
    })
    expect(await canSignIn(auth, BOB)).toBe(true)
  })

  it('requires a session and a re-authentication within ten minutes [EML-06]', async () => {
    const production = await productionAuth(engine)
    const { auth, now, newMails } = production
    const { sessionToken } = await signInNewUser(production)
    for (const sessionToken of [null, undefined, '', `${auth.generateUuid()}.${'A'.repeat(43)}`]) {
      await expect(auth.account.changeEmail({ email: NEW }, { sessionToken })).rejects.toMatchObject({
        code: 'unauthenticated',
      })
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

  it('is revoked by a newer request, a password change, a compromised password and a disabled account', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { id, ...bob } = await requestMove(production)
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
    const login = signedIn(await auth.signIn.withPassword({ email: BOB, password: PASSWORD }))
    const fourth = await moving(login.sessionToken)
    await auth.users.disable(id)
    await auth.users.enable(id)
    await refused(fourth, PASSWORD)
    expect((await auth.db.findUserBy({ id })).email).toBe(BOB)
  })
})
