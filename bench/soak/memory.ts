/**
 * Whether the service grows while it works: the heap after each collection of garbage, and what is in it at the
 * beginning and at the end.
 *
 *     node bench/soak/memory.ts --minutes 60
 *
 * Classic mode on SQLite, under a bounded mix: users register, log in, check their session, send nonsense, reset
 * their password and log out, one after the other, with a pause between requests. Prints a line for each sample, which
 * kinds of objects have become more, and a verdict: flat where the last third of the samples holds no more than the
 * first third and a tolerance. All of it goes to `.cache/bench/soak/results.json` too.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'

/** After this the code is compiled and every cache filled. */
const WARM_UP_SHARE = 0.15
const SAMPLES = 24
/** What a heap may vary by from sample to sample without growing. */
const TOLERANCE_MB = 1
/** Fewer of a kind are chance: requests in hand, timers of the moment. */
const MORE_OBJECTS = 200

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, pause: { type: 'string', default: '20' } },
})
const minutes = Number(values.minutes)
const pauseMs = Number(values.pause)
if (!(minutes > 0) || !(pauseMs >= 0)) throw new TypeError('--minutes: more than 0; --pause: milliseconds')

interface Sample {
  readonly minute: number
  readonly requests: number
  readonly heapMb: number
  readonly rssMb: number
}

const folder = mkdtempSync(join(tmpdir(), 'bienvenue-soak-'))
const service = spawn(process.execPath, ['--inspect=127.0.0.1:0', 'src/cli/main.ts', 'serve'], {
  stdio: ['ignore', 'pipe', 'pipe'],
  env: {
    PATH: process.env.PATH,
    PORT: '0',
    DATABASE_URL: `sqlite:${join(folder, 'soak.db')}`,
    BIENVENUE_BCRYPT_COST: '10',
    BIENVENUE_THROTTLE: 'off',
  },
})
const ended = once(service, 'close')
try {
  const [inspectorUrl, url] = await Promise.all([
    find(service.stderr, /Debugger listening on (ws:\S+)/),
    find(service.stdout, /"url":"http:\/\/localhost:(\d+)"/).then((port) => `http://127.0.0.1:${port}`),
  ])
  // A pipe that nobody reads would stop it.
  service.stdout.resume()
  service.stderr.resume()
  await soak(url, await openInspector(inspectorUrl))
} finally {
  service.kill('SIGTERM')
  await ended
  rmSync(folder, { recursive: true, force: true })
}

async function soak(url: string, inspector: Inspector): Promise<void> {
  const load = startLoad(url)
  const started = performance.now()
  const until = (share: number) =>
    setTimeout(Math.max(0, share * minutes * 60_000 + started - performance.now()))
  await until(WARM_UP_SHARE)
  const before = await inspector.countObjects()
  const samples: Sample[] = []
  console.log('minute  requests  heap, MB  resident, MB')
  for (let index = 1; index <= SAMPLES; index++) {
    await until(WARM_UP_SHARE + ((1 - WARM_UP_SHARE) * index) / SAMPLES)
    const sample = {
      minute: (performance.now() - started) / 60_000,
      requests: load.requests(),
      heapMb: (await inspector.usedHeap()) / 1_048_576,
      rssMb: residentMb(service.pid ?? 0),
    }
    samples.push(sample)
    const { minute, requests, heapMb, rssMb } = sample
    console.log([minute.toFixed(1), requests, heapMb.toFixed(2), rssMb.toFixed(0)].map(inColumn).join(''))
  }
  const statuses = await load.stop()
  const grown = difference(before, await inspector.countObjects())
  const third = SAMPLES / 3
  const grewByMb = median(samples.slice(-third)) - median(samples.slice(0, third))
  const verdict = grewByMb <= TOLERANCE_MB ? 'flat' : 'growing'
  console.log('\nobjects of a kind that have become more, from the end of the warm-up to the end:')
  for (const { kind, from, to } of grown) console.log(`  ${kind}: ${from} to ${to}`)
  if (grown.length === 0) console.log(`  none by more than ${MORE_OBJECTS}`)
  console.log(`\nanswers: ${JSON.stringify(statuses)}`)
  console.log(`${verdict}: the last third of the samples holds ${grewByMb.toFixed(2)} MB more than the first`)
  mkdirSync('.cache/bench/soak', { recursive: true })
  const report = { minutes, verdict, grewByMb, samples, grown, statuses }
  writeFileSync('.cache/bench/soak/results.json', `${JSON.stringify(report, null, 2)}\n`)
  process.exitCode = verdict === 'flat' ? 0 : 1
}

/** Users come one after the other, for as long as it takes. */
function startLoad(url: string) {
  const statuses: Record<string, number> = {}
  let requests = 0
  let isOver = false
  const ask = async (
    method: string,
    path: string,
    fields?: Record<string, string>,
    sessionToken?: string,
  ) => {
    await setTimeout(pauseMs)
    const response = await fetch(url + path, {
      method,
      redirect: 'manual',
      ...(fields && { body: new URLSearchParams(fields) }),
      ...(sessionToken !== undefined && { headers: { cookie: `session_id=${sessionToken}` } }),
    })
    requests++
    statuses[response.status] = (statuses[response.status] ?? 0) + 1
    const [cookie = ''] = response.headers.getSetCookie()
    return { text: await response.text(), sessionToken: /^session_id=([^;]+)/.exec(cookie)?.[1] }
  }
  const liveOneLife = async (email: string) => {
    const password = 'b4l0u'
    await ask('POST', '/users', { email, password })
    await ask('POST', '/users', { email, password })
    await ask('POST', '/sessions', { email, password: 'wrong' })
    const { sessionToken } = await ask('POST', '/sessions', { email, password })
    for (let count = 0; count < 20; count++) await ask('GET', '/profile', undefined, sessionToken)
    await ask('GET', '/profile', undefined, 'nonsense')
    await ask('GET', `/${email}`)
    await ask('POST', '/users', { nonsense: email })
    await ask('PUT', '/sessions')
    const { text } = await ask('POST', '/reset_password', { email })
    const { reset_token } = JSON.parse(text) as { reset_token: string }
    await ask('PUT', '/reset_password', { email, reset_token, new_password: 't4rt1fl3tt3' })
    const again = await ask('POST', '/sessions', { email, password: 't4rt1fl3tt3' })
    await ask('DELETE', '/sessions', undefined, again.sessionToken)
  }
  const living = (async () => {
    for (let count = 0; !isOver; count++) await liveOneLife(`user${count}@example.com`)
  })()
  return {
    requests: () => requests,
    async stop() {
      isOver = true
      await living
      return statuses
    },
  }
}

interface Inspector {
  /** Bytes in use, once all that is garbage is gone. */
  usedHeap(): Promise<number>
  /** How many objects there are, by the name of their constructor. */
  countObjects(): Promise<Map<string, number>>
}

/** Speaks the protocol of the debugger: the service itself needs no change. */
async function openInspector(inspectorUrl: string): Promise<Inspector> {
  const socket = new WebSocket(inspectorUrl)
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  const waiting = new Map<number, (result: Record<string, number>) => void>()
  let chunks: string[] = []
  socket.onmessage = ({ data }) => {
    const { id, method, params, result } = JSON.parse(String(data))
    if (method === 'HeapProfiler.addHeapSnapshotChunk') chunks.push(params.chunk)
    waiting.get(id)?.(result)
    waiting.delete(id)
  }
  let last = 0
  const call = (method: string) => {
    const { promise, resolve } = Promise.withResolvers<Record<string, number>>()
    waiting.set(++last, resolve)
    socket.send(JSON.stringify({ id: last, method }))
    return promise
  }
  return {
    async usedHeap() {
      await call('HeapProfiler.collectGarbage')
      return (await call('Runtime.getHeapUsage')).usedSize ?? Number.NaN
    },
    async countObjects() {
      chunks = []
      await call('HeapProfiler.collectGarbage')
      await call('HeapProfiler.takeHeapSnapshot')
      return countByKind(JSON.parse(chunks.join('')))
    },
  }
}

interface Snapshot {
  readonly snapshot: { readonly meta: { readonly node_fields: string[]; readonly node_types: [string[]] } }
  readonly nodes: number[]
  readonly strings: string[]
}

function countByKind({ snapshot, nodes, strings }: Snapshot): Map<string, number> {
  const { node_fields: fields, node_types: types } = snapshot.meta
  const [type, name] = [fields.indexOf('type'), fields.indexOf('name')]
  const counts = new Map<string, number>()
  for (let node = 0; node < nodes.length; node += fields.length) {
    const ofType = types[0][nodes[node + type] ?? 0] ?? ''
    // Strings are as many kinds as there are values.
    const kind = ofType === 'object' ? (strings[nodes[node + name] ?? 0] ?? '') : `(${ofType})`
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return counts
}

function difference(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>) {
  return [...after]
    .map(([kind, to]) => ({ kind, from: before.get(kind) ?? 0, to }))
    .filter(({ from, to }) => to - from > MORE_OBJECTS)
    .toSorted((a, b) => b.to - b.from - (a.to - a.from))
}

function median(samples: readonly Sample[]): number {
  const sorted = samples.map(({ heapMb }) => heapMb).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024
}

async function find(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<string> {
  for await (const line of createInterface({ input: stream })) {
    const [, found] = pattern.exec(line) ?? []
    if (found !== undefined) return found
  }
  throw new Error('the service ended before it listened')
}

function inColumn(cell: string | number): string {
  return String(cell).padStart(8)
}
