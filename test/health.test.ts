/** What `doctor` and `/readyz` say of a database that cannot do its work: they say only what they have checked. */
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
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isReady, openDatabase } from '../src/db/index.ts'
import { createAuth } from '../src/index.ts'
import { freshDatabase, onBothEngines } from './support/engines.ts'
import { until } from './support/production.ts'
import { startRelay } from './support/relay.ts'
import { send } from './support/send.ts'
import { COMMAND, type Finished, run, runCli, type Service, startService } from './support/service.ts'

const filePath = (databaseUrl: string) => databaseUrl.slice('sqlite:'.length)

/** A database with its schema and one account. */
async function madeDatabase(engine: 'sqlite' | 'postgres'): Promise<string> {
  const databaseUrl = await freshDatabase(engine)
  const auth = await createAuth({ databaseUrl })
  await auth.db.addUser('alice@example.com', '!')
  await auth.close()
  return databaseUrl
}

interface Report {
  readonly well: boolean
  readonly checks: readonly { name: string; ok: boolean; detail: string }[]
}

/** What `doctor` says: as exit code, to people, and to programs. */
async function examine(
  databaseUrl: string,
  launch: (args: readonly string[]) => Promise<Finished> = (args) =>
    runCli(args, { env: { DATABASE_URL: databaseUrl } }),
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

/** Root ignores the permissions of files, unless it gives that up. */
const isRoot = process.getuid?.() === 0
const OBEDIENT = isRoot ? ['/usr/bin/setpriv', '--bounding-set=-dac_override,-dac_read_search'] : []

function obediently(databaseUrl: string, before: readonly string[] = []) {
  return (args: readonly string[]) => {
    const [program = '', ...rest] = [...before, ...OBEDIENT, process.execPath, COMMAND, ...args]
    return run(program, rest, { env: { DATABASE_URL: databaseUrl } })
  }
}

onBothEngines('doctor', (engine) => {
  it('writes, takes it back, and changes nothing', async () => {
    const databaseUrl = await madeDatabase(engine)
    const { ok, failed } = await examine(databaseUrl)
    expect(failed).toEqual([])
    expect(ok).toEqual(engine === 'sqlite' ? ['database', 'file', 'schema'] : ['database', 'schema'])
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
  it.each(['with its schema', 'empty'])('says that a database, %s, is read-only', async (state) => {
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

  it('says that its role may not write', async () => {
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
  it('finds a damaged page that no query has met, and does not touch the file', async () => {
    const databaseUrl = await madeDatabase('sqlite')
    damagePages(filePath(databaseUrl), 'sessions')
    const before = readFileSync(filePath(databaseUrl))
    const { failed, ok } = await examine(databaseUrl)
    expect(failed).toEqual([expect.stringMatching(/^file: /)])
    expect(ok).toContain('schema')
    expect(readFileSync(filePath(databaseUrl)).equals(before)).toBe(true)
  })

  it('says that a file is not a database', async () => {
    const databaseUrl = await madeDatabase('sqlite')
    overwriteHeader(filePath(databaseUrl))
    expect((await examine(databaseUrl)).failed).toEqual([
      expect.stringMatching(/^database: cannot use sqlite:.*: file is not a database$/),
    ])
  })

  it.each([
    ['a file that is read-only', (path: string) => chmodSync(path, 0o400)],
    ['a directory that is read-only', (path: string) => chmodSync(dirnameOf(path), 0o500)],
  ])('says so of %s', async (_, forbid) => {
    const databaseUrl = await madeDatabase('sqlite')
    onTestFinished(() => chmodSync(dirnameOf(filePath(databaseUrl)), 0o700))
    forbid(filePath(databaseUrl))
    const { failed } = await examine(databaseUrl, obediently(databaseUrl))
    expect(failed).toEqual([expect.stringMatching(/^database: .*(readonly|unable to open)/)])
  })

  it('says that a file cannot be made in a directory that is read-only, and makes none', async () => {
    const databaseUrl = await freshDatabase('sqlite')
    const folder = dirnameOf(filePath(databaseUrl))
    chmodSync(folder, 0o500)
    onTestFinished(() => chmodSync(folder, 0o700))
    const { failed } = await examine(databaseUrl, obediently(databaseUrl))
    expect(failed).toEqual([expect.stringMatching(/^database: cannot use sqlite:.*EACCES/)])
  })

  it.skipIf(!hasPrlimit)('says that the disk is full', async () => {
    const databaseUrl = await madeDatabase('sqlite')
    // No file may grow beyond so many bytes: what a full disk is to a process.
    const full = [PRLIMIT, `--fsize=${statSync(filePath(databaseUrl)).size}`]
    const { failed } = await examine(databaseUrl, obediently(databaseUrl, full))
    expect(failed).toEqual([expect.stringMatching(/^database: .*(full|disk I\/O error)/)])
    expect((await examine(databaseUrl)).failed).toEqual([])
  })
})

const dirnameOf = (path: string) => path.slice(0, path.lastIndexOf('/'))

/** Writes nonsense over the first page of a table. */
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
/** Waits for the log to give this reason for a 503. */
const loggedReason = (service: Service, expected: Readonly<Record<string, unknown>>) =>
  service.logged(({ route, status, reason }) => {
    const given = (reason ?? {}) as Record<string, unknown>
    const isExpected = Object.entries(expected).every(([name, value]) => given[name] === value)
    return route === '/readyz' && status === 503 && isExpected
  })

describe('/readyz on PostgreSQL', () => {
  it.each([
    [
      'database',
      (name: string, value: string) => `alter database ${name} set default_transaction_read_only = ${value}`,
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
  ])('is 503 while new sessions of the %s are read-only, and 200 after', async (_, alter) => {
    const databaseUrl = await freshDatabase('postgres')
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

  it('is 503 while the server is silent or away, and 200 after', async () => {
    const databaseUrl = await freshDatabase('postgres')
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
    const service = await startService(databaseUrl)
    expect(await readiness(service)).toBe(200)
    return { path: filePath(databaseUrl), service }
  }

  it('is 503 while another file has the name, or none, and 200 when the file is back', async () => {
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

  it('is 503 while the file is not a database, and 200 when it is mended', async () => {
    const { path, service } = await started()
    checkpoint(path)
    const header = readFileSync(path).subarray(0, 100)
    overwriteHeader(path)
    await untilReadiness(service, 503)
    await loggedReason(service, { code: 'ERR_SQLITE_ERROR', errcode: 26 })
    overwrite(path, 0, header)
    await untilReadiness(service, 200)
  })

  it('is 503 from the first request that meets damage on, until the service is started anew', async () => {
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
    'is 503 after a write that a full disk refused, and 200 when there is room',
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
    // The service cleans up when it starts: wait for that.
    const other = new DatabaseSync(filePath(databaseUrl), { timeout: 20_000 })
    onTestFinished(() => other.close())
    other.exec('begin immediate')
    // Asked for the first time, so that it looks now.
    expect(await readiness(service)).toBe(200)
    other.exec('rollback')
  })

  it('is 503 while the file may not be written, and 200 after', async () => {
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

onBothEngines('readiness', (engine) => {
  it('is one look for all that ask at once', async () => {
    const db = await openDatabase(await freshDatabase(engine))
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
