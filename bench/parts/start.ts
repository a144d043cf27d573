/** The start: until the first answer, and the memory of a service that nobody uses. */
import { setTimeout } from 'node:timers/promises'
import { runCli, startProgram } from '../../test/support/service.ts'
import { createClient } from '../client.ts'
import { significant } from '../goals.ts'
import { alternate, spreadOf } from '../measure.ts'
import { usageOf } from '../processes.ts'
import type { Section } from '../sections.ts'
import { type Bench, judgeAll } from './index.ts'

const ROUNDS = 5
/** For what a start leaves to be done later. */
const IDLE_MS = 2_000
const BYTES_PER_MB = 1e6
const READY = { method: 'GET', path: '/readyz', headers: {} }

const PROGRAMS = {
  node: [
    '-e',
    'require("node:http").createServer((q, r) => r.end()).listen(0, "127.0.0.1", function () { console.log(JSON.stringify({ url: "http://127.0.0.1:" + this.address().port })) })',
  ],
  source: ['src/cli/main.ts', 'serve'],
  dist: ['dist/cli/main.js', 'serve'],
} as const

interface Start {
  readonly readyMs: number
  readonly residentBytes: number | null
}

export async function start({ place, isQuick, say }: Bench): Promise<Section> {
  say(`${ROUNDS} starts`)
  const databaseUrl = await place.freshDatabase('sqlite')
  await runCli(['migrate'], { env: { DATABASE_URL: databaseUrl }, onEnd: place.onEnd })
  const measure = (program: keyof typeof PROGRAMS) => () =>
    startOnce(PROGRAMS[program], databaseUrl, place.onEnd)
  const starts = await alternate(ROUNDS, {
    node: measure('node'),
    source: measure('source'),
    dist: measure('dist'),
  })
  const ready = (program: keyof typeof PROGRAMS) => starts[program].map(({ readyMs }) => readyMs)
  const resident = (program: keyof typeof PROGRAMS) =>
    starts[program].flatMap(({ residentBytes }) =>
      residentBytes === null ? [] : residentBytes / BYTES_PER_MB,
    )
  const memory = resident('dist')
  const row = (program: keyof typeof PROGRAMS, name: string) => {
    const { median, min, max } = spreadOf(ready(program))
    const megabytes = resident(program)
    return [
      name,
      `${significant(median)} (${significant(min)}–${significant(max)})`,
      megabytes.length === 0 ? 'not told' : spreadOf(megabytes).median.toFixed(0),
    ]
  }
  return {
    name: 'start',
    title: 'Start and memory',
    paragraphs: [
      `From the start of the process to its first answer (\`GET /readyz\`), on an SQLite database that is there already; ${ROUNDS} starts in turn, with no compile cache but what the service itself keeps. Then the memory that is resident ${IDLE_MS / 1_000} s later. Beside it Node with a bare server.`,
    ],
    tables: [
      {
        columns: ['Program', 'Ready, ms', 'Resident when idle, MB'],
        rows: [
          row('dist', '`dist/cli/main.js serve`, what the package runs'),
          row('source', '`src/cli/main.ts serve`, what `npm start` runs'),
          row('node', 'Node with a bare server'),
        ],
      },
    ],
    goals: judgeAll(
      { start_ready: ready('dist'), idle_memory: memory.length === 0 ? undefined : memory },
      isQuick,
    ),
  }
}

async function startOnce(
  args: readonly string[],
  databaseUrl: string,
  onEnd: Bench['place']['onEnd'],
): Promise<Start> {
  const started = performance.now()
  const env = { PORT: '0', HOST: '127.0.0.1', DATABASE_URL: databaseUrl, NODE_COMPILE_CACHE: '' }
  const program = startProgram(args, { env, onEnd })
  const { url } = JSON.parse(await program.line((line) => line.includes('"url"'))) as { url: string }
  const client = createClient(url)
  const { status } = await client.send(READY)
  const readyMs = performance.now() - started
  if (status !== 200) throw new Error(`it is not ready: ${status}`)
  client.close()
  await setTimeout(IDLE_MS)
  const residentBytes = usageOf(program.pid)?.residentBytes ?? null
  await program.stop()
  return { readyMs, residentBytes }
}
