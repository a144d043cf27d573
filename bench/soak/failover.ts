/**
 * PostgreSQL goes away under load: it is restarted, or it crashes and its standby is promoted. Two instances of the service reach
 * it through a proxy. Meanwhile they answer 503, afterwards they recover by themselves, and nothing that they acknowledged is lost.
 */
import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { startRelay } from '../../test/support/relay.ts'
import { startService } from '../../test/support/service.ts'
import type { OnEnd } from '../../test/support/system.ts'
import { type Client, createClient } from '../client.ts'
import {
  addStandby,
  createPrimary,
  DATABASE,
  hasServer,
  promote,
  untilSynchronous,
  urlOf,
} from './cluster.ts'
import { acknowledged, type Entries, openLedger } from './ledger.ts'

const INSTANCES = 2
const CLIENTS = 8
/** One step in this many is a registration. Sign-ins, resets and sign-outs are as frequent. All other steps check a session. */
const ONE_IN = 60
/** The load before an outage. */
const SHORTEST_LOAD_MS = 500
const LONGEST_LOAD_MS = 2_000
/** Until somebody notices that the database is away. */
const SHORTEST_UNNOTICED_MS = 500
const LONGEST_UNNOTICED_MS = 3_000
/** How long the service is watched after it must have recovered. A statement may take 5 s. */
const WATCHED_MS = 6_000

/**
 * `fast` and `immediate` restart the primary. `failover` kills it, and promotes the standby. `silence` does this after its
 * network is lost, so that no connection is told.
 */
const OUTAGES = ['fast', 'immediate', 'failover', 'silence'] as const
type Kind = (typeof OUTAGES)[number]

/**
 * After silence, statements time out, and those sent before the first time-out may use further dead connections. Each time-out is
 * 5 s.
 */
const RECOVERED_IN_MS: Readonly<Record<Kind, number>> = {
  fast: 5_000,
  immediate: 5_000,
  failover: 5_000,
  silence: 10_000,
}

/** What the clients saw of one outage. Times are in milliseconds. */
export interface Outage {
  readonly kind: Kind
  /** From the end of the database until one accepts writes and the proxy leads to it. */
  readonly awayMs: number
  /** From then on until the last answer with 503. */
  readonly recoveredMs: number
  readonly refused: number
  /** The longest time that a client waited for the answer to a session check. */
  readonly longestCheckMs: number
}

export interface FailoverReport {
  readonly outages: readonly Outage[]
  readonly entries: Entries
  readonly contradictions: readonly string[]
}

interface FailoverOptions {
  /** How often each kind of outage happens. */
  readonly rounds: number
  readonly onEnd: OnEnd
  readonly onOutage?: (outage: Outage) => void
}

export async function runFailover({
  rounds,
  onEnd,
  onOutage = () => {},
}: FailoverOptions): Promise<FailoverReport> {
  if (!hasServer) throw new Error('failover needs PostgreSQL with pg_basebackup: apt-get install postgresql')
  let primary = await createPrimary(onEnd)
  let standby = await addStandby(primary, onEnd)
  const relay = await startRelay(primary.port, onEnd)
  const answers: { path: string; status: number | null; at: number; ms: number }[] = []
  /** Remembers when each answer came. `null`: none did. */
  const watched = ({ send, close }: Client): Client => ({
    close,
    async send(request) {
      const sent = performance.now()
      const enter = (status: number | null) => {
        const at = performance.now()
        answers.push({ path: request.path, status, at, ms: at - sent })
      }
      try {
        const answer = await send(request)
        enter(answer.status)
        return answer
      } catch (error) {
        enter(null)
        throw error
      }
    },
  })
  const env = { BIENVENUE_THROTTLE: 'off', BIENVENUE_LOG_LEVEL: 'info' }
  const instances: { service: Awaited<ReturnType<typeof startService>>; client: Client }[] = []
  for (let count = 0; count < INSTANCES; count++) {
    const service = await startService(urlOf(relay.port, DATABASE), { env, onEnd })
    instances.push({ service, client: watched(createClient(service.url)) })
  }

  const ledger = openLedger(() => instances.map(({ client }) => client))
  let isOver = false
  const clients = Promise.all(Array.from({ length: CLIENTS }, () => ledger.live(() => isOver, ONE_IN)))
  const contradictions = ledger.contradictions
  const outages: Outage[] = []
  const unnoticed = () => setTimeout(randomInt(SHORTEST_UNNOTICED_MS, LONGEST_UNNOTICED_MS))
  const restart = async (mode: 'fast' | 'immediate') => {
    await primary.stop(mode)
    await unnoticed()
    await primary.start()
  }
  const failover = async () => {
    await primary.stop('crash')
    await unnoticed()
    await promote(standby)
    primary = standby
    relay.redirect(primary.port)
  }
  const acts: Readonly<Record<Kind, () => Promise<void>>> = {
    fast: () => restart('fast'),
    immediate: () => restart('immediate'),
    failover,
    silence() {
      relay.freeze()
      relay.redirect(null)
      return failover()
    },
  }
  for (let round = 0; round < rounds; round++) {
    for (const kind of OUTAGES) {
      await untilSynchronous(primary)
      await setTimeout(randomInt(SHORTEST_LOAD_MS, LONGEST_LOAD_MS))
      answers.length = 0
      const startedAt = performance.now()
      await acts[kind]()
      const backAt = performance.now()
      await setTimeout(RECOVERED_IN_MS[kind])
      const before = acknowledged(ledger.entries)
      await setTimeout(WATCHED_MS)
      if (acknowledged(ledger.entries) === before)
        contradictions.push(`nothing was acknowledged after outage ${kind}`)
      const refused = answers.filter(({ status }) => status === 503)
      const outage: Outage = {
        kind,
        awayMs: backAt - startedAt,
        recoveredMs: Math.max(backAt, ...refused.map(({ at }) => at)) - backAt,
        refused: refused.length,
        longestCheckMs: Math.max(0, ...answers.filter(({ path }) => path === '/profile').map(({ ms }) => ms)),
      }
      outages.push(outage)
      onOutage(outage)
      if (outage.recoveredMs > RECOVERED_IN_MS[kind])
        contradictions.push(`${kind}: recovered after ${Math.round(outage.recoveredMs)} ms`)
      if (kind === 'failover' || kind === 'silence') standby = await addStandby(primary, onEnd)
    }
  }
  isOver = true
  await clients
  await ledger.verify()
  for (const { service, client } of instances) {
    client.close()
    const exitCode = await service.stop()
    if (exitCode !== 0) contradictions.push(`an instance ended with exit code ${exitCode}`)
  }
  if (ledger.entries.unanswered > 0)
    contradictions.push(`${ledger.entries.unanswered} requests without an answer`)
  return { outages, entries: ledger.entries, contradictions }
}
