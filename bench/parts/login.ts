/** Logins: their speed, their effect on session checks, and the answers under overload. */
import { availableParallelism } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { createHasher } from '../../src/auth/passwords/hashing/index.ts'
import { hashesAtOnce } from '../../src/auth/passwords/hashing/queue.ts'
import { poolSizeFor } from '../../src/lib/pool.ts'
import { OPTION_TABLE } from '../../src/options/index.ts'
import { run, startProgram } from '../../test/support/service.ts'
import { type Answer, type Client, createClient, form, type Request } from '../client.ts'
import { drive } from '../drive.ts'
import { significant } from '../goals.ts'
import { alternate, quantile, ratiosOf, spreadOf } from '../measure.ts'
import type { Place } from '../place.ts'
import { usageOf } from '../processes.ts'
import type { Section } from '../sections.ts'
import { addSessions, headersOf, type Mode, startBienvenue } from '../sides/bienvenue.ts'
import { type Bench, judgeAll } from './index.ts'

const PASSWORD = 'a tortoise under the lamp'
const FULL = { connections: 16, rounds: 5, seconds: { classic: 6, production: 4 } }
/** Fewer connections leave less work behind. Two per core are enough to keep the machine busy. */
const QUICK = { connections: 2 * availableParallelism(), rounds: 2, seconds: { classic: 1, production: 1 } }
const PROBE_SECONDS = 8
/** More than twice the number of hashes that can run or wait: `src/auth/passwords/hashing/queue.ts`. */
const OVERLOAD = 1_200
const PROBE_EVERY_MS = 5
const SETTING_OF_HASH = { classic: 'bcrypt', production: 'argon2id' } as const

/** A round of logins, or of hashes alone. */
export interface LoginRound {
  readonly perSecond: number
  /** `null` if this system does not report it. */
  readonly cpuSecondsOfOne: number | null
}

/** A running service with accounts that share one password. */
interface Ready {
  readonly pid: number
  readonly origin: string
  readonly storedHash: string
  readonly client: Client
  /** One login per account. */
  readonly logins: readonly Request[]
  /** A session check. */
  readonly check: Request
}

export async function login(bench: Bench): Promise<Section> {
  const { isQuick } = bench
  const modes: readonly Mode[] = isQuick ? ['production'] : ['classic', 'production']
  const rows: string[][] = []
  const goals = []
  const tables = []
  const more: string[] = []
  for (const mode of modes) {
    const ready = await startWithAccounts(bench, mode, isQuick ? QUICK.connections : OVERLOAD)
    const { logins, hashes } = await measureLogins(bench, ready, mode)
    const speed = (rounds: readonly LoginRound[]) => rounds.map(({ perSecond }) => perSecond)
    const cpu = (rounds: readonly LoginRound[]) =>
      rounds.flatMap(({ cpuSecondsOfOne }) => cpuSecondsOfOne ?? [])
    const ratios = ratiosOf(speed(logins), speed(hashes))
    const cpuRatios = cpu(logins).length === 0 ? undefined : ratiosOf(cpu(logins), cpu(hashes))
    const hash = SETTING_OF_HASH[mode]
    goals.push(...judgeAll({ [`login_speed_${hash}`]: ratios, [`login_cpu_${hash}`]: cpuRatios }, isQuick))
    const ratio = spreadOf(ratios)
    rows.push([
      `${mode}, ${mode === 'classic' ? `bcrypt, cost ${OPTION_TABLE.bcryptCost.classic}` : 'argon2id'}`,
      significant(spreadOf(speed(hashes)).median),
      significant(spreadOf(speed(logins)).median),
      `${significant(ratio.median)} (${significant(ratio.min)}–${significant(ratio.max)})`,
      cpuRatios === undefined ? 'unknown' : significant(spreadOf(cpuRatios).median),
    ])
    if (mode === 'production' && !isQuick) {
      const beside = await measureBeside(bench, ready)
      const { p99Ms, lost, row } = beside.loaded
      goals.push(...judgeAll({ check_beside_logins: [p99Ms], lost_beside_logins: [lost] }, isQuick))
      tables.push({
        columns: ['Session checks', 'Sent', 'p50, ms', 'p99, ms', 'Longest, ms', 'Lost or refused'],
        rows: [beside.idle.row, row, beside.bare.row],
      })
      const { unanswered, text } = await measureOverload(bench, ready)
      goals.push(...judgeAll({ overload_unanswered: [unanswered] }, isQuick))
      more.push(text)
    }
    ready.client.close()
  }
  const { connections } = isQuick ? QUICK : FULL
  return {
    name: 'login',
    title: 'Logins',
    paragraphs: [
      `\`POST /sessions\` with the right password over ${connections} connections, limits and audit on, with more sign-ins allowed for each account, compared with the same verification of the same hash alone, ${availableParallelism()} at once in its own process, in turn. In production each client comes through a trusted proxy from its own address, on a device that has signed in before.`,
      `Then, in production, a session check every ${PROBE_EVERY_MS} ms from a separate client, on an idle service and while ${connections} connections sign in without pause. Then the same on a bare server that answers such a request at once and hashes for the others: its times are those of the machine.`,
      ...more,
    ],
    tables: [
      {
        columns: ['Mode', 'Hashes/s', 'Logins/s', 'Relative to the hashes', 'CPU, relative to the hash'],
        rows,
      },
      ...tables,
    ],
    goals,
  }
}

/** A few accounts sign in more often than people do. */
const MANY_SIGN_INS = ['--sign-ins-per-account=100000', '--sign-ins-per-ip=100000']

async function startWithAccounts(
  { place, isQuick, say }: Bench,
  mode: Mode,
  accounts: number,
): Promise<Ready> {
  say(`logins, ${mode} mode: starting`)
  const hasher = createHasher({
    passwordHash: SETTING_OF_HASH[mode],
    bcryptCost: OPTION_TABLE.bcryptCost.classic,
  })
  const storedHash = await hasher.hash(PASSWORD)
  const databaseUrl = await place.freshDatabase('sqlite')
  // Ten sessions per user.
  const population = { sessions: accounts * 10, cookies: accounts }
  const bearers = await addSessions(databaseUrl, mode, population, { hashedPassword: storedHash })
  const { pid, origin } = await startBienvenue(place, databaseUrl, mode, MANY_SIGN_INS)
  const client = createClient(origin)
  const logins: Request[] = []
  for (const account of Array.from({ length: accounts }).keys()) {
    const fields = { email: `user-${account}@example.com`, password: PASSWORD }
    logins.push(form('/sessions', fields, headersOf(mode, account)))
  }
  // The accounts that log in repeatedly have signed in on the same device before.
  for (const account of Array.from({ length: isQuick ? QUICK.connections : FULL.connections }).keys()) {
    const first = logins[account] as Request
    const { status, headers, body } = await client.send(first)
    if (status !== 200) throw new Error(`the correct password is refused: ${status} ${body}`)
    const device = headers['set-cookie']?.find((cookie) => cookie.startsWith('__Host-device='))
    if (device !== undefined)
      logins[account] = {
        ...first,
        headers: { ...first.headers, Cookie: device.slice(0, device.indexOf(';')) },
      }
  }
  const wrong = form('/sessions', { email: 'user-0@example.com', password: 'another' }, headersOf(mode))
  const { status } = await client.send(wrong)
  if (status !== 401) throw new Error(`a wrong password is answered with ${status}`)
  // Use an account that does not log in during the run, because too many sessions end the oldest.
  const check = {
    method: 'GET',
    path: '/profile',
    headers: { ...headersOf(mode), Cookie: bearers.at(-1)?.cookie ?? '' },
  }
  return { pid, origin, storedHash, client, logins, check }
}

/** Logins per second and hashes per second, round by round. */
async function measureLogins({ place, generator, isQuick, say }: Bench, ready: Ready, mode: Mode) {
  const scale = isQuick ? QUICK : FULL
  const seconds = scale.seconds[mode]
  say(`logins, ${mode} mode: ${scale.rounds} rounds of ${seconds} s`)
  const load = {
    origin: ready.origin,
    requests: ready.logins.slice(0, scale.connections),
    connections: scale.connections,
    seconds,
  }
  return alternate(scale.rounds, {
    async logins(): Promise<LoginRound> {
      const before = usageOf(ready.pid)
      const { requests, seconds } = await drive(generator, load)
      await drain(ready)
      const after = usageOf(ready.pid)
      // Each connection left one unanswered login, which was completed too, and `drain` added one.
      const logins = requests + scale.connections + 1
      const cpuSecondsOfOne =
        before === null || after === null ? null : (after.cpuSeconds - before.cpuSeconds) / logins
      return { perSecond: requests / seconds, cpuSecondsOfOne }
    },
    async hashes() {
      const args = ['bench/programs/hash.ts', PASSWORD, ready.storedHash, String(seconds)]
      const { exitCode, stdout, stderr } = await run(process.execPath, args, { onEnd: place.onEnd })
      if (exitCode !== 0) throw new Error(`the hashing failed: ${stderr}`)
      return JSON.parse(stdout) as LoginRound
    },
  })
}

/** Waits until all earlier logins are done. Hashes run in order of arrival, so a new login is answered last. */
async function drain({ client, logins }: Ready): Promise<void> {
  const { status } = await client.send(logins[0] as Request)
  if (status !== 200) throw new Error(`the last login is answered with ${status}`)
}

/** Session checks on an idle service, and during logins. */
async function measureBeside({ place, generator, say }: Bench, ready: Ready) {
  say('session checks during logins')
  const idle = await probe('on an idle service', ready, PROBE_SECONDS)
  const during = async (name: string, server: Ready) => {
    const flood = drive(generator, {
      origin: server.origin,
      requests: server.logins.slice(0, FULL.connections),
      connections: FULL.connections,
      seconds: PROBE_SECONDS + 2,
    })
    // Wait until all of them are waiting for a hash.
    await setTimeout(1_000)
    const probed = await probe(name, server, PROBE_SECONDS)
    await flood
    await drain(server)
    return probed
  }
  const loaded = await during('during logins', ready)
  const bareServer = await startHashServer(place, ready)
  const bare = await during('on a bare server that hashes as many', bareServer)
  bareServer.client.close()
  return { idle, loaded, bare }
}

/** A server that only hashes, for the same requests. */
async function startHashServer({ onEnd }: Place, ready: Ready): Promise<Ready> {
  const { pid, line } = startProgram(['bench/programs/hash-server.ts', PASSWORD, ready.storedHash], {
    env: { UV_THREADPOOL_SIZE: String(poolSizeFor(hashesAtOnce(1))) },
    onEnd,
  })
  const { port } = JSON.parse(await line(() => true)) as { port: number }
  const origin = `http://127.0.0.1:${port}`
  return { ...ready, pid, origin, client: createClient(origin) }
}

/** Sends checks at a fixed rate without waiting for answers, so that a stalled server is noticed. */
async function probe(name: string, { client, check }: Ready, seconds: number) {
  const count = (seconds * 1_000) / PROBE_EVERY_MS
  const started = performance.now()
  const answers: Promise<Answer | null>[] = []
  for (let index = 0; index < count; index++) {
    const wait = started + index * PROBE_EVERY_MS - performance.now()
    if (wait > 0) await setTimeout(wait)
    answers.push(client.send(check).catch(() => null))
  }
  const good = (await Promise.all(answers)).filter((answer) => answer?.status === 200) as Answer[]
  if (good.length === 0) throw new Error(`no session check ${name} was answered`)
  const times = good.map(({ ms }) => ms)
  const lost = count - good.length
  const p99Ms = quantile(times, 0.99)
  const cells = [quantile(times, 0.5), p99Ms, Math.max(...times)].map(significant)
  return { p99Ms, lost, row: [name, String(count), ...cells, String(lost)] }
}

/** More logins at once than the hash queue accepts. */
async function measureOverload({ say }: Bench, ready: Ready) {
  say(`${OVERLOAD} logins at once`)
  const client = createClient(ready.origin)
  const answers = await Promise.all(ready.logins.map((request) => client.send(request).catch(() => null)))
  client.close()
  const served = answers.filter((answer) => answer?.status === 200)
  const refused = answers.filter(
    (answer) => answer?.status === 503 && /^\d+$/.test(answer.headers['retry-after'] ?? ''),
  ) as Answer[]
  const unanswered = answers.length - served.length - refused.length
  const times = refused.map(({ ms }) => ms)
  const when =
    times.length === 0
      ? ''
      : `, half of these within ${significant(quantile(times, 0.5))} ms and 99 % within ${significant(quantile(times, 0.99))} ms after all were sent`
  return {
    unanswered,
    text: `Finally, ${answers.length.toLocaleString('en')} logins at once: ${served.length} were served, ${refused.length} were refused with 503 and \`Retry-After\`${when}, and ${unanswered} had any other outcome.`,
  }
}
