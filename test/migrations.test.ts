import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  type Database,
  isReady,
  MIGRATION_NAMES,
  migrate,
  openDatabase,
  pendingMigrations,
} from '../src/db/index.ts'
import { OptionError } from '../src/errors.ts'
import { type EngineName, freshDatabase, onBothEngines } from './support/engines.ts'

async function open(url: string): Promise<Database> {
  const db = await openDatabase(url, { migrate: false })
  onTestFinished(() => db.destroy())
  return db
}

/** `bienvenue migrate` in a process of its own. */
async function migrateInProcess(url: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['src/cli/main.ts', 'migrate', '--json'], {
    env: { DATABASE_URL: url, PATH: process.env.PATH },
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk
  })
  const [exitCode] = (await once(child, 'close')) as [number]
  return { exitCode, ...output }
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

onBothEngines('migrations', (engine: EngineName) => {
  it('make the tables that the code expects, column for column', async () => {
    const db = await open(await freshDatabase(engine))
    await migrate(db)
    const no = { nullable: false }
    const yes = { nullable: true }
    const tables = await columns(db)
    expect(tables).toMatchObject({
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
    const results = await Promise.all(Array.from({ length: 6 }, () => migrateInProcess(url)))
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
