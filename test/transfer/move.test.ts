/** `bienvenue move`: a whole database from SQLite to PostgreSQL and back. */
import { createHash } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sql } from 'kysely'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { type Database, moveDatabase, openAsItIs, openDatabase, TABLE_NAMES } from '../../src/db/index.ts'
import { MailError } from '../../src/index.ts'
import { MaintenanceError } from '../../src/model/errors.ts'
import {
  CHEAP_HASHER,
  type EngineName,
  filePath,
  freshAuth,
  freshDatabase,
  migratedDatabase,
  onBothEngines,
} from '../support/engines.ts'
import { accountWithFactors, beginSignIn, codeOf, signInWithPasskey } from '../support/factored-account.ts'
import { memoryMailer, productionAuth, randomKey } from '../support/production.ts'
import { runHere } from '../support/run-here.ts'
import { addSampleRows } from '../support/sample-rows.ts'
import { send } from '../support/send.ts'
import { COMMAND, startProgram, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/system.ts'

const EMAIL = 'Bob@example.com'
const PASSWORD = 'b4l0u'

const move = (from: string, to: string) => moveDatabase({ from, to, withoutExtraColumns: false })

/** The path of a new file that only this user can read. */
function fileWith(text: string): string {
  const file = join(temporaryFolder(), 'url')
  writeFileSync(file, text, { mode: 0o600 })
  return file
}

/** Moves with the command. The target may contain a password, so it comes from a file. */
function moveByCommand(from: string, to: string) {
  return runHere(['move', '--to-file', fileWith(`${to}\n`)], { env: { DATABASE_URL: from } })
}

async function open(url: string): Promise<Database> {
  const db = await openAsItIs(url)
  onTestFinished(() => db.destroy())
  return db
}

/** All rows, in a form that is the same on both databases. */
async function rowsOf(url: string): Promise<Record<string, unknown[]>> {
  const db = await openAsItIs(url)
  const tables: Record<string, unknown[]> = {}
  for (const table of TABLE_NAMES) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(db)
    tables[table] = rows
      .map((row) =>
        Object.entries(row)
          .map(([column, value]) => [
            column,
            value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
          ])
          .sort(),
      )
      .sort()
  }
  await db.destroy()
  return tables
}

/** A database with rows in every table, unusual characters among them, and more users than fit a page. */
async function filledDatabase(
  engine: EngineName,
): Promise<{ url: string; sessionToken: string; resetToken: string }> {
  const url = await freshDatabase(engine)
  const auth = await freshAuth(engine, {
    databaseUrl: url,
    // Sending fails, so that the outbox has a row however fast the worker is.
    mailer: memoryMailer(() => Promise.reject(new MailError('not today'))),
    baseUrl: 'https://auth.example.com',
  })
  await auth.registerUser(EMAIL, PASSWORD)
  await auth.users.create({ email: 'pavé+x\u{1f980}@bücher.example', password: PASSWORD, confirmed: true })
  await auth.users.disable((await auth.registerUser('shut@example.com', PASSWORD)).id)
  const sessionToken =
    (await auth.createSession(EMAIL, { ip: '2001:db8::1', userAgent: 'a "b" \\ \u{1f980}' })) ?? ''
  await expect(
    auth.signIn.withPassword({ email: 'eve@example.com', password: 'wrong' }, { ip: '192.0.2.1' }),
  ).rejects.toThrow()
  await auth.account.changeEmail(
    { email: 'new@example.com' },
    { sessionToken: (await auth.createSession(EMAIL)) ?? '' },
  )
  const resetToken = await auth.getResetPasswordToken(EMAIL)
  const db = await open(url)
  await addSampleRows(db, 1, new Date(1_900_000_000_000))
  const page = Array.from({ length: 1_001 }, (_, index) => {
    const email = `many${index}@example.com`
    return sql`(${email}, '!', ${email}, ${1_700_000_000_000 + index}, 1)`
  })
  await sql`insert into users (email, hashed_password, normalized_email, created_at, password_version)
    values ${sql.join(page)}`.execute(db)
  // The highest id belonged to an account that is gone.
  const { id } = await auth.registerUser('gone@example.com', PASSWORD)
  await auth.users.delete(id)
  await auth.close()
  return { url, sessionToken, resetToken }
}

describe.each<[EngineName, EngineName]>([
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
])('from %s to %s', (here, there) => {
  it('moves every row there and back, and keeps sessions and tokens valid', async () => {
    const { url, sessionToken, resetToken } = await filledDatabase(here)
    const before = await rowsOf(url)
    for (const table of TABLE_NAMES) expect(before[table], table).not.toEqual([])
    const bytes = () => (here === 'sqlite' ? readFileSync(filePath(url)) : Buffer.from(''))
    const untouched = bytes()

    const middle = await freshDatabase(there)
    const moved = await move(url, middle)
    expect(moved.map(({ table, rows }) => [table, rows])).toEqual(
      TABLE_NAMES.map((table) => [table, before[table]?.length]),
    )
    expect(await rowsOf(middle)).toEqual(before)
    expect(bytes().equals(untouched)).toBe(true)
    expect(await rowsOf(url)).toEqual(before)
    const back = await freshDatabase(here)
    expect(await move(middle, back)).toEqual(moved)
    expect(await rowsOf(back)).toEqual(before)

    const auth = await freshAuth(there, { databaseUrl: middle })
    expect(await auth.getUserFromSessionId(sessionToken)).toMatchObject({ id: 1, email: EMAIL })
    expect(await auth.validLogin(EMAIL, PASSWORD)).toBe(true)
    expect(await auth.validLogin('shut@example.com', PASSWORD)).toBe(false)
    await auth.updatePassword(resetToken, 'another')
    expect(await auth.validLogin(EMAIL, 'another')).toBe(true)
    // After the highest id ever given, though its account is gone.
    expect((await auth.registerUser('newest@example.com', PASSWORD)).id).toBe((before.users?.length ?? 0) + 2)
  })

  it('refuses a target that is not empty, and does not change it', async () => {
    const { url } = await filledDatabase(here)
    const target = await freshDatabase(there)
    const auth = await freshAuth(there, { databaseUrl: target })
    await auth.registerUser('mine@example.com', PASSWORD)
    const before = await rowsOf(target)
    await expect(move(url, target)).rejects.toThrow(MaintenanceError)
    await expect(move(url, target)).rejects.toThrow(/the target, .*, is not empty/)
    expect(await rowsOf(target)).toEqual(before)

    const foreign = await freshDatabase(there)
    const db = await open(foreign)
    await sql`create table users (id integer primary key, email varchar(250), hashed_password varchar(250), session_id varchar(250), reset_token varchar(250))`.execute(
      db,
    )
    await expect(move(url, foreign)).rejects.toThrow(/is not empty/)
    expect((await db.introspection.getTables()).map(({ name }) => name)).toEqual(['users'])
  })

  it('moves nothing if it fails, and can be repeated', async () => {
    const { url } = await filledDatabase(here)
    const target = await freshDatabase(there)
    await (await openDatabase(target)).destroy()
    const db = await open(target)
    // Fail at the last table, as a full disk might.
    await (there === 'sqlite'
      ? sql`create trigger full_disk before insert on audit begin select raise(abort, 'no room'); end`
      : sql`alter table audit add constraint full_disk check (action = 'no room')`
    ).execute(db)
    await expect(move(url, target)).rejects.toThrow(
      expect.objectContaining({
        constructor: MaintenanceError,
        message: expect.stringMatching(
          /^audit cannot be copied, and nothing was moved: .*(?:no room|full_disk)/,
        ),
      }),
    )
    for (const rows of Object.values(await rowsOf(target))) expect(rows).toEqual([])
    await (there === 'sqlite'
      ? sql`drop trigger full_disk`
      : sql`alter table audit drop constraint full_disk`
    ).execute(db)
    await move(url, target)
    expect(await rowsOf(target)).toEqual(await rowsOf(url))
  })

  it('notices a row that changed on the way, and moves nothing', async () => {
    const { url } = await filledDatabase(here)
    const target = await freshDatabase(there)
    await (await openDatabase(target)).destroy()
    const db = await open(target)
    if (there === 'sqlite') {
      await sql`create trigger other after insert on users when new.id = 2
        begin update users set locale = 'xx' where id = 2; end`.execute(db)
    } else {
      await sql`create function other() returns trigger language plpgsql as
        $$ begin new.locale := 'xx'; return new; end $$`.execute(db)
      await sql`create trigger other before insert on users for each row when (new.id = 2) execute function other()`.execute(
        db,
      )
    }
    await expect(move(url, target)).rejects.toThrow(
      /the copy of users differs from the source; nothing was moved/,
    )
    for (const rows of Object.values(await rowsOf(target))) expect(rows).toEqual([])
  })
})

onBothEngines('a move', (engine) => {
  it('knows every table', async () => {
    const db = await openDatabase(await freshDatabase(engine))
    onTestFinished(() => db.destroy())
    const tables = (await db.introspection.getTables()).map(({ name }) => name)
    expect(tables.filter((name) => !name.startsWith('bienvenue_')).toSorted()).toEqual(TABLE_NAMES.toSorted())
  })

  it('leaves extra columns of an adopted table behind only if asked to', async () => {
    const { url } = await filledDatabase(engine)
    await sql`alter table users add column nickname text`.execute(await open(url))
    const target = await freshDatabase(engine)
    await expect(move(url, target)).rejects.toThrow(
      /would not copy them: users\.nickname\. Add --without-extra-columns/,
    )
    await moveDatabase({ from: url, to: target, withoutExtraColumns: true })
    const { users, ...others } = await rowsOf(url)
    expect(await rowsOf(target)).toMatchObject(others)
    expect((await rowsOf(target)).users).toHaveLength(users?.length ?? 0)
  })
})

it('moves the database of a stopped service to one on which another service starts', async () => {
  const from = await freshDatabase('sqlite')
  const to = await freshDatabase('postgres')
  const service = await startService(from)
  await send(service.url, 'POST', '/users', { form: { email: EMAIL, password: PASSWORD } })
  expect(await service.stop()).toBe(0)
  const { exitCode, stdout, stderr } = await moveByCommand(from, to)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toMatch(/^TABLE +ROWS +CHECKSUM.*\nusers +1 +[0-9a-f]{16}\n/)
  const next = await startService(to)
  const login = await send(next.url, 'POST', '/sessions', { form: { email: EMAIL, password: PASSWORD } })
  expect(login.status).toBe(200)
  const again = await moveByCommand(from, to)
  expect(again).toMatchObject({ exitCode: 1, stdout: '' })
  expect(again.stderr).toMatch(/^bienvenue: the target, [^\n]* is not empty[^\n]*\n$/)
  const server = new URL(inject('postgresUrl'))
  expect(again.stderr).not.toContain(`:${server.password}@`)
})

describe('the password of the target', () => {
  it('is refused on the command line, which every user of the machine can read, and nothing is moved [CRY-09]', async () => {
    const { url } = await filledDatabase('sqlite')
    const target = await migratedDatabase('postgres')
    const { password } = new URL(target)
    const asParameter = Object.assign(new URL(target), { password: '' })
    asParameter.searchParams.set('password', password)
    for (const to of [target, asParameter.href]) {
      const { exitCode, stdout, stderr } = await runHere(['move', '--to', to], { env: { DATABASE_URL: url } })
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
      expect(stderr).toBe(
        'bienvenue: Every user of this machine can read a password in --to. Write the URL to a file, and name it with --to-file FILE.\n',
      )
    }
    for (const rows of Object.values(await rowsOf(target))) expect(rows).toEqual([])
  })

  it('can be in the file of --to-file or in PGPASSWORD [CRY-09]', async () => {
    const { url } = await filledDatabase('sqlite')
    const expected = await rowsOf(url)
    const target = await freshDatabase('postgres')
    const { password } = new URL(target)
    const to = Object.assign(new URL(target), { password: '' }).href
    const moveWith = (PGPASSWORD: string) =>
      runHere(['move', '--to', to], { env: { DATABASE_URL: url, PGPASSWORD } })
    expect(await moveWith('wrong')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^bienvenue: [^\n]*password authentication failed[^\n]*\n$/),
    })
    expect(await moveWith(password)).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await rowsOf(target)).toEqual(expected)
    const other = await freshDatabase('postgres')
    expect(await moveByCommand(url, other)).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await rowsOf(other)).toEqual(expected)
  })

  it('is not shown if its file is wrong, and the file should be private', async () => {
    const { url } = await filledDatabase('sqlite')
    const target = await freshDatabase('sqlite')
    const attempts: [text: string, says: RegExp][] = [
      ['', /^bienvenue: Cannot read [^\n]*: it is empty\.\n$/],
      ['postgres://bob:s3cr\u200bt@localhost/db', /^bienvenue: --to-file: contains U\+200B[^\n]*\n$/],
      [
        'postgres://bob:s3cr/t@localhost/db',
        /^bienvenue: the target: this is not a valid PostgreSQL URL[^\n]*\n$/,
      ],
    ]
    for (const [text, says] of attempts) {
      const { exitCode, stdout, stderr } = await moveByCommand(url, text)
      expect(stderr).toMatch(says)
      expect(stderr).not.toContain('s3cr')
      expect({ stdout, isDone: exitCode === 0 }).toEqual({ stdout: '', isDone: false })
    }
    const file = fileWith(target)
    chmodSync(file, 0o644)
    chmodSync(dirname(file), 0o755)
    expect(await runHere(['move', '--to-file', file], { env: { DATABASE_URL: url } })).toMatchObject({
      exitCode: 0,
      stderr: `Every user of this machine can access ${file}. Run chmod o= on it.\n`,
    })
  })
})

it.each([
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
] as const)('keeps second factors usable with the same secret key, from %s to %s', async (from, to) => {
  const secretKey = randomKey()
  const databaseUrl = await freshDatabase(from)
  const bob = await accountWithFactors(from, { databaseUrl, secretKey })
  const target = await freshDatabase(to)
  await move(databaseUrl, target)
  const { now, email, secret, recoveryCodes, passkeys } = bob
  const { auth } = await productionAuth(to, { databaseUrl: target, secretKey, now })
  const { loginToken } = await beginSignIn({ auth, email })
  const totp = await auth.signIn.withTotp({ code: codeOf(secret, now()) }, { loginToken })
  expect(totp).toMatchObject({ next: 'signed_in' })
  const again = await beginSignIn({ auth, email })
  const [code = ''] = recoveryCodes
  expect(await auth.signIn.withRecoveryCode({ code }, { loginToken: again.loginToken })).toMatchObject({
    next: 'signed_in',
  })
  expect(await signInWithPasskey({ auth }, passkeys[0])).toMatchObject({ next: 'signed_in' })
})

it('leaves an empty target if it is killed, and can be repeated', async () => {
  const { url } = await filledDatabase('sqlite')
  const target = await freshDatabase('postgres')
  await (await openDatabase(target)).destroy()
  const db = await open(target)
  await db.transaction().execute(async (tx) => {
    // The users are copied, and the sessions wait for our lock.
    await sql`lock table sessions in share mode`.execute(tx)
    const moving = startProgram([COMMAND, 'move', '--to-file', fileWith(target)], {
      env: { DATABASE_URL: url },
    })
    const waits = sql`select 1 from pg_locks where relation = 'sessions'::regclass and not granted`
    while ((await waits.execute(db)).rows.length === 0)
      await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await moving.stop('SIGKILL')).toBeNull()
  })
  for (const rows of Object.values(await rowsOf(target))) expect(rows).toEqual([])
  await move(url, target)
  expect(await rowsOf(target)).toEqual(await rowsOf(url))
})

it('refuses an impossible source or target in one line', async () => {
  const { url } = await filledDatabase('sqlite')
  const old = await freshDatabase('sqlite')
  await sql`create table something (id integer)`.execute(await open(old))
  const attempts: [from: string, to: string, says: RegExp][] = [
    [url, 'nonsense', /^bienvenue: the target: it has no scheme/],
    [url, 'sqlite:/nowhere/x.db', /^bienvenue: Cannot write \/nowhere\/x\.db: ENOENT/],
    [
      old,
      await freshDatabase('sqlite'),
      /does not have the schema of this version; run bienvenue migrate first/,
    ],
    ['sqlite:/nowhere/x.db', url, /^bienvenue: DATABASE_URL: there is no database at/],
  ]
  for (const [from, to, says] of attempts) {
    const { exitCode, stdout, stderr } = await runHere(['move', '--to', to], { env: { DATABASE_URL: from } })
    expect(stderr).toMatch(says)
    expect(stderr).toMatch(/^bienvenue: [^\n]+\n$/)
    expect({ stdout, isDone: exitCode === 0 }).toEqual({ stdout: '', isDone: false })
  }
})

onBothEngines('a database that a newer version migrated', (engine) => {
  it.each(['source', 'target'])('is refused as the %s of a move, and not changed', async (role) => {
    const newer = await migratedDatabase(engine)
    const db = await open(newer)
    await sql`alter table users add column added_later text`.execute(db)
    await sql`insert into bienvenue_migrations values ('9999-later', '2030-01-01')`.execute(db)
    const other = await migratedDatabase(engine)
    const [from, to] = role === 'source' ? [newer, other] : [other, newer]
    const moving = moveDatabase({ from, to, withoutExtraColumns: true })
    await expect(moving).rejects.toThrow(MaintenanceError)
    await expect(moving).rejects.toThrow(
      /was migrated by a newer version of Bienvenue \(9999-later\); run move with that version/,
    )
    for (const rows of Object.values(await rowsOf(to))) expect(rows).toEqual([])
  })
})

it('computes the checksum as the sum of the SHA-256 of the rows, in any order', async () => {
  const url = await freshDatabase('sqlite')
  const auth = await freshAuth('sqlite', { databaseUrl: url, hasher: CHEAP_HASHER })
  await auth.close()
  const db = await open(url)
  const keys = ['b'.repeat(64), 'a'.repeat(64)]
  for (const key of keys) await sql`insert into throttles values (${key}, 1, 2, 3)`.execute(db)
  const moved = await move(url, await freshDatabase('postgres'))
  const digest = (key: string) =>
    BigInt(
      `0x${createHash('sha256')
        .update(JSON.stringify([2, 3, 1, key]))
        .digest('hex')}`,
    )
  const sum = BigInt.asUintN(
    256,
    keys.reduce((total, key) => total + digest(key), 0n),
  )
  expect(moved.find(({ table }) => table === 'throttles')?.checksum).toBe(sum.toString(16).padStart(64, '0'))
})
