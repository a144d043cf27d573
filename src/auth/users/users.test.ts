import { expect, it } from 'vitest'
import { freshAuth, onBothEngines, onEachEngine, testClock } from '../../../test/support/engines.ts'
import { productionAuth } from '../../../test/support/production.ts'

onEachEngine('registerUser', (engine) => {
  it('returns the new user with a hashed password and no session', async () => {
    const now = testClock()
    const auth = await freshAuth(engine, { now })
    const user = await auth.registerUser('Bob@example.com', 'b4l0u')
    expect(user).toMatchObject({
      email: 'Bob@example.com',
      sessionId: null,
      resetToken: null,
      createdAt: now(),
      // Classic mode asks for no confirmation.
      emailVerifiedAt: null,
      passwordCompromisedAt: null,
      locale: null,
    })
    expect(user.hashedPassword).toMatch(/^\$2b\$04\$/)
    expect(await auth.db.findUserBy({ email: 'bob@example.com' })).toEqual(user)
  })

  it('refuses a taken address in any spelling, with the message of the exercise', async () => {
    const auth = await freshAuth(engine)
    await auth.registerUser('bob@example.com', 'b4l0u')
    for (const email of ['bob@example.com', 'BOB@example.com', ' bob@EXAMPLE.com ']) {
      await expect(auth.registerUser(email, 'other')).rejects.toMatchObject({
        code: 'email_taken',
        message: `User ${email} already exists`,
      })
    }
  })

  it.each([
    ['', 'b4l0u', 'missing_field', 'email'],
    ['bob', 'b4l0u', 'invalid_email', 'email'],
    ['bob@example.com\n', 'b4l0u', 'invalid_email', 'email'],
    [null, 'b4l0u', 'invalid_email', 'email'],
    ['bob@example.com', '', 'missing_field', 'password'],
    ['bob@example.com', 'x'.repeat(1_025), 'password_too_long', 'password'],
    ['bob@example.com', '\ud800', 'invalid_field', 'password'],
    ['bob@example.com', undefined, 'missing_field', 'password'],
  ])('refuses %j with the password %j', async (email, password, code, field) => {
    const auth = await freshAuth(engine)
    await expect(auth.registerUser(email as string, password as string)).rejects.toMatchObject({
      code,
      field,
    })
    expect(await auth.users.list().next()).toEqual({ done: true, value: undefined })
  })

  it('counts the minimum length in code points [PW-01]', async () => {
    const auth = await freshAuth(engine, { minPasswordLength: 4 })
    await expect(auth.registerUser('a@example.com', '👩👩👩')).rejects.toMatchObject({
      code: 'password_too_short',
    })
    await auth.registerUser('a@example.com', '👩👩👩👩')
  })
})

onBothEngines('registerUser at the same time', (engine) => {
  it('creates one account for twenty concurrent registrations [EML-02]', async () => {
    const auth = await freshAuth(engine)
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        auth.registerUser(index % 2 ? 'bob@example.com' : 'BOB@example.com', 'b4l0u'),
      ),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'email_taken' })
    }
    const users = []
    for await (const user of auth.users.list()) users.push(user)
    expect(users).toHaveLength(1)
  })
})

onEachEngine('disabling an account', (engine) => {
  it('ends all access at once without revealing why [SES-11]', async () => {
    const auth = await freshAuth(engine)
    const { id } = await auth.registerUser('bob@example.com', 'b4l0u')
    const sessionToken = await auth.createSession('bob@example.com')
    const resetToken = await auth.getResetPasswordToken('bob@example.com')
    expect(await auth.users.disable(id)).toBe(true)

    expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    expect(await auth.createSession('bob@example.com')).toBeNull()
    expect(await auth.validLogin('bob@example.com', 'b4l0u')).toBe(false)
    await expect(
      auth.signIn.withPassword({ email: 'bob@example.com', password: 'b4l0u' }),
    ).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    await expect(auth.getResetPasswordToken('bob@example.com')).rejects.toMatchObject({
      code: 'unknown_email',
    })
    await expect(auth.updatePassword(resetToken, 'new')).rejects.toMatchObject({
      code: 'invalid_reset_token',
    })
    expect(await auth.db.findUserBy({ id })).toMatchObject({
      sessionId: null,
      resetToken: null,
      disabledAt: expect.any(Date),
    })
  })

  it('is undone by enabling it, which restores no session', async () => {
    const auth = await freshAuth(engine)
    const { id } = await auth.registerUser('bob@example.com', 'b4l0u')
    const sessionToken = await auth.createSession('bob@example.com')
    await auth.users.disable(id)
    expect(await auth.users.enable(id)).toBe(true)
    expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    expect(await auth.validLogin('bob@example.com', 'b4l0u')).toBe(true)
  })

  it('again keeps the original time', async () => {
    const now = testClock()
    const auth = await freshAuth(engine, { now })
    const { id } = await auth.registerUser('bob@example.com', 'b4l0u')
    const since = now()
    await auth.users.disable(id)
    now.advance(60)
    await auth.users.disable(id)
    expect((await auth.db.findUserBy({ id })).disabledAt).toEqual(since)
  })

  it('reports an unknown account, like every operator action', async () => {
    const auth = await freshAuth(engine)
    expect(await auth.users.disable(4711)).toBe(false)
    expect(await auth.users.enable(4711)).toBe(false)
    expect(await auth.users.delete(4711)).toBe(false)
    expect(await auth.users.confirmEmail(4711)).toBe(false)
    expect(await auth.users.unlock(4711)).toBe(false)
    expect(await auth.users.markPasswordCompromised(4711)).toBe(false)
    // No audit record is written either.
    expect(await Array.fromAsync(auth.audit.list())).toEqual([])
    expect(await auth.users.find('nobody@example.com')).toBeNull()
  })
})

onEachEngine('a compromised password', (engine) => {
  it('must be reset before any sign-in, and only a correct password reveals it [PW-09]', async () => {
    const now = testClock()
    const auth = await freshAuth(engine, { now })
    const { id } = await auth.registerUser('bob@example.com', 'b4l0u')
    // Age alone does not compromise a password.
    now.advance(20 * 365 * 86_400)
    expect(await auth.validLogin('bob@example.com', 'b4l0u')).toBe(true)
    const sessionToken = await auth.createSession('bob@example.com')
    const outstanding = await auth.getResetPasswordToken('bob@example.com')
    expect(await auth.users.markPasswordCompromised(id)).toBe(true)
    expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    await expect(auth.updatePassword(outstanding, 'new')).rejects.toMatchObject({
      code: 'invalid_reset_token',
    })

    const since = now()
    now.advance(60)
    await auth.users.markPasswordCompromised(id)
    expect((await auth.db.findUserBy({ id })).passwordCompromisedAt).toEqual(since)

    await expect(
      auth.signIn.withPassword({ email: 'bob@example.com', password: 'b4l0u' }),
    ).rejects.toMatchObject({
      code: 'password_compromised',
    })
    await expect(
      auth.signIn.withPassword({ email: 'bob@example.com', password: 'wrong' }),
    ).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    expect(await auth.validLogin('bob@example.com', 'b4l0u')).toBe(false)

    expect(await auth.createSession('bob@example.com')).toBeNull()

    // A compromised password must not be reset to itself.
    const token = await auth.getResetPasswordToken('bob@example.com')
    await expect(auth.updatePassword(token, 'b4l0u')).rejects.toMatchObject({
      code: 'password_breached',
      field: 'newPassword',
    })
    await auth.updatePassword(token, 'new')
    expect((await auth.db.findUserBy({ id })).passwordCompromisedAt).toBeNull()
    await auth.signIn.withPassword({ email: 'bob@example.com', password: 'new' })
  })

  it('is not revealed for a disabled account', async () => {
    const auth = await freshAuth(engine)
    const { id } = await auth.registerUser('bob@example.com', 'b4l0u')
    await auth.users.markPasswordCompromised(id)
    await auth.users.disable(id)
    await expect(
      auth.signIn.withPassword({ email: 'bob@example.com', password: 'b4l0u' }),
    ).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
  })
})

onBothEngines('an id that no account can have', (engine) => {
  it.each([Number.NaN, 1.5, 2 ** 31, 2 ** 53])('is unknown: %s', async (id) => {
    const { auth } = await productionAuth(engine)
    const { users } = auth
    const answers = await Promise.all([
      users.disable(id),
      users.enable(id),
      users.delete(id),
      users.confirmEmail(id),
      users.unlock(id),
      users.markPasswordCompromised(id),
      users.requireSecondFactor(id, { required: true }),
      users.sendConfirmation(id),
      users.sendPasswordReset(id),
      users.setEmail(id, { email: 'bob@example.com' }),
      users.revokeFactors(id, { totp: true }),
      users.update(id, { name: 'Bob' }),
      users.privateMetadata(id),
      users.listSessions(id),
      users.endSessions(id),
    ])
    expect(answers).toEqual([...Array(11).fill(false), null, null, [], undefined])
    expect(await Array.fromAsync(auth.audit.list({ userId: id }))).toEqual([])
    expect(await Array.fromAsync(auth.audit.list())).toEqual([])
  })
})

onBothEngines('text that no address can contain', (engine) => {
  it.each(['bob\0@example.com', '\u0300\u0316'.repeat(100_000)])('finds nobody, at once', async (text) => {
    const { users, sessions } = await freshAuth(engine)
    expect(await users.find(text)).toBeNull()
    expect(await sessions.create({ email: text })).toBeNull()
    expect(await Array.fromAsync(users.list({ email: text }))).toEqual([])
  })
})

onEachEngine('the list of users', (engine) => {
  it('returns every user once across pages', async () => {
    const auth = await freshAuth(engine)
    const emails = Array.from({ length: 1_003 }, (_, index) => `user${index}@example.com`)
    for (const email of emails) await auth.db.addUser(email, '!')
    const listed: string[] = []
    for await (const user of auth.users.list()) listed.push(user.email)
    expect(listed).toEqual(emails)
  })
})
