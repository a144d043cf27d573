import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { onBothEngines, onEachEngine } from '../../../test/support/engines.ts'
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
  until,
} from '../../../test/support/production.ts'
import { signedIn } from '../../../test/support/signed-in.ts'
import { watchTransactions } from '../../../test/support/transactions.ts'
import { countMail, deleteMail } from '../../db/index.ts'
import { MAILS_AT_ONCE, MailRefused } from '../../mail/index.ts'
import * as account from '../account/index.ts'
import { createAccount } from '../account/new-account.ts'
import * as audit from '../audit/index.ts'
import type { Client } from '../caller.ts'
import { deleteExpired } from '../cleanup.ts'
import { inTransaction } from '../context.ts'
import * as sessions from '../sessions/index.ts'
import { withPassword } from '../sign-in/index.ts'
import * as users from '../users/index.ts'
import { enqueueMail, enqueueSecondFactorNotice } from './enqueue.ts'
import { MAIL_LIFETIME_SECONDS, openSending } from './send.ts'

const BOB = 'bob@example.com'
const HOUR = 3_600

/** A process that sends mail. It remembers what it sent, and records its failures. */
function sender(ctx: TestContext, mailer: MemoryMailer) {
  const faults: { error: unknown; attempts: number }[] = []
  const outages: unknown[] = []
  const sending = openSending(ctx, mailer, (error, mail) => {
    if (mail === null) outages.push(error)
    else faults.push({ error, attempts: mail.attempts })
  })
  /** Takes mail that is due once, and sends it. Rejects if the database fails. */
  async function once(): Promise<number> {
    const taken = await sending.sendDue()
    await sending.idle()
    if (outages.length > 0) throw outages.shift()
    return taken
  }
  return {
    faults,
    sending,
    once,
    /** Sends until no mail is due. */
    async all() {
      while ((await once()) > 0);
    },
  }
}

/** Seconds until the next attempt of each mail. */
async function waits(ctx: TestContext): Promise<number[]> {
  const rows = await ctx.db.selectFrom('outbox').select('next_attempt_at').execute()
  return rows.map(({ next_attempt_at }) => (next_attempt_at - ctx.now().getTime()) / 1_000)
}

/** Audit records of abandoned mail. */
async function givenUp(ctx: TestContext) {
  return Array.fromAsync(audit.list(ctx, { action: 'give_up_mail' }))
}

function down(): never {
  throw new Error('the server is down')
}

/** A mail server that accepts a message, and replies only when the test resolves `answer`. */
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
  it('sends each mail once when three instances share a database', async () => {
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

  it('retries a failed mail with growing waits and the same message id', async () => {
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

  it('keeps the retry waits across a restart', async () => {
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

  it('gives up after three days and records it in the audit log', async () => {
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

  it('gives up at once on a permanent refusal and records it in the audit log', async () => {
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

  it('does not give up a mail if the audit record cannot be written', async () => {
    const ctx = await productionContext(engine)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    const { once } = sender(
      ctx,
      memoryMailer(() => {
        throw new MailRefused('no such mailbox')
      }),
    )
    const repair = await breakTable(ctx.db, 'audit', 'insert')
    await expect(once()).rejects.toThrow('broken by the test')
    expect(await countMail(ctx.db)).toBe(1)
    await repair()
    ctx.now.advance(300)
    await once()
    expect(await countMail(ctx.db)).toBe(0)
    expect(await givenUp(ctx)).toHaveLength(1)
  })

  it('does not send a mail twice if its row cannot be deleted after sending', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { once } = sender(ctx, mailer)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    const repair = await breakTable(ctx.db, 'outbox', 'delete')
    await expect(once()).rejects.toThrow('broken by the test')
    expect(mailer.mails).toHaveLength(1)
    ctx.now.advance(300)
    await expect(once()).rejects.toThrow('broken by the test')
    await repair()
    ctx.now.advance(300)
    expect(await once()).toBe(1)
    expect(mailer.mails).toHaveLength(1)
    expect(await countMail(ctx.db)).toBe(0)
  })

  it('leases a mail for five minutes, then lets another instance send it', async () => {
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
    // The first instance has lost its lease, so its failure must change nothing.
    silent.answer.reject(new Error('timed out'))
    await hung
    expect(await countMail(first.db)).toBe(0)
  })

  it('ignores the failure of an instance whose lease has expired', async () => {
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

  it('sends a mail whose next attempt is far in the future because the clock was set back', async () => {
    const ctx = await productionContext(engine)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    await sender(ctx, memoryMailer(down)).once()
    ctx.now.advance(-86_400)
    const mailer = memoryMailer()
    await sender(ctx, mailer).once()
    expect(mailer.mails).toMatchObject([{ to: BOB }])
  })
})

onEachEngine('the slots for outgoing mail', (engine) => {
  /** Starts to send all mail for which there is a slot. */
  async function fill({ sending }: ReturnType<typeof sender>): Promise<void> {
    while ((await sending.sendDue()) > 0);
  }

  const register = (ctx: TestContext, email: string) => createAccount(ctx, { email, password: PASSWORD }, {})

  it('leave the last one to fast domains when several are slow', async () => {
    const ctx = await productionContext(engine)
    let answer = Promise.withResolvers<void>()
    const started: string[] = []
    const mailer = memoryMailer(({ to }) => {
      started.push(to)
      return to.endsWith('@example.com') ? undefined : answer.promise
    })
    const one = sender(ctx, mailer)
    for (const name of ['one', 'two']) await register(ctx, `first@${name}.example`)
    await fill(one)
    // Both take six seconds, which makes them slow.
    ctx.now.advance(6)
    answer.resolve()
    await one.sending.idle()
    answer = Promise.withResolvers()
    started.length = 0
    for (let index = 0; index < 4; index++) await register(ctx, `user${index}@one.example`)
    ctx.now.advance(1)
    await register(ctx, 'second@two.example')
    ctx.now.advance(1)
    await register(ctx, BOB)
    ctx.now.advance(1)
    await fill(one)
    // All mail for which there is a slot has been taken. It starts in any order, and only Bob's is finished.
    const untaken = ctx.db
      .selectFrom('outbox')
      .innerJoin('users', 'users.id', 'outbox.user_id')
      .select('users.email')
      .where('outbox.attempts', '=', 0)
    expect(await untaken.execute()).toEqual([{ email: 'second@two.example' }])
    await until(() => started.length === 5 && mailer.mails.some(({ to }) => to === BOB))
    expect(started.toSorted()).toEqual([BOB, ...[0, 1, 2, 3].map((index) => `user${index}@one.example`)])
    answer.resolve()
    await one.sending.idle()
    await one.all()
    expect(started).toContain('second@two.example')
  })

  it('are not taken again by a mail that outlasts its lease', async () => {
    const ctx = await productionContext(engine)
    const { mailer, taken, answer } = silentMailer()
    const one = sender(ctx, mailer)
    await register(ctx, BOB)
    await fill(one)
    await taken
    ctx.now.advance(301)
    await fill(one)
    expect(await ctx.db.selectFrom('tokens').select('id').execute()).toHaveLength(1)
    answer.resolve()
    await one.sending.idle()
    expect(mailer.mails).toHaveLength(1)
    expect(await countMail(ctx.db)).toBe(0)
  })

  it('are not taken by decoys', async () => {
    const ctx = await productionContext(engine)
    const answer = Promise.withResolvers<void>()
    const started: string[] = []
    let discarding = 0
    const hanging = memoryMailer(({ to }) => {
      started.push(to)
      return answer.promise
    })
    const mailer: MemoryMailer = {
      ...hanging,
      discard() {
        discarding++
        return answer.promise
      },
    }
    const one = sender(ctx, mailer)
    for (let index = 0; index < 4; index++)
      await account.requestPasswordReset(ctx, { email: `nobody${index}@example.com` }, {})
    ctx.now.advance(1)
    for (let index = 0; index < MAILS_AT_ONCE; index++) await register(ctx, `bob@example${index}.com`)
    await fill(one)
    await until(() => discarding === 4 && started.length === MAILS_AT_ONCE)
    answer.resolve()
    await one.sending.idle()
    expect(await countMail(ctx.db)).toBe(0)
  })
})

onEachEngine('a decoy', (engine) => {
  it.each([
    ['reset', account.requestPasswordReset],
    ['confirmation', account.requestConfirmation],
  ])('of a %s causes the same writes as a mail, and the same message is composed', async (_, request) => {
    const transactions = watchTransactions()
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { all } = sender(ctx, mailer)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    await all()
    ctx.now.advance(HOUR)
    /** The number of statements in each transaction that sends the mail of a request. */
    const workFor = async (email: string) => {
      await request(ctx, { email }, {})
      transactions.length = 0
      await all()
      return transactions.map((statements) => statements.length)
    }
    const ofMail = await workFor(BOB)
    // Lease, two limits, token, and deletion.
    expect(ofMail).toEqual([1, 1, 1, 5, 1])
    expect(await workFor('nobody@example.com')).toEqual(ofMail)
    expect(mailer.mails).toHaveLength(2)
    const [mail] = mailer.mails.slice(-1)
    const [decoy, ...others] = mailer.discarded
    expect(others).toEqual([])
    const withoutLink = (text: string | null = '') => text?.replaceAll(/https?:[^\s"<]+/g, 'LINK')
    expect(decoy).toMatchObject({ subject: mail?.subject, language: mail?.language })
    for (const part of ['text', 'html'] as const)
      expect(withoutLink(decoy?.[part])).toBe(withoutLink(mail?.[part]))
    expect(linkIn(decoy ?? expect.unreachable()).token).toHaveLength(80)
  })
})

onBothEngines('a queued mail', (engine) => {
  it('is replaced by a newer one of the same kind', async () => {
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

  it('is queued once for many concurrent requests', async () => {
    const ctx = await productionContext(engine, { resetRequestsPerAccount: 100 })
    await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    await Promise.all(Array.from({ length: 20 }, () => account.requestPasswordReset(ctx, { email: BOB }, {})))
    expect(await countMail(ctx.db)).toBe(1)
  })

  it('is not replaced by a mail for another account', async () => {
    const ctx = await productionContext(engine)
    for (const email of [BOB, 'rob@example.com']) await createAccount(ctx, { email, password: PASSWORD }, {})
    const mailer = memoryMailer()
    await sender(ctx, mailer).all()
    expect(mailer.mails).toHaveLength(2)
  })

  /** Changes an account to each address in turn while notices fail and links get through. Returns all mail sent. */
  async function changeAddressDuringOutage(...emails: readonly string[]): Promise<readonly ReceivedMail[]> {
    const ctx = await productionContext(engine)
    let isDown = false
    const mailer = memoryMailer(({ text }) => {
      if (isDown && !text.includes('https://')) down()
    })
    const { all } = sender(ctx, mailer)
    await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    const { sessionToken } = signedIn(await withPassword(ctx, { email: BOB, password: PASSWORD }, {}))
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

  it('to an old address about its removal is not replaced by one to another old address', async () => {
    const mails = await changeAddressDuringOutage('second@example.com', 'third@example.com')
    const notified = mails.filter(({ kind }) => kind === 'email_changed').map(({ to }) => to)
    expect(notified.sort()).toEqual([BOB, 'second@example.com'])
  })

  it('about an address change goes to the address at the time of the request', async () => {
    const mails = await changeAddressDuringOutage('second@example.com')
    expect(mails.filter(({ kind }) => kind === 'email_change_requested').map(({ to }) => to)).toEqual([BOB])
  })

  it('for an unknown address is dropped unsent and does not count towards the limits', async () => {
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

  /** The first address of the /64 with this number in 2001:db8:1::/48. */
  const in48 = (number: number) => `2001:db8:1:${number.toString(16)}::1`
  const REGISTERED = (index: number) => `user${index}@example.com`

  it.each<[string, (ctx: TestContext, email: string, ip: string) => Promise<unknown>]>([
    ['a registration', (ctx, email, ip) => account.register(ctx, { email, password: PASSWORD }, { ip })],
    ['a confirmation request', (ctx, email, ip) => account.requestConfirmation(ctx, { email }, { ip })],
    ['a password reset', (ctx, email, ip) => account.requestPasswordReset(ctx, { email }, { ip })],
    [
      'a sign-in to an unconfirmed account',
      (ctx, email, ip) =>
        withPassword(ctx, { email, password: PASSWORD }, { ip }).catch((error: unknown) =>
          expect(error).toMatchObject({ code: 'invalid_credentials' }),
        ),
    ],
    [
      'a registration of a taken address',
      async (ctx, email, ip) => {
        await ctx.db.updateTable('users').set({ email_verified_at: 1 }).execute()
        await account.register(ctx, { email, password: PASSWORD }, { ip })
      },
    ],
  ])(
    'after %s takes no more than a tenth of the hourly mails for one IPv6 /48, and the rest waits',
    async (name, ask) => {
      const ctx = await productionContext(engine, { mailsPerHour: 30, registrationsPerIp: 100 })
      const mailer = memoryMailer()
      if (name !== 'a registration') {
        for (let index = 0; index < 10; index++)
          await createAccount(ctx, { email: REGISTERED(index), password: PASSWORD }, {})
        // The links for accounts of the operator, which do not count for any network.
        await ctx.db.deleteFrom('outbox').execute()
      }
      for (let index = 0; index < 8; index++) await ask(ctx, REGISTERED(index), in48(index * 0x1000))
      // Another /48, and an IPv4 address, are not affected.
      await ask(ctx, REGISTERED(8), '2001:db8:2::1')
      await ask(ctx, REGISTERED(9), '192.0.2.1')
      await sender(ctx, mailer).all()
      const recipients = () => mailer.mails.map(({ to }) => to)
      expect(recipients()).toHaveLength(3 + 2)
      expect(recipients()).toEqual(expect.arrayContaining([REGISTERED(8), REGISTERED(9)]))
      for (const sent of [3 + 2 + 3, 10]) {
        ctx.now.advance(HOUR)
        await sender(ctx, mailer).all()
        expect(recipients()).toHaveLength(sent)
      }
      expect(new Set(recipients()).size).toBe(10)
    },
  )

  it('that a mail server refuses gives its place back to the /48', async () => {
    const ctx = await productionContext(engine, { mailsPerHour: 10 })
    await account.register(ctx, { email: BOB, password: PASSWORD }, { ip: in48(1) })
    await sender(ctx, memoryMailer(down)).all()
    const mailer = memoryMailer()
    await account.register(ctx, { email: 'rob@example.com', password: PASSWORD }, { ip: in48(2) })
    await sender(ctx, mailer).all()
    expect(mailer.mails).toMatchObject([{ to: 'rob@example.com' }])
  })

  it('whose reason no longer exists is dropped unsent and does not count towards the limits', async () => {
    const ctx = await productionContext(engine, { mailsPerHour: 3 })
    const disabled = await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    const confirmed = await createAccount(ctx, { email: 'confirmed@example.com', password: PASSWORD }, {})
    const gone = await createAccount(ctx, { email: 'gone@example.com', password: PASSWORD }, {})
    // Bypasses the use cases, which withdraw links themselves.
    const change = (id: number, columns: { disabled_at?: number; email_verified_at?: number }) =>
      ctx.db.updateTable('users').set(columns).where('id', '=', id).execute()
    await change(disabled.id, { disabled_at: 1 })
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

  it('with a link is withdrawn when its token is revoked; a notice is not', async () => {
    const ctx = await productionContext(engine)
    const { id } = await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    let { sessionToken } = signedIn(await withPassword(ctx, { email: BOB, password: PASSWORD }, {}))
    const mailer = memoryMailer()
    const { mails } = mailer
    const { all } = sender(ctx, mailer)
    await all()
    const enqueue = async () => {
      await account.requestPasswordReset(ctx, { email: BOB }, {})
      await account.changeEmail(ctx, { email: 'robert@example.com' }, { sessionToken })
    }
    await enqueue()
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
    await enqueue()
    await users.disable(ctx, id, {})
    await all()
    expect(mails.slice(3)).toMatchObject([{ kind: 'email_change_requested' }])
    expect((await everyRow(ctx.db)).tokens).toEqual([])
  })

  it('goes to the address of the account at the time of sending', async () => {
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

onBothEngines('the limits on outgoing mail', (engine) => {
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
})

const THIEF = 'thief@example.net'
/** What an address change sends to the old address. */
const ADDRESS_NOTICES = ['email_change_requested', 'email_changed']

/** A thief who knows Bob's password. */
async function startTakeover(ctx: TestContext, mailer: MemoryMailer) {
  await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
  const { all } = sender(ctx, mailer)
  return {
    all,
    /** The kinds of mail sent to an address, in order. */
    kindsTo: (to = BOB) => mailer.mails.filter((mail) => mail.to === to).map(({ kind }) => kind),
    signIn: async (password = PASSWORD) =>
      signedIn(await withPassword(ctx, { email: BOB, password }, { ip: '203.0.113.9', userAgent: 'curl' }))
        .sessionToken,
    async takeAddress(sessionToken: string) {
      await account.changeEmail(ctx, { email: THIEF }, { sessionToken })
      await all()
      const link = mailer.mails.findLast(({ to }) => to === THIEF) ?? expect.unreachable()
      await account.confirmEmail(ctx, { token: linkIn(link).token, password: PASSWORD }, {})
    },
  }
}

onEachEngine('the owner of an account during a takeover', (engine) => {
  it('is notified at the old address of 21 sign-ins and of the address change within the hour', async () => {
    const ctx = await productionContext(engine)
    const { all, kindsTo, signIn, takeAddress } = await startTakeover(ctx, memoryMailer())
    let sessionToken = ''
    for (let times = 0; times < 21; times++) {
      sessionToken = await signIn()
      await all()
    }
    await takeAddress(sessionToken)
    await account.delete(ctx, { sessionToken })
    await all()
    expect(kindsTo()).toEqual(['new_device', ...ADDRESS_NOTICES])
    expect(kindsTo(THIEF)).toEqual(['confirm_new_email', 'account_deleted'])
    ctx.now.advance(600)
    await all()
    expect(kindsTo().slice(3)).toEqual(['new_device'])
    expect(await countMail(ctx.db)).toBe(0)
  })

  it('is notified of the deletion at once, and of the 20 other sign-ins later', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { all, kindsTo, signIn } = await startTakeover(ctx, mailer)
    let sessionToken = ''
    for (let times = 0; times < 21; times++) {
      sessionToken = await signIn()
      await all()
    }
    await account.delete(ctx, { sessionToken })
    await all()
    expect(kindsTo()).toEqual(['new_device', 'account_deleted'])
    ctx.now.advance(600)
    await all()
    expect(mailer.mails.at(-1)).toMatchObject({ to: BOB, text: expect.stringMatching(/were 20\ssign-ins/) })
  })

  it('receives every notice even if the mail server is down until the account is deleted', async () => {
    const ctx = await productionContext(engine)
    let isDown = true
    const mailer = memoryMailer(({ text }) => {
      if (isDown && !text.includes('https://')) down()
    })
    const { all, kindsTo, signIn, takeAddress } = await startTakeover(ctx, mailer)
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
    expect(kindsTo()).toEqual([])
    isDown = false
    ctx.now.advance(HOUR)
    await all()
    expect(kindsTo().sort()).toEqual([
      ...ADDRESS_NOTICES,
      'new_device',
      'password_changed',
      'password_changed',
    ])
    expect(kindsTo(THIEF)).toEqual(['confirm_new_email', 'account_deleted'])
  })

  it('is notified in time even if other notices have used up their limits', async () => {
    const ctx = await productionContext(engine, { mailsPerMailbox: 1, mailsPerHour: 1 })
    const { all, kindsTo, signIn, takeAddress } = await startTakeover(ctx, memoryMailer())
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
    expect(kindsTo()).toEqual(['password_changed', 'new_device'])
    await takeAddress(sessionToken)
    await all()
    expect(kindsTo().slice(2)).toEqual(ADDRESS_NOTICES)
  })

  it('is notified before other due mail is sent', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { signIn } = await startTakeover(ctx, mailer)
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

  it('receives no link to the deleted account, and neither does the thief', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { all, signIn } = await startTakeover(ctx, mailer)
    const sessionToken = await signIn()
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    await account.register(ctx, { email: BOB, password: PASSWORD }, {})
    await account.changeEmail(ctx, { email: THIEF }, { sessionToken })
    await account.delete(ctx, { sessionToken })
    // The requested address is deleted too.
    expect(JSON.stringify(await everyRow(ctx.db))).not.toContain(THIEF)
    await all()
    expect(mailer.mails.map(({ to, kind }) => `${to} ${kind}`).sort()).toEqual(
      ['account_deleted', 'email_change_requested', 'new_device'].map((kind) => `${BOB} ${kind}`),
    )
    expect((await everyRow(ctx.db)).tokens).toEqual([])
  })

  it('receives no link that was queued during the deletion', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const { all } = await startTakeover(ctx, mailer)
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    // Bypasses the use case, as if a concurrent request had queued the mail.
    await ctx.db.deleteFrom('users').execute()
    expect(await countMail(ctx.db)).toBe(1)
    await all()
    expect(mailer.mails).toEqual([])
    expect(await countMail(ctx.db)).toBe(0)
  })
})

onEachEngine('a notice that outlives its account', (engine) => {
  /** Notices to an address that no account has any more. */
  async function deletedAccount() {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer(down)
    const { all, signIn } = await startTakeover(ctx, mailer)
    const sessionToken = await signIn()
    await all()
    await account.delete(ctx, { sessionToken })
    return { ctx, all }
  }

  it('expires like other mail and is recorded in the audit log', async () => {
    const { ctx, all } = await deletedAccount()
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

  it('is deleted by the clean-up if no instance sends mail', async () => {
    const { ctx } = await deletedAccount()
    await account.requestPasswordReset(ctx, { email: 'nobody@example.com' }, {})
    ctx.now.advance(MAIL_LIFETIME_SECONDS + 300)
    expect(await deleteExpired(ctx)).toMatchObject({ mails: 0 })
    ctx.now.advance(0.001)
    expect(await deleteExpired(ctx)).toMatchObject({ mails: 3 })
    expect((await everyRow(ctx.db)).outbox).toEqual([])
    // Decoys are not recorded.
    expect(await givenUp(ctx)).toMatchObject([{ reason: 'expired' }, { reason: 'expired' }])
  })
})

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; rv:133.0) Gecko/20100101 Firefox/133.0'

onEachEngine('notices of new devices', (engine) => {
  /** An account with sign-ins from new devices. `covered` is the number of sign-ins in each notice. */
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
          await withPassword(ctx, { email: BOB, password: PASSWORD }, { ip, userAgent: FIREFOX })
      },
      covered: () => mailer.mails.map(({ text }) => Number(/were (\d+)\ssign-ins/.exec(text)?.[1] ?? 1)),
    }
  }

  it('are sent at once, then at most every ten minutes with the number of sign-ins and the latest of them [EML-09]', async () => {
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
    const { text, html, subject } = mailer.mails[1] ?? expect.unreachable()
    expect(subject).toContain('New devices')
    for (const body of [text, html ?? '']) {
      expect(body.match(/12:01 UTC, Firefox,\sWindows,\s192\.0\.2\.7/g)).toHaveLength(2)
      expect(body).toMatch(/12:02 UTC, Firefox,\sWindows,\s198\.51\.100\.5/)
      // The first sign-in has been reported already.
      expect(body).not.toContain('12:00')
    }
    // The next ten minutes count from the second notice.
    ctx.now.advance(1)
    await signIn()
    ctx.now.advance(598)
    await all()
    expect(covered()).toEqual([1, 3])
    ctx.now.advance(1)
    await all()
    expect(covered()).toEqual([1, 3, 1])
    // After ten quiet minutes, the next notice is sent at once.
    ctx.now.advance(600)
    await signIn()
    await all()
    expect(covered()).toEqual([1, 3, 1, 1])
  })

  it('are merged before the first one is sent', async () => {
    const { all, signIn, covered } = await account()
    await signIn(3)
    await all()
    expect(covered()).toEqual([3])
  })

  it('list the last five sign-ins', async () => {
    const { mailer, all, signIn } = await account()
    for (let host = 1; host <= 7; host++) await signIn(1, `198.51.100.${host}`)
    await all()
    const named = mailer.mails[0]?.text.match(/198\.51\.100\.\d/g)?.map((ip) => ip.at(-1))
    expect(named).toEqual(['3', '4', '5', '6', '7'])
    expect(mailer.mails[0]?.text).toMatch(/were 7\ssign-ins/)
  })

  it('include the sign-in of a notice queued by an older version', async () => {
    const { ctx, mailer, all, signIn } = await account()
    await signIn(1, '198.51.100.1')
    const details = JSON.stringify({ ip: '198.51.100.9', device: 'Opera/9.80 (X11; Linux x86_64)' })
    await ctx.db.updateTable('outbox').set({ details }).execute()
    ctx.now.advance(60)
    await signIn(1, '198.51.100.2')
    await all()
    expect(mailer.mails[0]?.text).toMatch(
      /12:00 UTC, Opera,\sLinux,\s198\.51\.100\.9\n[\s\S]*12:01 UTC, Firefox,\sWindows,\s198\.51\.100\.2/,
    )
  })

  it('report each sign-in once, including those during a delivery', async () => {
    const { mailer, taken, answer } = silentMailer()
    const ctx = await productionContext(engine)
    const { all, signIn, kindsTo } = await startTakeover(ctx, mailer)
    await signIn()
    const sending = all()
    await taken
    await signIn()
    await signIn()
    answer.resolve()
    await sending
    expect(kindsTo()).toEqual(['new_device'])
    ctx.now.advance(600)
    await all()
    expect(mailer.mails.map(({ text }) => /were \d+/.exec(text)?.[0])).toEqual([undefined, 'were 2'])
    expect(mailer.mails[1]?.text.match(/203\.0\.113\.9/g)).toHaveLength(2)
    expect(new Set(mailer.mails.map(({ id }) => id)).size).toBe(2)
    expect(await countMail(ctx.db)).toBe(0)
  })

  it('report each sign-in once if a sent notice cannot be deleted', async () => {
    const { ctx, all, once, signIn, covered } = await account()
    await signIn()
    const repair = await breakTable(ctx.db, 'outbox', 'delete')
    await expect(once()).rejects.toThrow('broken by the test')
    await signIn(2)
    await repair()
    ctx.now.advance(300)
    await all()
    expect(covered()).toEqual([1])
    ctx.now.advance(600)
    await all()
    expect(covered()).toEqual([1, 2])
  })

  it('are merged into one while the mail server is down', async () => {
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

  it('are paced across instances and restarts', async () => {
    const { ctx, mailer, all, signIn, covered } = await account()
    await signIn()
    await all()
    const again = { databaseUrl: ctx.options.databaseUrl, now: ctx.now }
    const [second, third] = [await productionContext(engine, again), await productionContext(engine, again)]
    await Promise.all(
      [second, third, second, third].map((other) =>
        withPassword(other, { email: BOB, password: PASSWORD }, {}),
      ),
    )
    for (const other of [second, third]) await sender(other, mailer).all()
    expect(covered()).toEqual([1])
    ctx.now.advance(600)
    await Promise.all([second, third].map((other) => sender(other, mailer).all()))
    expect(covered()).toEqual([1, 4])
  })

  it('do not delay notices for another account or for the old address', async () => {
    const { ctx, id, mailer, all, signIn } = await account()
    await createAccount(ctx, { email: 'rob@example.com', password: PASSWORD, confirmed: true }, {})
    await signIn(2)
    await withPassword(ctx, { email: 'rob@example.com', password: PASSWORD }, {})
    await ctx.db
      .updateTable('users')
      .set({ email: 'robert@example.com', normalized_email: 'robert@example.com' })
      .where('id', '=', id)
      .execute()
    await withPassword(ctx, { email: 'robert@example.com', password: PASSWORD }, {})
    await all()
    expect(mailer.mails.map(({ to }) => to).sort()).toEqual([BOB, 'rob@example.com', 'robert@example.com'])
    expect(mailer.mails.find(({ to }) => to === BOB)?.text).toMatch(/were 2\ssign-ins/)
  })

  it('are not delayed if the clock is set back', async () => {
    const { ctx, all, signIn, covered } = await account()
    await signIn()
    await all()
    ctx.now.advance(-1_800)
    await signIn()
    await all()
    expect(covered()).toEqual([1, 1])
  })

  it('are sent one by one if throttling is off', async () => {
    const limited = await productionContext(engine)
    const ctx = { ...limited, options: { ...limited.options, throttle: false } }
    const { all, signIn, kindsTo } = await startTakeover(ctx, memoryMailer())
    for (let times = 0; times < 3; times++) await signIn()
    await all()
    expect(kindsTo()).toHaveLength(3)
  })
})

onBothEngines('notices of sign-ins without the second factor', (engine) => {
  const PENDING = 600

  /** An account. `pend` begins a sign-in that waits for the second factor, and returns the id of its notice. */
  async function pendingSignIns() {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const user = await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    const { all } = sender(ctx, mailer)
    const pend = (client: Client = {}, other = user) => {
      const due = new Date(ctx.now().getTime() + PENDING * 1_000)
      return inTransaction(ctx, (tx) => enqueueSecondFactorNotice(tx, other, client, { due }))
    }
    return { ctx, mailer, user, all, pend }
  }

  it('are sent when the sign-in has ended, and say when and where it began', async () => {
    const { ctx, mailer, all, pend } = await pendingSignIns()
    const id = await pend({ ip: '192.0.2.7', userAgent: FIREFOX, acceptLanguage: 'en' })
    ctx.now.advance(PENDING - 1)
    await all()
    expect(mailer.mails).toEqual([])
    ctx.now.advance(1)
    await all()
    expect(mailer.mails).toMatchObject([
      {
        id,
        to: BOB,
        kind: 'second_factor_failed',
        data: { at: expect.any(Date), ip: '192.0.2.7', device: 'Firefox, Windows' },
        text: expect.stringMatching(/12:00 UTC\nDevice: Firefox, Windows\nIP address: 192\.0\.2\.7\n/),
      },
    ])
    expect(await countMail(ctx.db)).toBe(0)
  })

  it('are queued once for each account, also by simultaneous sign-ins', async () => {
    const { ctx, pend } = await pendingSignIns()
    const ids = await Promise.all([pend(), pend(), pend()])
    expect(ids.filter((id) => id !== null)).toHaveLength(1)
    const rob = await createAccount(
      ctx,
      { email: 'rob@example.com', password: PASSWORD, confirmed: true },
      {},
    )
    expect(await pend({}, rob)).not.toBeNull()
    expect(await countMail(ctx.db)).toBe(2)
  })

  it('are sent at most once an hour to an account', async () => {
    const { ctx, mailer, all, pend } = await pendingSignIns()
    await pend()
    ctx.now.advance(PENDING)
    await all()
    await pend()
    ctx.now.advance(HOUR - 1)
    await all()
    expect(mailer.mails).toHaveLength(1)
    ctx.now.advance(1)
    await all()
    expect(mailer.mails).toHaveLength(2)
    // After a quiet hour, the next one waits for the end of its sign-in only.
    ctx.now.advance(HOUR)
    await pend()
    ctx.now.advance(PENDING)
    await all()
    expect(mailer.mails).toHaveLength(3)
  })

  it('are not sent before the sign-in has ended if the pause ends first', async () => {
    const { ctx, mailer, all, pend } = await pendingSignIns()
    await pend()
    ctx.now.advance(PENDING)
    await all()
    ctx.now.advance(HOUR - 1)
    await pend()
    expect(await waits(ctx)).toEqual([PENDING])
    ctx.now.advance(PENDING - 1)
    await all()
    expect(mailer.mails).toHaveLength(1)
  })

  it('are not sent if the sign-in succeeds, and then the next sign-in has one', async () => {
    const { ctx, mailer, all, pend } = await pendingSignIns()
    await deleteMail(ctx.db, (await pend()) ?? expect.unreachable())
    ctx.now.advance(PENDING)
    await all()
    expect(mailer.mails).toEqual([])
    await pend()
    expect(await waits(ctx)).toEqual([PENDING])
  })

  it('do not exist without a mailer, or for a deleted account', async () => {
    const { ctx, user, pend } = await pendingSignIns()
    expect(await pend({}, { ...user, id: user.id + 1 })).toBeNull()
    const silent = await productionContext(engine, { databaseUrl: ctx.options.databaseUrl, now: ctx.now })
    const queued = inTransaction({ ...silent, sendsMail: false }, (tx) =>
      enqueueSecondFactorNotice(tx, user, {}, { due: ctx.now() }),
    )
    expect(await queued).toBeNull()
    expect(await countMail(ctx.db)).toBe(0)
  })
})

onEachEngine('a notice about a passkey', (engine) => {
  it('has its name', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const user = await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    const details = { name: 'Bob’s phone' }
    for (const kind of ['passkey_added', 'passkey_removed'] as const)
      await inTransaction(ctx, (tx) => enqueueMail(tx, user, kind, {}, { details }))
    await sender(ctx, mailer).all()
    const notices = mailer.mails.map(({ kind, data, text }) => [kind, data, text.includes(details.name)])
    expect(notices.toSorted()).toEqual([
      ['passkey_added', details, true],
      ['passkey_removed', details, true],
    ])
  })
})
