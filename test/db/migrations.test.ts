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
  TABLES,
} from '../../src/db/index.ts'
import { runMigrations } from '../../src/db/migrate.ts'
import * as users from '../../src/db/migrations/0001-users.ts'
import * as sessions from '../../src/db/migrations/0002-sessions.ts'
import * as tokens from '../../src/db/migrations/0003-tokens.ts'
import * as throttles from '../../src/db/migrations/0004-throttles.ts'
import { MIGRATIONS } from '../../src/db/migrations/index.ts'
import type { Table } from '../../src/db/tables/table.ts'
import type { Mail, Mailer } from '../../src/index.ts'
import { mintBearer } from '../../src/lib/bearer.ts'
import { OptionError } from '../../src/model/errors.ts'
import {
  CHEAP_HASHER,
  type EngineName,
  filePath,
  freshAuth,
  freshDatabase,
  migratedDatabase,
  onBothEngines,
  onEachEngine,
  testClock,
} from '../support/engines.ts'
import { runHere } from '../support/run-here.ts'
import { ROOT, run, runCli } from '../support/service.ts'

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

/** The names of all indexes and triggers. */
async function indexesAndTriggers(engine: EngineName, db: Database): Promise<string[]> {
  const { rows } = await (engine === 'sqlite'
    ? sql<{ name: string }>`select name from sqlite_master where type in ('index', 'trigger') order by name`
    : sql<{ name: string }>`select indexname as name from pg_indexes where schemaname = 'public'
        union all select tgname from pg_trigger where not tgisinternal order by name`
  ).execute(db)
  return rows.map(({ name }) => name)
}

onBothEngines('migrations', (engine: EngineName) => {
  it('create the tables that the code expects, column by column', async () => {
    const db = await open(await freshDatabase(engine))
    await migrate(db)
    const tables = Object.fromEntries(
      Object.entries(await columns(db)).filter(([name]) => !name.startsWith('bienvenue_')),
    )
    const registered = Object.entries<Table>(TABLES).map(([name, table]) => [
      name,
      Object.fromEntries(
        Object.entries(table.columns).map(([column, { nullable = false }]) => [column, { nullable }]),
      ),
    ])
    expect(tables).toEqual(Object.fromEntries(registered))
    expect(Object.keys(tables.users ?? {}).slice(0, 5)).toEqual([
      'id',
      'email',
      'hashed_password',
      'session_id',
      'reset_token',
    ])
  })

  it('run once; a second run has nothing to do', async () => {
    const db = await open(await freshDatabase(engine))
    expect(await pendingMigrations(db)).toEqual(MIGRATION_NAMES)
    expect(await migrate(db)).toEqual(MIGRATION_NAMES)
    expect(await pendingMigrations(db)).toEqual([])
    expect(await migrate(db)).toEqual([])
  })

  it('run once when six processes start at the same time on an empty database', async () => {
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

  it.each([1, 2])(
    'do not refuse a database that another process migrates after query %i of the inspection',
    async (last) => {
      const url = await freshDatabase(engine)
      const db = await open(url)
      let queries = 0
      const inspected = db.withPlugin({
        transformQuery: ({ node }) => node,
        async transformResult({ result }) {
          if (++queries === last) await migrate(await open(url))
          return result
        },
      })
      expect(await pendingMigrations(inspected)).toEqual(last === 1 ? [] : MIGRATION_NAMES)
    },
  )

  it('are all undone if one fails', async () => {
    const db = await open(await freshDatabase(engine))
    await sql`create table throttles (mine integer)`.execute(db)
    await expect(migrate(db)).rejects.toThrow(/throttles/)
    expect(Object.keys(await columns(db)).filter((name) => !name.startsWith('bienvenue'))).toEqual([
      'throttles',
    ])
  })

  it('refuse a users table that Bienvenue did not make, and change nothing', async () => {
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

  it('refuse an adopted table that has a column with the name of a new one, and change nothing', async () => {
    const url = await freshDatabase(engine)
    const db = await open(url)
    const names = Object.keys(MIGRATIONS)
    const missing = names.slice(names.indexOf('0013-profile'))
    const earlier = Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => !missing.includes(name)))
    await runMigrations(db, earlier)
    await sql`alter table users add column metadata text`.execute(db)
    const before = await columns(db)
    await expect(openDatabase(url)).rejects.toThrow(OptionError)
    await expect(openDatabase(url)).rejects.toThrow(
      /alter table users rename column metadata to old_metadata$/,
    )
    expect(await columns(db)).toEqual(before)
    await sql`alter table users rename column metadata to old_metadata`.execute(db)
    expect(await migrate(db)).toEqual(missing)
  })

  it('are not listed as pending on a database that would be refused', async () => {
    const url = await freshDatabase(engine)
    const db = await open(url)
    await sql`create table users (id integer primary key)`.execute(db)
    await expect(pendingMigrations(db)).rejects.toThrow(/has a users table that Bienvenue did not make/)
    expect(await isReady(db)).toBe(false)
  })

  it('accept a database with newer migrations, name them, and refuse it once one of ours is missing', async () => {
    const url = await freshDatabase(engine)
    const db = await open(url)
    await migrate(db)
    for (const name of ['9999-later', '9998-newer'])
      await sql`insert into bienvenue_migrations values (${name}, '2030-01-01')`.execute(db)
    expect(await pendingMigrations(db)).toEqual([])
    expect(await migrate(db)).toEqual([])
    for (const migrates of [true, false]) {
      const newer: string[] = []
      const options = { migrate: migrates, onNewerSchema: (names: readonly string[]) => newer.push(...names) }
      await (await openDatabase(url, options)).destroy()
      expect(newer).toEqual(['9998-newer', '9999-later'])
    }

    await sql`delete from bienvenue_migrations where name = '0004-throttles'`.execute(db)
    for (const refused of [() => openDatabase(url), () => pendingMigrations(db), () => migrate(db)])
      await expect(refused()).rejects.toMatchObject({
        name: 'OptionError',
        option: 'databaseUrl',
        message: expect.stringMatching(
          /\(9998-newer, 9999-later\) and lacks 0004-throttles; nothing was changed/,
        ),
      })
  })
})

/** The tables of 0.1.0. */
const OLD_TABLES = ['users', 'sessions', 'tokens', 'throttles']
const OLD_MIGRATIONS = {
  '0001-users': users,
  '0002-sessions': sessions,
  '0003-tokens': tokens,
  '0004-throttles': throttles,
}

/** A database as 0.1.0 left it, and a connection to it. */
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

  /** Writes one of everything that 0.1.0 could write. */
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

  it('runs only the new migrations and keeps every row', async () => {
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
      name: null,
      picture: null,
      metadata: null,
      private_metadata: null,
      second_factor_enabled_at: null,
      second_factor_required_at: null,
      webauthn_handle: null,
    }
    const [oldUsers = [], oldSessions = [], ...others] = before as Record<string, unknown>[][]
    expect(await oldRows(db)).toEqual([
      oldUsers.map((row) => ({ ...row, ...added })),
      oldSessions.map((row) => ({ ...upgraded('sessions', row, ''), transport: 'cookie', persistent: 1 })),
      ...others,
    ])
    // The new tables are those of a new database, with their indexes and triggers.
    const fresh = await open(await freshDatabase(engine))
    await migrate(fresh)
    expect(await columns(db)).toEqual(await columns(fresh))
    expect(await indexesAndTriggers(engine, db)).toEqual(await indexesAndTriggers(engine, fresh))
    expect((await indexesAndTriggers(engine, db)).length).toBeGreaterThan(1)
  })

  it('keeps passwords, sessions and tokens valid', async () => {
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

  it('asks existing accounts to confirm their address if that is required now, and deletes none', async () => {
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

  it('leaves the database unchanged if it fails, so that 0.1.0 can run on it', async () => {
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

/** A database as an older version left it. `scripts/schemas.ts` recorded it when that version was the newest. */
async function openFixture(engine: EngineName, version: string): Promise<{ url: string; db: Database }> {
  const url = await freshDatabase(engine)
  const script = readFileSync(`${FIXTURES}/${version}.${engine}.sql`, 'utf8')
  if (engine === 'sqlite') {
    const file = new DatabaseSync(filePath(url))
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

it('each migration has a recorded database for each dialect', () => {
  const files = MIGRATION_NAMES.flatMap((name) => [`${name}.postgres.sql`, `${name}.sqlite.sql`])
  expect(readdirSync(FIXTURES).toSorted()).toEqual(files.toSorted())
})

it('released migrations run the statements that they were released with', async () => {
  const before = readdirSync(FIXTURES)
  const { exitCode, stderr } = await run(process.execPath, ['scripts/schemas.ts'], { cwd: ROOT })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(readdirSync(FIXTURES)).toEqual(before)
})

interface Structure {
  /** `table.column`, with its type and whether an insert may leave it out. */
  readonly columns: ReadonlyMap<string, { readonly type: string; readonly isOptional: boolean }>
  /** Unique indexes, each as `table.name`. */
  readonly unique: readonly string[]
}

async function structureOf(engine: EngineName, db: Database): Promise<Structure> {
  const tables = await db.introspection.getTables()
  const { rows } = await (engine === 'sqlite'
    ? sql<{ name: string }>`select tables.name || '.' || indexes.name as name
        from sqlite_master as tables, pragma_index_list(tables.name) as indexes where indexes."unique" = 1`
    : sql<{ name: string }>`select indrelid::regclass || '.' || indexrelid::regclass as name from pg_index
        where indisunique and indrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)`
  ).execute(db)
  return {
    columns: new Map(
      tables.flatMap((table) =>
        table.columns.map((column) => [
          `${table.name}.${column.name}`,
          {
            type: column.dataType,
            isOptional: column.isNullable || column.hasDefaultValue || column.isAutoIncrementing,
          },
        ]),
      ),
    ),
    unique: rows.map(({ name }) => name),
  }
}

/** What a migration did that an older version running on the same database may not survive. */
function breakingChanges(before: Structure, after: Structure): string[] {
  const tableOf = (name: string) => name.split('.')[0]
  const oldTables = new Set([...before.columns.keys()].map(tableOf))
  const old = [...before.columns].flatMap(([name, { type, isOptional }]) => {
    const now = after.columns.get(name)
    if (now === undefined) return [`removes ${name}`]
    if (now.type !== type) return [`changes the type of ${name}`]
    return isOptional && !now.isOptional ? [`requires ${name}`] : []
  })
  const required = [...after.columns]
    .filter(
      ([name, { isOptional }]) => oldTables.has(tableOf(name)) && !before.columns.has(name) && !isOptional,
    )
    .map(([name]) => `requires ${name}`)
  const unique = after.unique
    .filter((name) => oldTables.has(tableOf(name)) && !before.unique.includes(name))
    .map((name) => `makes values of ${tableOf(name)} unique`)
  return [...old, ...required, ...unique]
}

// Decision 0027: an older version runs on a newer schema while instances are replaced one by one.
onBothEngines('a migration that only adds', (engine) => {
  /** The first one released under the rule. */
  const FIRST = '0011'

  it('is every migration from 0011 on', async () => {
    for (const [index, name] of MIGRATION_NAMES.entries()) {
      if (name < FIRST) continue
      const [before, after] = await Promise.all(
        [MIGRATION_NAMES[index - 1] ?? '', name].map(async (version) =>
          structureOf(engine, (await openFixture(engine, version)).db),
        ),
      )
      expect(breakingChanges(before as Structure, after as Structure), name).toEqual([])
    }
  })

  const withDefault = "alter table users add column nickname text not null default ''"
  it.each<[change: string, statement: string, finds: string[]]>([
    ['a renamed column', 'alter table users rename column locale to language', ['removes users.locale']],
    ['a dropped column', 'alter table outbox drop column problem', ['removes outbox.problem']],
    [
      'a dropped table',
      'drop table throttles',
      ['key', 'failures', 'blocked_until', 'expires_at'].map((column) => `removes throttles.${column}`),
    ],
    [
      'a renamed table',
      'alter table throttles rename to counters',
      ['key', 'failures', 'blocked_until', 'expires_at'].map((column) => `removes throttles.${column}`),
    ],
    [
      'a unique index on an old table',
      'create unique index a on audit (at)',
      ['makes values of audit unique'],
    ],
    ['a new table', 'create table trophies (id text primary key, name text not null unique)', []],
    ['a nullable column', 'alter table users add column nickname text', []],
    ['a column with a default', withDefault, []],
    ['an index', 'create index a on audit (at)', []],
  ])('is recognised: %s', async (_, statement, finds) => {
    const db = await open(await migratedDatabase(engine))
    const before = await structureOf(engine, db)
    await sql.raw(statement).execute(db)
    expect(breakingChanges(before, await structureOf(engine, db)).toSorted()).toEqual(finds.toSorted())
  })
})

it.each([
  [
    'another type',
    'alter table users alter column locale type varchar(9)',
    'changes the type of users.locale',
  ],
  ['a required old column', 'alter table users alter column locale set not null', 'requires users.locale'],
  ['a required new column', 'alter table users add column nickname text not null', 'requires users.nickname'],
])('PostgreSQL: a migration with %s does more than add', async (_, statement, finds) => {
  const db = await open(await migratedDatabase('postgres'))
  const before = await structureOf('postgres', db)
  await sql.raw(statement).execute(db)
  expect(breakingChanges(before, await structureOf('postgres', db))).toEqual([finds])
})

/** What old rows have in a new column, where that is not null. */
const DEFAULTS: Readonly<Record<string, string | number>> = {
  'sessions.transport': 'cookie',
  'sessions.persistent': 1,
}

/** What an upgrade changes in the rows of the fixtures, apart from adding columns. */
function upgraded(table: string, row: Readonly<Record<string, unknown>>, version: string) {
  if (table === 'sessions' && version < '0010-session-amr-aal') {
    const { methods: amr, level: aal, ...rest } = row
    return { ...rest, amr, aal }
  }
  if (table !== 'outbox' || version >= '0008-notices') return row
  // A notice gets the address of its account and the first priority.
  return { ...row, email: 'Bob@example.com', priority: 0, events: 1 }
}

onEachEngine('an upgrade', (engine: EngineName) => {
  describe.each(MIGRATION_NAMES)('from %s', (version) => {
    const missing = MIGRATION_NAMES.slice(MIGRATION_NAMES.indexOf(version) + 1)

    it('runs the missing migrations, keeps every row, and gives the schema of a new database', async () => {
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
          for (const column of added(row, expected[at]))
            expect(row).toHaveProperty(column, DEFAULTS[`${tables[index]}.${column}`] ?? null)
      }
      const fresh = await open(await freshDatabase(engine))
      await migrate(fresh)
      expect(await columns(db)).toEqual(await columns(fresh))
      expect(await indexesAndTriggers(engine, db)).toEqual(await indexesAndTriggers(engine, fresh))
    })

    it('keeps passwords valid, and sessions and tokens if there were any', async () => {
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

    it('is listed by migrate --plan, which changes nothing', async () => {
      const { url, db } = await openFixture(engine, version)
      await db.destroy()
      const bytes = () => (engine === 'sqlite' ? readFileSync(filePath(url)) : Buffer.from(''))
      const before = bytes()
      const plan = await runHere(['migrate', '--plan'], { env: { DATABASE_URL: url } })
      const lines = missing.map((name) => `would run ${name}\n`).join('')
      expect(plan).toEqual({
        exitCode: 0,
        stdout: lines || 'The database schema is up to date.\n',
        stderr: '',
      })
      expect(bytes().equals(before)).toBe(true)
      expect(await pendingMigrations(await open(url))).toEqual(missing)
    })
  })
})

describe('the SQLite file', () => {
  it('of another program is refused without changing a byte', async () => {
    const url = await freshDatabase('sqlite')
    const path = filePath(url)
    const other = new DatabaseSync(path)
    other.exec('create table users (id integer primary key, email varchar(250) not null)')
    other.close()
    const before = readFileSync(path)
    for (const migrates of [true, false]) {
      await expect(openDatabase(url, { migrate: migrates })).rejects.toThrow(OptionError)
      expect(readFileSync(path).equals(before)).toBe(true)
    }
  })

  it('is readable only by its owner, as are its -wal and -shm files', async () => {
    const url = await freshDatabase('sqlite')
    const db = await openDatabase(url)
    onTestFinished(() => db.destroy())
    const path = filePath(url)
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('is in WAL mode and enforces foreign keys', async () => {
    const url = await freshDatabase('sqlite')
    const db = await openDatabase(url)
    onTestFinished(() => db.destroy())
    const pragma = async (name: string) =>
      Object.values((await sql`pragma ${sql.raw(name)}`.execute(db)).rows[0] as object)[0]
    expect(await pragma('journal_mode')).toBe('wal')
    expect(await pragma('foreign_keys')).toBe(1)
  })
})
