/**
 * Kills processes of the service under load, and checks that nothing it acknowledged is lost. Two processes share one database, as
 * two instances do. While clients register, sign in and out, reset passwords and check sessions, one of the processes is killed
 * with SIGKILL at a random time, and started again.
 */
import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { type RunningProcess, startService } from '../../test/support/service.ts'
import type { OnEnd } from '../../test/support/system.ts'
import { type Client, createClient } from '../client.ts'
import { acknowledged, type Entries, openLedger } from './ledger.ts'

const INSTANCES = 2
const CLIENTS = 8
const LONGEST_PAUSE_MS = 100

interface Instance {
  readonly process: RunningProcess
  readonly client: Client
}

export interface KillsReport {
  readonly kills: number
  readonly entries: Entries
  readonly contradictions: readonly string[]
}

interface KillsOptions {
  readonly kills: number
  readonly onEnd: OnEnd
  readonly isLate?: () => boolean
  readonly onKill?: (count: number) => void
}

/**
 * @param databaseUrl - An empty database.
 * @param details - `kills`: how many. `isLate`: whether to end with fewer. `onKill`: called after each.
 */
export async function runKills(
  databaseUrl: string,
  { kills, onEnd, isLate = () => false, onKill = () => {} }: KillsOptions,
): Promise<KillsReport> {
  const instances: Instance[] = []
  const start = async (): Promise<Instance> => {
    const env = { BIENVENUE_THROTTLE: 'off', BIENVENUE_LOG_LEVEL: 'info' }
    const process = await startService(databaseUrl, { env, onEnd })
    return { process, client: createClient(process.url) }
  }
  for (let count = 0; count < INSTANCES; count++) instances.push(await start())

  const ledger = openLedger(() => instances.map(({ client }) => client))
  let isOver = false
  const clients = Array.from({ length: CLIENTS }, () => ledger.live(() => isOver))
  let count = 0
  while (count < kills && !isLate()) {
    // Each kill hits a service that has acknowledged something since the last one.
    const before = acknowledged(ledger.entries)
    while (acknowledged(ledger.entries) === before) await setTimeout(1)
    await setTimeout(randomInt(LONGEST_PAUSE_MS))
    const [victim] = instances.splice(randomInt(instances.length), 1)
    await victim?.process.stop('SIGKILL')
    victim?.client.close()
    instances.push(await start())
    onKill(++count)
  }
  isOver = true
  await Promise.all(clients)
  await ledger.verify()
  for (const { process, client } of instances) {
    client.close()
    await process.stop()
  }
  return { kills: count, entries: ledger.entries, contradictions: ledger.contradictions }
}
