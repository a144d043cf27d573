/** The memory of an idle service in production mode, on each database. */
import { runCli } from '../../test/support/service.ts'
import { alternate, spreadOf } from '../measure.ts'
import { CAN_TELL_USAGE } from '../processes.ts'
import type { Section } from '../sections.ts'
import { type Bench, judgeAll } from './index.ts'
import { BYTES_PER_MB, IDLE_MS, PROGRAMS, startOnce } from './start.ts'

const HEAD = { name: 'memory', title: 'Idle memory' } as const
/** Memory hardly depends on what else the machine does. */
const ROUNDS = 3
const DATABASES = { sqlite: 'SQLite', postgres: 'PostgreSQL' } as const

export async function memory(bench: Bench): Promise<Section> {
  const { place, isQuick, say, skip } = bench
  if (!CAN_TELL_USAGE)
    return { ...HEAD, paragraphs: [skip('memory: only Linux has /proc')], tables: [], goals: [] }
  say(`idle memory: ${ROUNDS} starts on each database`)
  const [sqlite, postgres] = [await measureOn('sqlite'), await measureOn('postgres')]
  const { sqlite: onSqlite, postgres: onPostgres } = await alternate(ROUNDS, { sqlite, postgres })
  const row = (name: string, values: readonly number[]) => {
    const { median, min, max } = spreadOf(values)
    return [name, `${median.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`]
  }
  return {
    ...HEAD,
    paragraphs: [
      `The built command in production mode, ${IDLE_MS / 1_000} s after its first answer (\`GET /readyz\`), on a database with the current schema. ${ROUNDS} starts on each database, in turn.`,
    ],
    tables: [
      {
        columns: ['Database', 'Resident, MB'],
        rows: [row(DATABASES.sqlite, onSqlite), row(DATABASES.postgres, onPostgres)],
      },
    ],
    goals: judgeAll({ idle_memory_sqlite: onSqlite, idle_memory_postgres: onPostgres }, isQuick),
  }

  /** @returns Measures one start, in MB. */
  async function measureOn(dialect: keyof typeof DATABASES): Promise<() => Promise<number>> {
    const databaseUrl = await place.freshDatabase(dialect)
    await runCli(['migrate'], { env: { DATABASE_URL: databaseUrl }, onEnd: place.onEnd })
    return async () => {
      const { residentBytes } = await startOnce(PROGRAMS.production, databaseUrl, place.onEnd)
      return (residentBytes as number) / BYTES_PER_MB
    }
  }
}
