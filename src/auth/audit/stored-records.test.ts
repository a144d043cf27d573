/** What an audit record may contain, how records are read, and what `onAudit` receives. */
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { linesOf } from '../../../test/support/audited-acts.ts'
import { onEachEngine, testClock } from '../../../test/support/engines.ts'
import {
  BASE_URL,
  CLIENT,
  everyRow,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
  productionContext,
  randomKey,
  sendDueMail,
} from '../../../test/support/production.ts'
import type { AuditRecord } from '../../index.ts'
import { MailRefused } from '../../mail/index.ts'
import type { AuditAction } from '../../model/audit-actions.ts'
import * as account from '../account/index.ts'
import { createAccount } from '../account/new-account.ts'
import { type AuthService, openAuthService } from '../index.ts'
import { record } from './record.ts'

const BOB = 'bob@example.com'

onEachEngine('an audit record', (engine) => {
  const HOSTILE = [
    'curl/8\r\n{"action":"login","actor":"operator"}',
    'a\u2028b\u2029c\u0085d',
    '\u001b[2J\u001b]0;owned\u0007',
    "'); delete from audit; --",
    '"},{"action":"enable_account"',
    'x","outcome":"success"',
    '\u0000',
    '\ud800',
    '\u202eevil',
    'x'.repeat(10_000),
  ]

  it('is a single line for a hostile user agent [AUD-02]', async () => {
    const received: string[] = []
    const { auth, db } = await productionAuth(engine, {
      loginFailuresPerAccount: HOSTILE.length + 1,
      onAudit: (line) => void received.push(JSON.stringify(line)),
    })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const before = (await everyRow(db)).audit?.length ?? 0
    received.length = 0
    for (const userAgent of HOSTILE)
      await expect(
        auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD }, { userAgent }),
      ).rejects.toMatchObject({ code: 'invalid_credentials' })
    expect((await everyRow(db)).audit).toHaveLength(HOSTILE.length + before)
    const lines = await Array.fromAsync(auth.audit.list({ action: 'login' }))
    expect(lines).toHaveLength(HOSTILE.length)
    for (const line of lines) {
      expect(line).toMatchObject({ action: 'login', actor: 'anonymous', outcome: 'refused' })
      expect(line.userAgent?.length).toBeLessThanOrEqual(256)
    }
    expect(received).toHaveLength(HOSTILE.length)
    for (const line of received) {
      expect(line.split('\n')).toHaveLength(1)
      expect(JSON.parse(line)).toMatchObject({ action: 'login', actor: 'anonymous', outcome: 'refused' })
    }
  })

  it('contains an IP address only if it is valid', async () => {
    const { auth } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    for (const ip of ['', 'localhost', '203.0.113.7:80', ' 203.0.113.7', '203.0.113.7\nx', "'; --"]) {
      const sessionToken = await auth.createSession(BOB)
      expect(await auth.sessions.signOut({ ip, sessionToken })).toBe(true)
    }
    for (const ip of ['203.0.113.7', '2001:db8::1', '::ffff:203.0.113.7']) {
      const sessionToken = await auth.createSession(BOB)
      await auth.sessions.signOut({ ip, sessionToken })
    }
    const lines = await Array.fromAsync(auth.audit.list({ action: 'logout' }))
    expect(
      lines
        .map(({ ip }) => ip)
        .filter((ip) => ip !== null)
        .sort(),
    ).toEqual(['2001:db8::1', '203.0.113.7', '::ffff:203.0.113.7'])
    expect(lines).toHaveLength(9)
  })

  it('has the time of the clock and an id in the same order', async () => {
    const { auth, now } = await productionAuth(engine)
    for (let user = 0; user < 5; user++) {
      await auth.users.create({ email: `user${user}@example.com`, password: PASSWORD, confirmed: true })
      now.advance(1)
    }
    const lines = await linesOf(auth)
    expect(lines.map(({ at }) => (now().getTime() - at.getTime()) / 1_000)).toEqual([1, 2, 3, 4, 5])
    expect(lines.map(({ id }) => id)).toEqual(
      lines
        .map(({ id }) => id)
        .sort()
        .reverse(),
    )
  })

  it('can be queried by account, action and time, across pages', async () => {
    const ctx = await productionContext(engine)
    const auth = await openAuthService({
      databaseUrl: ctx.options.databaseUrl,
      mode: 'production',
      baseUrl: BASE_URL,
      secretKey: randomKey(),
      mailer: memoryMailer(),
      now: ctx.now,
    })
    onTestFinished(() => auth.close())
    const write = async (count: number, action: AuditAction, userId: number) => {
      for (let line = 0; line < count; line++) await record(ctx, { action, userId }, {})
    }
    await write(501, 'login', 1)
    ctx.now.advance(60)
    await write(3, 'login', 2)
    await write(2, 'logout', 1)
    const count = async (query: Parameters<AuthService['audit']['list']>[0]) =>
      (await Array.fromAsync(auth.audit.list(query))).length
    expect(await count({})).toBe(506)
    expect(await count({ userId: 1 })).toBe(503)
    expect(await count({ userId: 1, action: 'login' })).toBe(501)
    expect(await count({ action: 'login' })).toBe(504)
    expect(await count({ since: ctx.now() })).toBe(5)
    expect(await count({ userId: 3 })).toBe(0)
    const ids = (await linesOf(auth)).map(({ id }) => id)
    expect(new Set(ids).size).toBe(506)
  })

  it('cannot be changed or deleted by the database user of the service before it expires', async () => {
    const { auth, db } = await productionAuth(engine, { now: testClock() })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await auth.createSession(BOB, CLIENT)
    const before = await everyRow(db)
    const attempts = [
      sql`delete from audit`,
      sql`update audit set action = 'logout'`,
      sql`update audit set user_id = null`,
      sql`update audit set ip_address = '203.0.113.1'`,
      sql`update audit set expires_at = 0`,
      ...(engine === 'postgres' ? [sql`truncate audit`] : []),
    ]
    for (const attempt of attempts) await expect(attempt.execute(db)).rejects.toThrow(/a line of the audit/)
    expect(await everyRow(db)).toEqual(before)
  })
})

onEachEngine('the onAudit callback', (engine) => {
  it('receives each record as stored, after it is committed', async () => {
    const received: AuditRecord[] = []
    const found: Promise<unknown>[] = []
    const { auth, db } = await productionAuth(engine, {
      onAudit(line) {
        received.push(line)
        found.push(db.selectFrom('audit').select('id').where('id', '=', line.id).executeTakeFirst())
      },
    })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const { sessionToken } = await auth.signIn.withPassword({ email: BOB, password: PASSWORD }, CLIENT)
    await auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD }).catch(() => {})
    await auth.sessions.signOut({ ...CLIENT, sessionToken })
    expect(await Promise.all(found)).toEqual(received.map(({ id }) => ({ id })))
    const byId = (a: AuditRecord, b: AuditRecord) => (a.id < b.id ? -1 : 1)
    // Reading adds the address of the account.
    const read = (await linesOf(auth)).map(({ email: _, ...line }) => line)
    expect(received.toSorted(byId)).toEqual(read.sort(byId))
  })

  it('may throw without affecting requests', async () => {
    const { auth, newMails } = await productionAuth(engine, {
      onAudit() {
        throw new Error('the collector is down')
      },
    })
    await auth.account.register({ email: BOB, password: PASSWORD })
    expect(await newMails()).toMatchObject([{ kind: 'verify_email' }])
    await auth.users.confirmEmail((await auth.db.findUserBy({ email: BOB })).id)
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    await expect(auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD })).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
  })

  it('receives records of abandoned mail', async () => {
    const received: AuditRecord[] = []
    const ctx = await productionContext(engine, { onAudit: (line) => void received.push(line) })
    const { id } = await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    await account.register(ctx, { email: BOB, password: NEW_PASSWORD }, {})
    const mailer = memoryMailer(() => {
      throw new MailRefused('no such mailbox')
    })
    await sendDueMail(ctx, mailer)
    expect(received.filter(({ action }) => action === 'give_up_mail')).toMatchObject([
      { userId: id, instance: 'test:1' },
      { userId: id },
    ])
  })
})
