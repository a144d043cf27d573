/** The memory of an idle service in production mode, on each database. */
import { setTimeout } from 'node:timers/promises'
import { runCli } from '../../test/support/service.ts'
import { spreadOf } from '../measure.ts'
import type { EngineName } from '../place.ts'
import { CAN_TELL_USAGE } from '../processes.ts'
import type { Section } from '../sections.ts'
import { type Bench, judgeAll } from './index.ts'
import { BYTES_PER_MB, IDLE_MS, PROGRAMS, startReady } from './start.ts'

const HEAD = { name: 'memory', title: 'Idle memory' } as const
/** All at the same time, because memory hardly depends on what else the machine does. */
const STARTS = 3
/** V8 returns memory after half a minute to two minutes with little work. */
const LONG_IDLE_MS = 180_000

interface Resident {
  /** In MB, once the start is over. */
  readonly started: number
  /** In MB, after three minutes without a request. `null` in a quick run, which does not wait. */
  readonly idle: number | null
}

export async function memory(bench: Bench): Promise<Section> {
  const { place, isQuick, say, skip } = bench
  if (!CAN_TELL_USAGE)
    return { ...HEAD, paragraphs: [skip('memory: only Linux has /proc')], tables: [], goals: [] }
  say(`idle memory: ${STARTS} services on each database at the same time`)
  const [onSqlite, onPostgres] = await Promise.all([measureOn('sqlite'), measureOn('postgres')])
  const idle = (resident: readonly Resident[]) => resident.map(({ idle, started }) => idle ?? started)
  return {
    ...HEAD,
    paragraphs: [
      `The built command in production mode: the resident memory ${IDLE_MS / 1_000} s after its first answer (\`GET /readyz\`), and after ${LONG_IDLE_MS / 60_000} minutes without a request, when V8 has returned what only the start needed. On a database with the current schema; ${STARTS} services on each database, all at the same time.`,
    ],
    tables: [
      {
        columns: ['Database', 'Resident after the start, MB', 'Resident when idle, MB'],
        rows: [row('SQLite', onSqlite), row('PostgreSQL', onPostgres)],
      },
    ],
    goals: judgeAll({ idle_memory_sqlite: idle(onSqlite), idle_memory_postgres: idle(onPostgres) }, isQuick),
  }

  function measureOn(engine: EngineName): Promise<Resident[]> {
    return Promise.all(Array.from({ length: STARTS }, () => measure(engine)))
  }

  async function measure(engine: EngineName): Promise<Resident> {
    const databaseUrl = await place.freshDatabase(engine)
    await runCli(['migrate'], { env: { DATABASE_URL: databaseUrl }, onEnd: place.onEnd })
    const { residentBytes, stop } = await startReady(PROGRAMS.production, databaseUrl, place.onEnd)
    const megabytes = () => (residentBytes() as number) / BYTES_PER_MB
    await setTimeout(IDLE_MS)
    const started = megabytes()
    if (!isQuick) await setTimeout(LONG_IDLE_MS)
    const idle = isQuick ? null : megabytes()
    await stop()
    return { started, idle }
  }

  function row(name: string, resident: readonly Resident[]): string[] {
    const cell = (values: readonly number[]) => {
      const { median, min, max } = spreadOf(values)
      return `${median.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`
    }
    return [name, cell(resident.map(({ started }) => started)), isQuick ? '–' : cell(idle(resident))]
  }
}
