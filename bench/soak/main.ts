/**
 * `npm run soak`: what takes too long for `npm run test:full`. `npm test` runs a short form of each part.
 *
 *     npm run soak                                       everything
 *     npm run soak -- --only kills --kills 1000          processes killed under load
 *     npm run soak -- --only rolling --requests 100000   upgrades without downtime, behind HAProxy (Debian: haproxy)
 *     npm run soak -- --only failover --rounds 5         PostgreSQL restarted and failed over (Debian: postgresql)
 *     npm run soak -- --only fuzz --inputs 10000000      malformed inputs for the parsers
 *     npm run soak -- --only sockets --requests 100000   malformed requests over sockets
 *
 * `--engine sqlite` runs `kills` on one database only. `--minutes N` ends `kills` on each database and `rolling` earlier, with the
 * kills or upgrades that are done by then. `--seed N` repeats the malformed inputs of a run.
 */
import { parseArgs } from 'node:util'
import { build, isBuilt } from '../../scripts/build.ts'
import { startService } from '../../test/support/service.ts'
import { openPlace } from '../place.ts'
import { runFailover } from './failover.ts'
import { runFuzz } from './fuzz.ts'
import { runKills } from './kills.ts'
import { runRolling, type Upgrade } from './rolling.ts'
import { runSockets } from './sockets.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'kills,rolling,failover,fuzz,sockets' },
    engine: { type: 'string', multiple: true, default: ['sqlite', 'postgres'] },
    kills: { type: 'string', default: '1000' },
    inputs: { type: 'string', default: '10000000' },
    requests: { type: 'string', default: '100000' },
    upgrades: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '5' },
    minutes: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
  },
})
const kills = count('kills')
const inputs = count('inputs')
const requests = count('requests')
const upgrades = count('upgrades')
const rounds = count('rounds')
const minutes = count('minutes')
const seed = count('seed')

function count(name: 'kills' | 'inputs' | 'requests' | 'upgrades' | 'rounds' | 'minutes' | 'seed'): number {
  const number = Number(values[name])
  if (!Number.isSafeInteger(number) || number < 1) throw new TypeError(`--${name}: a whole number from 1`)
  return number
}

/** Whether the minutes have passed since this call. */
function late(): () => boolean {
  const endsAt = performance.now() + minutes * 60_000
  return () => performance.now() > endsAt
}

const place = openPlace()

/** Each prints what it did, and returns whether all is well. */
const PARTS: Readonly<Record<string, () => Promise<boolean>>> = {
  async kills() {
    let isWell = true
    for (const engine of values.engine) {
      if (engine !== 'sqlite' && engine !== 'postgres') throw new TypeError('--engine: sqlite, postgres')
      const report = await runKills(await place.freshDatabase(engine), {
        kills,
        onEnd: place.onEnd,
        isLate: late(),
        onKill: (count) => count % 50 === 0 && console.log(`${engine}: ${count} kills`),
      })
      const { entries, contradictions } = report
      console.log(`${engine}: ${report.kills} kills; acknowledged: ${JSON.stringify(entries)}`)
      for (const line of contradictions) console.log(`CONTRADICTION: ${line}`)
      console.log(`${engine}: ${contradictions.length} contradictions`)
      isWell &&= contradictions.length === 0
    }
    return isWell
  },
  async rolling() {
    const { from, upgrades: done } = await runRolling({
      upgrades,
      requests,
      freshDatabase: () => place.freshDatabase('postgres'),
      isLate: late(),
      onEnd: place.onEnd,
      onUpgrade: ({ entries, contradictions }) => {
        for (const line of contradictions) console.log(`CONTRADICTION: ${line}`)
        console.log(JSON.stringify(entries))
      },
    })
    const sum = (count: (upgrade: Upgrade) => number) => done.reduce((total, each) => total + count(each), 0)
    const failed = sum(({ entries }) => entries.unanswered + entries.refused)
    const contradictions = sum((upgrade) => upgrade.contradictions.length)
    const sent = sum(({ entries }) => entries.requests)
    console.log(`${done.length} upgrades from ${from}: ${sent} requests, ${failed} failed`)
    console.log(`${contradictions} contradictions`)
    return failed + contradictions === 0
  },
  async failover() {
    const { entries, contradictions } = await runFailover({
      rounds,
      onEnd: place.onEnd,
      onOutage: ({ kind, refused, ...times }) => {
        const [away, recovered, longest] = [times.awayMs, times.recoveredMs, times.longestCheckMs].map(
          (ms) => `${(ms / 1_000).toFixed(2)} s`,
        )
        console.log(
          `${kind}: away ${away}, ${refused} times 503, recovered in ${recovered}, longest session check ${longest}`,
        )
      },
    })
    for (const line of contradictions) console.log(`CONTRADICTION: ${line}`)
    console.log(`acknowledged: ${JSON.stringify(entries)}`)
    console.log(`${contradictions.length} contradictions`)
    return contradictions.length === 0
  },
  async fuzz() {
    const failures = await runFuzz(inputs, seed)
    for (const { target, input, error } of failures) console.log(`FAILURE: ${target}, input ${input}`, error)
    console.log(`${inputs} malformed inputs, seed ${seed}: ${failures.length} failures`)
    return failures.length === 0
  },
  async sockets() {
    const service = await startService(await place.freshDatabase('sqlite'), {
      env: { BIENVENUE_LOG_LEVEL: 'info', BIENVENUE_THROTTLE: 'off' },
      onEnd: place.onEnd,
    })
    const { statuses, failures } = await runSockets(service.port, requests, seed)
    const errors = service.log().filter(({ level }) => level === 'error')
    for (const line of [...failures, ...errors.map((error) => JSON.stringify(error))])
      console.log(`FAILURE: ${line}`)
    console.log(`${requests} malformed requests, seed ${seed}: ${JSON.stringify(statuses)}`)
    const exitCode = await service.stop()
    console.log(`${failures.length} failures, ${errors.length} errors in the log, exit code ${exitCode}`)
    return failures.length + errors.length === 0 && exitCode === 0
  },
}

const names = values.only.split(',')
for (const name of names)
  if (!Object.hasOwn(PARTS, name)) throw new TypeError(`--only: ${Object.keys(PARTS).join(', ')}`)
if (!isBuilt()) await build()
try {
  for (const name of names) {
    const started = performance.now()
    if ((await PARTS[name]?.()) !== true) process.exitCode = 1
    console.log(`${name}: ${((performance.now() - started) / 60_000).toFixed(1)} minutes\n`)
  }
} finally {
  await place.end()
}
