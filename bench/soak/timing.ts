/**
 * Tests whether response times reveal which addresses have an account: the long version of
 * `test/full/timing.test.ts`.
 *
 *     node bench/soak/timing.ts --samples 2000
 *
 * Runs production mode on SQLite with the real hash, in this process. Prints for each pair Welch's t (between -3 and 3
 * if there is no difference), the medians and the middle half in milliseconds. Run it on an otherwise idle machine.
 * 2,000 samples take a few minutes.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createAuth } from '../../src/index.ts'
import { BASE_URL, PAGE_PAIRS, PAIRS, quantile, timesOf, welchT } from '../../test/full/stopwatch.ts'

const WARM_UP = 20

const { values } = parseArgs({ options: { samples: { type: 'string', default: '2000' } } })
const samples = Number(values.samples)
if (!Number.isSafeInteger(samples) || samples < 10) throw new TypeError('--samples: 10 or more')

const folder = mkdtempSync(join(tmpdir(), 'bienvenue-timing-'))
const auth = await createAuth({
  mode: 'production',
  baseUrl: BASE_URL,
  secretKey: randomBytes(32).toString('base64url'),
  databaseUrl: `sqlite:${join(folder, 'timing.db')}`,
  breachCheckUrl: 'off',
  mailsPerHour: 10_000_000,
  // Takes some time, and sends nothing.
  mailer: { send: () => new Promise((done) => setTimeout(done, 2)), close() {} },
})
try {
  console.log(`${samples} samples of each\n`)
  console.log(row('pair', 't', 't of all', 'median, ms', 'without', 'middle half', 'without'))
  for (const pair of [...PAIRS, ...PAGE_PAIRS]) {
    await pair.prepare(auth, samples + WARM_UP)
    const ask = (request: Request) => auth.fetch(request)
    await timesOf(ask, pair, { samples: WARM_UP })
    const times = await timesOf(ask, pair, { samples, first: WARM_UP })
    console.log(
      row(
        pair.name,
        welchT(times).toFixed(2),
        welchT(times, 1).toFixed(2),
        quantile(times.known, 0.5).toFixed(2),
        quantile(times.unknown, 0.5).toFixed(2),
        spreadOf(times.known),
        spreadOf(times.unknown),
      ),
    )
  }
} finally {
  await auth.close()
  rmSync(folder, { recursive: true, force: true })
}

function spreadOf(times: readonly number[]): string {
  return `${quantile(times, 0.25).toFixed(1)}–${quantile(times, 0.75).toFixed(1)}`
}

function row(name: string, ...columns: string[]): string {
  return name.padEnd(52) + columns.map((column) => column.padStart(14)).join('')
}
