/** `bienvenue backup` and `bienvenue restore`. */
import fs, {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished, vi } from 'vitest'
import { openAuthService } from '../../src/auth/index.ts'
import type { Auth } from '../../src/index.ts'
import { CHEAP_HASHER, filePath, freshAuth, freshDatabase } from '../support/engines.ts'
import { runHere } from '../support/run-here.ts'
import { send, sessionIdOf } from '../support/send.ts'
import { COMMAND, ROOT, run, runCli, startService } from '../support/service.ts'

const EMAIL = 'bob@example.com'
const PASSWORD = 'b4l0u'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'bienvenue-backup-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** The URL of a database in its own folder. */
function urlIn(place: string): string {
  return `sqlite:${join(place, 'bienvenue.db')}`
}

/** The files next to a database, except its -wal and -shm files. */
function filesBeside(databaseUrl: string): string[] {
  return readdirSync(join(filePath(databaseUrl), '..')).filter(
    (name) => !/^bienvenue\.db(?:-wal|-shm)?$/.test(name),
  )
}

const bienvenue = (databaseUrl: string, ...args: readonly string[]) =>
  runHere(args, { env: { DATABASE_URL: databaseUrl } })

async function done(finished: ReturnType<typeof runCli>): Promise<Record<string, unknown>> {
  const { exitCode, stdout, stderr } = await finished
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return JSON.parse(stdout)
}

async function refused(finished: ReturnType<typeof runCli>, says: RegExp): Promise<void> {
  const { exitCode, stdout, stderr } = await finished
  expect(stderr).toMatch(says)
  expect(stderr).toMatch(/^bienvenue: [^\n]+\n$/)
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
}

/** A closed database with one account. */
async function closedDatabase(databaseUrl = urlIn(folder())): Promise<string> {
  const auth = await openAuthService({ databaseUrl, hasher: CHEAP_HASHER })
  await auth.registerUser(EMAIL, PASSWORD)
  await auth.close()
  return databaseUrl
}

/** Registers accounts one after the other, each with a session, until it is stopped. */
function writeOn(auth: Auth): { stop(): Promise<number>; written: () => number } {
  let [count, isStopping] = [0, false]
  const work = (async () => {
    while (!isStopping) {
      await auth.registerUser(`user${count}@example.com`, PASSWORD)
      await auth.createSession(`user${count}@example.com`)
      count++
    }
    return count
  })()
  return {
    stop: () => {
      isStopping = true
      return work
    },
    written: () => count,
  }
}

it('backs up a consistent state under write load, and restores it to a service that works', async () => {
  const place = folder()
  const databaseUrl = urlIn(place)
  const service = await startService(databaseUrl)
  await send(service.url, 'POST', '/users', { form: { email: EMAIL, password: PASSWORD } })
  const auth = await freshAuth('sqlite', { databaseUrl })
  const load = writeOn(auth)
  const file = join(place, 'backup.db')
  const before = load.written()
  const contents = await done(runCli(['backup', file, '--json'], { env: { DATABASE_URL: databaseUrl } }))
  // The writes continued during the backup and still do.
  expect(load.written()).toBeGreaterThan(before)
  const answer = await send(service.url, 'POST', '/sessions', {
    form: { email: EMAIL, password: PASSWORD },
  })
  expect(answer.status).toBe(200)
  const written = await load.stop()
  expect(statSync(file).mode & 0o777).toBe(0o600)

  const backup = new DatabaseSync(file, { readOnly: true })
  onTestFinished(() => backup.close())
  const ids = backup
    .prepare('select id from users order by id')
    .all()
    .map(({ id }) => id)
  expect(ids).toEqual(Array.from({ length: ids.length }, (_, index) => index + 1))
  expect(ids.length).toBeGreaterThan(before)
  expect(ids.length).toBeLessThanOrEqual(written + 1)
  const [{ sessions } = {}] = backup.prepare('select count(*) as sessions from sessions').all()
  // An account and its session are two transactions, so the last account may lack its session.
  expect([ids.length - 1, ids.length - 2]).toContain(sessions)
  expect(contents).toMatchObject({ file, users: ids.length, sessions })
  const [{ lines } = {}] = backup
    .prepare("select count(*) as lines from audit where action = 'register'")
    .all()
  expect(lines).toBe(ids.length)

  await refused(bienvenue(databaseUrl, 'restore', file, '--yes'), /the database is in use: stop the service/)
  await auth.close()
  await refused(bienvenue(databaseUrl, 'restore', file, '--yes'), /the database is in use: stop the service/)
  expect(await service.stop()).toBe(0)
  const restored = await done(bienvenue(databaseUrl, 'restore', file, '--yes', '--json'))
  expect(restored).toMatchObject({ users: ids.length, kept_sessions: false })
  const again = await startService(databaseUrl)
  const login = await send(again.url, 'POST', '/sessions', { form: { email: EMAIL, password: PASSWORD } })
  expect(login.status).toBe(200)
  // The replaced database is next to it, complete with what was only in the WAL.
  const replaced = new DatabaseSync(restored.replaced as string, { readOnly: true })
  onTestFinished(() => replaced.close())
  expect(replaced.prepare('select count(*) as users from users').get()).toEqual({ users: written + 1 })
})

it('ends all sessions and tokens on restore, because revoked ones would be back, and records it in the audit', async () => {
  const databaseUrl = await freshDatabase('sqlite')
  const auth = await openAuthService({ databaseUrl, hasher: CHEAP_HASHER })
  await auth.registerUser(EMAIL, PASSWORD)
  const sessionToken = (await auth.createSession(EMAIL)) ?? ''
  const token = await auth.getResetPasswordToken(EMAIL)
  const file = join(folder(), 'backup.db')
  await done(bienvenue(databaseUrl, 'backup', file, '--json'))
  // The owner ends the session of a thief.
  await auth.users.endEverySession()
  await auth.close()

  await done(bienvenue(databaseUrl, 'restore', file, '--yes', '--json'))
  const after = await openAuthService({ databaseUrl, hasher: CHEAP_HASHER })
  expect(await after.getUserFromSessionId(sessionToken)).toBeNull()
  await expect(after.updatePassword(token, 'new')).rejects.toMatchObject({ code: 'invalid_reset_token' })
  const [line] = await Array.fromAsync(after.audit.list({ action: 'restore_database' }))
  expect(line).toMatchObject({ actor: 'operator', details: { sessions: 1, tokens: 1 } })
  await after.close()

  await done(bienvenue(databaseUrl, 'restore', file, '--yes', '--keep-sessions', '--json'))
  const kept = await openAuthService({ databaseUrl, hasher: CHEAP_HASHER })
  onTestFinished(() => kept.close())
  expect(await kept.getUserFromSessionId(sessionToken)).toMatchObject({ email: EMAIL })
  await kept.updatePassword(token, 'new')
})

it('refuses to restore while an idle service has the database open, and changes nothing', async () => {
  const databaseUrl = await closedDatabase()
  const file = join(folder(), 'backup.db')
  await done(bienvenue(databaseUrl, 'backup', file, '--json'))
  const service = await startService(databaseUrl)
  const answer = await send(service.url, 'POST', '/sessions', {
    form: { email: EMAIL, password: PASSWORD },
  })
  const sessionToken = sessionIdOf(answer)
  const names = readdirSync(join(filePath(databaseUrl), '..'))
  await refused(bienvenue(databaseUrl, 'restore', file, '--yes'), /in use/)
  expect(readdirSync(join(filePath(databaseUrl), '..'))).toEqual(names)
  expect((await send(service.url, 'GET', '/profile', { sessionToken })).status).toBe(200)
  expect(await service.stop()).toBe(0)
  await done(bienvenue(databaseUrl, 'restore', file, '--yes', '--json'))
})

/** Calls back immediately before a file is renamed to this path. */
function beforeRenameTo(path: string, then: () => void): void {
  const { renameSync } = fs
  const spy = vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    if (to === path) then()
    renameSync(from, to)
  })
  syncBuiltinESMExports()
  onTestFinished(() => {
    spy.mockRestore()
    syncBuiltinESMExports()
  })
}

it('keeps the database locked until the backup has its name, and no process that waited for the lock can write', async () => {
  const databaseUrl = await closedDatabase()
  const path = filePath(databaseUrl)
  const file = join(folder(), 'backup.db')
  await done(bienvenue(databaseUrl, 'backup', file, '--json'))
  const lock = 'begin immediate; rollback'
  const waiting: DatabaseSync[] = []
  const refusals: unknown[] = []
  beforeRenameTo(path, () => {
    const database = new DatabaseSync(path)
    waiting.push(database)
    try {
      database.exec(lock)
    } catch (error) {
      refusals.push(error)
    }
  })
  const { replaced } = await done(bienvenue(databaseUrl, 'restore', file, '--yes', '--json'))
  expect(refusals).toMatchObject([{ message: 'database is locked' }])
  const [late = expect.unreachable()] = waiting
  onTestFinished(() => late.close())
  // Now it gets the lock, of the old file. A write-ahead log would be that of the new one, which has its name.
  late.exec(lock)
  for (const write of ['pragma journal_mode = wal', 'delete from users'])
    expect(() => late.exec(write)).toThrow('attempt to write a readonly database')
  const before = new DatabaseSync(replaced as string, { readOnly: true })
  onTestFinished(() => before.close())
  for (const database of [late, before])
    expect(database.prepare('select count(*) as users from users').get()).toEqual({ users: 1 })
  const auth = await freshAuth('sqlite', { databaseUrl })
  expect(await auth.validLogin(EMAIL, PASSWORD)).toBe(true)
})

it('refuses a file that is not an undamaged backup of Bienvenue, and does not change the database', async () => {
  const databaseUrl = await closedDatabase()
  const place = folder()
  const file = join(place, 'backup.db')
  await done(bienvenue(databaseUrl, 'backup', file, '--json'))
  const before = readFileSync(filePath(databaseUrl))

  const damaged = join(place, 'damaged.db')
  const bytes = readFileSync(file)
  // In the middle of the file, where the header does not show it.
  bytes.fill(0x5a, 4_096 * 3, 4_096 * 5)
  writeFileSync(damaged, bytes)
  const cut = join(place, 'cut.db')
  writeFileSync(cut, readFileSync(file).subarray(0, 4_096 * 7))
  const text = join(place, 'text.db')
  writeFileSync(text, 'once upon a time '.repeat(300))
  const orphans = join(place, 'orphans.db')
  copyFileSync(file, orphans)
  const other = join(place, 'other.db')
  const change = (path: string, statement: string) => {
    const db = new DatabaseSync(path, { enableForeignKeyConstraints: false })
    db.exec(statement)
    db.close()
  }
  change(orphans, "insert into tokens values ('a', 'reset_password', 99, 'a@b', x'00', 1, 1)")
  change(other, 'create table users (id integer primary key, email text)')

  await refused(bienvenue(databaseUrl, 'restore', damaged, '--yes'), /damaged\.db is damaged: /)
  await refused(bienvenue(databaseUrl, 'restore', cut, '--yes'), /cut\.db is damaged: /)
  await refused(
    bienvenue(databaseUrl, 'restore', text, '--yes'),
    /text\.db is damaged: file is not a database/,
  )
  await refused(
    bienvenue(databaseUrl, 'restore', orphans, '--yes'),
    /orphans\.db is damaged: a row of tokens refers/,
  )
  await refused(bienvenue(databaseUrl, 'restore', other, '--yes'), /other\.db is not a database of Bienvenue/)
  await refused(bienvenue(databaseUrl, 'restore', join(place, 'none'), '--yes'), /there is no file /)
  expect(readFileSync(filePath(databaseUrl)).equals(before)).toBe(true)
  expect(filesBeside(databaseUrl)).toEqual([])
})

it('backs up everything that a newer version added, and leaves restoring it to that version', async () => {
  const databaseUrl = await closedDatabase()
  const database = new DatabaseSync(filePath(databaseUrl))
  database.exec(`create table trophies (id text); insert into trophies values ('a')`)
  database.exec("insert into bienvenue_migrations values ('9999-trophies', '2030-01-01')")
  database.close()
  const file = join(folder(), 'backup.db')
  expect(await done(bienvenue(databaseUrl, 'backup', file, '--json'))).toMatchObject({ users: 1 })
  const copy = new DatabaseSync(file, { readOnly: true })
  onTestFinished(() => copy.close())
  expect(copy.prepare('select id from trophies').all()).toEqual([{ id: 'a' }])
  await refused(
    bienvenue(databaseUrl, 'restore', file, '--yes'),
    /backup\.db was migrated by a newer version of Bienvenue \(9999-trophies\); restore it with that version/,
  )
  expect(filesBeside(databaseUrl)).toEqual([])
})

it('backs up and restores tables of another program whose foreign keys do not hold', async () => {
  const databaseUrl = await closedDatabase()
  const database = new DatabaseSync(filePath(databaseUrl), { enableForeignKeyConstraints: false })
  database.exec(`create table posts (author integer references users); insert into posts values (4711);
    create table likes (email text references users (email)); insert into likes values ('nobody@example.com')`)
  database.close()
  const file = join(folder(), 'backup.db')
  expect(await done(bienvenue(databaseUrl, 'backup', file, '--json'))).toMatchObject({ users: 1 })
  expect(await done(bienvenue(databaseUrl, 'restore', file, '--yes', '--json'))).toMatchObject({ users: 1 })
})

it('refuses to back up a damaged database, and replaces it with a backup', async () => {
  const databaseUrl = await closedDatabase()
  const path = filePath(databaseUrl)
  const file = join(folder(), 'backup.db')
  await done(bienvenue(databaseUrl, 'backup', file, '--json'))
  writeFileSync(path, 'once upon a time '.repeat(300))
  await refused(
    bienvenue(databaseUrl, 'backup', `${file}2`),
    /cannot back up to .*: file is not a database; nothing was changed/,
  )
  expect(existsSync(`${file}2`)).toBe(false)
  // A killed service leaves these behind.
  writeFileSync(`${path}-wal`, 'there was')
  const { replaced } = await done(bienvenue(databaseUrl, 'restore', file, '--yes', '--json'))
  expect(readFileSync(replaced as string, 'utf8')).toMatch(/^once upon a time/)
  expect(readFileSync(`${replaced}-wal`, 'utf8')).toBe('there was')
  const auth = await freshAuth('sqlite', { databaseUrl })
  expect(await auth.validLogin(EMAIL, PASSWORD)).toBe(true)
})

it('restores to a path without a database', async () => {
  const databaseUrl = await closedDatabase()
  const file = join(folder(), 'backup.db')
  await done(bienvenue(databaseUrl, 'backup', file, '--json'))
  const elsewhere = urlIn(folder())
  expect(await done(bienvenue(elsewhere, 'restore', file, '--yes', '--json'))).toMatchObject({
    replaced: null,
  })
  const auth = await freshAuth('sqlite', { databaseUrl: elsewhere })
  expect(await auth.validLogin(EMAIL, PASSWORD)).toBe(true)
  expect(statSync(filePath(elsewhere)).mode & 0o777).toBe(0o600)
})

it('fails with one line on a full disk, in backup, restore and adopt, and loses and leaves behind nothing', async () => {
  const databaseUrl = await closedDatabase()
  const place = folder()
  const file = join(place, 'backup.db')
  await done(bienvenue(databaseUrl, 'backup', file, '--json'))
  const classic = urlIn(folder())
  const table = new DatabaseSync(filePath(classic))
  table.exec(`create table users (id integer not null, email varchar(250) not null, hashed_password varchar(250) not null,
    session_id varchar(250), reset_token varchar(250), primary key (id));
    with recursive n(i) as (values (1) union all select i + 1 from n where i < 2000)
    insert into users (id, email, hashed_password) select i, 'user' || i || '@example.com', x'2432' from n`)
  table.close()
  const [before, classicBefore] = [readFileSync(filePath(databaseUrl)), readFileSync(filePath(classic))]
  // A limit on file size, in blocks of 512 bytes, acts like a full disk for any user.
  const limited = (blocks: number, databaseUrl: string, ...args: readonly string[]) =>
    run('/bin/sh', ['-c', `ulimit -f ${blocks}; exec "$@"`, 'sh', process.execPath, COMMAND, ...args], {
      cwd: ROOT,
      env: { DATABASE_URL: databaseUrl },
    })
  await refused(
    limited(32, databaseUrl, 'backup', `${file}2`),
    /cannot back up to .*: .*(?:disk|full).*; nothing was changed/,
  )
  await refused(
    limited(32, databaseUrl, 'restore', file, '--yes'),
    /cannot restore .*: .*(?:disk|full).*; nothing was changed/,
  )
  expect(readdirSync(place)).toEqual(['backup.db'])
  expect(readFileSync(filePath(databaseUrl)).equals(before)).toBe(true)
  expect(filesBeside(databaseUrl)).toEqual([])

  // First the copy does not fit; then the copy fits, but not the rest.
  for (const blocks of [64, Math.ceil(classicBefore.length / 512) + 64]) {
    const { exitCode, stderr } = await limited(blocks, classic, 'adopt', '--yes')
    expect(stderr).toMatch(/^bienvenue: DATABASE_URL: cannot use [^\n]*(?:disk|full)[^\n]*\n$/)
    expect(exitCode).toBe(2)
    expect(filesBeside(classic)).toEqual([])
    const after = new DatabaseSync(filePath(classic))
    expect(
      after.prepare('select count(*) as users, sum(length(hashed_password)) as bytes from users').get(),
    ).toEqual({
      users: 2_000,
      bytes: 4_000,
    })
    after.close()
  }
  expect((await bienvenue(classic, 'adopt', '--yes')).exitCode).toBe(0)
})

it('refuses PostgreSQL and databases in memory, and says what to do', async () => {
  const file = join(folder(), 'backup.db')
  for (const args of [
    ['backup', file],
    ['restore', file, '--yes'],
  ]) {
    await refused(bienvenue('postgres://u@127.0.0.1:1/n', ...args), /use pg_dump and pg_restore/)
    await refused(bienvenue('sqlite::memory:', ...args), /a database in memory has no file/)
  }
  const { exitCode, stderr } = await bienvenue(urlIn(folder()), 'backup', file)
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: expect.stringMatching(/^bienvenue: DATABASE_URL: there is no database at /),
  })
  expect(existsSync(file)).toBe(false)
})
