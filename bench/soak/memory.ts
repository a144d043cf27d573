/**
 * Tests whether the service stays the same under constant load: samples the heap after garbage collection, the delay of the
 * event loop and the rows of every table, and compares the objects in the heap at the beginning and at the end.
 *
 *     node bench/soak/memory.ts --minutes 60
 *
 * Runs classic mode on SQLite under a mix of requests: users register, log in, check their session, send invalid
 * requests, reset their password, log out and delete their account, one after another, with a pause between requests. Prints
 * a line per sample, the kinds of objects that have grown in number, and a verdict: flat if the last third of the samples does
 * not exceed the first third by more than a tolerance, in the heap and in every table but the audit log. Also writes everything to `.cache/bench/soak/results.json`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const PROGRAM = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
/** After this share of the time the code is compiled and every cache is full. */
const WARM_UP_SHARE = 0.15
const SAMPLES = 24
/** Normal variation of the heap between samples. */
const TOLERANCE_MB = 1
/** Rows of one life, and of what is cleaned up later. */
const MORE_ROWS = 20
/** Smaller increases are noise, such as requests in progress and pending timers. */
const MORE_OBJECTS = 200

/** Runs in the service. */
const LOOP_DELAY = `(() => {
  const { monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks')
  globalThis.soakDelay ??= monitorEventLoopDelay({ resolution: 10 })
  const milliseconds = globalThis.soakDelay.percentile(99) / 1e6
  globalThis.soakDelay.enable()
  globalThis.soakDelay.reset()
  return milliseconds
})()`

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
  /** The 99th percentile since the last sample. */
  readonly loopDelayMs: number
  readonly rows: Readonly<Record<string, number>>
}

const folder = mkdtempSync(join(tmpdir(), 'bienvenue-soak-'))
const file = join(folder, 'soak.db')
const service = spawn(process.execPath, ['--inspect=127.0.0.1:0', PROGRAM, 'serve'], {
  stdio: ['ignore', 'pipe', 'pipe'],
  env: {
    PATH: process.env.PATH,
    PORT: '0',
    DATABASE_URL: `sqlite:${file}`,
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
  // An unread pipe would fill up and block the service.
  service.stdout.resume()
  service.stderr.resume()
  const inspector = await openInspector(inspectorUrl)
  try {
    await soak(url, inspector)
  } finally {
    // Node does not exit while a debugger is connected.
    inspector.close()
  }
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
  await inspector.loopDelayMs()
  console.log('minute  requests  heap, MB  resident, MB  event loop, p99, ms  rows')
  for (let index = 1; index <= SAMPLES; index++) {
    await until(WARM_UP_SHARE + ((1 - WARM_UP_SHARE) * index) / SAMPLES)
    const sample = {
      minute: (performance.now() - started) / 60_000,
      requests: load.requests(),
      // First, because collecting garbage takes a turn of the loop.
      loopDelayMs: await inspector.loopDelayMs(),
      rows: countRows(),
      heapMb: (await inspector.usedHeap()) / 1_048_576,
      rssMb: residentMb(service.pid ?? 0),
    }
    samples.push(sample)
    const { minute, requests, heapMb, rssMb, loopDelayMs, rows } = sample
    const cells = [minute.toFixed(1), requests, heapMb.toFixed(2), rssMb.toFixed(0), loopDelayMs.toFixed(1)]
    console.log(`${cells.map(inColumn).join('')}  ${JSON.stringify(rows)}`)
  }
  const statuses = await load.stop()
  const grown = difference(before, await inspector.countObjects())
  const third = SAMPLES / 3
  const growth = (of: (sample: Sample) => number) =>
    median(samples.slice(-third).map(of)) - median(samples.slice(0, third).map(of))
  const grewByMb = growth(({ heapMb }) => heapMb)
  const tables = Object.keys(samples[0]?.rows ?? {}).filter((table) => table !== 'audit')
  const growing = tables.filter((table) => growth(({ rows }) => rows[table] ?? 0) > MORE_ROWS)
  const verdict = grewByMb <= TOLERANCE_MB && growing.length === 0 ? 'flat' : 'growing'
  console.log('\nkinds of objects that have grown in number since the end of the warm-up:')
  for (const { kind, from, to } of grown) console.log(`  ${kind}: ${from} to ${to}`)
  if (grown.length === 0) console.log(`  none by more than ${MORE_OBJECTS}`)
  console.log(`\nanswers: ${JSON.stringify(statuses)}`)
  console.log(`tables that grow, besides the audit log: ${growing.join(', ') || 'none'}`)
  console.log(
    `event loop: the 99th percentile changed by ${growth((sample) => sample.loopDelayMs).toFixed(1)} ms`,
  )
  console.log(`${verdict}: the last third of the samples holds ${grewByMb.toFixed(2)} MB more than the first`)
  mkdirSync('.cache/bench/soak', { recursive: true })
  const report = { minutes, verdict, grewByMb, growing, samples, grown, statuses }
  writeFileSync('.cache/bench/soak/results.json', `${JSON.stringify(report, null, 2)}\n`)
  process.exitCode = verdict === 'flat' ? 0 : 1
}

/** Simulates one user after another until it is stopped. */
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
    const last = await ask('POST', '/sessions', { email, password: 't4rt1fl3tt3' })
    await ask('DELETE', '/profile', undefined, last.sessionToken)
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
  /** The 99th percentile of the delay of the event loop since the last call. */
  loopDelayMs(): Promise<number>
  /** The bytes in use after garbage collection. */
  usedHeap(): Promise<number>
  /** The number of objects by the name of their constructor. */
  countObjects(): Promise<Map<string, number>>
  close(): void
}

/** Uses the debugger protocol, so that the service itself needs no change. */
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
  const call = (method: string, params?: object) => {
    const { promise, resolve } = Promise.withResolvers<Record<string, number>>()
    waiting.set(++last, resolve)
    socket.send(JSON.stringify({ id: last, method, params }))
    return promise
  }
  return {
    async loopDelayMs() {
      const { result } = (await call('Runtime.evaluate', {
        expression: LOOP_DELAY,
        returnByValue: true,
      })) as {
        result?: { value?: number }
      }
      return result?.value ?? Number.NaN
    },
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
    close: () => socket.close(),
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
    // Every other type counts as one kind, because the name of a string is its value.
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

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function countRows(): Record<string, number> {
  const database = new DatabaseSync(file, { readOnly: true })
  const tables = database
    .prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
    .all()
  const count = (name: string) => Number(database.prepare(`select count(*) as n from "${name}"`).get()?.n)
  const rows = Object.fromEntries(tables.map(({ name }) => [String(name), count(String(name))]))
  database.close()
  // The record of migrations and empty tables say nothing.
  return Object.fromEntries(
    Object.entries(rows).filter(([name, n]) => n > 0 && !name.startsWith('bienvenue_')),
  )
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
