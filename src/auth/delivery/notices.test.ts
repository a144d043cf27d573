import { expect, it } from 'vitest'
import { onEachEngine } from '../../../test/support/engines.ts'
import { breakTable, memoryMailer, PASSWORD, productionContext } from '../../../test/support/production.ts'
import { down, sender, silentMailer, waits } from '../../../test/support/sender.ts'
import { BOB, startTakeover } from '../../../test/support/takeover.ts'
import { countMail, deleteMail } from '../../db/index.ts'
import { createAccount } from '../account/new-account.ts'
import type { Client } from '../caller.ts'
import { inTransaction } from '../context.ts'
import { withPassword } from '../sign-in/index.ts'
import { enqueueMail, enqueueSecondFactorNotice } from './enqueue.ts'

const HOUR = 3_600
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

onEachEngine('notices of sign-ins without the second factor', (engine) => {
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
