import { expect, it } from 'vitest'
import { onEachEngine, watchedHasher } from '../../../test/support/engines.ts'
import {
  everyRow,
  linkIn,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
  productionContext,
  sendDueMail,
  sightOf,
} from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'
import { signedIn } from '../../../test/support/signed-in.ts'
import * as account from './index.ts'
import { createAccount } from './new-account.ts'

const BOB = 'bob@example.com'
const INVALID = { code: 'invalid_reset_token' }

/** The text as it appears in JSON that is itself a JSON string. */
function quotedTwice(text: string): string {
  return JSON.stringify(JSON.stringify(text)).slice(1, -1)
}

onEachEngine('a password reset by mail', (engine) => {
  it('gets the same answer for every address, and mail goes only to active accounts [REC-01, CX-01]', async () => {
    let work = 0
    const hasher = watchedHasher(() => void work++)
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
    const answers: unknown[] = []
    const named = ['known', 'unconfirmed', 'disabled', 'unknown'].map((name) => `${name}@example.com`)
    for (const email of [...named, 'nope', 'known@example.com@example.com', 'known@example.com\0', ' ']) {
      const form = { email }
      const { audit = [] } = await everyRow(db)
      const answer = await sightOf(await send(auth, 'POST', '/reset_password', { form }))
      answers.push(JSON.parse(JSON.stringify(answer).replace(quotedTwice(email), 'EMAIL')))
      expect((await everyRow(db)).audit).toHaveLength(audit.length + 1)
    }
    expect(answers[0]).toMatchObject({ status: 200 })
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(work).toBe(0)
    expect(await newMails()).toMatchObject([
      { kind: 'reset_password', to: 'known@example.com' },
      { kind: 'reset_password', to: 'unconfirmed@example.com' },
    ])
    // Except for the tokens of the mails, no account has changed.
    const after = await everyRow(db)
    expect(JSON.stringify(after.users).replace(/reset_token[^,]*,/g, '')).toBe(
      JSON.stringify(users).replace(/reset_token[^,]*,/g, ''),
    )
    expect(after.sessions).toEqual(sessions)
    expect(after.tokens?.length).toBe((tokens?.length ?? 0) + 2)
  })

  it('adds the same rows for every address before it answers [REC-01]', async () => {
    const ctx = await productionContext(engine)
    await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    for (const email of [BOB, 'nobody@example.com', 'nope']) {
      const before = await everyRow(ctx.db)
      await account.requestPasswordReset(ctx, { email }, {})
      const after = await everyRow(ctx.db)
      const added = Object.keys(after).map((name) => [name, after[name]?.length, before[name]?.length])
      const grown = added.flatMap(([name, now = 0, then = 0]) => (now > then ? [name] : []))
      expect(grown, email).toEqual(['audit', 'outbox', 'throttles'])
    }
  })

  it('creates the token when the mail is sent and never stores its secret', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    const before = await everyRow(ctx.db)
    expect(before.tokens).toEqual([])
    expect(before.outbox).toHaveLength(1)
    expect(JSON.stringify(before.outbox)).not.toContain('http')
    expect(JSON.stringify(before.outbox)).not.toContain(BOB)

    await sendDueMail(ctx, mailer)
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

  it('starts the hour of the link when the mail is sent', async () => {
    const ctx = await productionContext(engine)
    let isDown = true
    const mailer = memoryMailer(() => {
      if (isDown) throw new Error('the server is down')
    })
    await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    await sendDueMail(ctx, mailer)
    isDown = false
    ctx.now.advance(86_400)
    await sendDueMail(ctx, mailer)
    const { token } = linkIn(mailer.mails[0] ?? expect.unreachable())
    ctx.now.advance(3_599)
    await account.resetPassword(ctx, { resetToken: token, newPassword: NEW_PASSWORD }, {})

    await account.requestPasswordReset(ctx, { email: BOB }, {})
    await sendDueMail(ctx, mailer)
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

  it('revokes the link of a mail that failed, even if the server delivered it', async () => {
    const ctx = await productionContext(engine)
    const links: string[] = []
    const mailer = memoryMailer((mail) => {
      links.push(linkIn(mail).token)
      // The server accepted the message, but the connection failed.
      if (links.length === 1) throw new Error('connection lost')
    })
    await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    await sendDueMail(ctx, mailer)
    ctx.now.advance(60)
    await sendDueMail(ctx, mailer)
    const [first = '', second = ''] = links
    await expect(
      account.resetPassword(ctx, { resetToken: first, newPassword: NEW_PASSWORD }, {}),
    ).rejects.toMatchObject(INVALID)
    await account.resetPassword(ctx, { resetToken: second, newPassword: NEW_PASSWORD }, {})
  })

  // https://github.com/advisories/GHSA-qw9g-7549-7wg5
  it('is sent to the stored address for any spelling in the request [REC-02]', async () => {
    const { auth, newMails } = await productionAuth(engine, { resetRequestsPerAccount: 100 })
    await auth.users.create({ email: 'mike@example.com', password: PASSWORD, confirmed: true })
    // We treat these as the same address, but a mail server may deliver them to another mailbox.
    for (const email of ['MIKE@example.com', 'mi\u212Ae@example.com', 'mike@\uFF45xample.com']) {
      await auth.account.requestPasswordReset({ email })
      const mails = await newMails()
      expect(mails.map(({ to }) => to)).toEqual(['mike@example.com'])
      expect(linkIn(mails[0] ?? expect.unreachable()).email).toBe('mike@example.com')
    }
    // These only look similar.
    for (const email of [
      'm\u0131ke@example.com',
      'mike@example.co',
      'mike+1@example.com',
      'm.ike@example.com',
    ])
      await auth.account.requestPasswordReset({ email })
    expect(await newMails()).toEqual([])
  })

  it('confirms the address, because the link proves access to the mailbox [EML-07]', async () => {
    const { auth, now, mailedLink } = await productionAuth(engine)
    const { id } = await auth.registerUser(BOB, PASSWORD)
    await auth.account.requestPasswordReset({ email: BOB })
    const { token } = await mailedLink('reset_password')
    now.advance(60)
    await auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD, email: BOB })
    expect(await auth.db.findUserBy({ id })).toMatchObject({ emailVerifiedAt: now() })
    await auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD })
  })

  it('keeps the original confirmation time of a confirmed address', async () => {
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

  it('ends every session, starts none, and sends a notice without secrets or links [REC-09, LGN-12]', async () => {
    const { auth, db, newMails, mailedLink } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const { sessionToken } = signedIn(await auth.signIn.withPassword({ email: BOB, password: PASSWORD }))
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

  it('follows the password policy, and the link stays valid after a refusal [PW-01, PW-07]', async () => {
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

  it('is refused after the address of the account has changed [REC-07]', async () => {
    const { auth, mailedLink } = await productionAuth(engine)
    const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await auth.account.requestPasswordReset({ email: BOB })
    const { token } = await mailedLink('reset_password')
    // An operator changed the address; the link is in the old mailbox.
    await auth.db.updateUser(id, { email: 'robert@example.com' })
    await expect(
      auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD }),
    ).rejects.toMatchObject(INVALID)
    expect(await auth.db.findUserBy({ id })).toMatchObject({ emailVerifiedAt: null, passwordVersion: 1 })
  })
})
