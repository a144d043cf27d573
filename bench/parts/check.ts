/** The session check over HTTP, on every side and with both databases. */
import { drive } from '../drive.ts'
import { significant } from '../goals.ts'
import { alternate, ratiosOf, spreadOf } from '../measure.ts'
import type { EngineName } from '../place.ts'
import { usageOf } from '../processes.ts'
import type { Bar, Section, Table } from '../sections.ts'
import { betterAuth } from '../sides/better-auth.ts'
import { bienvenue } from '../sides/bienvenue.ts'
import { express } from '../sides/express.ts'
import { flask, whyNoFlask } from '../sides/flask.ts'
import { floor, pipelinedFloor, SECOND_FLOOR, secondFloor } from '../sides/floor.ts'
import { examine, type Population, type RunningSide, requestsOf, type Side } from '../sides/index.ts'
import { type Bench, judgeAll } from './index.ts'

const CONNECTIONS = 32
/** The size and duration of a measurement. */
interface Scale extends Population {
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
  /** Load before each round, which is not counted. */
  readonly leadInSeconds: number
}

export const FULL: Scale = {
  rounds: 5,
  seconds: 2,
  warmUpSeconds: 2,
  leadInSeconds: 1,
  sessions: 100_000,
  cookies: 500,
}
const QUICK: Scale = {
  rounds: 3,
  seconds: 1,
  warmUpSeconds: 1,
  leadInSeconds: 0,
  sessions: 1_000,
  cookies: 100,
}

const ENGINE_TITLES = { sqlite: 'SQLite', postgres: 'PostgreSQL' } as const
const MICROSECONDS = 1e6
const BYTES_PER_MB = 1e6

/** A round of one side. */
interface Round {
  readonly perSecond: number
  readonly cpuOfRequest: number | null
  readonly p50Ms: number
  readonly p99Ms: number
}

/** All rounds of one side. */
export interface Measured {
  readonly side: Side
  readonly rounds: readonly Round[]
  readonly residentBytes: number | null
}

export async function check(bench: Bench): Promise<Section> {
  const scale = bench.isQuick ? QUICK : FULL
  const engines: readonly EngineName[] = bench.isQuick ? ['sqlite'] : ['sqlite', 'postgres']
  const tables: Table[] = []
  const bars: Bar[] = []
  const sides: Side[] = []
  const why = bench.isQuick ? null : whyNoFlask()
  const skipped = why === null ? [] : [bench.skip(why)]
  const judged = []
  for (const engine of engines) {
    const measured = await measureSides(bench, sidesOf(bench, engine), scale)
    const of = (name: string) => measured.find(({ side }) => side.name === name)
    const ours = of('Bienvenue') as Measured
    const base = of('floor') as Measured
    const perSecond = ({ rounds }: Measured) => rounds.map((round) => round.perSecond)
    const faster = (name: string) => {
      const other = of(name)
      return other && ratiosOf(perSecond(ours), perSecond(other))
    }
    judged.push(
      ...judgeAll(
        {
          [`check_speed_${engine}`]: faster('floor'),
          [`check_cpu_${engine}`]: cpuRatios(ours, base),
          check_speed_pipelined: engine === 'postgres' ? faster('pipelined floor') : undefined,
          [`check_better_auth_${engine}`]: faster('better-auth'),
          [`check_express_${engine}`]: faster('express-session, passport'),
        },
        bench.isQuick,
      ),
    )
    tables.push(tableOf(ENGINE_TITLES[engine], measured, base))
    bars.push(
      ...measured
        .filter(({ side }) => side.name !== SECOND_FLOOR)
        .map((one) => ({
          group: ENGINE_TITLES[engine],
          label: one.side.name,
          floors: spreadOf(ratiosOf(perSecond(one), perSecond(base))).median,
          isOurs: one.side.name.startsWith('Bienvenue'),
        })),
    )
    sides.push(...measured.map(({ side }) => side))
  }
  const { rounds, seconds, sessions, cookies } = scale
  return {
    name: 'check',
    title: 'Session check',
    paragraphs: [
      `Whose session is this? \`GET /profile\`, or what the other side has instead; ${CONNECTIONS} connections, ${rounds} rounds of ${seconds} s, driven by ${bench.generator}. ${sessions.toLocaleString('en')} sessions in the table, of which ${cookies.toLocaleString('en')} send their cookies in turn. One process for each side unless it says otherwise.`,
      'Bienvenue records the use of a session once a minute. Before each round all cookies are sent for a second that does not count, so hardly any use is recorded during the round, as if each session were used many times a minute. [First use in a minute](#first-use-in-a-minute) shows the cost of a check that records its use.',
      aboutOf(sides),
      ...skipped,
    ],
    tables,
    goals: judged,
    bars,
  }
}

/** CPU time of a request, of another side's. `undefined` if it is unknown. */
export function cpuRatios(one: Measured, other: Measured): number[] | undefined {
  const cpu = ({ rounds }: Measured) => rounds.flatMap(({ cpuOfRequest }) => cpuOfRequest ?? [])
  return cpu(one).length === 0 ? undefined : ratiosOf(cpu(one), cpu(other))
}

function sidesOf({ isQuick }: Bench, engine: EngineName): Side[] {
  const ours = [floor(engine), bienvenue(engine, 'classic')]
  if (isQuick) return ours
  const sides = [
    ...ours,
    ...(engine === 'postgres' ? [pipelinedFloor()] : []),
    bienvenue(engine, 'production'),
    secondFloor(engine),
    betterAuth(engine, false),
    betterAuth(engine, true),
    express(engine),
  ]
  if (engine === 'postgres') return sides
  return [...sides, ...(whyNoFlask() === null ? [flask()] : [])]
}

/** Starts all sides, checks their answers, and drives them in turn. */
export async function measureSides(
  { place, generator, say }: Bench,
  sides: readonly Side[],
  scale: Scale,
): Promise<Measured[]> {
  const running = new Map<string, RunningSide>()
  for (const side of sides) {
    say(`${side.name} on ${ENGINE_TITLES[side.engine]}: starting, filling its tables`)
    const started = await side.start(place, scale)
    await examine(side.name, started)
    await load(started, scale.warmUpSeconds)
    running.set(side.name, started)
  }
  async function load(side: RunningSide, seconds: number): Promise<Round> {
    const before = usageOf(side.pid)
    const driven = await drive(generator, {
      origin: side.origin,
      requests: requestsOf(side),
      connections: CONNECTIONS,
      seconds,
      closesConnections: side.closesConnections ?? false,
    })
    const after = usageOf(side.pid)
    return {
      perSecond: driven.requests / driven.seconds,
      cpuOfRequest:
        before === null || after === null ? null : (after.cpuSeconds - before.cpuSeconds) / driven.requests,
      p50Ms: driven.p50Ms,
      p99Ms: driven.p99Ms,
    }
  }
  say(`${scale.rounds} rounds of ${scale.seconds} s with ${sides.length} sides`)
  const rounds = await alternate(
    scale.rounds,
    Object.fromEntries(
      [...running].map(([name, side]) => [
        name,
        async () => {
          if (scale.leadInSeconds > 0) await load(side, scale.leadInSeconds)
          return load(side, scale.seconds)
        },
      ]),
    ),
  )
  return sides.map((side) => ({
    side,
    rounds: rounds[side.name] as Round[],
    residentBytes: usageOf((running.get(side.name) as RunningSide).pid)?.residentBytes ?? null,
  }))
}

/** A table with one row per side. */
export function tableOf(title: string, measured: readonly Measured[], base: Measured): Table {
  const rows = measured.map(({ side, rounds, residentBytes }) => {
    const perSecond = spreadOf(rounds.map((round) => round.perSecond))
    const ratios = ratiosOf(
      rounds.map((round) => round.perSecond),
      base.rounds.map((round) => round.perSecond),
    )
    const floors = spreadOf(ratios)
    const cpu = rounds.flatMap(({ cpuOfRequest }) => cpuOfRequest ?? [])
    const median = (pick: (round: Round) => number) => significant(spreadOf(rounds.map(pick)).median)
    return [
      side.name,
      `${whole(perSecond.median)} (${whole(perSecond.min)}–${whole(perSecond.max)})`,
      `${significant(floors.median)} (${significant(floors.min)}–${significant(floors.max)})`,
      cpu.length === 0 ? 'unknown' : significant(spreadOf(cpu).median * MICROSECONDS),
      median(({ p50Ms }) => p50Ms),
      median(({ p99Ms }) => p99Ms),
      residentBytes === null ? 'unknown' : whole(residentBytes / BYTES_PER_MB),
    ]
  })
  const columns = [
    title,
    'Requests/s',
    `Relative to ${base.side.name}`,
    'CPU per request, µs',
    'p50, ms',
    'p99, ms',
    'Resident after load, MB',
  ]
  return { columns, rows }
}

function whole(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 0 })
}

function aboutOf(sides: readonly Side[]): string {
  const lines = sides.map(({ name, engine, about }) => `- **${name}**, ${ENGINE_TITLES[engine]}: ${about}`)
  return lines.join('\n')
}
