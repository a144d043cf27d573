/** What is stored: what logs may contain of it, and what ends each row. */
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { CLEAN_UPS, type Database, openDatabase, TABLES } from '../../src/db/index.ts'
import type { Table } from '../../src/db/tables/table.ts'
import { type EngineName, freshDatabase, onBothEngines, onEachEngine, testClock } from '../support/engines.ts'
import { CLIENT, memoryMailer, PASSWORD, productionAuth } from '../support/production.ts'
import { addSampleRows } from '../support/sample-rows.ts'
import { startService } from '../support/service.ts'
import { ALICE, BOB, NEW_ADDRESS, story, WRONG } from '../support/story.ts'

const HOUR = 3_600
const DAY = 24 * HOUR

type Values = Readonly<Record<string, unknown>>

const REGISTRY: [string, Table][] = Object.entries(TABLES)

async function rowsOf(db: Database, name: string): Promise<Values[]> {
  return (await sql<Values>`select * from ${sql.table(name)}`.execute(db)).rows
}

onEachEngine('the registry of tables', (engine) => {
  it('names every column that a log may contain; no other reaches one [DAT-01]', async () => {
    const { log, audit, rows } = await story(engine)
    const written = JSON.stringify([log, audit]).toLowerCase()
    const looked = new Set<string>()
    for (const [name, { columns }] of REGISTRY) {
      for (const column of Object.keys(columns).filter((column) => columns[column]?.log !== 'yes')) {
        for (const spelling of (rows.get(name) ?? []).flatMap((row) => spellings(row[column]))) {
          looked.add(`${name}.${column}`)
          expect(written, `${name}.${column}`).not.toContain(spelling.toLowerCase())
        }
      }
    }
    // The search works, and it had something to search for.
    expect(written).toContain('s***@example.com')
    expect([...looked]).toEqual(
      expect.arrayContaining([
        'sessions.secret_hash',
        'tokens.secret_hash',
        'users.email',
        'users.hashed_password',
      ]),
    )
  })

  /** A value as a log could contain it. Numbers and short words could be there by chance. */
  function spellings(value: unknown): string[] {
    if (value instanceof Uint8Array)
      return (['hex', 'base64', 'base64url'] as const).map((encoding) =>
        Buffer.from(value).toString(encoding),
      )
    return typeof value === 'string' && value.length > 12 ? [value] : []
  }
})

onBothEngines('the clean-up', (engine) => {
  it('removes each kind of row when its time is over [DAT-02]', async () => {
    expect(await cleanUpInTime(engine)).toEqual({
      // The sample rows.
      ...Object.fromEntries(CLEAN_UPS.map(({ name }) => [name, [600]])),
      sessions: [900],
      tokens: [700, 800],
      throttles: [600, HOUR, DAY],
      accounts: [3 * DAY],
      mails: [3 * DAY + 301],
      auditOrigins: [4 * DAY + 1],
      auditRecords: [30 * DAY],
    })
  })

  it('runs when the service starts [DAT-02]', async () => {
    const databaseUrl = await freshDatabase(engine)
    const db = await openDatabase(databaseUrl)
    onTestFinished(() => db.destroy())
    const ended = { failures: 1, blocked_until: 0, expires_at: 1 }
    await db
      .insertInto('throttles')
      .values({ key: 'ended', ...ended })
      .execute()
    const service = await startService(databaseUrl, { env: { BIENVENUE_LOG_LEVEL: 'debug' } })
    const { removed } = await service.logged(({ msg }) => msg === 'clean-up')
    expect(removed).toMatchObject({ throttles: 1 })
    expect(await rowsOf(db, 'throttles')).toEqual([])
    expect(await service.stop()).toBe(0)
  })
})

onEachEngine('a deleted account', (engine) => {
  it.each(['the user', 'an operator'])('leaves what the registry says if %s deletes it', async (whom) => {
    const { auth, db, newMails } = await productionAuth(engine)
    const { id } = await auth.users.create({ email: ALICE, password: PASSWORD, confirmed: true })
    await auth.signIn.withPassword({ email: ALICE, password: WRONG }, CLIENT).catch(() => {})
    const { sessionToken } = await auth.signIn.withPassword({ email: ALICE, password: PASSWORD }, CLIENT)
    await auth.signIn.withPassword({ email: ALICE, password: WRONG }, CLIENT).catch(() => {})
    await auth.account.requestPasswordReset({ email: ALICE }, CLIENT)
    await addSampleRows(db, id, new Date(2_000_000_000_000))
    // As if she had proven a second factor.
    await db.updateTable('sessions').set({ aal: 2 }).execute()
    await newMails()
    const theirs = async (name: string) =>
      (await rowsOf(db, name)).filter(
        (row) => (name === 'users' ? row.id : 'user_id' in row ? row.user_id : id) === id,
      )
    const before = { audit: await theirs('audit'), throttles: await rowsOf(db, 'throttles') }
    expect([before.audit.length > 3, before.throttles.length > 1]).toEqual([true, true])

    // As if she had signed in with them.
    await db.updateTable('sessions').set({ aal: 2 }).where('user_id', '=', id).execute()
    if (whom === 'the user') await auth.account.delete({ sessionToken, ...CLIENT })
    else await auth.users.delete(id)

    expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    const farewell = (await newMails()).map(({ to, kind }) => [to, kind])
    expect(farewell).toEqual(whom === 'the user' ? [[ALICE, 'account_deleted']] : [])
    for (const [name, { afterAccount }] of REGISTRY) {
      if (afterAccount.startsWith('gone')) expect(await theirs(name), name).toEqual([])
      else expect(afterAccount, name).toMatch(/^stays until it expires|^not about an account$/)
    }
    const lines = await theirs('audit')
    expect(lines).toHaveLength(before.audit.length + 1)
    for (const line of lines) expect(line).toMatchObject({ ip_address: null, user_agent: null })
    const counters = (await rowsOf(db, 'throttles')).map(({ key }) => key)
    const gone = before.throttles.map(({ key }) => key).filter((key) => !counters.includes(key))
    // Only the counters of wrong and right passwords were about the account alone.
    expect(gone.length).toBeLessThanOrEqual(2)
    for (const [name] of REGISTRY)
      expect(JSON.stringify(await rowsOf(db, name)).toLowerCase()).not.toContain('liddell')
    // The id is not used again.
    expect((await auth.registerUser(NEW_ADDRESS, PASSWORD)).id).toBeGreaterThan(id)
  })
})

/** Makes a row of each kind at one moment. Returns after how many seconds a clean-up removed something. */
async function cleanUpInTime(engine: EngineName): Promise<Record<string, number[]>> {
  // In the past, because the database guards audit records by its own clock.
  const now = testClock('2020-01-01T00:00:00Z')
  // One mail is never finished, so that only the clean-up can remove it.
  const [taken, finished] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  onTestFinished(() => finished.resolve())
  const mailer = memoryMailer(({ to }) => {
    if (to !== NEW_ADDRESS) return
    taken.resolve()
    return finished.promise
  })
  const { auth, db, newMails } = await productionAuth(engine, {
    now,
    mailer,
    sessionLifetimeSeconds: 5_000,
    sessionIdleSeconds: 900,
    resetTokenLifetimeSeconds: 700,
    emailTokenLifetimeSeconds: 800,
    unconfirmedAccountSeconds: 3 * DAY,
    auditRetentionDays: 30,
    ipRetentionDays: 4,
  })
  const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
  await auth.createSession(BOB, CLIENT)
  await addSampleRows(db, id, new Date(now().getTime() + 600_000))
  // An app that is confirmed stays.
  await db.updateTable('totp').set({ sealed_secret: null, confirmed_at: null }).execute()
  await auth.account.requestPasswordReset({ email: BOB }, { ...CLIENT, browserToken: 'b'.repeat(43) })
  await auth.signIn.withPassword({ email: BOB, password: WRONG }).catch(() => {})
  await auth.account.register({ email: ALICE, password: PASSWORD }, CLIENT)
  await newMails()
  await auth.users.create({ email: NEW_ADDRESS, password: PASSWORD, confirmed: true })
  await auth.account.requestPasswordReset({ email: NEW_ADDRESS })
  await taken.promise

  const times: Record<string, number[]> = {}
  const began = now().getTime()
  for (const moment of [600, 700, 800, 900, HOUR, DAY, 3 * DAY, 3 * DAY + 300, 4 * DAY, 30 * DAY]) {
    for (const time of [moment - 1, moment, moment + 1]) {
      now.advance(time - (now().getTime() - began) / 1_000)
      for (const [name, removed] of Object.entries(await auth.deleteExpired()))
        if (removed > 0) times[name] = [...(times[name] ?? []), time]
    }
  }
  expect(await rowsOf(db, 'users')).toHaveLength(2)
  for (const name of ['sessions', 'tokens', 'throttles', 'outbox']) expect(await rowsOf(db, name)).toEqual([])
  // Otherwise the service would wait for the mail when it closes.
  finished.resolve()
  return times
}
