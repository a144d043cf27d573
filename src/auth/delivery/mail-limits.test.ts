/** How much mail a client can cause from one IP address, and how much is sent in an hour, to one mailbox and in total. */
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { onBothEngines, onEachEngine } from '../../../test/support/engines.ts'
import {
  linkIn,
  type MemoryMailer,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  type Production,
  productionAuth,
  productionContext,
} from '../../../test/support/production.ts'
import { down, givenUp, sender } from '../../../test/support/sender.ts'
import { countMail } from '../../db/index.ts'
import type { AuthError, ErrorCode } from '../../index.ts'
import * as account from '../account/index.ts'
import { createAccount } from '../account/new-account.ts'
import type { Client } from '../caller.ts'
import * as sessions from '../sessions/index.ts'
import { withPassword } from '../sign-in/index.ts'
import * as users from '../users/index.ts'
import { type KindOfMail, MAIL_KINDS, type MailKind } from './kinds.ts'

const BOB = 'bob@example.com'
const HOUR = 3_600

const IP = '192.0.2.1'
const OTHER_IP = '192.0.2.2'
const LIMIT = 3
const LIMITS = {
  loginFailuresPerIp: LIMIT,
  signInsPerIp: LIMIT,
  resetRequestsPerIp: LIMIT,
  registrationsPerIp: LIMIT,
}
const WAIT = 'too_many_attempts'

interface World extends Production {
  readonly mailer: MemoryMailer
}

/** What one person does. */
interface Act {
  /** The mail that one act sends. */
  readonly sends: readonly MailKind[]
  /** The code of the error that it ends with below the limit. Default: it succeeds. */
  readonly outcome?: ErrorCode
  /** Runs without an IP address, so nothing here counts towards its limits. Returns a value for `run`. */
  prepare?(world: World, email: string): Promise<string>
  run(world: World, email: string, caller: Client, prepared: string): Promise<unknown>
}

async function createConfirmed({ auth }: World, email: string): Promise<string> {
  await auth.users.create({ email, password: PASSWORD, confirmed: true })
  return ''
}

async function createUnconfirmed({ auth }: World, email: string): Promise<string> {
  await auth.users.create({ email, password: PASSWORD })
  return ''
}

async function openSession(world: World, email: string): Promise<string> {
  await createConfirmed(world, email)
  return (await world.auth.createSession(email)) ?? expect.unreachable()
}

/** @returns The device token. */
async function knowDevice(world: World, email: string): Promise<string> {
  await createConfirmed(world, email)
  const { deviceToken } = await world.auth.signIn.withPassword({ email, password: PASSWORD })
  return deviceToken ?? expect.unreachable()
}

/** Makes as many wrong guesses as the owner of the account gets a notice about. */
async function guess({ auth }: World, email: string, device: Client = {}): Promise<void> {
  for (let guesses = 0; guesses < 5; guesses++)
    await expect(auth.signIn.withPassword({ email, password: NEW_PASSWORD }, device)).rejects.toThrow()
}

/** The token in the last mail to an address. */
async function tokenFor({ newMails, mailer }: World, to: string): Promise<string> {
  await newMails()
  return linkIn(mailer.mails.findLast((mail) => mail.to === to) ?? expect.unreachable()).token
}

/**
 * Every use case that sends mail on behalf of a client. Two of them have no limit of their own. Each time, they use up
 * something that a limit has allowed before:
 *
 * - A password reset uses a token, which works once. Each token was requested within the limit on reset requests.
 * - The deletion of an account needs a session that is a few minutes old, and ends the account. The session began with
 *   a right password, within the limit on sign-ins.
 *
 * So their `run` begins with the step that is limited. What operators do is not limited, and neither is
 * `auth.createSession`, with which the embedding program vouches for the user.
 */
const ACTS: Record<string, Act> = {
  'a registration': {
    sends: ['verify_email'],
    run: ({ auth }, email, caller) => auth.account.register({ email, password: PASSWORD }, caller),
  },
  'the registration of a taken address': {
    sends: ['account_exists'],
    prepare: createConfirmed,
    run: ({ auth }, email, caller) => auth.account.register({ email, password: PASSWORD }, caller),
  },
  'a confirmation request': {
    sends: ['verify_email'],
    prepare: createUnconfirmed,
    run: ({ auth }, email, caller) => auth.account.requestConfirmation({ email }, caller),
  },
  'a confirmation request for an account without a password': {
    sends: ['set_password'],
    async prepare({ auth }, email) {
      await auth.users.create({ email, sendLink: true })
      return ''
    },
    run: ({ auth }, email, caller) => auth.account.requestConfirmation({ email }, caller),
  },
  'a sign-in to an unconfirmed account': {
    sends: ['verify_email'],
    outcome: 'invalid_credentials',
    prepare: createUnconfirmed,
    run: ({ auth }, email, caller) => auth.signIn.withPassword({ email, password: PASSWORD }, caller),
  },
  // As after `emailVerification` was turned on: the account has signed in before, without a confirmed address.
  'a sign-in to an unconfirmed account on a known device': {
    sends: ['verify_email'],
    outcome: 'invalid_credentials',
    async prepare(world, email) {
      const deviceToken = await knowDevice(world, email)
      await world.db
        .updateTable('users')
        .set({ email_verified_at: null })
        .where('email', '=', email)
        .execute()
      return deviceToken
    },
    run: ({ auth }, email, caller, deviceToken) =>
      auth.signIn.withPassword({ email, password: PASSWORD }, { ...caller, deviceToken }),
  },
  'a sign-in on a new device': {
    sends: ['new_device'],
    prepare: createConfirmed,
    run: ({ auth }, email, caller) => auth.signIn.withPassword({ email, password: PASSWORD }, caller),
  },
  'a sign-in after wrong passwords': {
    sends: ['signed_in_after_failures'],
    async prepare(world, email) {
      await createConfirmed(world, email)
      await guess(world, email)
      return ''
    },
    run: ({ auth }, email, caller) => auth.signIn.withPassword({ email, password: PASSWORD }, caller),
  },
  'a sign-in after wrong passwords on a known device': {
    sends: ['signed_in_after_failures'],
    async prepare(world, email) {
      const deviceToken = await knowDevice(world, email)
      await guess(world, email, { deviceToken })
      return deviceToken
    },
    run: ({ auth }, email, caller, deviceToken) =>
      auth.signIn.withPassword({ email, password: PASSWORD }, { ...caller, deviceToken }),
  },
  'a password change': {
    sends: ['password_changed'],
    prepare: openSession,
    run: ({ auth }, _, caller, sessionToken) =>
      auth.account.changePassword(
        { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
        { ...caller, sessionToken },
      ),
  },
  'a request for a new address': {
    sends: ['email_change_requested', 'confirm_new_email'],
    prepare: openSession,
    run: ({ auth }, email, caller, sessionToken) =>
      auth.account.changeEmail({ email: `new-${email}` }, { ...caller, sessionToken }),
  },
  'a request for a taken address': {
    sends: ['email_change_requested', 'account_exists'],
    async prepare(world, email) {
      await createConfirmed(world, `new-${email}`)
      return openSession(world, email)
    },
    run: ({ auth }, email, caller, sessionToken) =>
      auth.account.changeEmail({ email: `new-${email}` }, { ...caller, sessionToken }),
  },
  'the confirmation of a new address': {
    sends: ['email_changed'],
    async prepare(world, email) {
      const sessionToken = await openSession(world, email)
      await world.auth.account.changeEmail({ email: `new-${email}` }, { sessionToken })
      return tokenFor(world, `new-${email}`)
    },
    run: ({ auth }, _, caller, token) => auth.account.confirmEmail({ token, password: PASSWORD }, caller),
  },
  'a reset request': {
    sends: ['reset_password'],
    prepare: createConfirmed,
    run: ({ auth }, email, caller) => auth.account.requestPasswordReset({ email }, caller),
  },
  'a reset with a mailed token': {
    sends: ['reset_password', 'password_changed'],
    prepare: createConfirmed,
    async run(world, email, caller) {
      await world.auth.account.requestPasswordReset({ email }, caller)
      const resetToken = await tokenFor(world, email)
      await world.auth.account.resetPassword({ resetToken, newPassword: NEW_PASSWORD }, caller)
    },
  },
  'a reset with a token that the program delivers': {
    sends: ['password_changed'],
    prepare: createConfirmed,
    async run({ auth }, email, caller) {
      const { resetToken } = await auth.account.createResetToken({ email }, caller)
      await auth.account.resetPassword({ resetToken, newPassword: NEW_PASSWORD }, caller)
    },
  },
  'the deletion of an account': {
    sends: ['new_device', 'account_deleted'],
    prepare: createConfirmed,
    async run({ auth }, email, caller) {
      const { sessionToken } = await auth.signIn.withPassword({ email, password: PASSWORD }, caller)
      await auth.account.delete({ ...caller, sessionToken })
    },
  },
}

onEachEngine('the mail that one IP address causes', (engine) => {
  it.each(Object.entries(ACTS))(
    'is limited for %s, however many accounts it uses [EML-09]',
    async (_, { sends, outcome = 'done', prepare, run }) => {
      const mailer = memoryMailer()
      const world: World = { ...(await productionAuth(engine, { ...LIMITS, mailer })), mailer }
      const emails = Array.from({ length: LIMIT + 2 }, (_, index) => `user${index}@example.com`)
      const prepared = await Promise.all(emails.map(async (email) => (await prepare?.(world, email)) ?? ''))
      await world.newMails()
      let seen = mailer.mails.length
      /** Lets some of the people act. @returns Their outcomes, and the mail that they caused. */
      const act = async (from: number, to: number, ip: string) => {
        const codes: string[] = []
        for (let person = from; person < to; person++) {
          const acting = run(world, emails[person] ?? '', { ip }, prepared[person] ?? '')
          codes.push(await acting.then(() => 'done').catch((error: AuthError) => error.code))
        }
        await world.newMails()
        // No mail waits for a later time.
        expect(await world.auth.delivery.count()).toBe(0)
        const mails = mailer.mails.slice(seen).map(({ kind }) => kind)
        seen = mailer.mails.length
        return { codes, mails: mails.sort() }
      }
      const passed = (people: number) => ({
        codes: Array(people).fill(outcome),
        mails: Array(people).fill(sends).flat().sort(),
      })
      expect(await act(0, LIMIT, IP)).toEqual(passed(LIMIT))
      expect(await act(LIMIT, LIMIT + 2, IP)).toEqual({ codes: [WAIT, WAIT], mails: [] })
      expect(await act(LIMIT, LIMIT + 2, OTHER_IP)).toEqual(passed(2))
    },
  )

  it('is of every kind that a stranger can cause [EML-09]', () => {
    const kinds = Object.values(ACTS).flatMap(({ sends }) => sends)
    const byStrangers = Object.entries<KindOfMail>(MAIL_KINDS).filter(
      ([, { quota }]) => quota === 'registration' || quota === 'recovery',
    )
    expect(kinds).toEqual(expect.arrayContaining(byStrangers.map(([kind]) => kind)))
  })
})

onEachEngine('the limits on outgoing mail', (engine) => {
  it('defer mail above the hourly limit of a mailbox to the next hour [EML-09]', async () => {
    const ctx = await productionContext(engine, { mailsPerMailbox: 2 })
    const mailer = memoryMailer()
    const { all } = sender(ctx, mailer)
    const sent = () => mailer.mails.map(({ to, kind }) => `${to} ${kind}`).sort()
    ctx.now.advance(HOUR - 60)
    await account.register(ctx, { email: 'Bob@example.com', password: PASSWORD }, {})
    await account.register(ctx, { email: BOB, password: NEW_PASSWORD }, {})
    await all()
    await account.requestConfirmation(ctx, { email: BOB }, {})
    await createAccount(ctx, { email: 'rob@example.com', password: PASSWORD }, {})
    await all()
    const withinTheHour = [
      'Bob@example.com account_exists',
      'Bob@example.com verify_email',
      'rob@example.com verify_email',
    ]
    expect(sent()).toEqual(withinTheHour)
    expect(await countMail(ctx.db)).toBe(1)
    ctx.now.advance(59)
    await all()
    expect(sent()).toEqual(withinTheHour)
    ctx.now.advance(1)
    await all()
    expect(sent()).toEqual([...withinTheHour, 'Bob@example.com verify_email'].sort())
    expect(await countMail(ctx.db)).toBe(0)
  })

  it('are separate for requested mail, password resets and notices', async () => {
    const ctx = await productionContext(engine, { mailsPerMailbox: 1, mailsPerHour: 1 })
    const mailer = memoryMailer()
    const { all } = sender(ctx, mailer)
    const { id } = await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    await all()
    await account.requestConfirmation(ctx, { email: BOB }, {})
    await all()
    expect(mailer.mails).toMatchObject([{ kind: 'verify_email' }])
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    await all()
    expect(mailer.mails.slice(1)).toMatchObject([{ kind: 'reset_password' }])
    await users.confirmEmail(ctx, id, {})
    await withPassword(ctx, { email: BOB, password: PASSWORD }, {})
    await all()
    expect(mailer.mails.slice(2)).toMatchObject([{ kind: 'new_device' }])
  })

  it('reserve room for notices however many address changes are requested', async () => {
    const ctx = await productionContext(engine, { mailsPerMailbox: 1, mailsPerHour: 1 })
    const mailer = memoryMailer()
    const { all } = sender(ctx, mailer)
    for (const email of [BOB, 'rob@example.com'])
      await createAccount(ctx, { email, password: PASSWORD, confirmed: true }, {})
    const sessionToken = await sessions.create(ctx, { email: 'rob@example.com' }, {})
    await account.changeEmail(ctx, { email: 'robert@example.com' }, { sessionToken })
    await all()
    await withPassword(ctx, { email: BOB, password: PASSWORD }, {})
    await all()
    expect(mailer.mails.slice(2)).toMatchObject([{ kind: 'new_device', to: BOB }])
  })

  it('also hold for notices, of each mailbox and in total [EML-09]', async () => {
    const ctx = await productionContext(engine, { mailsPerMailbox: 2, mailsPerHour: 3 })
    const mailer = memoryMailer()
    const { all } = sender(ctx, mailer)
    const changePassword = async (email: string) => {
      const sessionToken = await sessions.create(ctx, { email }, {})
      const same = { currentPassword: PASSWORD, newPassword: PASSWORD }
      await account.changePassword(ctx, same, { sessionToken })
    }
    for (const email of [BOB, 'rob@example.com', 'robert@example.com'])
      await createAccount(ctx, { email, password: PASSWORD, confirmed: true }, {})
    for (let times = 0; times < 3; times++) await changePassword(BOB)
    await all()
    expect(mailer.mails).toHaveLength(2)
    for (const email of ['rob@example.com', 'robert@example.com']) await changePassword(email)
    await all()
    expect(mailer.mails).toHaveLength(3)
    expect(await countMail(ctx.db)).toBe(2)
    ctx.now.advance(HOUR)
    await all()
    expect(mailer.mails).toHaveLength(5)
  })

  it('do not count a failed attempt', async () => {
    const ctx = await productionContext(engine, { mailsPerMailbox: 1, mailsPerHour: 1 })
    let isDown = true
    const mailer = memoryMailer(() => {
      if (isDown) down()
    })
    const { all } = sender(ctx, mailer)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    await all()
    isDown = false
    ctx.now.advance(30)
    await all()
    expect(mailer.mails).toHaveLength(1)
    await createAccount(ctx, { email: 'rob@example.com', password: PASSWORD }, {})
    await all()
    expect(mailer.mails).toHaveLength(1)
  })

  it('allow twenty mails an hour to a mailbox by default', async () => {
    const ctx = await productionContext(engine, { resetRequestsPerAccount: 100 })
    const mailer = memoryMailer()
    const { all } = sender(ctx, mailer)
    await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    for (let mail = 0; mail < 21; mail++) {
      await account.requestPasswordReset(ctx, { email: BOB }, {})
      await all()
    }
    expect(mailer.mails).toHaveLength(20)
    expect(await countMail(ctx.db)).toBe(1)
  })

  it('drop mail with a twenty-first valid link, and leave an audit record of each', async () => {
    const ctx = await productionContext(engine, { resetRequestsPerAccount: 100, mailsPerMailbox: 100 })
    const mailer = memoryMailer()
    const { all } = sender(ctx, mailer)
    const { id } = await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    for (let mail = 0; mail < 21; mail++) {
      await account.requestPasswordReset(ctx, { email: BOB }, {})
      await all()
    }
    expect(mailer.mails).toHaveLength(20)
    expect(await countMail(ctx.db)).toBe(0)
    expect(await givenUp(ctx)).toMatchObject([
      { userId: id, reason: 'too_many_links', details: { kind: 'reset_password', attempts: 1 } },
    ])
  })
})

onBothEngines('the limits on outgoing mail of several instances', (engine) => {
  it('apply to all instances together [EML-09]', async () => {
    const first = await productionContext(engine, { mailsPerHour: 5 })
    const second = await productionContext(engine, {
      mailsPerHour: 5,
      databaseUrl: first.options.databaseUrl,
      now: first.now,
    })
    for (let user = 0; user < 12; user++)
      await createAccount(first, { email: `user${user}@example.com`, password: PASSWORD }, {})
    const mailer = memoryMailer(() => setImmediate())
    const hour = () => Promise.all([first, second].map((ctx) => sender(ctx, mailer).all()))
    const sent: number[] = []
    for (let hours = 0; hours < 4; hours++) {
      await hour()
      sent.push(mailer.mails.length)
      first.now.advance(HOUR)
    }
    expect(sent).toEqual([5, 10, 12, 12])
    expect(new Set(mailer.mails.map(({ to }) => to)).size).toBe(12)
  })
})
