import { readdirSync, readFileSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import pg from 'pg'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  type Database,
  isReady,
  MIGRATION_NAMES,
  migrate,
  openDatabase,
  pendingMigrations,
} from '../src/db/index.ts'
import * as users from '../src/db/migrations/0001-users.ts'
import * as sessions from '../src/db/migrations/0002-sessions.ts'
import * as tokens from '../src/db/migrations/0003-tokens.ts'
import * as throttles from '../src/db/migrations/0004-throttles.ts'
import { OptionError } from '../src/errors.ts'
import type { Mail, Mailer } from '../src/index.ts'
import { mintBearer } from '../src/lib/bearer.ts'
import {
  CHEAP_HASHER,
  type EngineName,
  freshAuth,
  freshDatabase,
  onBothEngines,
  testClock,
} from './support/engines.ts'
import { ROOT, run, runCli } from './support/service.ts'

async function open(url: string): Promise<Database> {
  const db = await openDatabase(url, { migrate: false })
  onTestFinished(() => db.destroy())
  return db
}

async function columns(db: Database): Promise<Record<string, Record<string, { nullable: boolean }>>> {
  const tables = await db.introspection.getTables()
  return Object.fromEntries(
    tables.map((table) => [
      table.name,
      Object.fromEntries(table.columns.map((column) => [column.name, { nullable: column.isNullable }])),
    ]),
  )
}

/** Every index and trigger, by its name. */
async function guards(engine: EngineName, db: Database): Promise<string[]> {
  const { rows } = await (engine === 'sqlite'
    ? sql<{ name: string }>`select name from sqlite_master where type in ('index', 'trigger') order by name`
    : sql<{ name: string }>`select indexname as name from pg_indexes where schemaname = 'public'
        union all select tgname from pg_trigger where not tgisinternal order by name`
  ).execute(db)
  return rows.map(({ name }) => name)
}

onBothEngines('migrations', (engine: EngineName) => {
  it('make the tables that the code expects, column for column', async () => {
    const db = await open(await freshDatabase(engine))
    await migrate(db)
    const no = { nullable: false }
    const yes = { nullable: true }
    const tables = Object.fromEntries(
      Object.entries(await columns(db)).filter(([name]) => !name.startsWith('bienvenue_')),
    )
    expect(tables).toEqual({
      users: {
        id: no,
        email: no,
        hashed_password: no,
        session_id: yes,
        reset_token: yes,
        normalized_email: no,
        created_at: no,
        password_version: no,
        disabled_at: yes,
        email_verified_at: yes,
        unconfirmed_until: yes,
        password_compromised_at: yes,
        locale: yes,
      },
      sessions: {
        id: no,
        user_id: no,
        secret_hash: no,
        created_at: no,
        authenticated_at: no,
        last_seen_at: no,
        idle_expires_at: yes,
        expires_at: no,
        methods: no,
        level: no,
        ip_address: yes,
        user_agent: yes,
      },
      tokens: {
        id: no,
        purpose: no,
        user_id: no,
        email: no,
        secret_hash: no,
        created_at: no,
        expires_at: no,
      },
      throttles: { key: no, failures: no, blocked_until: no, expires_at: no },
      outbox: {
        id: no,
        kind: no,
        user_id: yes,
        email: yes,
        locale: no,
        details: no,
        created_at: no,
        attempts: no,
        next_attempt_at: no,
        priority: no,
        events: no,
        problem: yes,
      },
      audit: {
        id: no,
        at: no,
        instance: no,
        actor: no,
        action: no,
        outcome: no,
        reason: yes,
        user_id: yes,
        ip_address: yes,
        user_agent: yes,
        request_id: yes,
        details: no,
        expires_at: no,
        actor_id: yes,
        on_behalf_of: yes,
      },
    })
    expect(Object.keys(tables.users ?? {}).slice(0, 5)).toEqual([
      'id',
      'email',
      'hashed_password',
      'session_id',
      'reset_token',
    ])
  })

  it('run once: the second time there is nothing to do', async () => {
    const db = await open(await freshDatabase(engine))
    expect(await pendingMigrations(db)).toEqual(MIGRATION_NAMES)
    expect(await migrate(db)).toEqual(MIGRATION_NAMES)
    expect(await pendingMigrations(db)).toEqual([])
    expect(await migrate(db)).toEqual([])
  })

  it('run once also when six processes start at once on an empty database', async () => {
    const url = await freshDatabase(engine)
    const results = await Promise.all(
      Array.from({ length: 6 }, () => runCli(['migrate', '--json'], { env: { DATABASE_URL: url } })),
    )
    expect(results.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
      results.map(() => ({ exitCode: 0, stderr: '' })),
    )
    const ran = results.flatMap(({ stdout }) => (JSON.parse(stdout) as { migrated: string[] }).migrated)
    expect(ran.sort()).toEqual(MIGRATION_NAMES)
  })

  it('are all or nothing: where one fails, none has run', async () => {
    const db = await open(await freshDatabase(engine))
    await sql`create table throttles (mine integer)`.execute(db)
    await expect(migrate(db)).rejects.toThrow(/throttles/)
    expect(Object.keys(await columns(db)).filter((name) => !name.startsWith('bienvenue'))).toEqual([
      'throttles',
    ])
  })

  it('refuse a users table that is not ours, and change nothing', async () => {
    const url = await freshDatabase(engine)
    const db = await open(url)
    await sql`create table users (id integer primary key, email varchar(250) not null)`.execute(db)
    await expect(openDatabase(url)).rejects.toThrow(OptionError)
    await expect(openDatabase(url)).rejects.toThrow(
      /has a users table that Bienvenue did not make; nothing was changed/,
    )
    const left = await columns(db)
    expect(Object.keys(left)).toEqual(['users'])
    expect(Object.keys(left.users ?? {})).toEqual(['id', 'email'])
  })

  it('are not promised where they would be refused', async () => {
    const url = await freshDatabase(engine)
    const db = await open(url)
    await sql`create table users (id integer primary key)`.execute(db)
    await expect(pendingMigrations(db)).rejects.toThrow(/has a users table that Bienvenue did not make/)
    expect(await isReady(db)).toBe(false)
  })

  it('refuse a database of a newer version', async () => {
    const url = await freshDatabase(engine)
    const db = await open(url)
    await migrate(db)
    await sql`insert into bienvenue_migrations (name, timestamp) values ('9999-future', '2030-01-01T00:00:00Z')`.execute(
      db,
    )
    await expect(openDatabase(url)).rejects.toThrow(/databaseUrl: this database was made by a newer version/)
  })
})

/** What 0.1.0 made. */
const OLD_TABLES = ['users', 'sessions', 'tokens', 'throttles']
const OLD_MIGRATIONS = {
  '0001-users': users,
  '0002-sessions': sessions,
  '0003-tokens': tokens,
  '0004-throttles': throttles,
}

/** A database as 0.1.0 left it, with its connection. */
async function openOldDatabase(engine: EngineName): Promise<{ url: string; db: Database }> {
  const url = await freshDatabase(engine)
  const db = await open(url)
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => OLD_MIGRATIONS },
    migrationTableName: 'bienvenue_migrations',
    migrationLockTableName: 'bienvenue_migrations_lock',
  })
  const { error } = await migrator.migrateToLatest()
  expect(error).toBeUndefined()
  return { url, db }
}

/** The rows of the old tables in their old columns. */
async function oldRows(db: Database): Promise<unknown[][]> {
  const rowsOf = async (table: string) =>
    (await sql`select * from ${sql.table(table)} order by 1`.execute(db)).rows
  return Promise.all(OLD_TABLES.map(rowsOf))
}

onBothEngines('an upgrade from 0.1.0', (engine: EngineName) => {
  const PASSWORD = 'b4l0u'
  const now = testClock()

  /** One of everything that 0.1.0 could have written. */
  async function fill(db: Database) {
    const time = now().getTime()
    const hash = await CHEAP_HASHER.hash(PASSWORD)
    const [session, token] = [mintBearer(now()), mintBearer(now())]
    const addUser = (email: string, newest: [string, string] | [null, null], disabledAt: number | null) =>
      sql`insert into users
        (email, hashed_password, session_id, reset_token, normalized_email, created_at, password_version, disabled_at)
        values (${email}, ${hash}, ${newest[0]}, ${newest[1]}, ${email.toLowerCase()}, ${time}, 1, ${disabledAt})`.execute(
        db,
      )
    await addUser('Bob@example.com', [session.id, token.id], null)
    await addUser('shut@example.com', [null, null], time)
    await sql`insert into sessions
      (id, user_id, secret_hash, created_at, authenticated_at, last_seen_at, expires_at, methods, level, ip_address)
      values (${session.id}, 1, ${session.secretHash}, ${time}, ${time}, ${time}, ${time + 86_400_000}, 'pwd', 1, '192.0.2.1')`.execute(
      db,
    )
    await sql`insert into tokens (id, purpose, user_id, email, secret_hash, created_at, expires_at)
      values (${token.id}, 'reset_password', 1, 'bob@example.com', ${token.secretHash}, ${time}, ${time + 3_600_000})`.execute(
      db,
    )
    await sql`insert into throttles (key, failures, blocked_until, expires_at)
      values (${'ab'.repeat(32)}, 3, 0, ${time + 3_600_000})`.execute(db)
    return { sessionToken: session.value, resetToken: token.value }
  }

  it('runs what is new alone, and keeps every row as it was', async () => {
    const { db } = await openOldDatabase(engine)
    await fill(db)
    const before = await oldRows(db)
    expect(before.map((rows) => rows.length)).toEqual([2, 1, 1, 1])
    expect(await pendingMigrations(db)).toEqual(MIGRATION_NAMES.slice(4))
    expect(await migrate(db)).toEqual(MIGRATION_NAMES.slice(4))
    const added = {
      email_verified_at: null,
      unconfirmed_until: null,
      password_compromised_at: null,
      locale: null,
    }
    const [oldUsers = [], ...others] = before as object[][]
    expect(await oldRows(db)).toEqual([oldUsers.map((row) => ({ ...row, ...added })), ...others])
    // The new tables are there as in a new database, with what guards them.
    const fresh = await open(await freshDatabase(engine))
    await migrate(fresh)
    expect(await columns(db)).toEqual(await columns(fresh))
    expect(await guards(engine, db)).toEqual(await guards(engine, fresh))
    expect((await guards(engine, db)).length).toBeGreaterThan(1)
  })

  it('lets everybody in who was let in before: by password, by session, by token', async () => {
    const { url, db } = await openOldDatabase(engine)
    const { sessionToken, resetToken } = await fill(db)
    const auth = await freshAuth(engine, { databaseUrl: url, now })
    expect(await auth.getUserFromSessionId(sessionToken)).toMatchObject({ id: 1, email: 'Bob@example.com' })
    expect(await auth.validLogin('bob@example.com', PASSWORD)).toBe(true)
    expect(await auth.validLogin('bob@example.com', 'wrong')).toBe(false)
    expect(await auth.validLogin('shut@example.com', PASSWORD)).toBe(false)
    await auth.updatePassword(resetToken, 'new')
    expect(await auth.validLogin('bob@example.com', 'new')).toBe(true)
    // In classic mode a reset leaves sessions alone.
    expect((await auth.getUserFromSessionId(sessionToken))?.passwordVersion).toBe(2)
    expect((await auth.registerUser('rob@example.com', PASSWORD)).id).toBe(3)
  })

  it('asks the old accounts to confirm where that is demanded now, and takes none of them away', async () => {
    const { url, db } = await openOldDatabase(engine)
    const { sessionToken } = await fill(db)
    const mails: Mail[] = []
    const mailer: Mailer = { send: async (mail) => void mails.push(mail), close() {} }
    const auth = await freshAuth(engine, {
      databaseUrl: url,
      now,
      mailer,
      baseUrl: 'https://auth.example.com',
      emailVerification: true,
    })
    const logIn = () => auth.signIn.withPassword({ email: 'bob@example.com', password: PASSWORD })
    await expect(logIn()).rejects.toMatchObject({ code: 'invalid_credentials' })
    expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    await vi.waitUntil(() => mails.length > 0, { timeout: 50_000, interval: 5 })
    expect(mails.map(({ to }) => to)).toEqual(['Bob@example.com'])
    const token = /#token=(\S+)/.exec(mails[0]?.text ?? '')?.[1] ?? ''
    expect(await auth.deleteExpired()).toMatchObject({ accounts: 0 })
    await auth.account.confirmEmail({ token: decodeURIComponent(token), password: PASSWORD })
    expect(await auth.getUserFromSessionId(sessionToken)).toMatchObject({ id: 1 })
    await logIn()
  })

  it('that fails leaves the database as it was, and 0.1.0 could go on', async () => {
    const { db } = await openOldDatabase(engine)
    await fill(db)
    await sql`create table audit (mine integer)`.execute(db)
    const [rows, tables] = [await oldRows(db), await columns(db)]
    await expect(migrate(db)).rejects.toThrow(/audit/)
    expect(await oldRows(db)).toEqual(rows)
    expect(await columns(db)).toEqual(tables)
    expect(await pendingMigrations(db)).toEqual(MIGRATION_NAMES.slice(4))
  })
})

const FIXTURES = 'test/fixtures/schemas'

/** A database as an older version left it: `scripts/schemas.ts` wrote it down when that version was the newest. */
async function openFixture(engine: EngineName, version: string): Promise<{ url: string; db: Database }> {
  const url = await freshDatabase(engine)
  const script = readFileSync(`${FIXTURES}/${version}.${engine}.sql`, 'utf8')
  if (engine === 'sqlite') {
    const file = new DatabaseSync(url.slice('sqlite:'.length))
    file.exec(script)
    file.close()
  } else {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(script)
    await client.end()
  }
  return { url, db: await open(url) }
}

it('every migration has a database that was left with it, on either engine', () => {
  const files = MIGRATION_NAMES.flatMap((name) => [`${name}.postgres.sql`, `${name}.sqlite.sql`])
  expect(readdirSync(FIXTURES).toSorted()).toEqual(files.toSorted())
})

it('a released migration runs the statements that it was released with', async () => {
  const before = readdirSync(FIXTURES)
  const { exitCode, stderr } = await run(process.execPath, ['scripts/schemas.ts'], { cwd: ROOT })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(readdirSync(FIXTURES)).toEqual(before)
})
/** What an upgrade changes in the rows of the fixtures, beside adding columns without a value. */
function upgraded(table: string, row: Readonly<Record<string, unknown>>, version: string) {
  if (table !== 'outbox' || version >= '0008-notices') return row
  // A notice has the address that its account had, and goes first.
  return { ...row, email: 'Bob@example.com', priority: 0, events: 1 }
}

onBothEngines('an upgrade', (engine: EngineName) => {
  describe.each(MIGRATION_NAMES)('from what %s left', (version) => {
    const missing = MIGRATION_NAMES.slice(MIGRATION_NAMES.indexOf(version) + 1)

    it('runs what is missing, keeps every row, and ends in the schema of a new database', async () => {
      const { db } = await openFixture(engine, version)
      const tables = Object.keys(await columns(db)).filter((name) => !name.startsWith('bienvenue_'))
      const rowsOf = async (table: string) =>
        (await sql<Record<string, unknown>>`select * from ${sql.table(table)} order by 1`.execute(db)).rows
      const before = await Promise.all(tables.map(rowsOf))
      for (const rows of before) expect(rows).not.toEqual([])
      expect(await pendingMigrations(db)).toEqual(missing)
      expect(await migrate(db)).toEqual(missing)
      const after = await Promise.all(tables.map(rowsOf))
      const added = (row: object, old: object = {}) => Object.keys(row).filter((column) => !(column in old))
      for (const [index, rows] of after.entries()) {
        const expected = (before[index] ?? []).map((row) => upgraded(tables[index] ?? '', row, version))
        expect(rows).toMatchObject(expected)
        for (const [at, row] of rows.entries())
          for (const column of added(row, expected[at])) expect(row).toHaveProperty(column, null)
      }
      const fresh = await open(await freshDatabase(engine))
      await migrate(fresh)
      expect(await columns(db)).toEqual(await columns(fresh))
      expect(await guards(engine, db)).toEqual(await guards(engine, fresh))
    })

    it('lets in by password, and by session and token where there were any', async () => {
      const { url } = await openFixture(engine, version)
      const auth = await freshAuth(engine, { databaseUrl: url, now: testClock() })
      expect(await auth.validLogin('bob@example.com', 'b4l0u')).toBe(true)
      expect(await auth.validLogin('bob@example.com', 'wrong')).toBe(false)
      const bearer = (end: number) => `019a3f5e-7c00-7000-8000-00000000000${end}.${'A'.repeat(43)}`
      const user = await auth.getUserFromSessionId(bearer(1))
      expect(user?.id ?? null).toBe(version >= '0002-sessions' ? 1 : null)
      const reset = auth.updatePassword(bearer(2), 'new')
      if (version >= '0003-tokens') await reset
      else await expect(reset).rejects.toMatchObject({ code: 'invalid_reset_token' })
      expect((await auth.registerUser('new@example.com', 'b4l0u')).id).toBe(8)
    })

    it('is shown by migrate --plan, which changes nothing', async () => {
      const { url, db } = await openFixture(engine, version)
      await db.destroy()
      const bytes = () => (engine === 'sqlite' ? readFileSync(url.slice('sqlite:'.length)) : Buffer.from(''))
      const before = bytes()
      const plan = await runCli(['migrate', '--plan'], { env: { DATABASE_URL: url } })
      const lines = missing.map((name) => `would run ${name}\n`).join('')
      expect(plan).toEqual({ exitCode: 0, stdout: lines || 'The schema is up to date.\n', stderr: '' })
      expect(bytes().equals(before)).toBe(true)
      expect(await pendingMigrations(await open(url))).toEqual(missing)
    })
  })
})

describe('the SQLite file', () => {
  it('of another program is refused without one byte changed', async () => {
    const url = await freshDatabase('sqlite')
    const path = url.slice('sqlite:'.length)
    const other = new DatabaseSync(path)
    other.exec('create table users (id integer primary key, email varchar(250) not null)')
    other.close()
    const before = readFileSync(path)
    for (const migrates of [true, false]) {
      await expect(openDatabase(url, { migrate: migrates })).rejects.toThrow(OptionError)
      expect(readFileSync(path).equals(before)).toBe(true)
    }
  })

  it('is readable by its owner alone, as are its WAL and index', async () => {
    const url = await freshDatabase('sqlite')
    const db = await openDatabase(url)
    onTestFinished(() => db.destroy())
    const path = url.slice('sqlite:'.length)
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('is in WAL mode, with foreign keys on', async () => {
    const url = await freshDatabase('sqlite')
    const db = await openDatabase(url)
    onTestFinished(() => db.destroy())
    const pragma = async (name: string) =>
      Object.values((await sql`pragma ${sql.raw(name)}`.execute(db)).rows[0] as object)[0]
    expect(await pragma('journal_mode')).toBe('wal')
    expect(await pragma('foreign_keys')).toBe(1)
  })
})
