/**
 * Load: as many requests as a server can answer, over several connections, for some seconds. Uses `wrk` if it is
 * installed, otherwise `autocannon`, which comes with the peers, otherwise our own client. A lost request or an
 * answer other than 2xx or 3xx is an error.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../test/support/service.ts'
import { createClient, type Request } from './client.ts'
import { quantile } from './measure.ts'

const WRK = 'wrk'
const AUTOCANNON = 'bench/node_modules/autocannon/package.json'

export interface Load {
  /** Such as `http://127.0.0.1:5000`. */
  readonly origin: string
  /** Sent one after another, repeatedly, on any free connection. */
  readonly requests: readonly Request[]
  readonly connections: number
  /** Whole seconds. */
  readonly seconds: number
  /** Whether the server closes each connection after its answer. Default `false`. */
  readonly closesConnections?: boolean
}

/** The result of a load. */
export interface Driven {
  /** Requests answered in the given time. */
  readonly requests: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** The counts of a generator. */
interface Counted extends Driven {
  /** Answers of 400 and above. */
  readonly refused: number
  /** Requests that got no answer. */
  readonly lost: number
}

const GENERATORS = { wrk, autocannon, own }
export type GeneratorName = keyof typeof GENERATORS
export const GENERATOR_NAMES = Object.keys(GENERATORS) as GeneratorName[]

/** The generators available, the best first. */
export function availableGenerators(): GeneratorName[] {
  return GENERATOR_NAMES.filter((name) => {
    if (name === 'wrk') return spawnSync(WRK, ['--version']).error === undefined
    return name === 'own' || existsSync(AUTOCANNON)
  })
}

/** The best generator available. */
export function pickGenerator(): GeneratorName {
  return availableGenerators()[0] ?? 'own'
}

/**
 * Drives a server. Autocannon sends the next request on a connection that the server has just closed, and counts it as
 * lost, so our own client takes its place for a server that closes connections.
 *
 * @throws {Error} A request was refused or got no answer.
 */
export async function drive(generator: GeneratorName, load: Load): Promise<Driven> {
  const able = generator === 'autocannon' && load.closesConnections ? 'own' : generator
  const { refused, lost, ...driven } = await GENERATORS[able](load)
  if (refused > 0 || lost > 0 || driven.requests === 0)
    throw new Error(
      `${load.origin}: of ${driven.requests} requests ${refused} were refused and ${lost} got no answer`,
    )
  return driven
}

async function wrk(load: Load): Promise<Counted> {
  const folder = mkdtempSync(join(tmpdir(), 'bienvenue-wrk-'))
  try {
    const script = join(folder, 'load.lua')
    writeFileSync(script, luaOf(load.requests))
    const { connections, seconds, origin } = load
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '60s', '-s', script, origin]
    return lastLine(await finished(WRK, args))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// wrk calls `request` for each request and `done` at the end. Its times are in microseconds.
function luaOf(requests: readonly Request[]): string {
  const table = requests.map(({ method, path, headers, body }) => {
    const pairs = Object.entries(headers).map(([name, value]) => `[${quoted(name)}]=${quoted(value)}`)
    const rest = [method, path].map(quoted).join(', ')
    return `  wrk.format(${rest}, {${pairs.join(', ')}}${body === undefined ? '' : `, ${quoted(body)}`}),`
  })
  return `local requests
local next = 0
function init()
  requests = {
${table.join('\n')}
  }
end
function request()
  next = next % #requests + 1
  return requests[next]
end
function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f,"refused":%d,"lost":%d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
`
}

// Writes every byte as its number, so that no character of a header is special in Lua.
function quoted(text: string): string {
  return `"${[...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`
}

async function autocannon(load: Load): Promise<Counted> {
  return lastLine(await finished(process.execPath, ['bench/programs/autocannon.mjs'], JSON.stringify(load)))
}

async function finished(program: string, args: readonly string[], input = ''): Promise<string> {
  const { exitCode, stdout, stderr } = await run(program, args, { input, onEnd: () => {} })
  if (exitCode !== 0) throw new Error(`${program} failed: ${stdout}${stderr}`)
  return stdout
}

function lastLine(output: string): Counted {
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Counted
}

async function own({ origin, requests, connections, seconds }: Load): Promise<Counted> {
  const client = createClient(origin)
  const started = performance.now()
  const until = started + seconds * 1_000
  const times: number[] = []
  let next = 0
  let refused = 0
  let lost = 0
  async function oneConnection(): Promise<void> {
    while (performance.now() < until) {
      try {
        const { status, ms } = await client.send(requests[next++ % requests.length] as Request)
        if (status >= 400) refused++
        times.push(ms)
      } catch {
        lost++
      }
    }
  }
  await Promise.all(Array.from({ length: connections }, oneConnection))
  client.close()
  return {
    requests: times.length,
    seconds: (performance.now() - started) / 1_000,
    p50Ms: times.length === 0 ? 0 : quantile(times, 0.5),
    p99Ms: times.length === 0 ? 0 : quantile(times, 0.99),
    refused,
    lost,
  }
}
