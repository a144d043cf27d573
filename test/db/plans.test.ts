/** No use case reads a whole table: each query plan on the way uses a key or a range of an index. */
import { expect, it, onTestFinished } from 'vitest'
import { fill } from '../../bench/growth/fill.ts'
import { CLOCK, emailOf, firstUuidAt } from '../../bench/growth/rows.ts'
import { openStore, type Store } from '../../bench/growth/stores.ts'
import { type AuthService, openAuthService } from '../../src/auth/index.ts'
import { type Schema, TABLES } from '../../src/db/index.ts'
import type { Column, Table } from '../../src/db/tables/table.ts'
import { MailError, MailRefused } from '../../src/index.ts'
import type { AuthOptions } from '../../src/options/index.ts'
import { callByShape } from '../support/by-shape.ts'
import {
  CHEAP_HASHER,
  type EngineName,
  freshDatabase,
  onEachEngine,
  type TestClock,
  testClock,
} from '../support/engines.ts'
import { watchPlans } from '../support/plans.ts'
import { BASE_URL, memoryMailer, PASSWORD } from '../support/production.ts'
import { REACHES_LOOPBACK } from '../support/providers.ts'
import { BY_OPERATORS } from './use-cases/by-operators.ts'
import { BY_USERS } from './use-cases/by-users.ts'
import {
  BESIDE,
  DAY_SECONDS,
  type Drive,
  GROUPS,
  SECRET_KEY,
  SIZE,
  type Stage,
  stageOn,
} from './use-cases/stage.ts'

/** Members of the service that run no query. */
const SILENT = ['options', 'mailer', 'generateUuid', 'hashPassword', 'close']

/** The tables that may be read as a whole, and why. */
const SCANS: Partial<Record<Drive, string>> = {
  // These change all rows.
  'users.endEverySession': 'sessions, users',
  'transfer.finishRestore': 'mail_codes, pending_sign_ins, sessions, tokens, users',
  // For operators. The table only holds queued mail.
  'delivery.count': 'outbox',
  'delivery.listProblems': 'outbox',
  // For operators. Reads in pages, in the order of the key.
  'audit.list': 'audit',
  'secrets.reseal': 'totp',
  // For operators. Counts the identities at each provider.
  'providers.list': 'identities',
  'providers.remove': 'identities',
  // For operators. PostgreSQL may scan for a filter without an index; SQLite goes along the key.
  'users.list, some': 'users',
  // By session_id, reset_token or hashed_password, which have no index. No use case of ours does that.
  'db.findUserBy': 'users',
}

/** SQLite deletes every mailed code without a scan, because nothing depends on them, and looks up the users of sessions by key. */
const ON_SQLITE = {
  'users.endEverySession': 'sessions',
  'transfer.finishRestore': 'pending_sign_ins, sessions, tokens, users',
}

/** PostgreSQL reads a small table, or an index of few rows, as a whole to find a list. Here few users have a user handle. */
const ON_POSTGRES = { 'transfer.importUsers': 'identities, users' }

/** Those that end every session come last. */
const DRIVES = { ...BY_USERS, ...BY_OPERATORS }

/** Creates sessions, tokens, accounts and records that expired long ago, for the clean-up. */
async function liveLongAgo(engine: AuthService, now: TestClock): Promise<void> {
  now.advance(-40 * DAY_SECONDS)
  for (let n = 0; n < 5; n++) {
    await engine.createSession(emailOf(n))
    await engine.account.createResetToken({ email: emailOf(n) })
    await engine.registerUser(`old.${emailOf(n)}`, PASSWORD)
  }
  now.advance(40 * DAY_SECONDS)
}

/** Tables that are filled otherwise, and `providers`, which stays small. */
const FILLED = [
  'users',
  'sessions',
  'audit',
  'throttles',
  'tokens',
  'outbox',
  'providers',
] satisfies (keyof Schema)[]

/** An expression for a column. Texts and bytes differ in each row, for unique constraints. */
function expressionFor(type: Column['type'], engine: EngineName): string {
  const isSqlite = engine === 'sqlite'
  return {
    uuid: 'id',
    text: isSqlite ? 'id' : 'id::text',
    bytes: isSqlite ? 'cast(id as blob)' : 'uuid_send(id)',
    json: `'{}'`,
    time: String(CLOCK + DAY_SECONDS * 1_000),
    integer: '1',
    count: '1',
  }[type]
}

/** Adds counters, tokens and postponed mail for all users, and a row to each other table for half of them. */
async function fillOthers(store: Store): Promise<void> {
  await store.run(
    `insert into throttles select normalized_email, 1, 0, ${CLOCK + DAY_SECONDS * 1_000} from users`,
  )
  await store.run(`insert into tokens
    select id, 'change_email', user_id, 'x@example.com', secret_hash, created_at, ${CLOCK + DAY_SECONDS * 1_000} from sessions`)
  for (const [name, { columns }] of Object.entries<Table>(TABLES)) {
    if ((FILLED as readonly string[]).includes(name)) continue
    const values = Object.entries(columns).map(([column, { type, nullable }]) => {
      if (column === 'user_id') return 'user_id'
      if (column === 'session_id') return 'id'
      return nullable ? 'null' : expressionFor(type, store.engine)
    })
    // Not for those who are called later as a person.
    await store.run(`insert into ${name} (${Object.keys(columns).join(', ')})
      select ${values.join(', ')} from sessions where user_id > ${SIZE / 2}`)
  }
  // Enqueued just now, except for some stale mail.
  const now = `'${firstUuidAt(CLOCK).slice(0, 13)}'`
  const id = store.engine === 'sqlite' ? `${now} || substr(id, 14)` : `(${now} || substr(id::text, 14))::uuid`
  await store.run(`insert into outbox
    select case when user_id % 100 = 0 then id else ${id} end, 'verify_email', user_id, null, 'en', '{}', created_at, 1, ${CLOCK + 1_200_000}, 1, 1, 'later' from sessions`)
}

/** Whether a table grows with use. Catalogues, the lists of migrations and providers, and the rows of a statement (`10-ROW VALUES`) do not. */
const grows = (table: string) => !/^(?:pg_|sqlite_|bienvenue_|providers$|\d+$)/.test(table)

/** The names of all use cases. */
function useCasesOf(engine: AuthService): string[] {
  const grouped = GROUPS.flatMap((group) => Object.keys(engine[group]).map((name) => `${group}.${name}`))
  const others = Object.keys(engine).filter((name) => ![...SILENT, ...GROUPS].includes(name))
  return [...others, ...grouped]
}

onEachEngine('query plans', (name) => {
  it('of all use cases and of sending mail scan no table, except those listed here', async () => {
    const store = await openStore(await freshDatabase(name))
    onTestFinished(() => store.close())
    await fill(store, SIZE, () => {})
    await fillOthers(store)
    const watch = await watchPlans(store)
    const now = testClock(new Date(CLOCK).toISOString())
    const attempts: string[] = []
    const mailer = memoryMailer(({ to }) => {
      attempts.push(to)
      if (to.startsWith('full')) throw new MailRefused('The mailbox is full.')
      if (to.startsWith('slow')) throw new MailError('The server is slow.')
    })
    const open = async (options: AuthOptions, sendsMail = false) => {
      const engine = await openAuthService(
        {
          databaseUrl: watch.databaseUrl,
          mode: 'production',
          baseUrl: BASE_URL,
          secretKey: SECRET_KEY,
          outboundPrivate: REACHES_LOOPBACK,
          breachCheckUrl: 'off',
          sessionsPerUser: 3,
          hasher: CHEAP_HASHER,
          now,
          mailer,
          ...options,
        },
        { sendsMail },
      )
      return engine
    }
    const engine = await open({ ipRetentionDays: 20 })
    onTestFinished(() => engine.close())
    const classic = await open({ mode: 'classic', emailVerification: false })
    onTestFinished(() => classic.close())
    const past = await open({ auditRetentionDays: 30, ipRetentionDays: 1 })
    await liveLongAgo(past, now)
    await past.close()
    await store.settle()
    for (const beside of BESIDE) expect(Object.keys(DRIVES)).toContain(beside)

    const stage = stageOn(engine, { attempts, classic, now, mailer, openWorker: () => open({}, true) })
    const scans: Record<string, string> = {}
    const others = useCasesOf(engine).filter((name) => !Object.hasOwn(DRIVES, name))
    const byShape = (name: string) => async (stage: Stage) =>
      callByShape(stage.engine, name, await stage.person())
    const drives = { ...Object.fromEntries(others.map((name) => [name, byShape(name)])), ...DRIVES }
    for (const [useCase, drive] of Object.entries(drives)) {
      const seen = await watch.during(() => drive(stage))
      expect(seen.length, useCase).toBeGreaterThan(0)
      const scanned = new Set(seen.flatMap((one) => one.scans).filter(grows))
      if (scanned.size > 0) scans[useCase] = [...scanned].sort().join(', ')
    }
    const { 'users.list, some': _, ...everywhere } = SCANS
    expect(scans).toEqual(name === 'sqlite' ? { ...everywhere, ...ON_SQLITE } : { ...SCANS, ...ON_POSTGRES })
  })
})

it('SQLite has an index for each foreign key, so that deleting a row scans no table', async () => {
  const store = await openStore(await freshDatabase('sqlite'))
  onTestFinished(() => store.close())
  await fill(store, 1, () => {})
  const keys = `select child.name as "table", key."from" as "column"
    from sqlite_master as child, pragma_foreign_key_list(child.name) as key`
  const indexed = `select 1 from pragma_index_list(child.name) as list, pragma_index_info(list.name) as part
    where part.seqno = 0 and part.name = key."from"`
  expect(await store.run(keys)).toContainEqual({ table: 'sessions', column: 'user_id' })
  expect(await store.run(`${keys} where not exists (${indexed})`)).toEqual([])
})
