import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { onBothEngines, onEachEngine } from '../../../test/support/engines.ts'
import {
  breakTable,
  type MemoryMailer,
  memoryMailer,
  PASSWORD,
  productionContext,
  type TestContext,
  until,
} from '../../../test/support/production.ts'
import { down, givenUp, sender, silentMailer, waits } from '../../../test/support/sender.ts'
import { countMail } from '../../db/index.ts'
import { MAILS_AT_ONCE, MailRefused } from '../../mail/index.ts'
import * as account from '../account/index.ts'
import { createAccount } from '../account/new-account.ts'
import { MAIL_LIFETIME_SECONDS } from './send.ts'

const BOB = 'bob@example.com'

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
