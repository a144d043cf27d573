/** Adoption of the users table of the Flask exercise, in place. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  type Adoption,
  type AdoptionPlan,
  adoptUsers,
  type Database,
  keepAccount,
  openAsItIs,
  openDatabase,
  pendingMigrations,
  planAdoption,
} from '../../src/db/index.ts'
import { createAuth } from '../../src/index.ts'
import { MaintenanceError, NoResultFound } from '../../src/model/errors.ts'
import {
  CHEAP_HASHER,
  type EngineName,
  filePath,
  freshAuth,
  freshDatabase,
  onBothEngines,
} from '../support/engines.ts'
import { runHere } from '../support/run-here.ts'
import { send } from '../support/send.ts'
import { COMMAND, ROOT, run, runCli, startService } from '../support/service.ts'

const PASSWORD = 'b4l0u'
/** Hashed once to save time; all accounts have the same password. */
const HASH = await CHEAP_HASHER.hash(PASSWORD)

/** How SQLAlchemy stored the hash: as bytes, in most versions, or as text. */
const STORED_AS = ['bytes', 'text'] as const
type StoredAs = (typeof STORED_AS)[number]

interface Made {
  readonly id: number
  readonly email: string | null
  readonly hash?: string
}

async function open(url: string): Promise<Database> {
  const db = await openAsItIs(url)
  onTestFinished(() => db.destroy())
  return db
}

/** A database as the Flask service leaves it, and a connection to it. */
async function classicDatabase(
  engine: EngineName,
  users: readonly Made[],
  { storedAs = 'bytes', extra = '' }: { storedAs?: StoredAs; extra?: string } = {},
): Promise<{ url: string; db: Database }> {
  const url = await freshDatabase(engine)
  const db = await open(url)
  const hashType = engine === 'postgres' && storedAs === 'bytes' ? 'bytea' : 'varchar(250)'
  const idType = engine === 'postgres' ? 'serial' : 'integer'
  await sql`create table users (
    id ${sql.raw(idType)} not null, email varchar(250), hashed_password ${sql.raw(hashType)} not null,
    session_id varchar(250), reset_token varchar(250), ${sql.raw(extra)} primary key (id))`.execute(db)
  for (const { id, email, hash = HASH } of users) {
    const stored = storedAs === 'bytes' ? Buffer.from(hash) : hash
    await sql`insert into users (id, email, hashed_password, session_id, reset_token)
      values (${id}, ${email}, ${stored}, ${`old-session-${id}`}, ${`old-token-${id}`})`.execute(db)
  }
  return { url, db }
}

async function rowsOf(db: Database, table: string): Promise<Record<string, unknown>[]> {
  return (await sql<Record<string, unknown>>`select * from ${sql.table(table)} order by 1`.execute(db)).rows
}

async function tablesOf(db: Database): Promise<Record<string, unknown>> {
  const tables = await db.introspection.getTables()
  return Object.fromEntries(
    tables.map(({ name, columns }) => [
      name,
      columns.map((column) => `${column.name} ${column.isNullable ? 'null' : 'not null'}`).toSorted(),
    ]),
  )
}

async function planOf(db: Database): Promise<AdoptionPlan> {
  return (await planAdoption(db)) ?? expect.unreachable('nothing to adopt')
}

/** Adopts as the command does. */
async function adopt(url: string): Promise<Adoption> {
  const db = await openAsItIs(url)
  try {
    return (await adoptUsers(db, await planOf(db))) ?? expect.unreachable('adopted already')
  } finally {
    await db.destroy()
  }
}

/** The copies next to the file. */
function copiesOf(url: string): string[] {
  const path = filePath(url)
  return readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.before-adoption-`))
}

onBothEngines('a classic users table', (engine) => {
  it.each(STORED_AS)(
    'with hashes as %s is adopted: passwords stay valid, and session ids and reset tokens become void',
    async (storedAs) => {
      const made = [
        { id: 3, email: ' Bob@Example.com ' },
        { id: 7, email: 'eve@example.com' },
      ]
      const { url, db } = await classicDatabase(engine, made, { storedAs })
      await adopt(url)
      const auth = await freshAuth(engine, { databaseUrl: url })
      expect(await auth.validLogin('bob@example.com', PASSWORD)).toBe(true)
      expect(await auth.validLogin('eve@example.com', PASSWORD)).toBe(true)
      expect(await auth.validLogin('bob@example.com', 'wrong')).toBe(false)
      for (const { id } of made) {
        expect(await auth.getUserFromSessionId(`old-session-${id}`)).toBeNull()
        await expect(auth.updatePassword(`old-token-${id}`, 'new')).rejects.toMatchObject({
          code: 'invalid_reset_token',
        })
      }
      expect(await rowsOf(db, 'users')).toMatchObject([
        { id: 3, email: 'Bob@Example.com', normalized_email: 'bob@example.com', hashed_password: HASH },
        { id: 7, email: 'eve@example.com', session_id: null, reset_token: null, password_version: 1 },
      ])
      // Ids continue after the highest one, and none is reused.
      const { id } = await auth.registerUser('new@example.com', PASSWORD)
      expect(id).toBe(8)
      await auth.users.delete(8)
      expect((await auth.registerUser('newer@example.com', PASSWORD)).id).toBe(9)
      await expect(auth.registerUser('BOB@example.com', PASSWORD)).rejects.toMatchObject({
        code: 'email_taken',
      })
    },
  )

  it('becomes the table of a new database, column by column', async () => {
    const { url, db } = await classicDatabase(engine, [{ id: 1, email: 'bob@example.com' }])
    await adopt(url)
    const fresh = await freshDatabase(engine)
    await (await openDatabase(fresh)).destroy()
    const { users_before_bienvenue: _copy, ...tables } = await tablesOf(db)
    expect(tables).toEqual(await tablesOf(await open(fresh)))
    if (engine === 'sqlite') {
      const declared = (of: Database) => sql`select sql from sqlite_master where name = 'users'`.execute(of)
      expect((await declared(db)).rows).toEqual((await declared(await open(fresh))).rows)
    }
  })

  it('is copied unchanged before the adoption', async () => {
    const { url, db } = await classicDatabase(engine, [{ id: 1, email: 'bob@example.com' }])
    const before = await rowsOf(db, 'users')
    const { copy } = await adopt(url)
    if (engine === 'sqlite') {
      expect(statSync(copy).mode & 0o777).toBe(0o600)
      expect(copiesOf(url)).toEqual([basename(copy)])
      expect(await rowsOf(await open(`sqlite:${copy}`), 'users')).toEqual(before)
    } else {
      expect(copy).toBe('users_before_bienvenue')
      expect(await rowsOf(db, copy)).toEqual(before)
    }
  })

  it('is not adopted until every shared address is resolved, and loses no row [CX-12]', async () => {
    const { url, db } = await classicDatabase(engine, [
      { id: 1, email: 'bob@example.com' },
      { id: 2, email: 'eve@example.com' },
      { id: 4, email: 'BOB@example.com' },
      { id: 5, email: ' bob@example.com' },
      { id: 6, email: 'pavé@example.com'.normalize('NFD') },
      { id: 7, email: 'pavé@example.com'.normalize('NFC') },
    ])
    const [before, tables] = [await rowsOf(db, 'users'), await tablesOf(db)]
    await expect(adopt(url)).rejects.toThrow(MaintenanceError)
    expect([await rowsOf(db, 'users'), await tablesOf(db)]).toEqual([before, tables])
    expect((await planOf(db)).sharedAddresses).toEqual([
      { email: 'bob@example.com', ids: [1, 4, 5] },
      { email: 'pavé@example.com', ids: [6, 7] },
    ])

    expect(await keepAccount(db, 4)).toEqual([1, 5])
    await expect(adopt(url)).rejects.toThrow(MaintenanceError)
    expect(await keepAccount(db, 7)).toEqual([6])
    await expect(keepAccount(db, 7)).rejects.toThrow(NoResultFound)
    await expect(keepAccount(db, 99)).rejects.toThrow(NoResultFound)
    expect(await rowsOf(db, 'users_set_aside')).toEqual(
      before.filter(({ id }) => [1, 5, 6].includes(id as number)),
    )
    expect(await adopt(url)).toMatchObject({ users: 3, sharedAddresses: [], obstacles: [] })
    expect((await rowsOf(db, 'users')).map(({ id }) => id)).toEqual([2, 4, 7])
  })

  it('keeps accounts that share an address if users_set_aside is a table of another program', async () => {
    const { db } = await classicDatabase(engine, [
      { id: 1, email: 'bob@example.com' },
      { id: 2, email: 'BOB@example.com' },
    ])
    const before = await rowsOf(db, 'users')
    await sql`create table users_set_aside (a integer, b text, c text, d text, e text)`.execute(db)
    await expect(keepAccount(db, 1)).rejects.toMatchObject({
      name: 'MaintenanceError',
      message: expect.stringMatching(
        /^the other accounts cannot be moved to users_set_aside, and nothing was changed: .*id/,
      ),
    })
    expect([await rowsOf(db, 'users'), await rowsOf(db, 'users_set_aside')]).toEqual([before, []])
  })

  it('keeps accounts that share an address if other tables refer to accounts', async () => {
    const { url, db } = await classicDatabase(engine, [
      { id: 1, email: 'bob@example.com' },
      { id: 2, email: 'BOB@example.com' },
    ])
    await sql`create table posts (id integer primary key, user_id integer references users (id) on delete cascade)`.execute(
      db,
    )
    await sql`insert into posts values (1, 1), (2, 2)`.execute(db)
    await expect(keepAccount(db, 1)).rejects.toThrow(MaintenanceError)
    await expect(keepAccount(db, 1)).rejects.toThrow(/other tables refer to accounts \(posts\)/)
    await sql`update posts set user_id = 1`.execute(db)
    await sql`delete from users where id = 2`.execute(db)
    await adopt(url)
    expect(await rowsOf(db, 'posts')).toEqual([
      { id: 1, user_id: 1 },
      { id: 2, user_id: 1 },
    ])
    // The foreign key refers to the new table.
    await sql`delete from users where id = 1`.execute(db)
    expect(await rowsOf(db, 'posts')).toEqual([])
  })

  it('keeps unknown columns with their values, indexes and constraints', async () => {
    const extra =
      'nickname varchar(20), points integer not null default 5, badge varchar(9) unique, "two words" varchar(9) default \'a b\','
    const { url, db } = await classicDatabase(engine, [{ id: 1, email: 'bob@example.com' }], { extra })
    await sql`update users set nickname = 'Bobby', points = 9, badge = 'x'`.execute(db)
    await sql`create index users_nickname on users (nickname)`.execute(db)
    expect(await adopt(url)).toMatchObject({ extraColumns: ['nickname', 'points', 'badge', 'two words'] })
    const auth = await freshAuth(engine, { databaseUrl: url })
    await auth.registerUser('eve@example.com', PASSWORD)
    expect(await rowsOf(db, 'users')).toMatchObject([
      { id: 1, nickname: 'Bobby', points: 9, badge: 'x', 'two words': 'a b' },
      { id: 2, nickname: null, points: 5, badge: null, 'two words': 'a b' },
    ])
    await expect(sql`update users set badge = 'x'`.execute(db)).rejects.toThrow(/unique/i)
    const index = engine === 'sqlite' ? sql`sqlite_master where name` : sql`pg_indexes where indexname`
    expect((await sql`select 1 from ${index} = 'users_nickname'`.execute(db)).rows).toHaveLength(1)
  })

  it.each(['two words', 'a.b', 'points desc', 'select', 'q"uote'])(
    'keeps a unique column named %s',
    async (name) => {
      const extra = `"${name.replaceAll('"', '""')}" varchar(9) unique,`
      const { url, db } = await classicDatabase(engine, [{ id: 1, email: 'bob@example.com' }], { extra })
      await sql`update users set ${sql.id(name)} = 'x'`.execute(db)
      await adopt(url)
      expect(await rowsOf(db, 'users')).toMatchObject([{ id: 1, [name]: 'x' }])
      const again = sql`insert into users (email, normalized_email, hashed_password, created_at, password_version, ${sql.id(name)})
        values ('eve@example.com', 'eve@example.com', '!', 0, 1, 'x')`
      await expect(again.execute(db)).rejects.toThrow(/unique/i)
    },
  )

  const OBSTACLES: [what: string, extra: string, statement: string, says: RegExp][] = [
    [
      'a required column that is not ours',
      'phone varchar(9) not null,',
      '',
      /its column phone requires a value/,
    ],
    [
      'a column that has a name of ours',
      'created_at varchar(30),',
      '',
      /its column created_at has a name that Bienvenue needs; rename it: alter table users rename column created_at/,
    ],
    ['a table that has a name of ours', '', 'create table sessions (mine integer)', /another table sessions/],
    ['an account without an address', '', 'update users set email = null', /account 1 has no address/],
  ]
  it.each(OBSTACLES)('with %s is refused by name and not changed', async (_what, extra, statement, says) => {
    const { url, db } = await classicDatabase(engine, [], { extra })
    const phone = extra.startsWith('phone') ? sql`, phone` : sql``
    const value = extra.startsWith('phone') ? sql`, '1'` : sql``
    await sql`insert into users (id, email, hashed_password ${phone}) values (1, 'bob@example.com', 'x' ${value})`.execute(
      db,
    )
    if (statement !== '') await sql.raw(statement).execute(db)
    const [rows, tables] = [await rowsOf(db, 'users'), await tablesOf(db)]
    const { obstacles } = await planOf(db)
    expect(obstacles).toEqual([expect.stringMatching(says)])
    await expect(adopt(url)).rejects.toThrow(MaintenanceError)
    expect([await rowsOf(db, 'users'), await tablesOf(db)]).toEqual([rows, tables])
  })

  it.each(['2147483647', '2147483648', '9007199254740993', '-2147483648', '0'])(
    'with the id %s is refused, naming the account',
    async (id) => {
      const { url, db } = await classicDatabase(engine, [{ id: 1, email: 'bob@example.com' }])
      if (engine === 'postgres') await sql`alter table users alter column id type bigint`.execute(db)
      // With a result, because the driver cannot return such an id as that of the last row.
      await sql`insert into users (id, email, hashed_password)
        values (${sql.raw(id)}, 'eve@example.com', 'x') returning 1`.execute(db)
      expect((await planOf(db)).obstacles).toEqual([
        `account ${id} has an id that Bienvenue cannot use; ids go from 1 to 2147483646`,
      ])
      await expect(adopt(url)).rejects.toThrow(MaintenanceError)
    },
  )

  it('with the highest id that leaves one for the next account is adopted', async () => {
    const { url } = await classicDatabase(engine, [{ id: 2147483646, email: 'bob@example.com' }])
    await adopt(url)
    const auth = await freshAuth(engine, { databaseUrl: url })
    expect((await auth.registerUser('new@example.com', PASSWORD)).id).toBe(2147483647)
  })

  it('whose counter leaves no id for the next account is refused', async () => {
    const { url, db } = await classicDatabase(engine, [{ id: 1, email: 'bob@example.com' }])
    if (engine === 'postgres') await sql`select setval('users_id_seq', 2147483647)`.execute(db)
    else {
      await sql`create table counted (id integer primary key autoincrement)`.execute(db)
      await sql`insert into sqlite_sequence values ('users', 2147483647)`.execute(db)
    }
    expect((await planOf(db)).obstacles).toEqual([
      'its next id would be too large; set the counter of its ids to the highest id in use, which may go up to 2147483646',
    ])
    await expect(adopt(url)).rejects.toThrow(MaintenanceError)
  })

  it('of another program is refused, naming what it lacks', async () => {
    const url = await freshDatabase(engine)
    const db = await open(url)
    await sql`create table users (id integer primary key, email varchar(250), password varchar(9))`.execute(
      db,
    )
    const obstacles = async () => (await planOf(db)).obstacles
    expect(await obstacles()).toEqual(['it lacks hashed_password, session_id, reset_token'])
    await expect(adopt(url)).rejects.toThrow(MaintenanceError)
    await sql`drop table users`.execute(db)
    await sql`create table users (id varchar(9) primary key, email varchar(9), hashed_password varchar(9), session_id varchar(9), reset_token varchar(9))`.execute(
      db,
    )
    expect(await obstacles()).toEqual(['its primary key is not a single integer column named id'])
    await expect(adopt(url)).rejects.toThrow(MaintenanceError)
    expect(Object.keys(await tablesOf(db))).toEqual(['users'])
  })

  it('with invalid hashes and addresses is adopted, and the affected accounts are listed', async () => {
    const { url } = await classicDatabase(engine, [
      { id: 1, email: 'bob@example.com' },
      { id: 2, email: 'eve@example.com', hash: 'md5:0123' },
      { id: 3, email: 'no address' },
      { id: 4, email: 'odd@example.com', hash: 'pavé \\ \u0001' },
      { id: 5, email: 'sign.bug@example.com', hash: HASH.replace('$2b$', '$2x$') },
      { id: 6, email: 'cheap@example.com', hash: `$2b$03${HASH.slice(6)}` },
      { id: 7, email: 'costly@example.com', hash: `$2b$17${HASH.slice(6)}` },
    ])
    expect(await adopt(url)).toMatchObject({
      users: 7,
      unknownHashes: [2, 4, 5, 6, 7],
      unusableAddresses: [3],
    })
    const auth = await freshAuth(engine, { databaseUrl: url })
    expect(await auth.validLogin('eve@example.com', 'md5:0123')).toBe(false)
    await auth.updatePassword(await auth.getResetPasswordToken('eve@example.com'), 'new')
    expect(await auth.validLogin('eve@example.com', 'new')).toBe(true)
  })

  it('is unchanged if the adoption fails, and no copy is left', async () => {
    const { url, db } = await classicDatabase(engine, [{ id: 1, email: 'bob@example.com' }])
    // Makes a later migration fail, after the adoption.
    await sql`create table other (id integer)`.execute(db)
    await sql`create index sessions_user_id on other (id)`.execute(db)
    const rows = await rowsOf(db, 'users')
    const refused = await runHere(['adopt', '--yes', '--json'], { env: { DATABASE_URL: url } })
    expect(JSON.parse(refused.stderr)).toEqual({
      code: 'refused',
      message: expect.stringMatching(
        /^the database refused the adoption, and the users table was not changed: .*sessions_user_id/,
      ),
    })
    expect(await rowsOf(db, 'users')).toEqual(rows)
    const left = Object.keys(await tablesOf(db)).filter((name) => !name.startsWith('bienvenue_migrations'))
    expect(left.toSorted()).toEqual(['other', 'users'])
    if (engine === 'sqlite') expect(copiesOf(url)).toEqual([])
    await sql`drop table other`.execute(db)
    await adopt(url)
  })

  it('is adopted once when four processes start at the same time', async () => {
    const users = Array.from({ length: 2_500 }, (_, index) => ({
      id: index + 1,
      email: `user${index}@example.com`,
    }))
    const { url, db } = await classicDatabase(engine, [])
    for (let at = 0; at < users.length; at += 500) {
      const page = users
        .slice(at, at + 500)
        .map(({ id, email }) => sql`(${id}, ${email}, ${Buffer.from(HASH)})`)
      await sql`insert into users (id, email, hashed_password) values ${sql.join(page)}`.execute(db)
    }
    const results = await Promise.all(
      Array.from({ length: 4 }, () => runCli(['adopt', '--yes', '--json'], { env: { DATABASE_URL: url } })),
    )
    expect(results.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
      results.map(() => ({ exitCode: 0, stderr: '' })),
    )
    const counts = results.map(({ stdout }) => (JSON.parse(stdout) as { users: number }).users)
    expect(counts.toSorted()).toEqual([0, 0, 0, users.length])
    const adopted = await rowsOf(db, 'users')
    expect(adopted.map(({ id, email }) => ({ id, email }))).toEqual(users)
    if (engine === 'sqlite') expect(copiesOf(url)).toHaveLength(1)
  })

  it('is adopted only once, also if a newer version has migrated the database since', async () => {
    const { url, db } = await classicDatabase(engine, [{ id: 1, email: 'bob@example.com' }])
    await adopt(url)
    await sql`alter table users add column added_later text`.execute(db)
    await sql`insert into bienvenue_migrations values ('9999-later', '2030-01-01')`.execute(db)
    const before = await rowsOf(db, 'users')
    expect(await planAdoption(db)).toBeNull()
    const { exitCode, stdout } = await runHere(['adopt', '--yes', '--json'], { env: { DATABASE_URL: url } })
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '{"users":0}\n' })
    expect(await rowsOf(db, 'users')).toEqual(before)
  })

  it('is refused by the service, the library and all other commands, which name bienvenue adopt', async () => {
    const { url, db } = await classicDatabase(engine, [{ id: 1, email: 'bob@example.com' }])
    const before = [await rowsOf(db, 'users'), await tablesOf(db)]
    const problem =
      'this database has a users table that Bienvenue did not make; nothing was changed. If it belongs to your application, set BIENVENUE_TABLE_PREFIX, or BIENVENUE_DATABASE_SCHEMA on PostgreSQL, to keep the tables of Bienvenue apart. If a service of the Flask exercise made it, run: bienvenue adopt'
    const lines = [
      'serve',
      'migrate',
      'migrate --plan',
      'users list',
      'export',
      'import LICENSE --rejects /dev/null',
    ]
    for (const line of lines)
      expect(await runHere(line.split(' '), { env: { DATABASE_URL: url } }), line).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: `bienvenue: DATABASE_URL: ${problem}\n`,
      })
    const doctor = await runHere(['doctor', '--json'], { env: { DATABASE_URL: url } })
    expect({ ...doctor, answer: JSON.parse(doctor.stdout) }).toMatchObject({
      exitCode: 1,
      answer: { well: false, checks: [{ name: 'database', ok: false, detail: problem }] },
    })
    for (const open of [
      () => createAuth({ databaseUrl: url }),
      () => openDatabase(url, { migrate: false }),
      () => pendingMigrations(db),
    ])
      await expect(open()).rejects.toMatchObject({ name: 'OptionError', option: 'databaseUrl' })
    expect([await rowsOf(db, 'users'), await tablesOf(db)]).toEqual(before)
    if (engine === 'sqlite') expect(readdirSync(dirname(filePath(url)))).toEqual([basename(filePath(url))])
  })

  it('is resolved and adopted by the command, only after confirmation', async () => {
    const { url, db } = await classicDatabase(engine, [
      { id: 1, email: 'bob@example.com' },
      { id: 2, email: 'Bob@example.com' },
    ])
    const env = { DATABASE_URL: url }
    const before = [await rowsOf(db, 'users'), await tablesOf(db)]
    const planned =
      'Accounts: 2\nObstacle: accounts 1, 2 share the address bob@example.com. To keep one, run: bienvenue adopt --keep 1\n'
    const plan = await runHere(['adopt', '--plan'], { env })
    expect(plan).toEqual({ exitCode: 1, stdout: planned, stderr: '' })
    expect(await runHere(['adopt', '--yes'], { env })).toEqual({
      exitCode: 1,
      stdout: planned,
      stderr:
        'bienvenue: the users table cannot be adopted as it is; nothing was changed. To see what prevents it, run: bienvenue adopt --plan\n',
    })
    const refusal = await runHere(['adopt', '--yes', '--json'], { env })
    expect(JSON.parse(refusal.stderr)).toMatchObject({ code: 'refused' })

    const needsYes = {
      code: 'usage',
      message: expect.stringMatching(/^Add --yes to confirm without a terminal\./),
    }
    const unconfirmedKeep = await runHere(['adopt', '--keep', '2', '--json'], { env })
    expect({ ...unconfirmedKeep, error: JSON.parse(unconfirmedKeep.stderr) }).toMatchObject({
      exitCode: 2,
      stdout: '',
      error: needsYes,
    })
    expect([await rowsOf(db, 'users'), await tablesOf(db)]).toEqual(before)
    const kept = await runHere(['adopt', '--keep', '2', '--yes', '--json'], { env })
    expect(JSON.parse(kept.stdout)).toEqual({ kept: 2, set_aside: [1] })
    expect(await runHere(['adopt', '--keep', '2', '--yes'], { env })).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: 'bienvenue: there is no account 2 that shares its address with another\n',
    })

    const settled = [await rowsOf(db, 'users'), await tablesOf(db)]
    const unconfirmed = await runHere(['adopt', '--json'], { env })
    expect({ ...unconfirmed, error: JSON.parse(unconfirmed.stderr) }).toMatchObject({
      exitCode: 2,
      stdout: '',
      error: needsYes,
    })
    expect((await runHere(['adopt', '--plan'], { env })).exitCode).toBe(0)
    expect([await rowsOf(db, 'users'), await tablesOf(db)]).toEqual(settled)

    const adopted = await runHere(['adopt', '--yes'], { env })
    expect(adopted).toMatchObject({ exitCode: 0, stderr: '' })
    expect(adopted.stdout).toMatch(/^Accounts: 1\nAdopted\. The original table is kept as \S+\.\n$/)
    const service = await startService(url)
    const answer = await send(service.url, 'POST', '/sessions', {
      form: { email: 'bob@example.com', password: PASSWORD },
    })
    expect(answer.status).toBe(200)
    // There is nothing to do, so it asks nothing.
    const again = await runHere(['adopt'], { env })
    expect(again).toMatchObject({
      exitCode: 0,
      stdout: 'Nothing to adopt: the database has no users table of another service.\n',
    })
  })
})

describe('a classic users table on SQLite', () => {
  async function made(...statements: readonly string[]) {
    const url = await freshDatabase('sqlite')
    const db = await open(url)
    for (const statement of statements) await sql.raw(statement).execute(db)
    await sql`insert into users (id, email, hashed_password) values (1, 'bob@example.com', ${HASH})`.execute(
      db,
    )
    return { url, db }
  }
  const COLUMNS =
    'id integer primary key, email text, hashed_password text, session_id text, reset_token text'

  it.each([
    ['"member"', 'member'],
    ['member', 'member'],
    ["'it''s'", "it's"],
    ['true', 1],
    ['-1', -1],
    ['(1 + 1)', 2],
    ["(lower('A'))", 'a'],
    ['null', null],
  ])('keeps the default %s', async (declared, value) => {
    const { url, db } = await made(`create table users (${COLUMNS}, extra default ${declared})`)
    await adopt(url)
    const auth = await freshAuth('sqlite', { databaseUrl: url })
    await auth.registerUser('eve@example.com', PASSWORD)
    expect(await rowsOf(db, 'users')).toMatchObject([{ extra: value }, { extra: value }])
  })

  it('keeps a unique constraint beside an index that has the name for it', async () => {
    const { url, db } = await made(
      `create table users (${COLUMNS}, a text, b text, a_b text, unique (a, b), unique (a_b))`,
      'create index Users_A_B on users (b)',
    )
    await adopt(url)
    await sql`update users set a = 'x', b = 'y', a_b = 'z'`.execute(db)
    for (const [columns, values] of [
      ['a, b', "'x', 'y'"],
      ['a_b', "'z'"],
    ])
      await expect(
        sql
          .raw(`insert into users (email, normalized_email, hashed_password, created_at, password_version, ${columns})
            values ('eve', 'eve', '!', 0, 1, ${values})`)
          .execute(db),
      ).rejects.toThrow(/UNIQUE/)
  })

  it('is adopted beside tables that have the names for the old one', async () => {
    const { url, db } = await made(
      `create table users (${COLUMNS})`,
      'create table users_before_adoption (mine text)',
      'create table users_before_adoption_2 (mine text)',
    )
    await adopt(url)
    expect(await rowsOf(db, 'users')).toMatchObject([{ id: 1, email: 'bob@example.com' }])
    expect(await rowsOf(db, 'users_before_adoption')).toEqual([])
  })

  it('is adopted whatever the letter case of its names', async () => {
    const autoincrement = COLUMNS.toUpperCase().replace('PRIMARY KEY', 'PRIMARY KEY AUTOINCREMENT')
    const { url, db } = await made(`create table "Users" (${autoincrement}, "Nick" text)`)
    await sql`update sqlite_sequence set seq = 41`.execute(db)
    expect(await adopt(url)).toMatchObject({ users: 1, extraColumns: ['Nick'] })
    expect(await rowsOf(db, 'users')).toMatchObject([{ id: 1, email: 'bob@example.com', Nick: null }])
    // An id of a deleted account is not used again.
    const auth = await freshAuth('sqlite', { databaseUrl: url })
    expect((await auth.registerUser('new@example.com', PASSWORD)).id).toBe(42)
  })

  it('is refused beside a view that does not work, naming the view', async () => {
    const { url, db } = await made(
      `create table users (${COLUMNS})`,
      'create view report as select total from sales',
      'create view addresses as select email from users',
    )
    expect((await planOf(db)).obstacles).toEqual([
      'the view report does not work (no such table: main.sales); drop it',
    ])
    await expect(adopt(url)).rejects.toThrow(MaintenanceError)
  })

  it('is refused if a name differs from one of ours only in letter case', async () => {
    const { db } = await made(
      `create table users (${COLUMNS}, "Created_At" text)`,
      'create table "Sessions" (mine integer)',
    )
    expect((await planOf(db)).obstacles).toEqual([
      expect.stringMatching(/^its column created_at has a name that Bienvenue needs/),
      expect.stringMatching(/^the database has another table sessions/),
    ])
  })
})

describe('a classic users table on PostgreSQL', () => {
  const TEXT = 'email text, hashed_password text, session_id text, reset_token text'
  const VARCHAR = TEXT.replaceAll('text', 'varchar(250)')
  const TRIGGER_FUNCTION = `create function kept() returns trigger language plpgsql as 'begin return new; end'`

  async function made(columns: string, ...statements: readonly string[]) {
    const url = await freshDatabase('postgres')
    const db = await open(url)
    await sql`create table companies (id integer primary key)`.execute(db)
    await sql`create domain size as integer default 9`.execute(db)
    await sql`insert into companies values (1)`.execute(db)
    await sql`create table users (id serial primary key, ${sql.raw(columns)})`.execute(db)
    for (const statement of statements) await sql.raw(statement).execute(db)
    await sql`
      insert into users (email, hashed_password, session_id, reset_token)
      values ('bob@example.com', ${HASH}, gen_random_uuid(), gen_random_uuid())`.execute(db)
    return { url, db }
  }

  it.each<[what: string, columns: string, ...statements: string[]]>([
    [
      'a foreign key that is checked later',
      `${VARCHAR}, company integer default 1 references companies (id) deferrable initially deferred`,
    ],
    [
      'a trigger that runs later',
      VARCHAR,
      TRIGGER_FUNCTION,
      'create constraint trigger later after update on users deferrable initially deferred for each row execute function kept()',
    ],
    ['required session ids', VARCHAR.replace(/session_id [^,]+/, '$& not null')],
    [
      'session ids with a default',
      VARCHAR.replace(/session_id [^,]+/, "session_id uuid default '00000000-0000-0000-0000-000000000000'"),
    ],
    ['columns of fixed length', VARCHAR.replaceAll('varchar(250)', 'char(90)')],
    ['a view on columns whose type stays', TEXT, 'create view everyone as select * from users'],
    [
      'a generated column and a trigger on columns whose type stays',
      `${TEXT}, host text generated always as (split_part(email, '@', 2)) stored`,
      TRIGGER_FUNCTION,
      'create trigger named before update of email on users for each row execute function kept()',
    ],
    ['a default in the type of a column', `${VARCHAR}, size size not null`],
    [
      'a sequence of 64 bits',
      VARCHAR,
      'alter table users alter column id type bigint',
      'alter sequence users_id_seq as bigint',
    ],
    [
      'a sequence that its column does not own',
      VARCHAR,
      'alter sequence users_id_seq owned by none',
      'alter sequence users_id_seq rename to numbers',
    ],
  ])('with %s is adopted', async (_what, columns, ...statements) => {
    const { url, db } = await made(columns, ...statements)
    expect(await planOf(db)).toMatchObject({ obstacles: [], unknownHashes: [] })
    await adopt(url)
    const auth = await freshAuth('postgres', { databaseUrl: url })
    expect(await auth.validLogin('bob@example.com', PASSWORD)).toBe(true)
    await auth.registerUser('eve@example.com', PASSWORD)
    expect(await rowsOf(db, 'users')).toMatchObject([
      { email: 'bob@example.com', session_id: null, reset_token: null },
      { email: 'eve@example.com', session_id: null, reset_token: null },
    ])
  })

  it.each<[object: string, column: string, ...statements: string[]]>([
    ['view addresses', 'email', 'create view addresses as select email from users'],
    [
      'trigger named on table users',
      'email',
      TRIGGER_FUNCTION,
      'create trigger named before update of email on users for each row execute function kept()',
    ],
    ['policy own on table users', 'email', 'create policy own on users using (email = current_user)'],
    [
      'column host of table users',
      'email',
      `alter table users add host text generated always as (split_part(email, '@', 2)) stored`,
    ],
    [
      'function sessions_of()',
      'session_id',
      'create function sessions_of() returns setof text begin atomic select session_id from users; end',
    ],
  ])('with a %s is refused by name and not changed', async (object, column, ...statements) => {
    const { url, db } = await made(VARCHAR, ...statements)
    const before = [await rowsOf(db, 'users'), await tablesOf(db)]
    expect((await planOf(db)).obstacles).toEqual([
      `its column ${column} changes its type, and the ${object} uses it; drop that, and create it again afterwards`,
    ])
    await expect(adopt(url)).rejects.toThrow(MaintenanceError)
    expect([await rowsOf(db, 'users'), await tablesOf(db)]).toEqual(before)
  })

  it('runs none of its triggers during the adoption, and keeps them', async () => {
    const { url, db } = await made(
      `${VARCHAR}, changed integer default 0`,
      `create function changed() returns trigger language plpgsql as 'begin new.changed := old.changed + 1; return new; end'`,
      `create function refused() returns trigger language plpgsql as 'begin raise exception ''no updates''; end'`,
      'create trigger changed before update on users for each row execute function changed()',
      ...['always', 'disabled', 'replica'].map(
        (name) =>
          `create trigger ${name} before update on users for each statement execute function refused()`,
      ),
      'alter table users enable always trigger always, disable trigger disabled, enable replica trigger replica',
    )
    const states = async () =>
      (
        await sql`
          select tgname, tgenabled from pg_trigger
          where tgrelid = 'users'::regclass and not tgisinternal order by 1`.execute(db)
      ).rows
    const before = await states()
    await adopt(url)
    expect(await rowsOf(db, 'users')).toMatchObject([{ email: 'bob@example.com', changed: 0 }])
    expect(await states()).toEqual(before)
  })

  const SHARED =
    'the column id of table posts uses the sequence that numbers the accounts; give it another sequence, because that of the accounts is replaced'
  it.each<[obstacle: string, ...statements: string[]]>([
    [
      'it is unlogged, and the tables that refer to it cannot be; run: alter table users set logged',
      'alter table users set unlogged',
    ],
    [
      'it is not an ordinary table, but a view, partitioned, inherited or typed; make it an ordinary one',
      'drop table users',
      `create table users (id serial primary key, ${TEXT}) partition by range (id)`,
      'create table users_1 partition of users for values from (0) to (999)',
    ],
    [
      'it is not an ordinary table, but a view, partitioned, inherited or typed; make it an ordinary one',
      'create table members () inherits (users)',
    ],
    [
      'the database already has a table, index or view users_normalized_email_key, whose name Bienvenue needs; rename it',
      'create index users_normalized_email_key on companies (id)',
    ],
    [
      'its primary key is deferrable, so that other tables cannot refer to it; recreate it without that',
      'alter table users drop constraint users_pkey, add primary key (id) deferrable',
    ],
    [SHARED, `create table posts (id integer default nextval('users_id_seq'))`],
    [
      SHARED,
      `create table posts (id integer default nextval('users_id_seq'))`,
      'alter sequence users_id_seq owned by none',
    ],
    [
      SHARED,
      'alter table users alter id drop default',
      'drop sequence users_id_seq',
      'alter table users alter id add generated always as identity',
      `create table posts (id integer default nextval('users_id_seq'))`,
    ],
    [
      'its rule kept changes what statements do; drop it',
      'create rule kept as on update to users do instead nothing',
    ],
  ])('is refused because %s', async (obstacle, ...statements) => {
    const { url, db } = await made(TEXT, ...statements)
    const before = [await rowsOf(db, 'users'), await tablesOf(db)]
    expect((await planOf(db)).obstacles).toContain(obstacle)
    await expect(adopt(url)).rejects.toThrow(MaintenanceError)
    expect([await rowsOf(db, 'users'), await tablesOf(db)]).toEqual(before)
  })

  it('is refused while another program uses it', async () => {
    const { url, db } = await made(VARCHAR)
    const refused = db.transaction().execute(async (tx) => {
      await sql`select from users`.execute(tx)
      return runHere(['adopt', '--yes', '--json'], { env: { DATABASE_URL: url } })
    })
    expect(JSON.parse((await refused).stderr)).toEqual({
      code: 'refused',
      message: expect.stringMatching(/^another program is using the users table/),
    })
    await adopt(url)
  })

  it('is refused if its row-level security hides accounts from its owner', async () => {
    const { db } = await made(
      TEXT,
      'create role adoption_reader',
      'alter table users owner to adoption_reader, enable row level security, force row level security',
    )
    onTestFinished(async () => {
      await sql`drop owned by adoption_reader`.execute(db)
      await sql`drop role adoption_reader`.execute(db)
    })
    const { obstacles } = await db.transaction().execute(async (tx) => {
      await sql`set local role adoption_reader`.execute(tx)
      return planOf(tx)
    })
    expect(obstacles).toEqual([expect.stringMatching(/^its row-level security hides rows from this role/)])
  })

  it('is refused if the type of an unknown column requires a value', async () => {
    const { db } = await made(`${VARCHAR}, size integer`)
    await sql`create domain required as integer not null`.execute(db)
    await sql`update users set size = 1`.execute(db)
    await sql`alter table users alter column size type required`.execute(db)
    expect((await planOf(db)).obstacles).toEqual([
      expect.stringMatching(/^its column size requires a value for each new account/),
    ])
  })
})

/** From util-linux. It provides a terminal. */
const SCRIPT = '/usr/bin/script'
const hasScript = existsSync(SCRIPT)
if (!hasScript) process.stderr.write('SKIPPED: adopt at a terminal. It needs script, of util-linux.\n')

describe.skipIf(!hasScript)('adopt at a terminal', () => {
  it('shows the plan, asks, and does nothing without confirmation', async () => {
    const { url, db } = await classicDatabase('sqlite', [{ id: 1, email: 'bob@example.com' }])
    const answering = (answer: string) =>
      run(
        SCRIPT,
        ['--quiet', '--return', '--command', `"${process.execPath}" "${COMMAND}" adopt`, '/dev/null'],
        {
          cwd: ROOT,
          env: { DATABASE_URL: url },
          input: answer,
        },
      )
    const before = [await rowsOf(db, 'users'), await tablesOf(db)]
    for (const answer of ['n\n', '\n']) {
      const { exitCode, stdout } = await answering(answer)
      expect(stdout).toMatch(
        /Accounts: 1\r\n(?:.*\n)*.*Adopt the users table with 1 account\? A copy is made first\. \[y\/N\] /,
      )
      expect(exitCode).toBe(1)
    }
    expect([await rowsOf(db, 'users'), await tablesOf(db)]).toEqual(before)
    expect(copiesOf(url)).toEqual([])
    const { exitCode, stdout } = await answering('y\n')
    expect(stdout).toMatch(/Adopted\. The original table is kept as /)
    expect(exitCode).toBe(0)
    expect(copiesOf(url)).toHaveLength(1)
  })
})

/** Debian's Python and its packages, if the system has them. */
const PYTHON = '/usr/bin/python3'
const hasFlask = spawnSync(PYTHON, ['-c', 'import bcrypt, sqlalchemy']).status === 0
if (!hasFlask)
  process.stderr.write(
    'SKIPPED: a table that SQLAlchemy created. It needs python3-sqlalchemy and python3-bcrypt.\n',
  )

// The tests above adopt the same schema and storage without it.
describe.skipIf(!hasFlask)('a table that SQLAlchemy created', () => {
  const python = async (script: string, args: readonly string[]) => {
    const { exitCode, stdout, stderr } = await run(PYTHON, ['-c', script, ...args], {
      env: { PYTHONPATH: join(ROOT, 'test/flask-original'), PYTHONDONTWRITEBYTECODE: '1' },
    })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    return stdout.trim()
  }
  const REGISTER = `
import sys, bcrypt
from auth import Auth
auth = Auth("sqlite:///" + sys.argv[1])
auth._db.add_user("bob@example.com", bcrypt.hashpw(b"b4l0u", bcrypt.gensalt(4)))
auth._db.add_user("eve@example.com", bcrypt.hashpw("pässwörd".encode(), bcrypt.gensalt(4)).decode())
print(auth.create_session("bob@example.com"), auth.get_reset_password_token("bob@example.com"))`
  const CHECK = `
import sys, bcrypt
from db import DB
hashed = DB("sqlite:///" + sys.argv[1]).find_user_by(email=sys.argv[2]).hashed_password
print(bcrypt.checkpw(sys.argv[3].encode(), hashed.encode()), hashed[:4])`

  it('is adopted, and bcrypt.checkpw accepts the hashes written afterwards', async () => {
    const databaseUrl = await freshDatabase('sqlite')
    const path = filePath(databaseUrl)
    const [sessionToken = '', token = ''] = (await python(REGISTER, [path])).split(' ')
    await adopt(databaseUrl)
    const auth = await freshAuth('sqlite', { databaseUrl })
    expect(await auth.validLogin('bob@example.com', PASSWORD)).toBe(true)
    expect(await auth.validLogin('eve@example.com', 'pässwörd')).toBe(true)
    expect(await auth.validLogin('eve@example.com', PASSWORD)).toBe(false)
    expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    await expect(auth.updatePassword(token, 'new')).rejects.toMatchObject({ code: 'invalid_reset_token' })

    await auth.registerUser('new@example.com', 'x'.repeat(72))
    await auth.updatePassword(await auth.getResetPasswordToken('bob@example.com'), 'another')
    expect(await python(CHECK, [path, 'new@example.com', 'x'.repeat(72)])).toBe('True $2b$')
    expect(await python(CHECK, [path, 'bob@example.com', 'another'])).toBe('True $2b$')
    expect(await python(CHECK, [path, 'bob@example.com', PASSWORD])).toBe('False $2b$')
  })
})
