/** The most expensive session check: the first use of a session in a minute, which is recorded. */
import { drive } from '../drive.ts'
import { significant } from '../goals.ts'
import { alternate, spreadOf } from '../measure.ts'
import { settle } from '../processes.ts'
import type { Section } from '../sections.ts'
import { bienvenue } from '../sides/bienvenue.ts'
import { examine, requestsOf } from '../sides/index.ts'
import type { Bench } from './index.ts'

const CONNECTIONS = 32
const ROUNDS = 3
const SECONDS = 2
/** Sessions per round, more than can be checked in its time. */
const SESSIONS = 10_000

const SIDES = {
  'SQLite, classic': bienvenue('sqlite', 'classic', { isUseDue: true }),
  'SQLite, production': bienvenue('sqlite', 'production', { isUseDue: true }),
  'PostgreSQL, classic': bienvenue('postgres', 'classic', { isUseDue: true }),
  'PostgreSQL, production': bienvenue('postgres', 'production', { isUseDue: true }),
}

export async function firstUse({ place, generator, say }: Bench): Promise<Section> {
  say('checks that record the use of their session')
  const rows: string[][] = []
  for (const [name, side] of Object.entries(SIDES)) {
    const sessions = ROUNDS * SESSIONS
    const running = await side.start(place, { sessions, cookies: sessions })
    await examine(name, running)
    const requests = requestsOf(running)
    let round = 0
    const { checks } = await alternate(ROUNDS, {
      async checks() {
        // Use each session only once.
        const fresh = requests.slice(round * SESSIONS, ++round * SESSIONS)
        const { origin } = running
        const driven = await drive(generator, {
          origin,
          requests: fresh,
          connections: CONNECTIONS,
          seconds: SECONDS,
        })
        if (driven.requests > SESSIONS)
          say(`${name}: only ${SESSIONS} of ${driven.requests} checks recorded a use`)
        await settle(running.pid)
        return driven
      },
    })
    const perSecond = spreadOf(checks.map(({ requests, seconds }) => requests / seconds))
    rows.push([
      name,
      `${significant(perSecond.median)} (${significant(perSecond.min)}–${significant(perSecond.max)})`,
      ...(['p50Ms', 'p99Ms'] as const).map((key) =>
        significant(spreadOf(checks.map((one) => one[key])).median),
      ),
    ])
  }
  return {
    name: 'first-use',
    title: 'First use in a minute',
    paragraphs: [
      `The session check where each is the first of its session in a minute, so its use is recorded: on SQLite with a commit that waits for the disk. ${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections, no session twice. This is how many sessions can start to be used each second; a repeated check within the minute costs what the section above shows. PostgreSQL runs with \`fsync\` off here, as in the tests: its disk is not measured.`,
    ],
    tables: [{ columns: ['Database, mode', 'Checks/s', 'p50, ms', 'p99, ms'], rows }],
    goals: [],
  }
}
