/**
 * How soon the service answers, and how much memory it keeps when idle.
 *
 *     node bench/start/main.ts --runs 9
 *
 * From the start of the process to its first answer, and what is resident a second later: the built command in both
 * modes, the source as `npm start` runs it, and a bare server of Node, below which nothing can come. All in turn, so that
 * a busy moment hits each. Prints medians with the least and the most, and beside them the goals. Then what each package
 * costs alone. All of it goes to `.cache/bench/start.json` too.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const GOAL_MS = 250
const GOAL_MB = 80
const IDLE_MS = 1_000

const { values } = parseArgs({ options: { runs: { type: 'string', default: '9' } } })
const runs = Number(values.runs)
if (!Number.isSafeInteger(runs) || runs < 1) throw new TypeError('--runs: 1 or more')
if (!existsSync('dist')) throw new Error('npm run build comes first')

interface Program {
  readonly name: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Whom it answers to. */
  readonly host?: string
}

const PRODUCTION = {
  BIENVENUE_MODE: 'production',
  BASE_URL: 'https://auth.example.com',
  BIENVENUE_SECRET_KEY: randomBytes(32).toString('base64url'),
  SMTP_URL: 'smtps://user:password@mail.example.com',
  BIENVENUE_MAIL_FROM: 'no-reply@example.com',
}
const BARE = `require('node:http').createServer((_, response) => response.end()).listen(0, '127.0.0.1', function () {
  console.log(JSON.stringify({ url: 'http://localhost:' + this.address().port }))
})`

const PROGRAMS: readonly Program[] = [
  { name: 'built, classic', args: ['dist/cli/main.js', 'serve'] },
  {
    name: 'built, production',
    args: ['dist/cli/main.js', 'serve'],
    env: PRODUCTION,
    host: 'auth.example.com',
  },
  {
    name: 'source, as npm start',
    args: ['src/cli/main.ts', 'serve'],
    env: { NODE_COMPILE_CACHE: '.cache/compile' },
  },
  { name: 'bare node:http', args: ['-e', BARE] },
]
const PACKAGES = ['kysely', 'zod', 'hono', '@hono/node-server', 'pino', '@node-rs/bcrypt', 'pg', 'nodemailer']

interface Cost {
  readonly ms: number
  readonly mb: number
}

async function start({ args, env, host = 'localhost' }: Program): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'bienvenue-start-'))
  const started = performance.now()
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, PORT: '0', DATABASE_URL: `sqlite:${join(folder, 'start.db')}`, ...env },
  })
  const ended = once(child, 'close')
  try {
    const port = await portOf(child.stdout)
    child.stdout.resume()
    await fetchFrom(port, host)
    const ms = performance.now() - started
    await setTimeout(IDLE_MS)
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
    return { ms, mb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1_024 }
  } finally {
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

async function portOf(output: NodeJS.ReadableStream): Promise<number> {
  for await (const line of createInterface({ input: output })) {
    const [, port] = /"url":"http:\/\/localhost:(\d+)"/.exec(line) ?? []
    if (port !== undefined) return Number(port)
  }
  throw new Error('it ended before it listened')
}

async function fetchFrom(port: number, host: string): Promise<void> {
  const asked = get({ host: '127.0.0.1', port, path: '/healthz', headers: { host }, agent: false })
  const [response] = await once(asked, 'response')
  if (response.statusCode !== 200) throw new Error(`it answered ${response.statusCode}`)
  await text(response)
}

/** What it costs to load a package into a bare process. */
async function load(name: string): Promise<Cost> {
  const program = `const before = process.memoryUsage.rss(), started = performance.now()
    await import('${name}')
    console.log(JSON.stringify({ ms: performance.now() - started, mb: (process.memoryUsage.rss() - before) / 2 ** 20 }))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(await text(child.stdout)) as Cost
}

async function measure(
  names: readonly string[],
  run: (name: string) => Promise<Cost>,
): Promise<Map<string, Cost[]>> {
  const costs = new Map<string, Cost[]>(names.map((name) => [name, []]))
  for (let count = 0; count < runs; count++) for (const name of names) costs.get(name)?.push(await run(name))
  return costs
}

function row(name: string, costs: readonly Cost[], goals: string): string {
  const cell = (of: (cost: Cost) => number) => {
    const sorted = costs.map(of).toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]?.toFixed(0)
    return `${at(0.5)} (${at(0)}–${at(1)})`.padStart(20)
  }
  return `${name.padEnd(24)}${cell(({ ms }) => ms)}${cell(({ mb }) => mb)}${goals}`
}

const programs = await measure(
  PROGRAMS.map(({ name }) => name),
  (name) => start(PROGRAMS.find((program) => program.name === name) as Program),
)
console.log(`${''.padEnd(24)}${'ready, ms'.padStart(20)}${'idle, MB'.padStart(20)}   goal: ms, MB`)
for (const [name, costs] of programs)
  console.log(row(name, costs, name.startsWith('built') ? `   ${GOAL_MS}, ${GOAL_MB}` : ''))
const packages = await measure(PACKAGES, load)
console.log('\neach package alone, in a bare process, as files of their own:')
for (const [name, costs] of packages) console.log(row(name, costs, ''))
mkdirSync('.cache/bench', { recursive: true })
const report = { goal: { ms: GOAL_MS, mb: GOAL_MB }, programs: [...programs], packages: [...packages] }
writeFileSync('.cache/bench/start.json', `${JSON.stringify(report, null, 2)}\n`)
