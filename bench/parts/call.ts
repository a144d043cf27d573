/** The session check as a library call, compared with the bare query. */
import { run } from '../../test/support/service.ts'
import { significant } from '../goals.ts'
import { ratiosOf, spreadOf } from '../measure.ts'
import type { EngineName } from '../place.ts'
import type { CallSettings, CallTimes } from '../programs/call.ts'
import type { Section } from '../sections.ts'
import { addSessions } from '../sides/bienvenue.ts'
import { type Bench, judgeAll } from './index.ts'

const FULL = { rounds: 11, calls: { sqlite: 50_000, postgres: 3_000 }, sessions: 100_000, cookies: 1_000 }
const QUICK = { rounds: 5, calls: { sqlite: 5_000, postgres: 500 }, sessions: 1_000, cookies: 100 }

export async function call({ place, isQuick, say }: Bench): Promise<Section> {
  const scale = isQuick ? QUICK : FULL
  const engines: readonly EngineName[] = isQuick ? ['sqlite'] : ['sqlite', 'postgres']
  const rows: string[][] = []
  const judged = []
  for (const engine of engines) {
    say(`getUserFromSessionId on ${engine}`)
    const databaseUrl = await place.freshDatabase(engine)
    const bearers = (await addSessions(databaseUrl, 'classic', scale)).map(({ cookie, email }) => ({
      cookie: cookie.slice(cookie.indexOf('=') + 1),
      email,
    }))
    const settings: CallSettings = { databaseUrl, bearers, rounds: scale.rounds, calls: scale.calls[engine] }
    const times = await measure(settings, place.onEnd)
    const ratios = ratiosOf(times.call, times.query)
    judged.push(...judgeAll({ [`call_${engine}`]: ratios }, isQuick))
    const ratio = spreadOf(ratios)
    rows.push([
      engine === 'sqlite' ? 'SQLite' : 'PostgreSQL',
      significant(spreadOf(times.query).median),
      significant(spreadOf(times.call).median),
      `${significant(ratio.median)} (${significant(ratio.min)}–${significant(ratio.max)})`,
    ])
  }
  return {
    name: 'call',
    title: 'Session check as a library call',
    paragraphs: [
      `\`auth.getUserFromSessionId\` compared with its own query, as a prepared statement of \`node:sqlite\` or \`pg\` that reads the same columns and checks nothing: not the form of the id, no SHA-256, no expiry, and no recorded use. One process, one call after another, ${scale.rounds} rounds in turn, ${scale.sessions.toLocaleString('en')} sessions.`,
    ],
    tables: [{ columns: ['Database', 'Bare query, µs', 'Call, µs', 'Relative to the query'], rows }],
    goals: judged,
  }
}

async function measure(settings: CallSettings, onEnd: Bench['place']['onEnd']): Promise<CallTimes> {
  const { exitCode, stdout, stderr } = await run(
    process.execPath,
    ['bench/programs/call.ts', JSON.stringify(settings)],
    { onEnd },
  )
  if (exitCode !== 0) throw new Error(`the calls failed: ${stdout}${stderr}`)
  return JSON.parse(stdout) as CallTimes
}
