import { expect, it } from 'vitest'
import { CHEAP_HASHER, onBothEngines } from '../../../test/support/engines.ts'
import {
  everyRow,
  linkIn,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
  productionContext,
  sightOf,
} from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'
import type { Hasher } from '../../index.ts'
import * as account from '../account/index.ts'
import { createAccount } from '../account/new-account.ts'
import { sendDueMail } from '../delivery/send.ts'

const BOB = 'bob@example.com'
const INVALID = { code: 'invalid_reset_token' }
const OPTIONS = { sent: new Map<string, number>(), onFault: () => {} }

/** Text as it stands in JSON that is text in JSON. */
function quotedTwice(text: string): string {
  return JSON.stringify(JSON.stringify(text)).slice(1, -1)
}

onBothEngines('the reset of a password by mail', (engine) => {
  it('is asked for with the same answer for every address, and mails those that have an open account', async () => {
    let work = 0
    const hasher: Hasher = {
      hash: (password) => CHEAP_HASHER.hash(password).finally(() => work++),
      verify: (password, hash) => CHEAP_HASHER.verify(password, hash).finally(() => work++),
      verifyNothing: (password) => CHEAP_HASHER.verifyNothing(password).finally(() => work++),
      needsRehash: CHEAP_HASHER.needsRehash,
    }
    const { auth, db, newMails } = await productionAuth(engine, { hasher })
    await auth.users.create({ email: 'known@example.com', password: PASSWORD, confirmed: true })
    await auth.registerUser('unconfirmed@example.com', PASSWORD)
    const { id } = await auth.users.create({
      email: 'disabled@example.com',
      password: PASSWORD,
      confirmed: true,
    })
    await auth.users.disable(id)
    await newMails()
    const { users, sessions, tokens } = await everyRow(db)
    work = 0
    const sights: unknown[] = []
    const named = ['known', 'unconfirmed', 'disabled', 'unknown'].map((name) => `${name}@example.com`)
    for (const email of [...named, 'nope', 'known@example.com@example.com', 'known@example.com\0', ' ']) {
      const form = { email }
      const { audit = [] } = await everyRow(db)
      const sight = await sightOf(await send(auth, 'POST', '/reset_password', { form }))
      sights.push(JSON.parse(JSON.stringify(sight).replace(quotedTwice(email), 'EMAIL')))
      expect((await everyRow(db)).audit).toHaveLength(audit.length + 1)
    }
    expect(sights[0]).toMatchObject({ status: 200 })
    for (const sight of sights) expect(sight).toEqual(sights[0])
    expect(work).toBe(0)
    expect(await newMails()).toMatchObject([
      { kind: 'reset_password', to: 'known@example.com' },
      { kind: 'reset_password', to: 'unconfirmed@example.com' },
    ])
    // But for the tokens of the mails, nothing of any account is another.
    const after = await everyRow(db)
    expect(JSON.stringify(after.users).replace(/reset_token[^,]*,/g, '')).toBe(
      JSON.stringify(users).replace(/reset_token[^,]*,/g, ''),
    )
    expect(after.sessions).toEqual(sessions)
    expect(after.tokens?.length).toBe((tokens?.length ?? 0) + 2)
  })

  it('is answered as ever while the account goes away', async () => {
    const { auth } = await productionAuth(engine, { resetRequestsPerAccount: 100 })
    for (let round = 0; round < 10; round++) {
      const email = `user${round}@example.com`
      const { id } = await auth.registerUser(email, PASSWORD)
      await auth.account.requestPasswordReset({ email })
      const results = await Promise.allSettled([
        auth.account.requestPasswordReset({ email }),
        auth.account.requestConfirmation({ email }),
        auth.account.register({ email, password: NEW_PASSWORD }),
        auth.users.delete(id),
        auth.account.requestPasswordReset({ email }),
      ])
      expect(results.filter(({ status }) => status === 'rejected')).toEqual([])
    }
  })

  it('makes the token when the mail leaves, and keeps its secret nowhere, before or after', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    const before = await everyRow(ctx.db)
    expect(before.tokens).toEqual([])
    expect(before.outbox).toHaveLength(1)
    expect(JSON.stringify(before.outbox)).not.toContain('http')
    expect(JSON.stringify(before.outbox)).not.toContain(BOB)

    await sendDueMail(ctx, mailer, OPTIONS)
    const [mail] = mailer.mails
    const { token } = linkIn(mail ?? expect.unreachable())
    const [uuid = '', secret = ''] = token.split('.')
    const after = JSON.stringify(await everyRow(ctx.db))
    expect(after).toContain(uuid)
    for (const form of ['utf8', 'base64url'] as const) {
      const bytes = Buffer.from(secret, form)
      for (const trace of [secret, bytes.toString('hex'), bytes.toString('base64')])
        expect(after).not.toContain(trace)
    }
    expect((await everyRow(ctx.db)).outbox).toEqual([])
  })

  it('gives the link its hour from when the mail left, however long it waited', async () => {
    const ctx = await productionContext(engine)
    let isDown = true
    const mailer = memoryMailer(() => {
      if (isDown) throw new Error('the server is down')
    })
    await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    await sendDueMail(ctx, mailer, OPTIONS)
    isDown = false
    ctx.now.advance(86_400)
    await sendDueMail(ctx, mailer, OPTIONS)
    const { token } = linkIn(mailer.mails[0] ?? expect.unreachable())
    ctx.now.advance(3_599)
    await account.resetPassword(ctx, { resetToken: token, newPassword: NEW_PASSWORD }, {})

    await account.requestPasswordReset(ctx, { email: BOB }, {})
    await sendDueMail(ctx, mailer, OPTIONS)
    const late = mailer.mails.filter(({ kind }) => kind === 'reset_password').at(-1)
    ctx.now.advance(3_600)
    await expect(
      account.resetPassword(
        ctx,
        { resetToken: linkIn(late ?? expect.unreachable()).token, newPassword: PASSWORD },
        {},
      ),
    ).rejects.toMatchObject(INVALID)
  })

  it('voids the link that went out with a mail which could not be sent', async () => {
    const ctx = await productionContext(engine)
    const links: string[] = []
    const mailer = memoryMailer((mail) => {
      links.push(linkIn(mail).token)
      // It took the message, and then said that it had not.
      if (links.length === 1) throw new Error('connection lost')
    })
    await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    await sendDueMail(ctx, mailer, OPTIONS)
    ctx.now.advance(60)
    await sendDueMail(ctx, mailer, OPTIONS)
    const [first = '', second = ''] = links
    await expect(
      account.resetPassword(ctx, { resetToken: first, newPassword: NEW_PASSWORD }, {}),
    ).rejects.toMatchObject(INVALID)
    await account.resetPassword(ctx, { resetToken: second, newPassword: NEW_PASSWORD }, {})
  })

  // https://github.com/advisories/GHSA-qw9g-7549-7wg5
  it('goes to the address of the account, whatever spelling of it was typed', async () => {
    const { auth, newMails } = await productionAuth(engine, { resetRequestsPerAccount: 100 })
    await auth.users.create({ email: 'mike@example.com', password: PASSWORD, confirmed: true })
    // Each is the same address by our rules, and another mailbox to a server that follows others.
    for (const email of ['MIKE@example.com', 'mi\u212Ae@example.com', 'mike@\uFF45xample.com']) {
      await auth.account.requestPasswordReset({ email })
      const mails = await newMails()
      expect(mails.map(({ to }) => to)).toEqual(['mike@example.com'])
      expect(linkIn(mails[0] ?? expect.unreachable()).email).toBe('mike@example.com')
    }
    // Others only look like it.
    for (const email of [
      'm\u0131ke@example.com',
      'mike@example.co',
      'mike+1@example.com',
      'm.ike@example.com',
    ])
      await auth.account.requestPasswordReset({ email })
    expect(await newMails()).toEqual([])
  })

  it('confirms the address: whoever has the link reads the mailbox', async () => {
    const { auth, now, mailedLink } = await productionAuth(engine)
    const { id } = await auth.registerUser(BOB, PASSWORD)
    await auth.account.requestPasswordReset({ email: BOB })
    const { token } = await mailedLink('reset_password')
    now.advance(60)
    await auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD, email: BOB })
    expect(await auth.db.findUserBy({ id })).toMatchObject({ emailVerifiedAt: now() })
    await auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD })
  })

  it('leaves a confirmed address confirmed since when it was', async () => {
    const { auth, now, mailedLink } = await productionAuth(engine)
    const { id, emailVerifiedAt } = await auth.users.create({
      email: BOB,
      password: PASSWORD,
      confirmed: true,
    })
    await auth.account.requestPasswordReset({ email: BOB })
    const { token } = await mailedLink('reset_password')
    now.advance(60)
    await auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD })
    expect((await auth.db.findUserBy({ id })).emailVerifiedAt).toEqual(emailVerifiedAt)
  })

  it('ends every session, signs nobody in, and sends a notice without a secret or a link', async () => {
    const { auth, db, newMails, mailedLink } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const { sessionToken } = await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    await auth.account.requestPasswordReset({ email: BOB })
    const { token, email } = await mailedLink('reset_password')
    const response = await send(auth, 'PUT', '/reset_password', {
      form: { email: email ?? '', reset_token: token, new_password: NEW_PASSWORD },
      sessionToken,
    })
    expect(response.status).toBe(200)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(await response.json()).toEqual({ email: BOB, message: 'Password updated' })
    expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    expect((await everyRow(db)).sessions).toEqual([])
    const mails = await newMails()
    expect(mails).toMatchObject([{ kind: 'password_changed', to: BOB }])
    for (const secret of [NEW_PASSWORD, PASSWORD, token.slice(37), 'http'])
      expect(JSON.stringify(mails)).not.toContain(secret)
  })

  it('is held to the policy, and the link is still good where it refuses', async () => {
    const { auth, mailedLink } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await auth.account.requestPasswordReset({ email: BOB })
    const { token } = await mailedLink('reset_password')
    for (const [newPassword, code] of [
      ['fourteen chars', 'password_too_short'],
      ['passwordpassword', 'password_too_common'],
      ['bob@example.com1', 'password_guessable'],
    ] as const) {
      await expect(auth.account.resetPassword({ resetToken: token, newPassword })).rejects.toMatchObject({
        code,
        field: 'newPassword',
      })
    }
    await auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD })
  })

  it('dies with the address that the link was made for', async () => {
    const { auth, mailedLink } = await productionAuth(engine)
    const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await auth.account.requestPasswordReset({ email: BOB })
    const { token } = await mailedLink('reset_password')
    // Whoever runs the service moved the account; the link is in the old mailbox.
    await auth.db.updateUser(id, { email: 'robert@example.com' })
    await expect(
      auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD }),
    ).rejects.toMatchObject(INVALID)
    expect(await auth.db.findUserBy({ id })).toMatchObject({ emailVerifiedAt: null, passwordVersion: 1 })
  })

  it('lifts the mark of a password that others know', async () => {
    const { auth, mailedLink } = await productionAuth(engine)
    const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const { sessionToken } = await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    await auth.users.markPasswordCompromised(id)
    expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    await expect(auth.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject({
      code: 'password_compromised',
    })
    // It is told to nobody who does not know the password.
    await expect(auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD })).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    await auth.account.requestPasswordReset({ email: BOB })
    const { token } = await mailedLink('reset_password')
    await auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD })
    await auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD })
  })
})
