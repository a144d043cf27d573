import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { onBothEngines } from '../../../test/support/engines.ts'
import {
  breakTable,
  everyRow,
  linkIn,
  type MemoryMailer,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  productionContext,
  type ReceivedMail,
  type TestContext,
} from '../../../test/support/production.ts'
import { countMail } from '../../db/index.ts'
import { MailRefused } from '../../mail/index.ts'
import * as account from '../account/index.ts'
import { createAccount } from '../account/new-account.ts'
import * as audit from '../audit/index.ts'
import { deleteExpired } from '../cleanup.ts'
import * as sessions from '../sessions/index.ts'
import * as signIn from '../sign-in/index.ts'
import * as users from '../users/index.ts'
import { MAIL_LIFETIME_SECONDS, sendDueMail } from './send.ts'

const BOB = 'bob@example.com'
const HOUR = 3_600

/** A process that sends: what it remembers, and what it was told of. */
function sender(ctx: TestContext, mailer: MemoryMailer) {
  const sent = new Map<string, number>()
  const faults: { error: unknown; attempts: number | undefined }[] = []
  const onFault = (error: unknown, mail: { attempts: number } | null) =>
    void faults.push({ error, attempts: mail?.attempts })
  return {
    faults,
    /** Sends what is due now. */
    once: () => sendDueMail(ctx, mailer, { sent, onFault }),
    /** Until nothing is due any more. */
    async all() {
      while ((await sendDueMail(ctx, mailer, { sent, onFault })) > 0);
    },
  }
}

async function waits(ctx: TestContext): Promise<number[]> {
  const rows = await ctx.db.selectFrom('outbox').select('next_attempt_at').execute()
  return rows.map(({ next_attempt_at }) => (next_attempt_at - ctx.now().getTime()) / 1_000)
}

async function givenUp(ctx: TestContext) {
  return Array.fromAsync(audit.list(ctx, { action: 'give_up_mail' }))
}

function down(): never {
  throw new Error('the server is down')
}

/** A mail server that takes a message and says nothing, until the test does. */
function silentMailer() {
  const taken = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const mailer = memoryMailer(() => {
    taken.resolve()
    return answer.promise
  })
  return { mailer, taken: taken.promise, answer }
}

onBothEngines('the outbox', (engine) => {
  it('of one database is emptied by three instances, each mail once', async () => {
    const first = await productionContext(engine)
    const { databaseUrl } = first.options
    const others = [
      await productionContext(engine, { databaseUrl, now: first.now }),
      await productionContext(engine, { databaseUrl, now: first.now }),
    ]
    const addresses = Array.from({ length: 30 }, (_, index) => `user${index}@example.com`)
    for (const email of addresses) await createAccount(first, { email, password: PASSWORD }, {})
    const mailer = memoryMailer(() => setImmediate())
    await Promise.all([first, ...others].map((ctx) => sender(ctx, mailer).all()))
    await sender(first, mailer).all()
    expect(mailer.mails.map(({ to }) => to).sort()).toEqual(addresses.sort())
    expect(new Set(mailer.mails.map(({ id }) => id)).size).toBe(30)
    expect(await countMail(first.db)).toBe(0)
  })

  it('tries what failed again, ever more seldom, under the same name', async () => {
    const ctx = await productionContext(engine)
    const ids: string[] = []
    const mailer = memoryMailer(({ id }) => {
      ids.push(id)
      down()
    })
    const { once, faults } = sender(ctx, mailer)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    const waited: number[] = []
    for (let attempt = 0; attempt < 9; attempt++) {
      expect(await once()).toBe(1)
      const [wait = 0] = await waits(ctx)
      waited.push(wait)
      ctx.now.advance(wait - 1)
      expect(await once()).toBe(0)
      ctx.now.advance(1)
    }
    expect(waited).toEqual([30, 60, 120, 240, 480, 960, 1_800, 1_800, 1_800])
    expect(faults.map(({ attempts }) => attempts)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(ids).toHaveLength(9)
    expect(new Set(ids).size).toBe(1)
    expect(mailer.mails).toEqual([])
  })

  it('keeps its waits over a restart', async () => {
    const ctx = await productionContext(engine)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    const failing = sender(ctx, memoryMailer(down))
    await failing.once()
    ctx.now.advance(30)
    await failing.once()
    const { databaseUrl } = ctx.options
    const restarted = await productionContext(engine, { databaseUrl, now: ctx.now })
    const mailer = memoryMailer()
    const { once } = sender(restarted, mailer)
    ctx.now.advance(59)
    expect(await once()).toBe(0)
    ctx.now.advance(1)
    expect(await once()).toBe(1)
    expect(mailer.mails).toMatchObject([{ kind: 'verify_email', to: BOB }])
  })

  it('gives up after three days, and the audit says so', async () => {
    const ctx = await productionContext(engine)
    const { id } = await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    const { once, faults } = sender(ctx, memoryMailer(down))
    ctx.now.advance(MAIL_LIFETIME_SECONDS)
    await once()
    expect(faults).toHaveLength(1)
    expect(await givenUp(ctx)).toEqual([])
    ctx.now.advance(30)
    await once()
    expect(faults).toHaveLength(1)
    expect(await countMail(ctx.db)).toBe(0)
    expect(await givenUp(ctx)).toMatchObject([
      {
        actor: 'system',
        outcome: 'refused',
        reason: 'expired',
        userId: id,
        details: { kind: 'verify_email', attempts: 2 },
      },
    ])
  })

  it('gives up at once what is refused for good, and the audit says so', async () => {
    const ctx = await productionContext(engine)
    const { id } = await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    const refused = new MailRefused('no such mailbox')
    const mailer = memoryMailer(() => {
      throw refused
    })
    const { once, faults } = sender(ctx, mailer)
    await once()
    expect(faults).toMatchObject([{ error: refused, attempts: 1 }])
    expect(await countMail(ctx.db)).toBe(0)
    expect(await givenUp(ctx)).toMatchObject([
      { reason: 'refused', userId: id, details: { kind: 'verify_email', attempts: 1 } },
    ])
  })

  it('gives nothing up without its line in the audit', async () => {
    const ctx = await productionContext(engine)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    const { once } = sender(
      ctx,
      memoryMailer(() => {
        throw new MailRefused('no such mailbox')
      }),
    )
    const mend = await breakTable(ctx.db, 'audit', 'insert')
    await expect(once()).rejects.toThrow('broken by the test')
    expect(await countMail(ctx.db)).toBe(1)
    await mend()
    ctx.now.advance(300)
    await once()
    expect(await countMail(ctx.db)).toBe(0)
    expect(await givenUp(ctx)).toHaveLength(1)
  })

  it('sends nothing twice where a mail that has left cannot be forgotten at once', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { once } = sender(ctx, mailer)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    const mend = await breakTable(ctx.db, 'outbox', 'delete')
    await expect(once()).rejects.toThrow('broken by the test')
    expect(mailer.mails).toHaveLength(1)
    ctx.now.advance(300)
    await expect(once()).rejects.toThrow('broken by the test')
    await mend()
    ctx.now.advance(300)
    expect(await once()).toBe(1)
    expect(mailer.mails).toHaveLength(1)
    expect(await countMail(ctx.db)).toBe(0)
  })

  it('leaves a mail to whoever has it for five minutes, and then to the next', async () => {
    const first = await productionContext(engine)
    const { databaseUrl } = first.options
    const second = await productionContext(engine, { databaseUrl, now: first.now })
    await createAccount(first, { email: BOB, password: PASSWORD }, {})
    const silent = silentMailer()
    const hung = sender(first, silent.mailer).once()
    await silent.taken
    const mailer = memoryMailer()
    const { once } = sender(second, mailer)
    first.now.advance(299)
    expect(await once()).toBe(0)
    first.now.advance(1)
    expect(await once()).toBe(1)
    expect(mailer.mails).toMatchObject([{ to: BOB }])
    // The first one comes back: what it has to say concerns nobody any more.
    silent.answer.reject(new Error('timed out'))
    await hung
    expect(await countMail(first.db)).toBe(0)
  })

  it('lets whoever lost a mail in hand not postpone it for the next', async () => {
    const first = await productionContext(engine)
    const { databaseUrl } = first.options
    const second = await productionContext(engine, { databaseUrl, now: first.now })
    await createAccount(first, { email: BOB, password: PASSWORD }, {})
    const [one, two] = [silentMailer(), silentMailer()]
    const hungFirst = sender(first, one.mailer).once()
    await one.taken
    first.now.advance(300)
    const hungSecond = sender(second, two.mailer).once()
    await two.taken
    one.answer.reject(new Error('timed out'))
    await hungFirst
    expect(await waits(first)).toEqual([300])
    two.answer.resolve()
    await hungSecond
    expect(await countMail(first.db)).toBe(0)
  })

  it('sends what waits for a moment that a clock set back has moved far away', async () => {
    const ctx = await productionContext(engine)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    await sender(ctx, memoryMailer(down)).once()
    ctx.now.advance(-86_400)
    const mailer = memoryMailer()
    await sender(ctx, mailer).once()
    expect(mailer.mails).toMatchObject([{ to: BOB }])
  })
})

onBothEngines('an ordered mail', (engine) => {
  it('gives way to a newer one of its kind that comes before it has left', async () => {
    const ctx = await productionContext(engine)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    await account.requestConfirmation(ctx, { email: BOB }, {})
    await account.requestConfirmation(ctx, { email: BOB }, { acceptLanguage: 'fr' })
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    const mailer = memoryMailer()
    await sender(ctx, mailer).all()
    expect(mailer.mails.map(({ kind, language }) => `${kind} ${language}`).sort()).toEqual([
      'reset_password en',
      'verify_email fr',
    ])
  })

  it('is one, however often it is asked for at once', async () => {
    const ctx = await productionContext(engine, { resetRequestsPerAccount: 100 })
    await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    await Promise.all(Array.from({ length: 20 }, () => account.requestPasswordReset(ctx, { email: BOB }, {})))
    expect(await countMail(ctx.db)).toBe(1)
  })

  it('for an account gives way to none for another', async () => {
    const ctx = await productionContext(engine)
    for (const email of [BOB, 'rob@example.com']) await createAccount(ctx, { email, password: PASSWORD }, {})
    const mailer = memoryMailer()
    await sender(ctx, mailer).all()
    expect(mailer.mails).toHaveLength(2)
  })

  /** Every mail of an account that takes these addresses in turn, while notices do not get through; what has a link does. */
  async function changedUnheard(...emails: readonly string[]): Promise<readonly ReceivedMail[]> {
    const ctx = await productionContext(engine)
    let isDown = false
    const mailer = memoryMailer(({ text }) => {
      if (isDown && !text.includes('https://')) down()
    })
    const { all } = sender(ctx, mailer)
    await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    const { sessionToken } = await signIn.withPassword(ctx, { email: BOB, password: PASSWORD }, {})
    await all()
    isDown = true
    for (const email of emails) {
      await account.changeEmail(ctx, { email }, { sessionToken })
      await all()
      const link = mailer.mails.findLast(({ to }) => to === email)
      await account.confirmEmail(
        ctx,
        { token: linkIn(link ?? expect.unreachable()).token, password: PASSWORD },
        {},
      )
    }
    isDown = false
    ctx.now.advance(HOUR)
    await all()
    return mailer.mails
  }

  it('that tells an address of its loss gives way to none that tells another address', async () => {
    const mails = await changedUnheard('second@example.com', 'third@example.com')
    const told = mails.filter(({ kind }) => kind === 'email_changed').map(({ to }) => to)
    expect(told.sort()).toEqual([BOB, 'second@example.com'])
  })

  it('that tells of a change goes to the address that the account had then', async () => {
    const mails = await changedUnheard('second@example.com')
    expect(mails.filter(({ kind }) => kind === 'email_change_requested').map(({ to }) => to)).toEqual([BOB])
  })

  it('for nobody vanishes without being sent, and takes no place', async () => {
    const ctx = await productionContext(engine, { mailsPerHour: 1 })
    await account.requestPasswordReset(ctx, { email: 'nobody@example.com' }, {})
    await account.requestConfirmation(ctx, { email: 'nobody@example.com' }, {})
    expect(await countMail(ctx.db)).toBe(2)
    const mailer = memoryMailer()
    await sender(ctx, mailer).all()
    expect(mailer.mails).toEqual([])
    expect(await countMail(ctx.db)).toBe(0)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    await sender(ctx, mailer).all()
    expect(mailer.mails).toMatchObject([{ to: BOB }])
  })

  it('that is void by now vanishes, and takes no place', async () => {
    const ctx = await productionContext(engine, { mailsPerHour: 3 })
    const shut = await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    const confirmed = await createAccount(ctx, { email: 'confirmed@example.com', password: PASSWORD }, {})
    const gone = await createAccount(ctx, { email: 'gone@example.com', password: PASSWORD }, {})
    // As if it had slipped in: past the use cases, which take links back themselves.
    const change = (id: number, columns: { disabled_at?: number; email_verified_at?: number }) =>
      ctx.db.updateTable('users').set(columns).where('id', '=', id).execute()
    await change(shut.id, { disabled_at: 1 })
    await change(confirmed.id, { email_verified_at: 1 })
    await users.delete(ctx, gone.id, {})
    expect(await countMail(ctx.db)).toBe(3)
    const mailer = memoryMailer()
    await sender(ctx, mailer).all()
    expect(mailer.mails).toEqual([])
    expect(await countMail(ctx.db)).toBe(0)
    expect((await everyRow(ctx.db)).tokens).toEqual([])
    for (let user = 0; user < 3; user++)
      await createAccount(ctx, { email: `user${user}@example.com`, password: PASSWORD }, {})
    await sender(ctx, mailer).all()
    expect(mailer.mails).toHaveLength(3)
  })

  it('with a link is taken back by what voids its token, and a notice is not', async () => {
    const ctx = await productionContext(engine)
    const { id } = await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    let { sessionToken } = await signIn.withPassword(ctx, { email: BOB, password: PASSWORD }, {})
    const mailer = memoryMailer()
    const { mails } = mailer
    const { all } = sender(ctx, mailer)
    await all()
    const order = async () => {
      await account.requestPasswordReset(ctx, { email: BOB }, {})
      await account.changeEmail(ctx, { email: 'robert@example.com' }, { sessionToken })
    }
    await order()
    const renewed = await account.changePassword(
      ctx,
      { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
      { sessionToken },
    )
    sessionToken = renewed.sessionToken
    await all()
    expect(mails.map(({ kind }) => kind).sort()).toEqual([
      'email_change_requested',
      'new_device',
      'password_changed',
    ])
    await order()
    await users.disable(ctx, id, {})
    await all()
    expect(mails.slice(3)).toMatchObject([{ kind: 'email_change_requested' }])
    expect((await everyRow(ctx.db)).tokens).toEqual([])
  })

  it('goes to the address that the account has when it leaves', async () => {
    const ctx = await productionContext(engine)
    const { id } = await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    await ctx.db
      .updateTable('users')
      .set({ email: 'robert@example.com', normalized_email: 'robert@example.com' })
      .where('id', '=', id)
      .execute()
    const mailer = memoryMailer()
    await sender(ctx, mailer).all()
    expect(mailer.mails.map(({ to }) => to)).toEqual(['robert@example.com'])
  })
})

onBothEngines('the caps on mail', (engine) => {
  it('let a mailbox have its number in an hour; the others wait for the next, and none is lost', async () => {
    const ctx = await productionContext(engine, { mailsPerMailbox: 2 })
    const mailer = memoryMailer()
    const { all } = sender(ctx, mailer)
    const told = () => mailer.mails.map(({ to, kind }) => `${to} ${kind}`).sort()
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
    expect(told()).toEqual(withinTheHour)
    expect(await countMail(ctx.db)).toBe(1)
    ctx.now.advance(59)
    await all()
    expect(told()).toEqual(withinTheHour)
    ctx.now.advance(1)
    await all()
    expect(told()).toEqual([...withinTheHour, 'Bob@example.com verify_email'].sort())
    expect(await countMail(ctx.db)).toBe(0)
  })

  it('are apart for what strangers ask for, for the way back in, and for what tells of them', async () => {
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
    await signIn.withPassword(ctx, { email: BOB, password: PASSWORD }, {})
    await all()
    expect(mailer.mails.slice(2)).toMatchObject([{ kind: 'new_device' }])
  })

  it('are not used up for notices by requests for another address', async () => {
    const ctx = await productionContext(engine, { mailsPerMailbox: 1, mailsPerHour: 1 })
    const mailer = memoryMailer()
    const { all } = sender(ctx, mailer)
    for (const email of [BOB, 'rob@example.com'])
      await createAccount(ctx, { email, password: PASSWORD, confirmed: true }, {})
    const sessionToken = await sessions.create(ctx, { email: 'rob@example.com' }, {})
    await account.changeEmail(ctx, { email: 'robert@example.com' }, { sessionToken })
    await all()
    await signIn.withPassword(ctx, { email: BOB, password: PASSWORD }, {})
    await all()
    expect(mailer.mails.slice(2)).toMatchObject([{ kind: 'new_device', to: BOB }])
  })

  it('let all instances together send their number in an hour', async () => {
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

  it('give the place of a mail that failed back', async () => {
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

  it('are twenty to a mailbox where nothing else is set', async () => {
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
})

const THIEF = 'thief@example.net'
const OLD_HANDS = ['email_change_requested', 'email_changed']

/** Who has Bob's password, and what reaches whom. */
async function thiefOf(ctx: TestContext, mailer: MemoryMailer) {
  await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
  const { all } = sender(ctx, mailer)
  return {
    all,
    /** What reached an address, in order. */
    told: (to = BOB) => mailer.mails.filter((mail) => mail.to === to).map(({ kind }) => kind),
    signIn: async (password = PASSWORD) =>
      (await signIn.withPassword(ctx, { email: BOB, password }, { ip: '203.0.113.9', userAgent: 'curl' }))
        .sessionToken,
    async takeAddress(sessionToken: string) {
      await account.changeEmail(ctx, { email: THIEF }, { sessionToken })
      await all()
      const link = mailer.mails.findLast(({ to }) => to === THIEF) ?? expect.unreachable()
      await account.confirmEmail(ctx, { token: linkIn(link).token, password: PASSWORD }, {})
    },
  }
}

onBothEngines('the owner of an account that a thief takes over', (engine) => {
  it('is told at the old address of 21 sign-ins, of the new address, and of the end, all within the hour', async () => {
    const ctx = await productionContext(engine)
    const { all, told, signIn, takeAddress } = await thiefOf(ctx, memoryMailer())
    let sessionToken = ''
    for (let times = 0; times < 21; times++) {
      sessionToken = await signIn()
      await all()
    }
    await takeAddress(sessionToken)
    await account.delete(ctx, { sessionToken })
    await all()
    expect(told()).toEqual(['new_device', ...OLD_HANDS])
    expect(told(THIEF)).toEqual(['confirm_new_email', 'account_deleted'])
    ctx.now.advance(600)
    await all()
    expect(told().slice(3)).toEqual(['new_device'])
    expect(await countMail(ctx.db)).toBe(0)
  })

  it('is told at once of a deletion, and later of the 20 other sign-ins', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { all, told, signIn } = await thiefOf(ctx, mailer)
    let sessionToken = ''
    for (let times = 0; times < 21; times++) {
      sessionToken = await signIn()
      await all()
    }
    await account.delete(ctx, { sessionToken })
    await all()
    expect(told()).toEqual(['new_device', 'account_deleted'])
    ctx.now.advance(600)
    await all()
    expect(mailer.mails.at(-1)).toMatchObject({ to: BOB, text: expect.stringMatching(/were 20\ssign-ins/) })
  })

  it('gets every notice, although the mail server accepts none before the account is deleted', async () => {
    const ctx = await productionContext(engine)
    let isDown = true
    const mailer = memoryMailer(({ text }) => {
      if (isDown && !text.includes('https://')) down()
    })
    const { all, told, signIn, takeAddress } = await thiefOf(ctx, mailer)
    let sessionToken = await signIn()
    const renewed = await account.changePassword(
      ctx,
      { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
      { sessionToken },
    )
    sessionToken = (
      await account.changePassword(
        ctx,
        { currentPassword: NEW_PASSWORD, newPassword: PASSWORD },
        { sessionToken: renewed.sessionToken },
      )
    ).sessionToken
    await takeAddress(sessionToken)
    await account.delete(ctx, { sessionToken })
    await all()
    expect(told()).toEqual([])
    isDown = false
    ctx.now.advance(HOUR)
    await all()
    expect(told().sort()).toEqual([...OLD_HANDS, 'new_device', 'password_changed', 'password_changed'])
    expect(told(THIEF)).toEqual(['confirm_new_email', 'account_deleted'])
  })

  it('is told in time although notices of sign-ins, and of other changes, have used up their budgets', async () => {
    const ctx = await productionContext(engine, { mailsPerMailbox: 1, mailsPerHour: 1 })
    const { all, told, signIn, takeAddress } = await thiefOf(ctx, memoryMailer())
    let sessionToken = await signIn()
    for (const [currentPassword, newPassword] of [
      [PASSWORD, NEW_PASSWORD],
      [NEW_PASSWORD, PASSWORD],
    ] as const) {
      sessionToken = (await account.changePassword(ctx, { currentPassword, newPassword }, { sessionToken }))
        .sessionToken
      await signIn(newPassword)
      await all()
    }
    expect(told()).toEqual(['password_changed', 'new_device'])
    await takeAddress(sessionToken)
    await all()
    expect(told().slice(2)).toEqual(OLD_HANDS)
  })

  it('is told before all other mail that is due', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { signIn } = await thiefOf(ctx, mailer)
    const sessionToken = await signIn()
    for (let user = 0; user < 20; user++)
      await createAccount(ctx, { email: `user${user}@example.com`, password: PASSWORD }, {})
    ctx.now.advance(1)
    await account.changePassword(
      ctx,
      { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
      { sessionToken },
    )
    await account.changeEmail(ctx, { email: THIEF }, { sessionToken: await signIn(NEW_PASSWORD) })
    expect(await sender(ctx, mailer).once()).toBe(2)
    expect(mailer.mails.map(({ to, kind }) => `${to} ${kind}`).sort()).toEqual([
      `${BOB} email_change_requested`,
      `${BOB} password_changed`,
    ])
  })

  it('is sent no link of the account that is gone, nor is anybody else', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { all, signIn } = await thiefOf(ctx, mailer)
    const sessionToken = await signIn()
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    await account.register(ctx, { email: BOB, password: PASSWORD }, {})
    await account.changeEmail(ctx, { email: THIEF }, { sessionToken })
    await account.delete(ctx, { sessionToken })
    // The address to be is not kept either.
    expect(JSON.stringify(await everyRow(ctx.db))).not.toContain(THIEF)
    await all()
    expect(mailer.mails.map(({ to, kind }) => `${to} ${kind}`).sort()).toEqual(
      ['account_deleted', 'email_change_requested', 'new_device'].map((kind) => `${BOB} ${kind}`),
    )
    expect((await everyRow(ctx.db)).tokens).toEqual([])
  })

  it('is sent no link that slipped in beside the end of the account', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { all } = await thiefOf(ctx, mailer)
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    // As if it had been ordered by a request that was on its way: past the use case.
    await ctx.db.deleteFrom('users').execute()
    expect(await countMail(ctx.db)).toBe(1)
    await all()
    expect(mailer.mails).toEqual([])
    expect(await countMail(ctx.db)).toBe(0)
  })
})

onBothEngines('a notice that outlives its account', (engine) => {
  /** A notice to an address that no account has any more. */
  async function orphan() {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer(down)
    const { all, signIn } = await thiefOf(ctx, mailer)
    const sessionToken = await signIn()
    await all()
    await account.delete(ctx, { sessionToken })
    return { ctx, all }
  }

  it('is kept no longer than other mail, and the audit says that it was given up', async () => {
    const { ctx, all } = await orphan()
    ctx.now.advance(MAIL_LIFETIME_SECONDS + 1)
    await all()
    expect((await everyRow(ctx.db)).outbox).toEqual([])
    expect((await givenUp(ctx)).map(({ reason, userId, details }) => [reason, userId, details.kind])).toEqual(
      expect.arrayContaining([
        ['expired', null, 'account_deleted'],
        ['expired', null, 'new_device'],
      ]),
    )
  })

  it('is removed by the clean-up where nobody sends mail', async () => {
    const { ctx } = await orphan()
    await account.requestPasswordReset(ctx, { email: 'nobody@example.com' }, {})
    ctx.now.advance(MAIL_LIFETIME_SECONDS + 300)
    expect(await deleteExpired(ctx)).toMatchObject({ mails: 0 })
    ctx.now.advance(0.001)
    expect(await deleteExpired(ctx)).toMatchObject({ mails: 3 })
    expect((await everyRow(ctx.db)).outbox).toEqual([])
    // What was for nobody is not told.
    expect(await givenUp(ctx)).toMatchObject([{ reason: 'expired' }, { reason: 'expired' }])
  })
})

onBothEngines('notices of new devices', (engine) => {
  /** An account that is signed in to from new devices, and what its owner was sent: how many sign-ins each covers. */
  async function account(deliver: () => Promise<void> | void = () => {}) {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer(deliver)
    const { id } = await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    const { all, once } = sender(ctx, mailer)
    return {
      ctx,
      id,
      mailer,
      all,
      once,
      async signIn(times = 1, ip = '192.0.2.7') {
        for (let time = 0; time < times; time++)
          await signIn.withPassword(ctx, { email: BOB, password: PASSWORD }, { ip, userAgent: 'Firefox' })
      },
      covered: () => mailer.mails.map(({ text }) => Number(/were (\d+)\ssign-ins/.exec(text)?.[1] ?? 1)),
    }
  }

  it('come at once, and then at most once in ten minutes, with the number of sign-ins and the last of them', async () => {
    const { ctx, mailer, all, signIn, covered } = await account()
    await signIn()
    await all()
    ctx.now.advance(60)
    await signIn(2)
    ctx.now.advance(60)
    await signIn(1, '198.51.100.5')
    await all()
    ctx.now.advance(479)
    await all()
    expect(covered()).toEqual([1])
    ctx.now.advance(1)
    await all()
    expect(covered()).toEqual([1, 3])
    const { text = '', html = '', subject } = mailer.mails[1] ?? {}
    expect(subject).toContain('New devices')
    for (const body of [text, html]) {
      expect(body.match(/12:01 UTC, Firefox,\s192\.0\.2\.7/g)).toHaveLength(2)
      expect(body).toMatch(/12:02 UTC, Firefox,\s198\.51\.100\.5/)
      // The one that was told already is not told again.
      expect(body).not.toContain('12:00')
    }
    // The next ten minutes count from that one.
    ctx.now.advance(1)
    await signIn()
    ctx.now.advance(598)
    await all()
    expect(covered()).toEqual([1, 3])
    ctx.now.advance(1)
    await all()
    expect(covered()).toEqual([1, 3, 1])
    // Nothing happened for ten minutes: at once again.
    ctx.now.advance(600)
    await signIn()
    await all()
    expect(covered()).toEqual([1, 3, 1, 1])
  })

  it('are merged before the first one has left, too', async () => {
    const { all, signIn, covered } = await account()
    await signIn(3)
    await all()
    expect(covered()).toEqual([3])
  })

  it('name the last five sign-ins', async () => {
    const { mailer, all, signIn } = await account()
    for (let host = 1; host <= 7; host++) await signIn(1, `198.51.100.${host}`)
    await all()
    const named = mailer.mails[0]?.text.match(/198\.51\.100\.\d/g)?.map((ip) => ip.at(-1))
    expect(named).toEqual(['3', '4', '5', '6', '7'])
    expect(mailer.mails[0]?.text).toMatch(/were 7\ssign-ins/)
  })

  it('name the sign-in of a notice that an older version ordered', async () => {
    const { ctx, mailer, all, signIn } = await account()
    await signIn(1, '198.51.100.1')
    const details = JSON.stringify({ ip: '198.51.100.9', device: 'Opera' })
    await ctx.db.updateTable('outbox').set({ details }).execute()
    ctx.now.advance(60)
    await signIn(1, '198.51.100.2')
    await all()
    expect(mailer.mails[0]?.text).toMatch(
      /12:00 UTC, Opera,\s198\.51\.100\.9\n.*12:01 UTC, Firefox,\s198\.51\.100\.2/,
    )
  })

  it('tell each sign-in once, also those that come while one is in hand', async () => {
    const { mailer, taken, answer } = silentMailer()
    const ctx = await productionContext(engine)
    const { all, signIn, told } = await thiefOf(ctx, mailer)
    await signIn()
    const sending = all()
    await taken
    await signIn()
    await signIn()
    answer.resolve()
    await sending
    expect(told()).toEqual(['new_device'])
    ctx.now.advance(600)
    await all()
    expect(mailer.mails.map(({ text }) => /were \d+/.exec(text)?.[0])).toEqual([undefined, 'were 2'])
    expect(mailer.mails[1]?.text.match(/203\.0\.113\.9/g)).toHaveLength(2)
    expect(new Set(mailer.mails.map(({ id }) => id)).size).toBe(2)
    expect(await countMail(ctx.db)).toBe(0)
  })

  it('tell each sign-in once where one that has left cannot be forgotten at once', async () => {
    const { ctx, all, once, signIn, covered } = await account()
    await signIn()
    const mend = await breakTable(ctx.db, 'outbox', 'delete')
    await expect(once()).rejects.toThrow('broken by the test')
    await signIn(2)
    await mend()
    ctx.now.advance(300)
    await all()
    expect(covered()).toEqual([1])
    ctx.now.advance(600)
    await all()
    expect(covered()).toEqual([1, 2])
  })

  it('are one, however long the mail server is down', async () => {
    let isDown = true
    const { ctx, all, signIn, covered } = await account(() => {
      if (isDown) down()
    })
    for (let minutes = 0; minutes < 60; minutes += 5) {
      await signIn()
      await all()
      ctx.now.advance(300)
    }
    expect(await countMail(ctx.db)).toBe(1)
    isDown = false
    ctx.now.advance(HOUR)
    await all()
    expect(covered()).toEqual([12])
    await signIn()
    await all()
    expect(covered()).toEqual([12])
  })

  it('are counted by all instances together, over a restart', async () => {
    const { ctx, mailer, all, signIn, covered } = await account()
    await signIn()
    await all()
    const again = { databaseUrl: ctx.options.databaseUrl, now: ctx.now }
    const [second, third] = [await productionContext(engine, again), await productionContext(engine, again)]
    await Promise.all(
      [second, third, second, third].map((other) =>
        signIn.withPassword(other, { email: BOB, password: PASSWORD }, {}),
      ),
    )
    for (const other of [second, third]) await sender(other, mailer).all()
    expect(covered()).toEqual([1])
    ctx.now.advance(600)
    await Promise.all([second, third].map((other) => sender(other, mailer).all()))
    expect(covered()).toEqual([1, 4])
  })

  it('of one account keep none of another waiting, and none to an address that it has no longer', async () => {
    const { ctx, id, mailer, all, signIn } = await account()
    await createAccount(ctx, { email: 'rob@example.com', password: PASSWORD, confirmed: true }, {})
    await signIn(2)
    await signIn.withPassword(ctx, { email: 'rob@example.com', password: PASSWORD }, {})
    await ctx.db
      .updateTable('users')
      .set({ email: 'robert@example.com', normalized_email: 'robert@example.com' })
      .where('id', '=', id)
      .execute()
    await signIn.withPassword(ctx, { email: 'robert@example.com', password: PASSWORD }, {})
    await all()
    expect(mailer.mails.map(({ to }) => to).sort()).toEqual([BOB, 'rob@example.com', 'robert@example.com'])
    expect(mailer.mails.find(({ to }) => to === BOB)?.text).toMatch(/were 2\ssign-ins/)
  })

  it('are not held back by a pause of another clock', async () => {
    const { ctx, all, signIn, covered } = await account()
    await signIn()
    await all()
    ctx.now.advance(-1_800)
    await signIn()
    await all()
    expect(covered()).toEqual([1, 1])
  })

  it('come one by one where limits are off', async () => {
    const limited = await productionContext(engine)
    const ctx = { ...limited, options: { ...limited.options, throttle: false } }
    const { all, signIn, told } = await thiefOf(ctx, memoryMailer())
    for (let times = 0; times < 3; times++) await signIn()
    await all()
    expect(told()).toHaveLength(3)
  })
})
