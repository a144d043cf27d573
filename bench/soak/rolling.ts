/**
 * Rolling upgrades: two instances of an older version behind HAProxy on PostgreSQL are replaced, one after the other, by this
 * version, whose migration runs meanwhile. No request may fail.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { hasHaproxy, startHaproxy } from '../../test/support/haproxy.ts'
import { freePort } from '../../test/support/ports.ts'
import { COMMAND, ROOT, type Service, startService } from '../../test/support/service.ts'
import { type OnEnd, temporaryFolder } from '../../test/support/system.ts'
import { createClient } from '../client.ts'
import { type Entries, openLedger } from './ledger.ts'

const CLIENTS = 8
const INSTANCES = 2
/** One step in this many is a registration. Sign-ins, resets and sign-outs are as frequent. All other steps check a session. */
const ONE_IN = 200

/** The requests of one upgrade, and what was wrong. */
export interface Upgrade {
  readonly entries: Entries
  readonly contradictions: readonly string[]
}

export interface RollingReport {
  /** The commit of the older version. */
  readonly from: string
  readonly upgrades: readonly Upgrade[]
}

interface RollingOptions {
  /** How many upgrades, each of a new database. */
  readonly upgrades: number
  /** How many requests the clients send at least, in all upgrades together. */
  readonly requests: number
  /** Creates an empty PostgreSQL database. */
  readonly freshDatabase: () => Promise<string>
  /** Whether to end with fewer. */
  readonly isLate: () => boolean
  readonly onEnd: OnEnd
  readonly onUpgrade?: (upgrade: Upgrade) => void
}

export async function runRolling(options: RollingOptions): Promise<RollingReport> {
  const { upgrades, requests, freshDatabase, isLate, onEnd, onUpgrade = () => {} } = options
  if (!hasHaproxy) throw new Error('rolling needs HAProxy: apt-get install haproxy')
  const { from, command } = buildOlder(temporaryFolder(onEnd))
  const ports: number[] = []
  for (let count = 0; count < INSTANCES; count++) ports.push(await freePort())
  const port = await freePort()
  const haproxy = await startHaproxy(port, ports, onEnd)
  const client = createClient(`http://127.0.0.1:${port}`)
  onEnd(() => client.close())

  /** Replaces the instances one by one, each after its share of the requests. */
  async function upgrade(): Promise<Upgrade> {
    const databaseUrl = await freshDatabase()
    const start = async (port: number, of: string) => {
      const env = { ...ENV, PORT: String(port) }
      const instance = await startService(databaseUrl, { command: of, env, onEnd })
      while (!(await haproxy.isUp(port))) await setTimeout(100)
      return instance
    }
    const instances: Service[] = []
    for (const port of ports) instances.push(await start(port, command))
    const ledger = openLedger(() => [client])
    const until = async (share: number) => {
      while (ledger.entries.requests < (share * requests) / upgrades) await setTimeout(20)
    }
    let isOver = false
    const living = Promise.all(Array.from({ length: CLIENTS }, () => ledger.live(() => isOver, ONE_IN)))
    for (const [index, port] of ports.entries()) {
      await until((index + 1) / (INSTANCES + 1))
      await instances[index]?.stop()
      instances[index] = await start(port, COMMAND)
    }
    await until(1)
    isOver = true
    await living
    await ledger.verify()
    for (const instance of instances) await instance.stop()
    return ledger
  }

  const done: Upgrade[] = []
  while (done.length < upgrades && !isLate()) {
    const { entries, contradictions } = await upgrade()
    done.push({ entries, contradictions })
    onUpgrade({ entries, contradictions })
  }
  return { from, upgrades: done }
}

const ENV = { BIENVENUE_THROTTLE: 'off', BIENVENUE_LOG_LEVEL: 'info' }

/** Builds the version before the newest migration, from the history of this clone. */
function buildOlder(folder: string): { from: string; command: string } {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim()
  const added = git('log', '--diff-filter=A', '--format=%H', '-1', '--', 'src/db/migrations/')
  const from = git('rev-parse', `${added}^`)
  mkdirSync(folder, { recursive: true })
  const archive = execFileSync('git', ['archive', from], { cwd: ROOT, maxBuffer: 2 ** 28 })
  execFileSync('tar', ['-x', '-C', folder], { input: archive })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  execFileSync(process.execPath, ['scripts/build.ts'], { cwd: folder })
  return { from, command: join(folder, 'dist/cli/main.js') }
}
