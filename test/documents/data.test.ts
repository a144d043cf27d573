/** docs/reference/data.md: every column of every table, and what ends it. */
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { type Database, openDatabase } from '../../src/db/index.ts'
import { type EngineName, freshDatabase, onBothEngines, testClock } from '../support/engines.ts'
import { CLIENT, memoryMailer, PASSWORD, productionAuth } from '../support/production.ts'
import { startService } from '../support/service.ts'
import { code, codes, sorted, sourceOf, table, tablesOf } from './pages.ts'
import { ALICE, BOB, NEW_ADDRESS, story, WRONG } from './story.ts'

const PAGE = 'docs/reference/data.md'
const HOUR = 3_600
const DAY = 24 * HOUR

type Values = Readonly<Record<string, unknown>>

async function rowsOf(db: Database, name: string): Promise<Values[]> {
  return (await sql<Values>`select * from ${sql.table(name)}`.execute(db)).rows
}

onBothEngines('docs/reference/data.md', (engine) => {
  const described = new Map(
    [...tablesOf(PAGE)].flatMap(([heading, [rows = []]]) =>
      heading.startsWith('`') ? [[code(heading), rows] as const] : [],
    ),
  )

  it('has every column of every table with its class, protection, retention and log rule, and no other [DAT-01]', async () => {
    const db = await openDatabase(await freshDatabase(engine))
    onTestFinished(() => db.destroy())
    const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
    const schema = tables.map(({ name, columns }) => [name, sorted(columns.map((column) => column.name))])
    const onPage = [...described].map(([name, rows]) => [
      name,
      sorted(rows.map(({ Column }) => code(Column))),
    ])
    expect(Object.fromEntries(onPage)).toEqual(Object.fromEntries(schema))
    for (const row of [...described.values()].flat()) {
      expect(['secret', 'personal', 'pseudonym', 'technical'], row.Column).toContain(row.Class)
      expect(['no', 'masked', 'yes'], row.Column).toContain(row.Log)
      expect(row.Kept, row.Column).not.toBe('')
      if (row.Class === 'secret') expect([row.Protection === '', row.Log], row.Column).toEqual([false, 'no'])
    }
  })

  it('is right about what a log may have: no other column reaches one [DAT-01]', async () => {
    const { log, audit, rows } = await story(engine)
    const written = JSON.stringify([log, audit]).toLowerCase()
    const looked = new Set<string>()
    for (const [name, columns] of described) {
      for (const column of columns.filter(({ Log }) => Log !== 'yes').map(({ Column }) => code(Column))) {
        for (const spelling of (rows.get(name) ?? []).flatMap((row) => spellings(row[column]))) {
          looked.add(`${name}.${column}`)
          expect(written, `${name}.${column}`).not.toContain(spelling.toLowerCase())
        }
      }
    }
    // What is looked for would be found, and was there.
    expect(written).toContain('s***@example.com')
    expect(sorted(looked)).toEqual([
      'outbox.email',
      'sessions.id',
      'sessions.secret_hash',
      'throttles.key',
      'tokens.email',
      'tokens.id',
      'tokens.secret_hash',
      'users.email',
      'users.hashed_password',
      'users.normalized_email',
      'users.reset_token',
      'users.session_id',
    ])
  })

  /** A value as it could be written down. Numbers and short words could be there by chance. */
  function spellings(value: unknown): string[] {
    if (value instanceof Uint8Array)
      return (['hex', 'base64', 'base64url'] as const).map((encoding) =>
        Buffer.from(value).toString(encoding),
      )
    return typeof value === 'string' && value.length > 12 ? [value] : []
  }

  it('has all that the clean-up removes, when, and by which setting [DAT-02]', async () => {
    const rules = table(PAGE, 'The clean-up')
    const times = await cleanUpInTime(engine)
    expect(times).toEqual({
      sessions: [900],
      tokens: [700, 800],
      throttles: [600, HOUR, DAY],
      accounts: [3 * DAY],
      mails: [3 * DAY + 301],
      auditOrigins: [4 * DAY + 1],
      auditRecords: [30 * DAY],
    })
    expect(sorted(rules.map((row) => code(row['Counted as'])))).toEqual(sorted(Object.keys(times)))
    expect(sorted(rules.flatMap(({ By }) => codes(By)))).toEqual(
      sorted([
        'BIENVENUE_SESSION_LIFETIME_SECONDS',
        'BIENVENUE_SESSION_IDLE_SECONDS',
        'BIENVENUE_RESET_TOKEN_LIFETIME_SECONDS',
        'BIENVENUE_EMAIL_TOKEN_LIFETIME_SECONDS',
        'BIENVENUE_UNCONFIRMED_ACCOUNT_SECONDS',
        'BIENVENUE_AUDIT_RETENTION_DAYS',
        'BIENVENUE_IP_RETENTION_DAYS',
      ]),
    )
  })

  it('is right that the service cleans up at its start, and then every hour [DAT-02]', async () => {
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
    const instance = sourceOf('src/cli/instance.ts')
    expect(instance).toMatch(/^const CLEAN_UP_EVERY_MS = 60 \* 60 \* 1_000$/m)
    expect(instance).toMatch(/setInterval\(\(\) => \{\s*inHand = cleanUp\(\)\s*\}, CLEAN_UP_EVERY_MS\)/)
  })

  it('is right that a session goes at the end of its lifetime too, used or not [DAT-02]', async () => {
    const { auth, now } = await productionAuth(engine, {
      sessionLifetimeSeconds: 1_000,
      sessionIdleSeconds: 900,
    })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const session = await auth.createSession(BOB)
    now.advance(600)
    expect(await auth.getUserFromSessionId(session)).not.toBeNull()
    now.advance(399)
    expect(await auth.deleteExpired()).toMatchObject({ sessions: 0 })
    now.advance(1)
    expect(await auth.deleteExpired()).toMatchObject({ sessions: 1 })
  })

  it.each(['the user', 'an operator'])('has what the end of an account by %s leaves', async (whom) => {
    const { auth, db, newMails } = await productionAuth(engine)
    const { id } = await auth.users.create({ email: ALICE, password: PASSWORD, confirmed: true })
    await auth.signIn.withPassword({ email: ALICE, password: WRONG }, CLIENT).catch(() => {})
    const { sessionToken } = await auth.signIn.withPassword({ email: ALICE, password: PASSWORD }, CLIENT)
    await auth.signIn.withPassword({ email: ALICE, password: WRONG }, CLIENT).catch(() => {})
    await auth.account.requestPasswordReset({ email: ALICE }, CLIENT)
    await newMails()
    const theirs = async (name: string) =>
      (await rowsOf(db, name)).filter((row) => row[name === 'users' ? 'id' : 'user_id'] === id)
    const before = { audit: await theirs('audit'), throttles: await rowsOf(db, 'throttles') }
    expect([before.audit.length > 3, before.throttles.length > 1]).toEqual([true, true])

    if (whom === 'the user') await auth.account.delete({ sessionToken, ...CLIENT })
    else await auth.users.delete(id)

    expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    const farewell = (await newMails()).map(({ to, kind }) => [to, kind])
    expect(farewell).toEqual(whom === 'the user' ? [[ALICE, 'account_deleted']] : [])
    const fate = new Map(table(PAGE, 'The end of an account').map((row) => [code(row.Table), row.Afterwards]))
    const tables = [...described.keys()].filter((name) => !name.startsWith('bienvenue_'))
    expect(sorted(fate.keys())).toEqual(sorted(tables))
    for (const [name, afterwards = ''] of fate) {
      if (afterwards.startsWith('gone')) expect(await theirs(name), name).toEqual([])
      else expect(afterwards, name).toMatch(/^stays until its time/)
    }
    const lines = await theirs('audit')
    expect(lines).toHaveLength(before.audit.length + 1)
    for (const line of lines) expect(line).toMatchObject({ ip_address: null, user_agent: null })
    const counters = (await rowsOf(db, 'throttles')).map(({ key }) => key)
    const gone = before.throttles.map(({ key }) => key).filter((key) => !counters.includes(key))
    // Only the counters of wrong and right passwords were about the account alone.
    expect(gone.length).toBeLessThanOrEqual(2)
    // Nothing else of them is left, and their number is nobody's.
    for (const name of tables)
      expect(JSON.stringify(await rowsOf(db, name)).toLowerCase()).not.toContain('liddell')
    expect((await auth.registerUser(NEW_ADDRESS, PASSWORD)).id).toBeGreaterThan(id)
  })
})

/** Of one row of each kind, all made at the same moment: how many seconds later a clean-up removed something. */
async function cleanUpInTime(engine: EngineName): Promise<Record<string, number[]>> {
  // In the past, since the database keeps the lines of the audit by its own clock.
  const now = testClock('2020-01-01T00:00:00Z')
  // One mail stays in hand, so that only the clean-up can end it.
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
  await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
  await auth.createSession(BOB, CLIENT)
  await auth.account.requestPasswordReset({ email: BOB }, CLIENT)
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
  return times
}
