/** The session check with several processes on one port. */
import { availableParallelism } from 'node:os'
import type { Section } from '../sections.ts'
import { bienvenue } from '../sides/bienvenue.ts'
import { cpuRatios, FULL, measureSides, tableOf } from './check.ts'
import { type Bench, judgeAll } from './index.ts'

const HEAD = { name: 'workers', title: 'Several workers' } as const

export async function workers(bench: Bench): Promise<Section> {
  const cores = availableParallelism()
  if (cores < 2)
    return {
      ...HEAD,
      paragraphs: [bench.skip('workers, because the machine has one core')],
      tables: [],
      goals: [],
    }
  const engines = ['sqlite', 'postgres'] as const
  const tables = []
  const goals = []
  for (const engine of engines) {
    const measured = await measureSides(
      bench,
      [bienvenue(engine, 'classic'), bienvenue(engine, 'classic', { flags: [`--workers=${cores}`] })],
      FULL,
    )
    const [one, several] = measured
    if (one === undefined || several === undefined) continue
    tables.push(tableOf(engine === 'sqlite' ? 'SQLite' : 'PostgreSQL', measured, one))
    if (engine === 'postgres' && cores === 2)
      goals.push(...judgeAll({ workers_cpu_postgres: cpuRatios(several, one) }, bench.isQuick))
  }
  return {
    ...HEAD,
    paragraphs: [
      `The session check again, with one process and with ${cores}, in turn. The load generator takes a core that the workers do not get, so CPU per request says more than requests per second.`,
    ],
    tables,
    goals,
  }
}
