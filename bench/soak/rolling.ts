/**
 * A rolling upgrade: two instances of an older version behind HAProxy on PostgreSQL are replaced, one after the other, by this
 * version, whose migration runs meanwhile. No request may fail.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { hasHaproxy, startHaproxy } from '../../test/support/haproxy.ts'
import { freePort } from '../../test/support/ports.ts'
import { COMMAND, ROOT, startService } from '../../test/support/service.ts'
import { type OnEnd, temporaryFolder } from '../../test/support/system.ts'
import { createClient } from '../client.ts'
import { type Entries, openLedger } from './ledger.ts'

const CLIENTS = 8
const INSTANCES = 2

export interface RollingReport {
  /** The commit of the older version. */
  readonly from: string
  readonly requests: number
  readonly entries: Entries
  readonly contradictions: readonly string[]
}

/**
 * @param databaseUrl - An empty PostgreSQL database.
 * @param requests - How many the clients send at least. The instances are replaced in the middle third.
 */
export async function runRolling(
  databaseUrl: string,
  requests: number,
  onEnd: OnEnd,
): Promise<RollingReport> {
  if (!hasHaproxy) throw new Error('rolling needs HAProxy: apt-get install haproxy')
  const { from, command } = buildOlder(temporaryFolder(onEnd))
  const ports = [await freePort(), await freePort()] satisfies number[]
  const start = (port: number, of: string) =>
    startService(databaseUrl, { command: of, env: { ...ENV, PORT: String(port) }, onEnd })
  const instances = []
  for (const port of ports) instances.push(await start(port, command))
  const port = await freePort()
  await startHaproxy(port, ports, onEnd)

  const client = createClient(`http://127.0.0.1:${port}`)
  const ledger = openLedger(() => [client])
  const until = async (share: number) => {
    while (ledger.entries.requests < share * requests) await setTimeout(20)
  }
  let isOver = false
  const living = Promise.all(Array.from({ length: CLIENTS }, () => ledger.live(() => isOver)))
  for (const [index, port] of ports.entries()) {
    await until((index + 1) / (INSTANCES + 1))
    await instances[index]?.stop()
    instances[index] = await start(port, COMMAND)
  }
  await until(1)
  isOver = true
  await living
  await ledger.verify()
  client.close()
  for (const instance of instances) await instance.stop()
  const { entries, contradictions } = ledger
  return { from, requests: entries.requests, entries, contradictions }
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
