import { expect, it } from 'vitest'
import { onEachEngine, testClock } from '../../test/support/engines.ts'
import { CLIENT, NEW_PASSWORD, PASSWORD, productionAuth } from '../../test/support/production.ts'
import { CLEAN_UPS } from '../db/index.ts'
import type { Auth } from '../index.ts'
import type { Removed } from './cleanup.ts'

const BOB = 'bob@example.com'
const DAY = 86_400

/** In the past, because the expiry of audit records also depends on the clock of the database. */
const LONG_AGO = '2020-01-01T12:00:00Z'

const NOTHING = Object.fromEntries(CLEAN_UPS.map(({ name }) => [name, 0])) as Removed

async function longAgo(engine: 'sqlite' | 'postgres', options = {}) {
  return productionAuth(engine, { now: testClock(LONG_AGO), ...options })
}

async function linesOf(auth: Auth) {
  return Array.fromAsync(auth.audit.list())
}

onEachEngine('the clean-up', (engine) => {
  it('removes a session once after its idle limit or its lifetime [DAT-02]', async () => {
    const { auth, now } = await longAgo(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await auth.createSession(BOB)
    now.advance(7 * DAY - 1)
    expect(await auth.deleteExpired()).toEqual(NOTHING)
    now.advance(1)
    expect(await auth.deleteExpired()).toMatchObject({ sessions: 1 })
    await auth.createSession(BOB)
    now.advance(31 * DAY)
    expect(await auth.deleteExpired()).toMatchObject({ sessions: 1 })
    expect(await auth.deleteExpired()).toMatchObject({ sessions: 0 })
  })

  it('removes a session in constant use after thirty days [DAT-02]', async () => {
    const { auth, now } = await longAgo(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const sessionToken = await auth.createSession(BOB)
    for (let day = 0; day < 30; day++) {
      expect(await auth.getUserFromSessionId(sessionToken)).not.toBeNull()
      expect(await auth.deleteExpired()).toMatchObject({ sessions: 0 })
      now.advance(DAY)
    }
    expect(await auth.deleteExpired()).toMatchObject({ sessions: 1 })
  })

  it('removes each mailed token after its own lifetime', async () => {
    const { auth, now, db, newMails } = await longAgo(engine)
    await auth.account.register({ email: BOB, password: PASSWORD })
    await auth.account.requestPasswordReset({ email: BOB })
    await newMails()
    now.advance(3_599)
    expect(await auth.deleteExpired()).toMatchObject({ tokens: 0 })
    now.advance(1)
    expect(await auth.deleteExpired()).toMatchObject({ tokens: 1 })
    expect(await auth.db.findUserBy({ email: BOB })).toMatchObject({ resetToken: null })
    now.advance(DAY - 3_601)
    expect(await auth.deleteExpired()).toMatchObject({ tokens: 0 })
    now.advance(1)
    expect(await auth.deleteExpired()).toMatchObject({ tokens: 1 })
    expect(await db.selectFrom('tokens').select('id').execute()).toEqual([])
  })

  it('removes counters after an hour, those for wrong passwords after a day and for right ones after ten minutes', async () => {
    const { auth, now, newMails } = await longAgo(engine)
    await auth.account.requestPasswordReset({ email: BOB })
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD }).catch(() => {})
    await newMails()
    now.advance(599)
    expect(await auth.deleteExpired()).toMatchObject({ throttles: 0 })
    now.advance(1)
    expect(await auth.deleteExpired()).toMatchObject({ throttles: 1 })
    now.advance(2_999)
    expect(await auth.deleteExpired()).toMatchObject({ throttles: 0 })
    now.advance(1)
    // The reset request, and two hourly quotas of mail.
    expect(await auth.deleteExpired()).toMatchObject({ throttles: 3 })
    now.advance(DAY - 3_601)
    expect(await auth.deleteExpired()).toMatchObject({ throttles: 0 })
    now.advance(1)
    expect(await auth.deleteExpired()).toMatchObject({ throttles: 1 })
  })

  it('removes mail counters at the end of their hour', async () => {
    const { auth, now, newMails } = await longAgo(engine)
    now.advance(1_800)
    await auth.registerUser(BOB, PASSWORD)
    await newMails()
    now.advance(1_799)
    expect(await auth.deleteExpired()).toMatchObject({ throttles: 0 })
    now.advance(1)
    // One for the mailbox, one for all mail.
    expect(await auth.deleteExpired()).toMatchObject({ throttles: 2 })
  })

  it('keeps a password lock, which does not expire', async () => {
    const { auth, now, newMails } = await longAgo(engine, {
      loginFailuresPerAccount: 2,
      loginFailuresUntilLock: 2,
    })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    for (let guess = 0; guess < 2; guess++)
      await auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD }).catch(() => {})
    await newMails()
    now.advance(365 * DAY)
    // The counter of right passwords goes, and two hourly quotas of mail.
    expect(await auth.deleteExpired()).toMatchObject({ throttles: 3 })
    await expect(auth.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject({
      code: 'too_many_attempts',
    })
  })

  it('removes IP addresses and user agents from the audit log after ninety days', async () => {
    const { auth, now } = await longAgo(engine)
    const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD }, CLIENT)
    now.advance(90 * DAY)
    expect(await auth.deleteExpired()).toMatchObject({ auditOrigins: 0 })
    now.advance(1)
    const before = await linesOf(auth)
    expect(await auth.deleteExpired()).toMatchObject({ auditOrigins: 1 })
    const after = await linesOf(auth)
    expect(after).toEqual(before.map((line) => ({ ...line, ip: null, userAgent: null })))
    expect(after.find(({ action }) => action === 'login')).toMatchObject({
      userId: id,
      requestId: CLIENT.requestId,
    })
    expect(await auth.deleteExpired()).toMatchObject({ auditOrigins: 0 })
  })

  it('removes an audit record after a year by both the service clock and the database clock', async () => {
    const { auth, now } = await longAgo(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    now.advance(365 * DAY - 1)
    expect(await auth.deleteExpired()).toMatchObject({ auditRecords: 0 })
    now.advance(1)
    expect(await auth.deleteExpired()).toMatchObject({ auditRecords: 1 })
    expect(await linesOf(auth)).toEqual([])
    // A service clock that runs ahead removes nothing and causes no failure.
    const ahead = await productionAuth(engine, { now: testClock('2100-01-01T12:00:00Z') })
    await ahead.auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    ahead.now.advance(366 * DAY)
    expect(await ahead.auth.deleteExpired()).toMatchObject({ auditRecords: 0 })
    expect(await linesOf(ahead.auth)).toHaveLength(1)
  })

  it('follows the retention settings', async () => {
    const { auth, now } = await longAgo(engine, { auditRetentionDays: 2, ipRetentionDays: 1 })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await auth.createSession(BOB, CLIENT)
    now.advance(DAY)
    expect(await auth.deleteExpired()).toMatchObject({ auditOrigins: 0, auditRecords: 0 })
    now.advance(1)
    expect(await auth.deleteExpired()).toMatchObject({ auditOrigins: 1, auditRecords: 0 })
    now.advance(DAY - 1)
    expect(await auth.deleteExpired()).toMatchObject({ auditOrigins: 0, auditRecords: 2 })
  })

  it('runs as many batches as it needs', async () => {
    const { auth, now, db } = await longAgo(engine)
    const at = now().getTime()
    const line = {
      at,
      instance: 'test:1',
      actor: 'user',
      action: 'login',
      outcome: 'success',
      reason: null,
      user_id: 1,
      ip_address: CLIENT.ip ?? null,
      user_agent: null,
      request_id: null,
      details: '{}',
      expires_at: at + 365 * DAY * 1_000,
    }
    const lines = Array.from({ length: 1_001 }, () => ({ ...line, id: auth.generateUuid() }))
    for (let from = 0; from < lines.length; from += 501)
      await db
        .insertInto('audit')
        .values(lines.slice(from, from + 501))
        .execute()
    now.advance(91 * DAY)
    expect(await auth.deleteExpired()).toMatchObject({ auditOrigins: 1_001, auditRecords: 0 })
    now.advance(365 * DAY)
    expect(await auth.deleteExpired()).toMatchObject({ auditOrigins: 0, auditRecords: 1_001 })
  })

  it('removes each row once when instances run it concurrently', async () => {
    const { auth, now } = await longAgo(engine)
    const other = await productionAuth(engine, { now, databaseUrl: auth.options.databaseUrl })
    for (let user = 0; user < 20; user++) {
      const { email } = await auth.registerUser(`user${user}@example.com`, PASSWORD)
      await auth.account.requestConfirmation({ email }, { ...CLIENT, ip: `192.0.2.${user}` })
    }
    await other.newMails()
    now.advance(400 * DAY)
    const both = await Promise.all([auth.deleteExpired(), other.auth.deleteExpired()])
    const sum = (what: keyof typeof NOTHING) => both.reduce((total, removed) => total + removed[what], 0)
    expect(sum('accounts')).toBe(20)
    expect(sum('auditRecords')).toBe(40)
    expect(await linesOf(auth)).toMatchObject(
      both.flatMap(({ accounts }) =>
        accounts === 0 ? [] : [{ action: 'delete_unconfirmed_accounts', actor: 'system', userId: null }],
      ),
    )
    expect(await auth.deleteExpired()).toEqual(NOTHING)
  })

  it('records only the number of removed accounts', async () => {
    const { auth, now } = await longAgo(engine)
    for (let user = 0; user < 3; user++) await auth.registerUser(`user${user}@example.com`, PASSWORD)
    now.advance(7 * DAY)
    await auth.deleteExpired()
    const lines = await Array.fromAsync(auth.audit.list({ action: 'delete_unconfirmed_accounts' }))
    expect(lines).toMatchObject([{ actor: 'system', userId: null, details: { removed: 3 } }])
    await auth.deleteExpired()
    expect(await Array.fromAsync(auth.audit.list({ action: 'delete_unconfirmed_accounts' }))).toHaveLength(1)
  })
})
