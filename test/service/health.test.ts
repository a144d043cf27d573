/** What `doctor` and `/readyz` report about a database that cannot do its work. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isReady, MIGRATION_NAMES, openAsItIs, openDatabase, TABLE_NAMES } from '../../src/db/index.ts'
import { createAuth } from '../../src/index.ts'
import { filePath, freshDatabase, migratedDatabase, onBothEngines } from '../support/engines.ts'
import { sample } from '../support/full.ts'
import { until } from '../support/production.ts'
import { startRelay } from '../support/relay.ts'
import { runHere } from '../support/run-here.ts'
import { send, sessionIdOf } from '../support/send.ts'
import { COMMAND, type Finished, run, runCli, type Service, startService } from '../support/service.ts'

/** A database with the current schema and one account. */
async function madeDatabase(engine: 'sqlite' | 'postgres'): Promise<string> {
  const databaseUrl = await migratedDatabase(engine)
  const auth = await createAuth({ databaseUrl })
  await auth.db.addUser('alice@example.com', '!')
  await auth.close()
  return databaseUrl
}

interface Report {
  readonly well: boolean
  readonly checks: readonly { name: string; ok: boolean; detail: string }[]
}

/** The checks of `doctor`. Its exit code, text and JSON must agree. */
async function examine(
  databaseUrl: string,
  launch: (args: readonly string[]) => Promise<Finished> = (args) =>
    runHere(args, { env: { DATABASE_URL: databaseUrl } }),
): Promise<{ failed: string[]; ok: string[] }> {
  const [forPeople, forPrograms] = [await launch(['doctor']), await launch(['doctor', '--json'])]
  const { well, checks } = JSON.parse(forPrograms.stdout) as Report
  const failed = checks.filter(({ ok }) => !ok)
  expect(well).toBe(failed.length === 0)
  for (const { exitCode, stderr } of [forPeople, forPrograms])
    expect({ exitCode, stderr }).toEqual({ exitCode: well ? 0 : 1, stderr: '' })
  for (const { name, detail } of failed) expect(forPeople.stdout).toContain(`FAILED  ${name}: ${detail}`)
  return {
    failed: failed.map(({ name, detail }) => `${name}: ${detail}`),
    ok: checks.filter(({ ok }) => ok).map(({ name }) => name),
  }
}

async function onPostgres(databaseUrl: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

const databaseOf = (databaseUrl: string) => new URL(databaseUrl).pathname.slice(1)

const PRLIMIT = '/usr/bin/prlimit'
const hasPrlimit = existsSync(PRLIMIT)
if (!hasPrlimit) console.warn('SKIPPED: a full disk. It needs prlimit, of util-linux.')

/** Root ignores file permissions unless it gives up these capabilities. */
const isRoot = process.getuid?.() === 0
const OBEDIENT = isRoot ? ['/usr/bin/setpriv', '--bounding-set=-dac_override,-dac_read_search'] : []

function obediently(databaseUrl: string, before: readonly string[] = []) {
  return (args: readonly string[]) => {
    const [program = '', ...rest] = [...before, ...OBEDIENT, process.execPath, COMMAND, ...args]
    return run(program, rest, { env: { DATABASE_URL: databaseUrl } })
  }
}

onBothEngines('doctor', (engine) => {
  it('writes in a transaction that is rolled back, and changes nothing', async () => {
    const databaseUrl = await madeDatabase(engine)
    const { ok, failed } = await examine(databaseUrl)
    expect(failed).toEqual([])
    expect(ok).toEqual(['database', ...(engine === 'sqlite' ? ['file'] : []), 'schema', 'second factor'])
    const auth = await createAuth({ databaseUrl })
    onTestFinished(() => auth.close())
    if (engine === 'sqlite') {
      const database = new DatabaseSync(filePath(databaseUrl), { readOnly: true })
      onTestFinished(() => database.close())
      expect(database.prepare("select name from sqlite_master where name like '%check%'").all()).toEqual([])
      expect(database.prepare('select * from throttles').all()).toEqual([])
    } else {
      const client = new pg.Client({ connectionString: databaseUrl })
      await client.connect()
      onTestFinished(() => client.end())
      expect((await client.query("select 1 where to_regclass('bienvenue_check') is not null")).rows).toEqual(
        [],
      )
      expect((await client.query('select * from throttles')).rows).toEqual([])
    }
  })
})

describe('doctor on PostgreSQL', () => {
  it.each(sample(['with its schema', 'empty']))('reports a read-only database, %s', async (state) => {
    const databaseUrl = state === 'empty' ? await freshDatabase('postgres') : await madeDatabase('postgres')
    await onPostgres(
      databaseUrl,
      `alter database ${databaseOf(databaseUrl)} set default_transaction_read_only = on`,
    )
    const { failed } = await examine(databaseUrl)
    expect(failed).toEqual([
      expect.stringMatching(/^database: cannot execute \w+( TABLE)? in a read-only transaction$/),
    ])
  })

  it('reports a role that may not write', async () => {
    const databaseUrl = await madeDatabase('postgres')
    const role = `reader_${databaseOf(databaseUrl)}`
    await onPostgres(
      databaseUrl,
      `create role ${role} login password 'x'`,
      `grant select on all tables in schema public to ${role}`,
    )
    onTestFinished(() => onPostgres(databaseUrl, `drop owned by ${role}`, `drop role ${role}`))
    const url = new URL(databaseUrl)
    url.username = role
    url.password = 'x'
    const { failed } = await examine(url.href)
    expect(failed).toEqual(['database: permission denied for table throttles'])
  })
})

describe('doctor on SQLite', () => {
  it('finds a damaged page that no query has read, and does not change the file', async () => {
    const databaseUrl = await madeDatabase('sqlite')
    damagePages(filePath(databaseUrl), 'sessions')
    const before = readFileSync(filePath(databaseUrl))
    const { failed, ok } = await examine(databaseUrl)
    expect(failed).toEqual([expect.stringMatching(/^file: /)])
    expect(ok).toContain('schema')
    expect(readFileSync(filePath(databaseUrl)).equals(before)).toBe(true)
  })

  it('reports a file that is not a database', async () => {
    const databaseUrl = await madeDatabase('sqlite')
    overwriteHeader(filePath(databaseUrl))
    expect((await examine(databaseUrl)).failed).toEqual([
      expect.stringMatching(/^database: cannot use sqlite:.*: file is not a database$/),
    ])
  })

  it.each([
    ['a file that is read-only', (path: string) => chmodSync(path, 0o400)],
    ['a directory that is read-only', (path: string) => chmodSync(dirnameOf(path), 0o500)],
  ])('reports %s', async (_, forbid) => {
    const databaseUrl = await madeDatabase('sqlite')
    onTestFinished(() => chmodSync(dirnameOf(filePath(databaseUrl)), 0o700))
    forbid(filePath(databaseUrl))
    const { failed } = await examine(databaseUrl, obediently(databaseUrl))
    expect(failed).toEqual([expect.stringMatching(/^database: .*(readonly|unable to open)/)])
  })

  it('reports that it cannot create a file in a read-only directory', async () => {
    const databaseUrl = await freshDatabase('sqlite')
    const folder = dirnameOf(filePath(databaseUrl))
    chmodSync(folder, 0o500)
    onTestFinished(() => chmodSync(folder, 0o700))
    const { failed } = await examine(databaseUrl, obediently(databaseUrl))
    expect(failed).toEqual([expect.stringMatching(/^database: cannot use sqlite:.*EACCES/)])
  })

  it.skipIf(!hasPrlimit)('reports a full disk', async () => {
    const databaseUrl = await madeDatabase('sqlite')
    // A limit on file size acts like a full disk.
    const full = [PRLIMIT, `--fsize=${statSync(filePath(databaseUrl)).size}`]
    const { failed } = await examine(databaseUrl, obediently(databaseUrl, full))
    expect(failed).toEqual([expect.stringMatching(/^database: .*(full|disk I\/O error)/)])
    expect((await examine(databaseUrl)).failed).toEqual([])
  })
})

const dirnameOf = (path: string) => path.slice(0, path.lastIndexOf('/'))

/** Overwrites the first page of a table. */
function damagePages(path: string, table: string): void {
  const database = new DatabaseSync(path)
  const { rootpage } = database.prepare('select rootpage from sqlite_master where name = ?').get(table) as {
    rootpage: number
  }
  const { page_size: size } = database.prepare('pragma page_size').get() as { page_size: number }
  database.close()
  overwrite(path, (rootpage - 1) * size, Buffer.alloc(size, 0x5a))
}

function overwriteHeader(path: string): void {
  overwrite(path, 0, Buffer.alloc(100, 0x5a))
}

function overwrite(path: string, position: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, position)
  closeSync(file)
}

const readiness = async ({ url }: Service) => (await fetch(`${url}/readyz`)).status
const untilReadiness = (service: Service, status: number) =>
  until(async () => (await readiness(service)) === status)
/** Waits until the log gives this reason for a 503. */
const loggedReason = (service: Service, expected: Readonly<Record<string, unknown>>) =>
  service.logged(({ route, status, reason }) => {
    const given = (reason ?? {}) as Record<string, unknown>
    const isExpected = Object.entries(expected).every(([name, value]) => given[name] === value)
    return route === '/readyz' && status === 503 && isExpected
  })

describe('/readyz on PostgreSQL', () => {
  it.each(
    sample([
      [
        'database',
        (name: string, value: string) =>
          `alter database ${name} set default_transaction_read_only = ${value}`,
      ],
      [
        'role',
        (name: string, value: string) => `alter role ${name} set default_transaction_read_only = ${value}`,
      ],
      [
        'role in the database',
        (name: string, value: string) =>
          `alter role ${name} in database ${name} set default_transaction_read_only = ${value}`,
      ],
    ]),
  )('is 503 while new sessions of the %s are read-only, and 200 afterwards', async (_, alter) => {
    const databaseUrl = await migratedDatabase('postgres')
    const name = databaseOf(databaseUrl)
    await onPostgres(databaseUrl, `create role ${name} login superuser password 'x'`)
    onTestFinished(() =>
      onPostgres(
        databaseUrl,
        `set default_transaction_read_only = off`,
        `reassign owned by ${name} to postgres`,
        `drop role ${name}`,
      ),
    )
    const url = new URL(databaseUrl)
    url.username = name
    url.password = 'x'
    const service = await startService(url.href)
    expect(await readiness(service)).toBe(200)
    await onPostgres(databaseUrl, alter(name, 'on'))
    await untilReadiness(service, 503)
    await loggedReason(service, { code: 'read_only' })
    await onPostgres(databaseUrl, 'set default_transaction_read_only = off', alter(name, 'off'))
    await untilReadiness(service, 200)
    expect(await service.stop()).toBe(0)
  })

  it('is 503 while the server does not answer or is gone, and 200 afterwards', async () => {
    const databaseUrl = await migratedDatabase('postgres')
    const url = new URL(databaseUrl)
    const relay = await startRelay(Number(url.port))
    url.port = String(relay.port)
    const service = await startService(url.href)
    expect(await readiness(service)).toBe(200)
    relay.freeze()
    await untilReadiness(service, 503)
    await loggedReason(service, { code: 'no_answer' })
    relay.cut()
    await untilReadiness(service, 503)
    await relay.restore()
    await untilReadiness(service, 200)
    expect(await service.stop()).toBe(0)
  })
})

describe('/readyz on SQLite', () => {
  async function started() {
    const databaseUrl = await madeDatabase('sqlite')
    const service = await startService(databaseUrl, { env: { BIENVENUE_LOG_LEVEL: 'debug' } })
    // Otherwise the clean-up at the start could find the damage before the probe does.
    await service.logged(({ msg }) => msg === 'clean-up')
    expect(await readiness(service)).toBe(200)
    return { path: filePath(databaseUrl), service }
  }

  it('is 503 while the file is replaced or missing, and 200 when it is back', async () => {
    const { path, service } = await started()
    copyFileSync(path, `${path}.copy`)
    renameSync(path, `${path}.away`)
    await untilReadiness(service, 503)
    await loggedReason(service, { code: 'replaced' })
    renameSync(`${path}.copy`, path)
    expect(await readiness(service)).toBe(503)
    rmSync(path)
    renameSync(`${path}.away`, path)
    await untilReadiness(service, 200)
  })

  it('is 503 while the file is not a database, and 200 when it is repaired', async () => {
    const { path, service } = await started()
    checkpoint(path)
    const header = readFileSync(path).subarray(0, 100)
    overwriteHeader(path)
    await untilReadiness(service, 503)
    await loggedReason(service, { code: 'ERR_SQLITE_ERROR', errcode: 26 })
    overwrite(path, 0, header)
    await untilReadiness(service, 200)
  })

  it('is 503 from the first request that finds damage', async () => {
    const databaseUrl = await madeDatabase('sqlite')
    const path = filePath(databaseUrl)
    damagePages(path, 'throttles')
    const service = await startService(databaseUrl, { env: { BIENVENUE_LOG_LEVEL: 'debug' } })
    const fields = { email: 'alice@example.com', password: 'b4l0u' }
    await send(service.url, 'POST', '/sessions', { form: fields })
    await untilReadiness(service, 503)
    await loggedReason(service, { code: 'ERR_SQLITE_ERROR', errcode: 11 })
  })

  it.skipIf(!hasPrlimit)(
    'is 503 after a write failed on a full disk, and 200 when there is space again',
    async () => {
      const { path, service } = await started()
      const limit = (bytes: number | 'unlimited') =>
        execFileSync(PRLIMIT, ['--pid', String(service.pid), `--fsize=${bytes}:unlimited`])
      const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0
      limit(Math.max(sizeOf(path), sizeOf(`${path}-wal`)))
      let count = 0
      const register = () =>
        send(service.url, 'POST', '/users', {
          form: { email: `user${count++}@example.com`, password: 'b4l0u' },
        })
      await until(async () => (await register()).status === 503)
      await untilReadiness(service, 503)
      limit('unlimited')
      await untilReadiness(service, 200)
      expect((await register()).status).toBe(200)
    },
  )

  it('is 200 while another process holds the write lock', async () => {
    const databaseUrl = await madeDatabase('sqlite')
    const service = await startService(databaseUrl)
    // The service cleans up when it starts. Wait until that is over.
    const other = new DatabaseSync(filePath(databaseUrl), { timeout: 20_000 })
    onTestFinished(() => other.close())
    other.exec('begin immediate')
    // This is the first request, so it probes now.
    expect(await readiness(service)).toBe(200)
    other.exec('rollback')
  })

  it('is 503 while the file is read-only, and 200 afterwards', async () => {
    const databaseUrl = await madeDatabase('sqlite')
    const service = await startService(databaseUrl, { under: OBEDIENT })
    expect(await readiness(service)).toBe(200)
    chmodSync(filePath(databaseUrl), 0o400)
    await untilReadiness(service, 503)
    await loggedReason(service, { code: 'EACCES' })
    chmodSync(filePath(databaseUrl), 0o600)
    await untilReadiness(service, 200)
  })
})

/** Does what a newer version may do: adds a table, and a nullable column to every existing table. */
async function applyNewerMigration(databaseUrl: string): Promise<void> {
  const db = await openAsItIs(databaseUrl)
  await db.transaction().execute(async (tx) => {
    await sql`create table pending_logins (id text primary key)`.execute(tx)
    for (const table of TABLE_NAMES)
      await sql`alter table ${sql.table(table)} add column added_later text`.execute(tx)
    await sql`insert into bienvenue_migrations values ('9999-pending-logins', '2030-01-01')`.execute(tx)
  })
  await db.destroy()
}

onBothEngines('an older service on a newer schema', (engine) => {
  type Fields = { email: string; password: string }
  const alice = { email: 'alice@example.com', password: 'b4l0u' }
  const bob = { email: 'bob@example.com', password: 'b4l0u' }
  const isWarning = ({ level, msg }: { level: string; msg: string }) =>
    level === 'warn' && !msg.startsWith('not fit for the internet: ')

  const register = async (service: Service, form: Fields) =>
    expect((await send(service.url, 'POST', '/users', { form })).status).toBe(200)
  const signIn = async (service: Service, form: Fields) =>
    sessionIdOf(await send(service.url, 'POST', '/sessions', { form }))
  const expectProfile = async (service: Service, sessionToken: string, { email }: Fields) => {
    const response = await send(service.url, 'GET', '/profile', { sessionToken })
    expect({ status: response.status, body: await response.json() }).toEqual({ status: 200, body: { email } })
  }

  it('stays ready, registers accounts and signs in while it runs, and after a restart', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const service = await startService(databaseUrl)
    // Use everything once before the upgrade, so that statements are prepared for the old tables.
    await register(service, alice)
    const sessionToken = await signIn(service, alice)
    await expectProfile(service, sessionToken, alice)

    await applyNewerMigration(databaseUrl)
    expect(await readiness(service)).toBe(200)
    await expectProfile(service, sessionToken, alice)
    await register(service, bob)
    await expectProfile(service, await signIn(service, bob), bob)
    expect(service.log().filter(isWarning)).toEqual([])
    expect(await service.stop()).toBe(0)

    const restarted = await startService(databaseUrl)
    expect(await readiness(restarted)).toBe(200)
    await expectProfile(restarted, sessionToken, alice)
    await signIn(restarted, alice)
    expect(restarted.log().filter(isWarning)).toMatchObject([
      {
        msg: 'a newer version has migrated the database; this version works on it too',
        migrations: ['9999-pending-logins'],
      },
    ])
  })

  it('is not ready if a migration is missing, and does not start', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const service = await startService(databaseUrl)
    await applyNewerMigration(databaseUrl)
    const db = await openAsItIs(databaseUrl)
    const newest = MIGRATION_NAMES.at(-1) ?? ''
    await sql`delete from bienvenue_migrations where name = ${newest}`.execute(db)
    await db.destroy()
    expect(await readiness(service)).toBe(503)
    const { exitCode, stderr } = await runCli(['serve'], { env: { DATABASE_URL: databaseUrl } })
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: `bienvenue: DATABASE_URL: this database has migrations of another version of Bienvenue (9999-pending-logins) and lacks ${newest}; nothing was changed. Start the version that migrated it, or restore a backup\n`,
    })
  })
})

onBothEngines('readiness', (engine) => {
  it('is one probe for all concurrent callers', async () => {
    const db = await openDatabase(await migratedDatabase(engine))
    onTestFinished(() => db.destroy())
    const looks = Array.from({ length: 5 }, () => isReady(db))
    expect(new Set(looks).size).toBe(1)
    expect(await Promise.all(looks)).toEqual([true, true, true, true, true])
  })
})

function checkpoint(path: string): void {
  const database = new DatabaseSync(path)
  database.exec('pragma wal_checkpoint(truncate)')
  database.close()
}
