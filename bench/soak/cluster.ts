/**
 * A PostgreSQL server with a synchronous standby, from Debian's package, on ports of 127.0.0.1. A commit on the primary is
 * confirmed only when the standby has it on its disk.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chownSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from '../../test/support/ports.ts'
import { type OnEnd, temporaryFolder } from '../../test/support/system.ts'

const VERSIONS = '/usr/lib/postgresql'
const PROGRAMS = existsSync(VERSIONS)
  ? readdirSync(VERSIONS)
      .sort((one, other) => Number(other) - Number(one))
      .map((version) => join(VERSIONS, version, 'bin'))
      .find((folder) => existsSync(join(folder, 'pg_basebackup')))
  : undefined

/** Whether Debian's PostgreSQL is there. Its service need not run. */
export const hasServer = PROGRAMS !== undefined

export const DATABASE = 'bienvenue'

/** One server. */
export interface Server {
  readonly port: number
  /** Runs statements on a connection of their own. */
  query(text: string): Promise<unknown[]>
  /** Stops it, as `pg_ctl stop` does in this mode. `crash` kills all of its processes at once. */
  stop(mode: 'fast' | 'immediate' | 'crash'): Promise<void>
  /** Starts it, and waits until it answers. */
  start(): Promise<void>
}

/** Creates a server with an empty database. */
export async function createPrimary(onEnd: OnEnd): Promise<Server> {
  const folder = ownFolder(onEnd)
  run('initdb', '-D', folder, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-locale')
  appendFileSync(join(folder, 'postgresql.conf'), SETTINGS)
  const server = await serverIn(folder, onEnd)
  await server.start()
  await server.query(`create database ${DATABASE}`)
  return server
}

/** Starts a synchronous standby of a server, and waits until it has everything. */
export async function addStandby(primary: Server, onEnd: OnEnd): Promise<Server> {
  const folder = ownFolder(onEnd)
  const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'postgres']
  run('pg_basebackup', ...from, '-D', folder, '--write-recovery-conf', '--checkpoint=fast')
  // Once promoted, it has no standby to wait for.
  appendFileSync(join(folder, 'postgresql.auto.conf'), "synchronous_standby_names = ''\n")
  const standby = await serverIn(folder, onEnd)
  await standby.start()
  await primary.query("alter system set synchronous_standby_names = '*'")
  await primary.query('select pg_reload_conf()')
  await untilSynchronous(primary)
  return standby
}

/** Waits until a standby confirms every commit. */
export async function untilSynchronous(primary: Server): Promise<void> {
  const isSynchronous = async () =>
    (
      await primary.query(
        "select 1 from pg_stat_replication where state = 'streaming' and sync_state = 'sync' and current_setting('synchronous_standby_names') <> ''",
      )
    ).length > 0
  while (!(await isSynchronous())) await setTimeout(20)
}

/** Makes a standby a primary, and waits until it accepts writes. */
export async function promote(standby: Server): Promise<void> {
  await standby.query('select pg_promote()')
}

const SETTINGS = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 100
# The standby asks for the log again soon after its primary is back. The default is 5 s.
wal_retrieve_retry_interval = 200ms
wal_keep_size = 1GB
`

async function serverIn(folder: string, onEnd: OnEnd): Promise<Server> {
  const port = await freePort()
  let process: ChildProcess | undefined
  const query = async (text: string) => {
    const client = new pg.Client({ connectionString: urlOf(port, 'postgres') })
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  }
  const signals = { fast: 'SIGINT', immediate: 'SIGQUIT', crash: 'SIGKILL' } as const
  const server: Server = {
    port,
    query,
    async stop(mode) {
      if (process === undefined) return
      const { pid } = process
      const ended = once(process, 'close')
      const backends = mode === 'crash' ? childrenOf(pid as number) : []
      process.kill(signals[mode])
      for (const backend of backends) kill(backend)
      await ended
      process = undefined
    },
    async start() {
      process = spawn(program('postgres'), ['-D', folder, '-p', String(port)], {
        ...OWNER,
        cwd: '/',
        stdio: 'ignore',
      })
      const started = process
      for (;;) {
        if (started.exitCode !== null) throw new Error(`PostgreSQL did not start in ${folder}`)
        const answers = await query('select 1').catch(() => null)
        if (answers !== null) return
        await setTimeout(10)
      }
    },
  }
  onEnd(() => server.stop('immediate'))
  return server
}

export function urlOf(port: number, database: string): string {
  return `postgres://postgres@127.0.0.1:${port}/${database}`
}

/** PostgreSQL refuses to run as root. Debian's package creates this user. */
const OWNER =
  process.getuid?.() === 0 && hasServer ? { uid: idOf('-u', 'postgres'), gid: idOf('-g', 'postgres') } : {}

function idOf(...args: string[]): number {
  return Number(execFileSync('id', args, { encoding: 'utf8' }))
}

function ownFolder(onEnd: OnEnd): string {
  const folder = temporaryFolder(onEnd)
  if (OWNER.uid !== undefined) chownSync(folder, OWNER.uid, OWNER.gid)
  return folder
}

function program(name: string): string {
  return join(PROGRAMS ?? '', name)
}

function run(name: string, ...args: string[]): void {
  execFileSync(program(name), args, { ...OWNER, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] })
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
