import { describe, expect, it, onTestFinished } from 'vitest'
import { freshAuth, onEachEngine, testClock } from '../../../test/support/engines.ts'
import {
  breakTable,
  type MemoryMailer,
  memoryMailer,
  PASSWORD,
  productionAuth,
  productionContext,
  randomKey,
  type TestContext,
  until,
  untilNoMailWaits,
} from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'
import { countMail } from '../../db/index.ts'
import { MAILS_AT_ONCE, type Mail, MailError } from '../../mail/index.ts'
import { createAccount } from '../account/new-account.ts'
import { openAuthService } from '../index.ts'
import { type MailWorker, startMailWorker } from './worker.ts'

const BOB = 'bob@example.com'
const ROB = 'rob@example.com'

/** Starts a worker that stops with the test and records its failures. */
function startWorker(ctx: TestContext, mailer: MemoryMailer): MailWorker & { faults: unknown[] } {
  const faults: unknown[] = []
  const worker = startMailWorker(ctx, mailer, (error) => void faults.push(error))
  onTestFinished(() => worker.stop())
  return { ...worker, faults }
}

async function outboxIsEmpty(ctx: TestContext): Promise<void> {
  await until(async () => (await countMail(ctx.db)) === 0)
}

/** A mail server that does not answer for some addresses until the test resolves `answer`. */
function silentFor(...addresses: readonly string[]) {
  const taken = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const hanging: string[] = []
  const mailer = memoryMailer(({ to }) => {
    if (!addresses.includes(to)) return
    hanging.push(to)
    taken.resolve()
    return answer.promise
  })
  return { mailer, taken: taken.promise, answer, hanging }
}

onEachEngine('the mail worker', (engine) => {
  it('sends mail that was queued before it started', async () => {
    const { now, mailer } = { now: testClock(), mailer: memoryMailer() }
    const ctx = await productionContext(engine, { now })
    const options = { databaseUrl: ctx.options.databaseUrl, now, mailer: memoryMailer() }
    const engineWithout = await openAuthService({
      mode: 'production',
      baseUrl: 'https://auth.example.com',
      secretKey: randomKey(),
      breachCheckUrl: 'off',
      ...options,
    })
    onTestFinished(() => engineWithout.close())
    await engineWithout.registerUser(BOB, PASSWORD)
    expect(await engineWithout.delivery.count()).toBe(1)
    startWorker(ctx, mailer)
    await outboxIsEmpty(ctx)
    expect(mailer.mails).toMatchObject([{ to: BOB }])
    expect(options.mailer.mails).toEqual([])
  })

  it('delays no request while the mail server hangs', async () => {
    const silent = silentFor(BOB)
    const { auth } = await productionAuth(engine, { mailer: silent.mailer })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await auth.account.requestPasswordReset({ email: BOB })
    await silent.taken
    const json = { email: BOB, password: PASSWORD }
    expect((await send(auth, 'POST', '/sessions', { json })).status).toBe(200)
    expect((await send(auth, 'POST', '/reset_password', { json: { email: BOB } })).status).toBe(200)
    expect((await send(auth, 'POST', '/users', { json: { ...json, email: ROB } })).status).toBe(200)
    expect((await send(auth, 'GET', '/readyz')).status).toBe(200)
    // The mail to Rob may have left, because only one to Bob hangs.
    expect(silent.mailer.mails.filter(({ to }) => to === BOB)).toEqual([])
    silent.answer.resolve()
    await untilNoMailWaits(auth)
    expect(silent.mailer.mails.map(({ kind }) => kind).sort()).toEqual([
      'new_device',
      'reset_password',
      'reset_password',
      'verify_email',
    ])
  })

  it('sends the rest of a batch while one mail hangs', async () => {
    const ctx = await productionContext(engine)
    const silent = silentFor(BOB)
    for (const email of [BOB, ROB]) await createAccount(ctx, { email, password: PASSWORD }, {})
    startWorker(ctx, silent.mailer)
    await until(() => silent.mailer.mails.length === 1)
    expect(silent.mailer.mails).toMatchObject([{ to: ROB }])
    silent.answer.resolve()
    await outboxIsEmpty(ctx)
  })

  it.each([
    ['one domain', (index: number) => `user${index}@slow.example`],
    ['names under one domain', (index: number) => `user${index}@mail${index}.slow.example`],
  ])('sends the mail of others while more mail than there are slots hangs for %s', async (_, slowAddress) => {
    const ctx = await productionContext(engine)
    const slow = Array.from({ length: 12 }, (_, index) => slowAddress(index))
    const silent = silentFor(...slow)
    const others = [ROB, BOB, 'eve@example.net']
    for (const email of [...slow, ...others]) {
      await createAccount(ctx, { email, password: PASSWORD }, {})
      ctx.now.advance(0.001)
    }
    startWorker(ctx, silent.mailer)
    // The mail of one batch starts in any order.
    await until(
      () => silent.mailer.mails.length === others.length && silent.hanging.length >= MAILS_AT_ONCE - 1,
    )
    expect(silent.mailer.mails.map(({ to }) => to).sort()).toEqual(others.toSorted())
    expect(silent.hanging).toHaveLength(MAILS_AT_ONCE - 1)
    silent.answer.resolve()
    await outboxIsEmpty(ctx)
    expect(silent.mailer.mails).toHaveLength(slow.length + others.length)
  })

  it('continues after a failure, whatever is thrown', async () => {
    const ctx = await productionContext(engine)
    const thrown: unknown[] = [new Error('no'), 'no', null, undefined]
    const mailer = memoryMailer(({ to }) => {
      if (to === BOB) throw thrown.shift()
    })
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    const worker = startWorker(ctx, mailer)
    for (let failure = 1; failure <= 4; failure++) {
      await until(() => worker.faults.length === failure)
      await until(async () => {
        const [row] = await ctx.db.selectFrom('outbox').select('next_attempt_at').execute()
        return row !== undefined && row.next_attempt_at !== ctx.now().getTime() + 300_000
      })
      ctx.now.advance(3_600)
      if (failure === 4) break
      worker.wake()
    }
    await createAccount(ctx, { email: ROB, password: PASSWORD }, {})
    worker.wake()
    await until(() => mailer.mails.some(({ to }) => to === ROB))
  })

  it('continues after a database failure', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    const repair = await breakTable(ctx.db, 'outbox', 'update')
    const worker = startWorker(ctx, mailer)
    await until(() => worker.faults.length > 0)
    expect(mailer.mails).toEqual([])
    await repair()
    worker.wake()
    await outboxIsEmpty(ctx)
    expect(mailer.mails).toMatchObject([{ to: BOB }])
  })

  it('finishes current mail on stop, takes no more, and closes the mailer', async () => {
    const ctx = await productionContext(engine)
    const silent = silentFor(BOB)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    const worker = startMailWorker(ctx, silent.mailer, () => {})
    await silent.taken
    const stopped = worker.stop()
    // Not due yet for a query that has not reached the database.
    ctx.now.advance(1)
    await createAccount(ctx, { email: ROB, password: PASSWORD }, {})
    worker.wake()
    expect(silent.mailer.closed).toBe(0)
    silent.answer.resolve()
    await stopped
    expect(silent.mailer.closed).toBe(1)
    expect(silent.mailer.mails).toMatchObject([{ to: BOB }])
    expect(await countMail(ctx.db)).toBe(1)
    // The next worker sends the rest.
    const next = memoryMailer()
    startWorker(ctx, next)
    await outboxIsEmpty(ctx)
    expect(next.mails).toMatchObject([{ to: ROB }])
  })

  it('stops at once when idle', async () => {
    const ctx = await productionContext(engine)
    const mailer = memoryMailer()
    const worker = startMailWorker(ctx, mailer, () => {})
    await worker.stop()
    expect(mailer.closed).toBe(1)
  })

  it('logs a mail that failed without its address or its secret', async () => {
    const lines: string[] = []
    const log = (...line: unknown[]) => void lines.push(JSON.stringify(line))
    const refusals: Mail[] = []
    const mailer = memoryMailer((mail) => {
      refusals.push(mail)
      if (refusals.length === 1) throw new MailError('the server is down')
      throw new Error(`cannot send ${mail.text} to ${mail.to}`)
    })
    const auth = await freshAuth(engine, {
      mode: 'production',
      baseUrl: 'https://auth.example.com',
      secretKey: randomKey(),
      breachCheckUrl: 'off',
      logger: { debug: log, info: log, warn: log, error: log },
      mailer,
    })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await auth.account.requestPasswordReset({ email: BOB })
    await until(() => lines.length === 1)
    await auth.account.register({ email: BOB, password: PASSWORD })
    await until(() => lines.length === 2)
    expect(lines[0]).toContain('the server is down')
    expect(lines[0]).toContain(refusals[0]?.id)
    for (const line of lines) {
      expect(line).toContain('a mail was not sent')
      for (const trace of ['bob@', 'token=', 'http']) expect(line).not.toContain(trace)
    }
  })
})

describe('the mail worker', () => {
  /** What hangs here never ends, so any time limit is reached. */
  const IMPATIENT_MS = 20

  it('closes the mailer on stop if a delivery hangs, and requeues the mail', async () => {
    const ctx = await productionContext('sqlite')
    const silent = silentFor(BOB)
    const mailer: MemoryMailer = {
      ...silent.mailer,
      close: () => silent.answer.reject(new Error('the connection was closed')),
    }
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    const worker = startMailWorker(ctx, mailer, () => {}, IMPATIENT_MS)
    await silent.taken
    await worker.stop()
    expect(await countMail(ctx.db)).toBe(1)
    ctx.now.advance(30)
    const next = memoryMailer()
    startWorker(ctx, next)
    await outboxIsEmpty(ctx)
    expect(next.mails).toMatchObject([{ to: BOB }])
  })

  it('stops even if closing the mailer does not end a delivery, and leaves the mail to the next worker', async () => {
    const ctx = await productionContext('sqlite')
    const silent = silentFor(BOB)
    await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    const worker = startMailWorker(ctx, silent.mailer, () => {}, IMPATIENT_MS)
    await silent.taken
    await worker.stop()
    expect(silent.mailer.closed).toBe(1)
    expect(await countMail(ctx.db)).toBe(1)
    ctx.now.advance(300)
    const next = memoryMailer()
    startWorker(ctx, next)
    await outboxIsEmpty(ctx)
    expect(next.mails).toMatchObject([{ to: BOB }])
    silent.answer.reject(new Error('the connection was closed'))
  })
})
