import { expect, it } from 'vitest'
import { freshAuth, onEachEngine, watchedHasher } from '../../../test/support/engines.ts'
import {
  BASE_URL,
  everyRow,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
  sightOf,
} from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'

const BOB = 'Bob@example.com'
const WEEK = 7 * 86_400

/** Production mode with an account whose user must set the password with the mailed link. */
async function openWithLink(
  engine: Parameters<typeof productionAuth>[0],
  options: Parameters<typeof productionAuth>[1] = {},
) {
  const production = await productionAuth(engine, options)
  const { id } = await production.auth.users.create({ email: BOB, sendLink: true })
  const { email, page, token } = await production.mailedLink('set_password')
  return { ...production, id, email, page, token }
}

onEachEngine('users.create with sendLink', (engine) => {
  it('writes the profile and the metadata, and refuses a wrong one before anything is stored', async () => {
    const { auth, mailedLink } = await productionAuth(engine)
    const profile = { name: 'Bob', picture: 'https://example.com/bob.png', locale: 'fr' }
    const readable = { ...profile, metadata: { plan: 'pro' } }
    const privateMetadata = { customer: 'cus_1' }
    const request = { email: BOB, sendLink: true as const, ...readable, privateMetadata }
    await expect(auth.users.create({ ...request, picture: 'javascript:alert(1)' })).rejects.toMatchObject({
      code: 'invalid_field',
      field: 'picture',
    })
    expect(await auth.users.find(BOB)).toBeNull()
    const { id, ...account } = await auth.users.create(request)
    expect(account).toMatchObject(readable)
    expect(await auth.users.privateMetadata(id)).toEqual(privateMetadata)
    expect(await mailedLink('set_password')).toMatchObject({ email: BOB })
  })

  it('stores no password, and mails a link that sets one and does nothing else, once and for an hour [PW-14]', async () => {
    const { auth, db, now, email, page, token, mailedLink } = await openWithLink(engine)
    const [user] = await db.selectFrom('users').selectAll().execute()
    expect(user).toMatchObject({ hashed_password: '!', email_verified_at: null, unconfirmed_until: null })
    expect({ email, page }).toEqual({ email: BOB, page: `${BASE_URL}/reset_password` })
    expect(Buffer.from(token.split('.')[1] ?? '', 'base64url')).toHaveLength(32)

    // The link neither signs in nor confirms the address, and its token is not a password.
    expect(await auth.getUserFromSessionId(token)).toBeNull()
    await expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject({
      code: 'invalid_confirmation_token',
    })
    // Not only because the address is unconfirmed.
    const confirmAt = (time: number | null) =>
      db.updateTable('users').set({ email_verified_at: time }).execute()
    await confirmAt(1)
    for (const password of [token, '!']) expect(await auth.validLogin(BOB, password)).toBe(false)
    await confirmAt(null)
    expect(await auth.users.find(BOB)).toMatchObject({
      user: { state: 'no_password', emailVerifiedAt: null },
      liveSessions: 0,
    })

    now.advance(3_599)
    const request = { resetToken: token, newPassword: NEW_PASSWORD }
    await expect(auth.account.resetPassword({ ...request, newPassword: 'short' })).rejects.toMatchObject({
      code: 'password_too_short',
    })
    await auth.account.resetPassword(request)
    expect(await auth.users.find(BOB)).toMatchObject({
      user: { state: 'active', emailVerifiedAt: now() },
      liveSessions: 0,
    })
    await auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD })
    await expect(
      auth.account.resetPassword({ resetToken: token, newPassword: PASSWORD }),
    ).rejects.toMatchObject({ code: 'invalid_reset_token' })

    await auth.users.create({ email: 'late@example.com', sendLink: true })
    const late = await mailedLink('set_password')
    now.advance(3_600)
    await expect(
      auth.account.resetPassword({ resetToken: late.token, newPassword: PASSWORD }),
    ).rejects.toMatchObject({ code: 'invalid_reset_token' })
  })

  it('gives a sign-in the same answer after the same work as an unknown address, until the password is set', async () => {
    let work = 0
    const hasher = watchedHasher(() => void work++)
    const { auth } = await openWithLink(engine, { hasher })
    const sights = []
    for (const email of [BOB, 'eve@example.com']) {
      work = 0
      const answer = await sightOf(
        await send(auth, 'POST', '/sessions', { json: { email, password: PASSWORD } }),
      )
      sights.push({ answer: JSON.stringify(answer).replaceAll(email, 'EMAIL'), work })
    }
    expect(sights[0]).toEqual({ answer: expect.stringContaining('401'), work: 1 })
    expect(sights[1]).toEqual(sights[0])
  })

  it('keeps the account while the link is unused, and every later link works too', async () => {
    const { auth, now, id, mailedLink, newMails } = await openWithLink(engine)
    now.advance(WEEK)
    await auth.deleteExpired()
    await auth.account.requestPasswordReset({ email: BOB })
    const own = await mailedLink('reset_password')
    expect(await auth.users.sendPasswordReset(id)).toBe(true)
    await mailedLink('reset_password')
    // Confirming the address takes a password, so these mails have a link that sets one.
    await auth.account.requestConfirmation({ email: BOB })
    await mailedLink('set_password')
    expect(await auth.users.sendConfirmation(id)).toBe(true)
    const last = await mailedLink('set_password')
    await auth.account.resetPassword({ resetToken: last.token, newPassword: NEW_PASSWORD })
    await expect(
      auth.account.resetPassword({ resetToken: own.token, newPassword: PASSWORD }),
    ).rejects.toMatchObject({ code: 'invalid_reset_token' })
    expect((await newMails()).map(({ kind }) => kind)).toEqual(['password_changed'])
    expect(await auth.validLogin(BOB, NEW_PASSWORD)).toBe(true)
  })

  it('works while registration is closed, and is recorded as an act of the operator', async () => {
    const { auth, id, token } = await openWithLink(engine, { registration: 'closed' })
    await auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD })
    const lines = await Array.fromAsync(auth.audit.list())
    expect(lines.map(({ actor, action, userId }) => `${actor} ${action} ${userId}`).toSorted()).toEqual([
      `operator register ${id}`,
      `operator request_password_reset ${id}`,
      `user reset_password ${id}`,
    ])
  })

  it('writes to the user in the language of the caller', async () => {
    const { auth, newMails } = await productionAuth(engine)
    await auth.users.create({ email: BOB, sendLink: true }, { acceptLanguage: 'fr' })
    expect(await newMails()).toMatchObject([{ kind: 'set_password', language: 'fr' }])
  })

  it('reports a taken address, an invalid one, and a password beside the link, and adds nothing', async () => {
    const { auth, db, newMails } = await openWithLink(engine)
    const before = await everyRow(db)
    const refused: [request: object, code: string][] = [
      [{ email: BOB }, 'email_taken'],
      [{ email: BOB.toUpperCase() }, 'email_taken'],
      [{ email: 'bob' }, 'invalid_email'],
      [{ email: '' }, 'missing_field'],
      [{ email: 'eve@example.com', password: PASSWORD }, 'invalid_field'],
    ]
    for (const [request, code] of refused) {
      const creating = auth.users.create({ ...request, sendLink: true } as { email: string; sendLink: true })
      await expect(creating, JSON.stringify(request)).rejects.toMatchObject({ code })
    }
    expect(await everyRow(db)).toEqual(before)
    expect(await newMails()).toEqual([])
    // Of several at once, one adds the account.
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => auth.users.create({ email: 'eve@example.com', sendLink: true })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await newMails()).toHaveLength(1)
  })

  it('adds nothing if no mail can be sent, and works in classic mode with a mailer', async () => {
    const silent = await freshAuth(engine)
    await expect(silent.users.create({ email: BOB, sendLink: true })).rejects.toMatchObject({
      option: 'smtpUrl',
    })
    const withoutUrl = await freshAuth(engine, { mailer: memoryMailer() })
    await expect(withoutUrl.users.create({ email: BOB, sendLink: true })).rejects.toMatchObject({
      option: 'baseUrl',
    })
    for (const auth of [silent, withoutUrl]) expect(await auth.users.find(BOB)).toBeNull()

    const { auth, token } = await openWithLink(engine, { mode: 'classic' })
    await auth.account.resetPassword({ resetToken: token, newPassword: 'b4l0u' })
    expect(await auth.validLogin(BOB, 'b4l0u')).toBe(true)
  })
})
