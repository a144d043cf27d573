/**
 * `npm run soak`: what takes too long for `npm run test:full`. `npm test` runs a short form of each part.
 *
 *     npm run soak -- --only kills --kills 1000 --engine sqlite
 */
import { parseArgs } from 'node:util'
import { build, isBuilt } from '../../scripts/build.ts'
import { openPlace } from '../place.ts'
import { runKills } from './kills.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'kills' },
    engine: { type: 'string', multiple: true, default: ['sqlite', 'postgres'] },
    kills: { type: 'string', default: '1000' },
  },
})

if (!isBuilt()) await build()
const place = openPlace()
try {
  for (const engine of values.engine) {
    if (engine !== 'sqlite' && engine !== 'postgres') throw new TypeError('--engine: sqlite, postgres')
    const kills = Number(values.kills)
    const started = performance.now()
    const report = await runKills(await place.freshDatabase(engine), {
      kills,
      onEnd: place.onEnd,
      onKill: (count) => count % 50 === 0 && console.log(`${engine}: ${count} kills`),
    })
    const minutes = ((performance.now() - started) / 60_000).toFixed(1)
    console.log(
      `${engine}: ${kills} kills in ${minutes} minutes, acknowledged: ${JSON.stringify(report.entries)}`,
    )
    for (const line of report.contradictions) console.log(`CONTRADICTION: ${line}`)
    console.log(`${engine}: ${report.contradictions.length} contradictions`)
    if (report.contradictions.length > 0) process.exitCode = 1
  }
} finally {
  await place.end()
}
