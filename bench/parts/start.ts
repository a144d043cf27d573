/** The start: until the first answer, and the memory two seconds later. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { runCli, startProgram } from '../../test/support/service.ts'
import type { OnEnd } from '../../test/support/system.ts'
import { createClient } from '../client.ts'
import { significant } from '../goals.ts'
import { alternate, spreadOf } from '../measure.ts'
import { usageOf } from '../processes.ts'
import type { Section } from '../sections.ts'
import { type Bench, judgeAll } from './index.ts'

const ROUNDS = 5
/** Time for the work that a start postpones. */
export const IDLE_MS = 2_000
export const BYTES_PER_MB = 1e6
const READY = { method: 'GET', path: '/readyz', headers: {} }
const READY_IN_PRODUCTION = { ...READY, headers: { Host: 'auth.example.com' } }

/** The settings that production mode requires. No mail is sent. */
const PRODUCTION = {
  BIENVENUE_MODE: 'production',
  BASE_URL: 'https://auth.example.com',
  BIENVENUE_SECRET_KEY: randomBytes(32).toString('base64url'),
  SMTP_URL: 'smtps://user:password@mail.example.com',
  BIENVENUE_MAIL_FROM: 'no-reply@example.com',
}

const BARE = `require('node:http').createServer((_, response) => response.end()).listen(0, '127.0.0.1', function () {
  console.log(JSON.stringify({ url: 'http://127.0.0.1:' + this.address().port }))
})`

interface Program {
  readonly name: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export const PROGRAMS = {
  dist: { name: '`dist/cli/main.js serve`, as in the package', args: ['dist/cli/main.js', 'serve'] },
  production: { name: 'the same in production mode', args: ['dist/cli/main.js', 'serve'], env: PRODUCTION },
  source: {
    name: '`src/cli/main.ts serve`, as `npm start` runs it the second time',
    args: ['src/cli/main.ts', 'serve'],
    env: { NODE_COMPILE_CACHE: '.cache/compile' },
  },
  node: { name: 'Node with a bare server', args: ['-e', BARE] },
} as const satisfies Record<string, Program>

/** The packages that the service loads. */
const PACKAGES = ['kysely', 'zod', 'hono/html', 'pino', '@node-rs/bcrypt', 'pg', 'nodemailer'] as const

interface Start {
  readonly readyMs: number
  readonly residentBytes: number | null
}

interface Started {
  readonly readyMs: number
  readonly residentBytes: () => number | null
  readonly stop: () => Promise<unknown>
}

export async function start({ place, isQuick, say }: Bench): Promise<Section> {
  say(`${ROUNDS} starts`)
  const databaseUrl = await place.freshDatabase('sqlite')
  await runCli(['migrate'], { env: { DATABASE_URL: databaseUrl }, onEnd: place.onEnd })
  const names = Object.keys(PROGRAMS) as (keyof typeof PROGRAMS)[]
  const starts = await alternate(
    ROUNDS,
    mapped(names, (name) => () => startOnce(PROGRAMS[name], databaseUrl, place.onEnd)),
  )
  const loads = await alternate(
    ROUNDS,
    mapped(PACKAGES, (name) => () => load(name)),
  )
  const ready = (program: keyof typeof PROGRAMS) => starts[program].map(({ readyMs }) => readyMs)
  const resident = (program: keyof typeof PROGRAMS) =>
    starts[program].flatMap(({ residentBytes }) =>
      residentBytes === null ? [] : residentBytes / BYTES_PER_MB,
    )
  const row = (program: keyof typeof PROGRAMS) => {
    const megabytes = resident(program)
    return [
      PROGRAMS[program].name,
      cell(ready(program)),
      megabytes.length === 0 ? 'unknown' : spreadOf(megabytes).median.toFixed(0),
    ]
  }
  const packageRow = (name: (typeof PACKAGES)[number]) => [
    `\`${name}\``,
    cell(loads[name].map(({ ms }) => ms)),
    spreadOf(loads[name].map(({ bytes }) => bytes / BYTES_PER_MB)).median.toFixed(0),
  ]
  return {
    name: 'start',
    title: 'Start and memory',
    paragraphs: [
      `From the start of the process to its first answer (\`GET /readyz\`), on an existing SQLite database; ${ROUNDS} starts in turn, without a compile cache unless it says so. Then the resident memory ${IDLE_MS / 1_000} s later, compared with Node and a bare server. The cost of packages is measured on their installed files; the built command has them in a bundle.`,
    ],
    tables: [
      {
        columns: ['Program', 'Ready, ms', 'Resident when idle, MB'],
        rows: names.map(row),
      },
      {
        columns: ['A single package in an empty process', 'Load time, ms', 'Added resident memory, MB'],
        rows: PACKAGES.map(packageRow),
      },
    ],
    goals: judgeAll({ start_ready: ready('dist') }, isQuick),
  }
}

function mapped<Name extends string, Value>(
  names: readonly Name[],
  of: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, Value>
}

function cell(values: readonly number[]): string {
  const { median, min, max } = spreadOf(values)
  return `${significant(median)} (${significant(min)}–${significant(max)})`
}

/** Starts a program, waits for its first answer and two seconds more, and stops it. */
async function startOnce(program: Program, databaseUrl: string, onEnd: OnEnd): Promise<Start> {
  const { readyMs, residentBytes, stop } = await startReady(program, databaseUrl, onEnd)
  await setTimeout(IDLE_MS)
  const bytes = residentBytes()
  await stop()
  return { readyMs, residentBytes: bytes }
}

/** Starts a program and waits for its first answer. */
export async function startReady(
  { args, env: own }: Program,
  databaseUrl: string,
  onEnd: OnEnd,
): Promise<Started> {
  const started = performance.now()
  const env = { PORT: '0', HOST: '127.0.0.1', DATABASE_URL: databaseUrl, NODE_COMPILE_CACHE: '', ...own }
  const program = startProgram(args, { env, onEnd })
  const { url } = JSON.parse(await program.line((line) => line.includes('"url"'))) as { url: string }
  const client = createClient(url)
  const { status } = await client.send(own === PRODUCTION ? READY_IN_PRODUCTION : READY)
  const readyMs = performance.now() - started
  if (status !== 200) throw new Error(`the service is not ready: ${status}`)
  client.close()
  return {
    readyMs,
    residentBytes: () => usageOf(program.pid)?.residentBytes ?? null,
    stop: () => program.stop(),
  }
}

/** The cost of loading a package into an empty process. */
async function load(name: string): Promise<{ ms: number; bytes: number }> {
  const program = `const before = process.memoryUsage.rss(), started = performance.now()
    await import('${name}')
    console.log(JSON.stringify({ ms: performance.now() - started, bytes: process.memoryUsage.rss() - before }))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  return JSON.parse(stdout) as { ms: number; bytes: number }
}
