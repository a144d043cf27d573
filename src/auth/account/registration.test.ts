import { InsertQueryNode } from 'kysely'
import { expect, it } from 'vitest'
import {
  CHEAP_HASHER,
  freshAuth,
  onBothEngines,
  onEachEngine,
  watchedHasher,
} from '../../../test/support/engines.ts'
import {
  breakTable,
  everyRow,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
  productionContext,
  sightOf,
} from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'
import * as store from '../../db/index.ts'
import type { Auth, Hasher } from '../../index.ts'
import { inTransaction } from '../context.ts'
import { register } from './registration.ts'
import { removeAccount } from './removal.ts'

const BOB = 'bob@example.com'
const DAY = 86_400

/** The states of an address. */
const STATES = ['new', 'taken', 'unconfirmed', 'disabled'] as const

const REFUSED = [
  [BOB, 'fourteen chars', 'password_too_short', 'password'],
  [BOB, 'passwordpassword', 'password_too_common', 'password'],
  [BOB, 'auth.example.com', 'password_guessable', 'password'],
  [BOB, 'bob@example.com1', 'password_guessable', 'password'],
  [BOB, 'x'.repeat(1_025), 'password_too_long', 'password'],
  [BOB, '', 'missing_field', 'password'],
  [BOB, '\ud800 a tortoise under', 'invalid_field', 'password'],
  ['', PASSWORD, 'missing_field', 'email'],
  ['bob', PASSWORD, 'invalid_email', 'email'],
  ['bob@example.com\nbcc: rob@example.com', PASSWORD, 'invalid_email', 'email'],
] as const

async function createAccount(auth: Auth, email: string, state: (typeof STATES)[number]): Promise<void> {
  if (state === 'new') return
  const { id } = await auth.users.create({ email, password: PASSWORD, confirmed: state !== 'unconfirmed' })
  if (state === 'disabled') await auth.users.disable(id)
}

async function usersOf(auth: Auth) {
  return Array.fromAsync(auth.users.list())
}

onEachEngine('closed registration', (engine) => {
  it.each(STATES)('refuses a %s address before any work, always with the same answer', async (state) => {
    const hasher: Hasher = { ...CHEAP_HASHER, hash: () => expect.unreachable('it hashed') }
    const open = await productionAuth(engine)
    await createAccount(open.auth, BOB, state)
    await open.newMails()
    const { databaseUrl } = open.auth.options
    const { auth } = await productionAuth(engine, { databaseUrl, registration: 'closed', hasher })
    const before = await everyRow(open.db)
    for (const password of [PASSWORD, 'short']) {
      const response = await send(auth, 'POST', '/users', { json: { email: BOB, password } })
      expect(response.status).toBe(403)
      expect(await response.json()).toEqual({
        message: 'Registration is closed. Ask the operator of this service for an account.',
        code: 'registration_closed',
        request_id: expect.any(String),
      })
      await expect(auth.account.register({ email: BOB, password })).rejects.toMatchObject({
        code: 'registration_closed',
      })
    }
    expect(await everyRow(open.db)).toEqual(before)
  })

  it('leaves the operator free to add accounts', async () => {
    const auth = await freshAuth(engine, { registration: 'closed', hasher: CHEAP_HASHER })
    await expect(auth.account.register({ email: BOB, password: 'b4l0u' })).rejects.toMatchObject({
      code: 'registration_closed',
    })
    const { email } = await auth.registerUser(BOB, 'b4l0u')
    expect(email).toBe(BOB)
    expect(await auth.signIn.withPassword({ email: BOB, password: 'b4l0u' })).toMatchObject({
      user: { email: BOB },
    })
  })
})

onEachEngine('registration with uniform answers', (engine) => {
  it.each(STATES.slice(1))('answers for a %s address as for a new one [LGN-07, CX-08]', async (state) => {
    const { auth } = await productionAuth(engine)
    await createAccount(auth, BOB, state)
    const answers: unknown[] = []
    for (const email of ['new@example.com', BOB]) {
      const response = await send(auth, 'POST', '/users', { json: { email, password: NEW_PASSWORD } })
      answers.push(JSON.parse(JSON.stringify(await sightOf(response)).replaceAll(email, 'ADDRESS')))
    }
    expect(answers[0]).toMatchObject({ status: 200 })
    expect(answers[1]).toEqual(answers[0])
    expect(await auth.account.register({ email: ` ${BOB} `, password: NEW_PASSWORD })).toEqual({ email: BOB })
  })

  it.each(STATES)(
    'hashes once and writes the same number of rows for a %s address [LGN-07]',
    async (state) => {
      let hashes = 0
      const hasher = watchedHasher(() => void hashes++)
      const { auth, db, newMails } = await productionAuth(engine, { hasher })
      await createAccount(auth, BOB, state)
      await newMails()
      const before = (await everyRow(db)).audit?.length ?? 0
      hashes = 0
      await auth.account.register({ email: BOB, password: NEW_PASSWORD })
      expect(hashes).toBe(1)
      expect((await everyRow(db)).audit).toHaveLength(before + 1)
    },
  )

  it.each([
    ['new', [{ kind: 'verify_email', to: BOB }]],
    ['taken', [{ kind: 'account_exists', to: BOB }]],
    ['unconfirmed', [{ kind: 'account_exists', to: BOB }]],
    ['disabled', []],
  ] as const)('sends mail for a %s address only to that mailbox [LGN-07]', async (state, mails) => {
    const { auth, newMails } = await productionAuth(engine)
    await createAccount(auth, BOB, state)
    await createAccount(auth, 'rob@example.com', 'taken')
    await newMails()
    await auth.account.register({ email: BOB, password: NEW_PASSWORD })
    expect(await newMails()).toMatchObject(mails)
  })

  it('does not change an existing account with the address', async () => {
    const { auth, db, newMails } = await productionAuth(engine)
    await createAccount(auth, BOB, 'taken')
    const before = await everyRow(db)
    await auth.account.register(
      { email: 'BOB@example.com', password: NEW_PASSWORD },
      { acceptLanguage: 'fr' },
    )
    await newMails()
    const { users, sessions } = await everyRow(db)
    // Except for the token of the mail, which the row of the account names.
    const withoutToken = (rows: unknown) => JSON.stringify(rows).replace(/reset_token[^,]*,/, '')
    expect(withoutToken(users)).toBe(withoutToken(before.users))
    expect(sessions).toEqual(before.sessions)
    expect(await auth.validLogin(BOB, PASSWORD)).toBe(true)
    expect(await auth.validLogin(BOB, NEW_PASSWORD)).toBe(false)
  })

  it('mails a confirmation link to a new address and a reset link to an existing account', async () => {
    const { auth, mailedLink } = await productionAuth(engine)
    await auth.account.register({ email: 'Bob@example.com', password: PASSWORD })
    const confirmation = await mailedLink('verify_email')
    expect(confirmation).toMatchObject({ page: 'https://auth.example.com/confirm_email', email: null })
    await auth.account.confirmEmail({ token: confirmation.token, password: PASSWORD })
    await auth.account.register({ email: BOB, password: NEW_PASSWORD })
    const reset = await mailedLink('account_exists')
    expect(reset).toMatchObject({
      page: 'https://auth.example.com/reset_password',
      email: 'Bob@example.com',
    })
    await auth.account.resetPassword({ resetToken: reset.token, newPassword: NEW_PASSWORD })
    expect(await auth.validLogin(BOB, NEW_PASSWORD)).toBe(true)
  })

  it('writes in the language of the request, or of the existing account', async () => {
    const { auth, newMails } = await productionAuth(engine)
    await auth.account.register(
      { email: BOB, password: PASSWORD },
      { acceptLanguage: 'pl, fr;q=0.8, en;q=0.5' },
    )
    expect(await newMails()).toMatchObject([{ kind: 'verify_email', language: 'fr' }])
    await auth.account.register({ email: BOB, password: PASSWORD }, { acceptLanguage: 'en' })
    expect(await newMails()).toMatchObject([{ kind: 'account_exists', language: 'fr' }])
    await auth.account.register({ email: 'rob@example.com', password: PASSWORD })
    expect(await newMails()).toMatchObject([{ kind: 'verify_email', language: 'en' }])
  })
})

onBothEngines('registrations at the same time', (engine) => {
  it('answers twenty concurrent requests alike, and creates one account with the password of one of them', async () => {
    const { auth, newMails } = await productionAuth(engine, { resetRequestsPerAccount: 100 })
    const passwords = Array.from({ length: 20 }, (_, index) => `${PASSWORD} ${index}`)
    const answers = await Promise.all(
      passwords.map((password) => auth.account.register({ email: BOB, password })),
    )
    for (const answer of answers) expect(answer).toEqual({ email: BOB })
    expect(await usersOf(auth)).toHaveLength(1)
    const { hashedPassword } = await auth.db.findUserBy({ email: BOB })
    const opening = await Promise.all(
      passwords.map((password) => CHEAP_HASHER.verify(password, hashedPassword)),
    )
    expect(opening.filter(Boolean)).toHaveLength(1)
    const mails = await newMails()
    expect(new Set(mails.map(({ to }) => to))).toEqual(new Set([BOB]))
    for (const { kind } of mails) expect(['verify_email', 'account_exists']).toContain(kind)
  })
})

it('registers an address if its account is deleted at the same time, on postgres', async () => {
  const ctx = await productionContext('postgres')
  const { id } = await store.addUser(ctx.db, BOB, 'hash', { createdAt: ctx.now() })
  const inserting = new WeakSet<object>()
  let refusals = 0
  // Deletes the account after the insertion found the address taken, and before the account is looked up.
  const db = ctx.db.withPlugin({
    transformQuery: ({ node, queryId }) => {
      if (InsertQueryNode.is(node) && node.into?.table.identifier.name === 'users') inserting.add(queryId)
      return node
    },
    async transformResult({ result, queryId }) {
      if (inserting.has(queryId) && result.rows.length === 0 && ++refusals === 1)
        await inTransaction(ctx, (tx) => removeAccount(tx, id, {}))
      return result
    },
  })
  expect(await register({ ...ctx, db }, { email: BOB, password: NEW_PASSWORD })).toEqual({ email: BOB })
  expect(refusals).toBe(1)
  const user = (await store.findUserByEmail(ctx.db, BOB)) ?? expect.unreachable()
  expect(user.id).not.toBe(id)
  expect(await CHEAP_HASHER.verify(NEW_PASSWORD, user.hashedPassword)).toBe(true)
})

onBothEngines('registration', (engine) => {
  it('reports a taken address and sends no mail if answers are explicit [CX-08]', async () => {
    const { auth, newMails } = await productionAuth(engine, { registrationAnswer: 'explicit' })
    await auth.account.register({ email: BOB, password: PASSWORD })
    expect(await newMails()).toMatchObject([{ kind: 'verify_email', to: BOB }])
    await expect(
      auth.account.register({ email: ' BOB@example.com', password: PASSWORD }),
    ).rejects.toMatchObject({
      code: 'email_taken',
      message: 'User  BOB@example.com already exists',
    })
    expect(await newMails()).toEqual([])
  })

  it('reports a taken address in classic mode, and needs no confirmation [CX-08]', async () => {
    const auth = await freshAuth(engine)
    await auth.account.register({ email: BOB, password: 'b4l0u' })
    await expect(auth.account.register({ email: BOB, password: 'b4l0u' })).rejects.toMatchObject({
      code: 'email_taken',
    })
    await auth.signIn.withPassword({ email: BOB, password: 'b4l0u' })
    expect(await auth.delivery.count()).toBe(0)
  })

  it('writes nothing but counters if refused [PW-01, PW-07]', async () => {
    const { auth, db } = await productionAuth(engine, { resetRequestsPerAccount: 100 })
    const written = async () => ({ ...(await everyRow(db)), throttles: [] })
    const before = await written()
    for (const [email, password, code, field] of REFUSED) {
      await expect(auth.account.register({ email, password })).rejects.toMatchObject({ code, field })
      await expect(auth.registerUser(email, password)).rejects.toMatchObject({ code, field })
    }
    expect(await written()).toEqual(before)
  })

  it('commits account, mail and audit record together or not at all', async () => {
    const { auth, db } = await productionAuth(engine)
    const rows = async () => {
      const { users, outbox, audit } = await everyRow(db)
      return { users, outbox, audit }
    }
    for (const table of ['users', 'outbox', 'audit']) {
      const repair = await breakTable(db, table, 'insert')
      await expect(auth.account.register({ email: BOB, password: PASSWORD })).rejects.toThrow(
        'broken by the test',
      )
      await expect(auth.registerUser(BOB, PASSWORD)).rejects.toThrow('broken by the test')
      expect(await rows()).toEqual({ users: [], outbox: [], audit: [] })
      await repair()
    }
    await auth.account.register({ email: BOB, password: PASSWORD })
    expect(await rows()).toMatchObject({ users: [expect.anything()], audit: [expect.anything()] })
  })

  it('skips the confirmation if the caller vouches for the address', async () => {
    const { auth, newMails } = await productionAuth(engine)
    const user = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    expect(user.emailVerifiedAt).toEqual(user.createdAt)
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    expect(await newMails()).toMatchObject([{ kind: 'new_device' }])
  })
})

onEachEngine('an account with an unconfirmed address', (engine) => {
  it('cannot sign in, and every failed sign-in has the same answer that names the confirmation route [EML-07]', async () => {
    const { auth, db } = await productionAuth(engine)
    await auth.account.register({ email: BOB, password: PASSWORD })
    expect(await auth.createSession(BOB)).toBeNull()
    const { id } = await auth.users.create({
      email: 'disabled@example.com',
      password: PASSWORD,
      confirmed: true,
    })
    await auth.users.disable(id)
    await auth.users.create({ email: 'confirmed@example.com', password: PASSWORD, confirmed: true })
    const login = async (email: string, password: string) =>
      sightOf(await send(auth, 'POST', '/sessions', { json: { email, password } }))
    const answer = await login(BOB, PASSWORD)
    const message =
      'The email address or the password is wrong, or the account is not active. Check both, or reset the password. If the address is not confirmed yet, POST /request_confirmation sends the email again.'
    expect(answer).toMatchObject({
      status: 401,
      body: `${JSON.stringify({ message, code: 'invalid_credentials' }).slice(0, -1)},}`,
    })
    expect(await login(BOB, NEW_PASSWORD)).toEqual(answer)
    expect(await login('nobody@example.com', PASSWORD)).toEqual(answer)
    expect(await login('disabled@example.com', PASSWORD)).toEqual(answer)
    expect(await login('confirmed@example.com', NEW_PASSWORD)).toEqual(answer)
    expect(await auth.validLogin(BOB, PASSWORD)).toBe(false)
    expect((await everyRow(db)).sessions).toEqual([])
  })

  it('is not mentioned in refusals without email verification or during a session', async () => {
    const classic = await freshAuth(engine)
    const message =
      'The email address or the password is wrong, or the account is not active. Check both, or reset the password.'
    const refused = { code: 'invalid_credentials', message }
    await expect(classic.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject(
      refused,
    )
    const { auth } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const sessionToken = await auth.createSession(BOB)
    await expect(
      auth.signIn.reauthenticate({ password: NEW_PASSWORD }, { sessionToken }),
    ).rejects.toMatchObject(refused)
  })

  it('receives a new mail after a sign-in with the right password only', async () => {
    const { auth, newMails, mailedLink } = await productionAuth(engine)
    await auth.account.register({ email: BOB, password: PASSWORD })
    const first = await mailedLink('verify_email')
    await expect(auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD })).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    expect(await newMails()).toEqual([])
    await expect(auth.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    const second = await mailedLink('verify_email')
    await auth.account.confirmEmail({ token: second.token, password: PASSWORD })
    await expect(auth.account.confirmEmail({ token: first.token, password: PASSWORD })).rejects.toMatchObject(
      {
        code: 'invalid_confirmation_token',
      },
    )
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
  })

  it('is deleted with its links after exactly seven days and can be registered again', async () => {
    const { auth, now, mailedLink } = await productionAuth(engine, { emailTokenLifetimeSeconds: DAY })
    await auth.account.register({ email: BOB, password: PASSWORD })
    const first = await auth.db.findUserBy({ email: BOB })
    now.advance(6 * DAY + 1)
    now.advance(DAY - 2)
    expect(await auth.deleteExpired()).toMatchObject({ accounts: 0 })
    await auth.account.requestConfirmation({ email: BOB })
    const { token } = await mailedLink('verify_email')
    now.advance(1)
    expect(await auth.deleteExpired()).toMatchObject({ accounts: 1 })
    await expect(auth.account.confirmEmail({ token, password: PASSWORD })).rejects.toMatchObject({
      code: 'invalid_confirmation_token',
    })
    await auth.account.register({ email: BOB, password: NEW_PASSWORD })
    expect((await auth.db.findUserBy({ email: BOB })).id).toBeGreaterThan(first.id)
  })

  it('is kept once it is confirmed by link, by reset or by an operator', async () => {
    const { auth, now, mailedLink } = await productionAuth(engine)
    await auth.account.register({ email: 'link@example.com', password: PASSWORD })
    await auth.account.confirmEmail({ token: (await mailedLink('verify_email')).token, password: PASSWORD })
    await auth.account.register({ email: 'reset@example.com', password: PASSWORD })
    await auth.account.requestPasswordReset({ email: 'reset@example.com' })
    const { token } = await mailedLink('reset_password')
    await auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD })
    const vouched = await auth.registerUser('vouched@example.com', PASSWORD)
    expect(await auth.users.confirmEmail(vouched.id)).toBe(true)
    now.advance(365 * DAY)
    expect(await auth.deleteExpired()).toMatchObject({ accounts: 0 })
    expect(await usersOf(auth)).toHaveLength(3)
    for (const { emailVerifiedAt } of await usersOf(auth)) expect(emailVerifiedAt).not.toBeNull()
  })

  it('is kept if it was registered before confirmation was required', async () => {
    const classic = await freshAuth(engine)
    const { databaseUrl } = classic.options
    await classic.registerUser(BOB, 'b4l0u')
    await classic.db.addUser('rob@example.com', '!')
    const { auth, now } = await productionAuth(engine, { databaseUrl })
    now.advance(365 * DAY)
    expect(await auth.deleteExpired()).toMatchObject({ accounts: 0 })
    expect(await usersOf(auth)).toHaveLength(2)
    // It still needs a confirmed address to sign in.
    await expect(auth.signIn.withPassword({ email: BOB, password: 'b4l0u' })).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
  })

  it('is deleted in batches, without affecting confirmed accounts', async () => {
    const { auth, now, db } = await productionAuth(engine)
    const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const stale = Array.from({ length: 1_001 }, (_, index) => ({
      email: `${index}@example.com`,
      normalized_email: `${index}@example.com`,
      hashed_password: '!',
      created_at: now().getTime(),
      password_version: 1,
      unconfirmed_until: now().getTime() + 1_000,
    }))
    await db
      .insertInto('users')
      .values(stale.map((row) => ({ ...NOTHING, ...row })))
      .execute()
    now.advance(1)
    expect(await auth.deleteExpired()).toMatchObject({ accounts: 1_001 })
    expect((await usersOf(auth)).map((user) => user.id)).toEqual([id])
  })
})

const NOTHING = {
  session_id: null,
  reset_token: null,
  disabled_at: null,
  email_verified_at: null,
  password_compromised_at: null,
  locale: null,
  name: null,
  picture: null,
  metadata: null,
  private_metadata: null,
}
