/**
 * The cost of an adoption, a backup, a restore and a move: the time and the peak memory of each command, on databases
 * with USERS users, as many sessions and as many audit entries.
 *
 *     node bench/moving.ts [USERS]
 *
 * Starts its own PostgreSQL, as the tests do, and leaves no files behind.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'

const USERS = Number(process.argv[2] ?? 1_000_000)
const LONGEST_MS = 600_000
const folder = mkdtempSync(join(tmpdir(), 'bienvenue-moving-'))
const server = spawn(process.execPath, ['test/support/postgres.ts'], { stdio: ['pipe', 'pipe', 'inherit'] })
const [serverUrl] = (await once(createInterface({ input: server.stdout }), 'line')) as [string]

/** Runs a command of `bienvenue` and prints its time and peak memory. */
async function measure(what: string, databaseUrl: string, ...args: readonly string[]): Promise<void> {
  const began = performance.now()
  const child = spawn(process.execPath, ['src/cli/main.ts', ...args], {
    env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: LONGEST_MS,
  })
  let peak = 0
  const ended = once(child, 'close')
  while (child.exitCode === null && child.signalCode === null) {
    peak = Math.max(peak, peakMemory(child.pid))
    await Promise.race([setTimeout(100), ended])
  }
  const seconds = ((performance.now() - began) / 1_000).toFixed(1)
  process.stdout.write(`${what.padEnd(44)} ${seconds.padStart(6)} s ${String(peak).padStart(5)} MB\n`)
  if (child.exitCode !== 0) throw new Error(`${what} failed`)
}

/** In megabytes, as Linux reports it; 0 if the process has ended. */
function peakMemory(pid: number | undefined): number {
  try {
    const [, kilobytes = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Math.round(Number(kilobytes) / 1_024)
  } catch {
    return 0
  }
}

async function postgres(name: string, ...statements: readonly string[]): Promise<string> {
  const url = `${serverUrl}/${name}`
  for (const [at, run] of [
    [`${serverUrl}/postgres`, [`create database ${name}`]],
    [url, statements],
  ] as const) {
    const client = new pg.Client({ connectionString: at })
    await client.connect()
    for (const statement of run) await client.query(statement)
    await client.end()
  }
  return url
}

const CLASSIC = (bytes: string) => `create table users (id integer not null, email varchar(250) not null,
  hashed_password ${bytes} not null, session_id varchar(250), reset_token varchar(250), primary key (id))`
const HASH = `$2b$12$${'x'.repeat(53)}`

try {
  const path = join(folder, 'classic.db')
  const classic = new DatabaseSync(path)
  classic.exec(`${CLASSIC('varchar(250)')};
    with recursive n(i) as (values (1) union all select i + 1 from n where i < ${USERS})
    insert into users (id, email, hashed_password) select i, 'user' || i || '@example.com', cast('${HASH}' as blob) from n`)
  classic.close()
  const onPostgres = await postgres(
    'classic',
    CLASSIC('bytea'),
    `insert into users (id, email, hashed_password)
      select i, 'user' || i || '@example.com', '${HASH}'::bytea from generate_series(1, ${USERS}) as i`,
  )
  const sqlite = `sqlite:${path}`
  await measure('adopt, SQLite', sqlite, 'adopt', '--yes')
  await measure('adopt, PostgreSQL', onPostgres, 'adopt', '--yes')

  const db = new DatabaseSync(path)
  db.exec(`
    insert into sessions (id, user_id, secret_hash, created_at, authenticated_at, last_seen_at, expires_at, amr, aal, ip_address, user_agent)
    select printf('019a3f5e-7c00-7000-8000-%012x', id), id, randomblob(32), 1, 1, 1, 4102444800000, 'pwd', 1, '192.0.2.1', 'Mozilla/5.0' from users;
    insert into audit (id, at, instance, actor, action, outcome, reason, user_id, ip_address, user_agent, details, expires_at)
    select printf('019a3f5e-7c00-7000-8000-%012x', id), 1, 'host:1', 'user', 'login', 'success', 'pwd', id, '192.0.2.1', 'Mozilla/5.0', '{}', 4102444800000 from users`)
  db.close()
  process.stdout.write(`the database: ${Math.round(statSync(path).size / 1_048_576)} MB\n`)
  const file = join(folder, 'backup.db')
  await measure('backup', sqlite, 'backup', file)
  await measure('restore', sqlite, 'restore', file, '--yes', '--keep-sessions')
  const middle = await postgres('middle')
  await measure('move, SQLite to PostgreSQL', sqlite, 'move', '--to', middle)
  await measure('move, PostgreSQL to SQLite', middle, 'move', '--to', `sqlite:${join(folder, 'back.db')}`)
} finally {
  server.stdin.end()
  await once(server, 'close')
  rmSync(folder, { recursive: true, force: true })
}
