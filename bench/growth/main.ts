/**
 * The cost of operations as users and sessions grow in number: the same operations on tables of several sizes.
 *
 *     node bench/growth/main.ts --sizes 1000,100000,10000000 --engine sqlite
 *
 * Each operation is measured in rounds (`--rounds`), at most `--most` times per round.
 *
 * Fills missing tables and keeps them in `--cache` for the next run. Ten million users take 15 minutes and 11 GB per
 * database. Prints tables and writes the results to `results.json` in the cache, with `--page FILE` also into a page.
 * Run it on an otherwise idle machine.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { fill } from './fill.ts'
import { measure } from './measure.ts'
import { showProgress } from './progress.ts'
import { type Report, type Result, tablesOf, writeInto } from './report.ts'
import { type EngineName, TABLES } from './rows.ts'
import { openSite, type Site } from './site.ts'
import { openShelf, type Store } from './stores.ts'

const ENGINES: readonly EngineName[] = ['sqlite', 'postgres']

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000,100000,10000000' },
    engine: { type: 'string', multiple: true, default: [...ENGINES] },
    rounds: { type: 'string', default: '11' },
    most: { type: 'string', default: '2000' },
    cache: { type: 'string', default: join(import.meta.dirname, '../../.cache/bench/growth') },
    page: { type: 'string' },
  },
})
const sizes = values.sizes
  .split(',')
  .map((size) => wholeNumber('--sizes', size, { min: 500, max: 100_000_000 }))
const rounds = wholeNumber('--rounds', values.rounds, { min: 1, max: 1_000 })
const most = wholeNumber('--most', values.most, { min: 30, max: 1_000_000 })
const cache = resolve(values.cache)
if (sizes.some((size, index) => index > 0 && size <= (sizes[index - 1] as number)))
  throw new TypeError('--sizes: each must be larger than the one before')

const results: Result[] = []
for (const engine of values.engine) results.push(await run(engineOf(engine)))

const report: Report = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'})`,
  node: process.versions.node,
  results,
}
mkdirSync(cache, { recursive: true })
writeFileSync(join(cache, 'results.json'), `${JSON.stringify(report, null, 2)}\n`)
process.stdout.write(`${tablesOf(report)}\n`)
if (values.page !== undefined) writeInto(values.page, tablesOf(report))

async function run(engine: EngineName): Promise<Result> {
  const shelf = await openShelf(engine, cache)
  const sites: Site[] = []
  try {
    for (const size of sizes) {
      const store = await shelf.open(size)
      const label = `${engine}, ${size.toLocaleString('en')} users`
      const added = await fill(store, size, showProgress(`${label}:`, 'rows'))
      process.stderr.write(
        `${label}: ${added === 0 ? 'already filled' : `${added.toLocaleString('en')} rows added`}\n`,
      )
      sites.push(await openSite(store, size, join(cache, `${engine}-${size}.changing.json`)))
    }
    for (const { store } of sites) await store.warm()
    const measured = await measure(sites, { rounds, most }, showProgress(`${engine}, measuring:`, 'steps'))
    const largest = sites.at(-1) as Site
    return {
      engine,
      version: await largest.store.version(),
      settings: shelf.settings,
      rounds,
      measured,
      bytesPerRow: await bytesPerRow(largest.store, largest.size),
    }
  } finally {
    for (const site of sites) await site.close()
    await shelf.close()
  }
}

async function bytesPerRow(store: Store, size: number): Promise<Result['bytesPerRow']> {
  const all = await store.bytes()
  const [user, session, line] = TABLES.map((table) => {
    const own = all.filter((part) => part.table === table).map(({ bytes }) => bytes)
    return own.reduce((sum, bytes) => sum + bytes, 0) / size
  }) as [number, number, number]
  return { user, session, 'audit line': line }
}

function wholeNumber(flag: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw new TypeError(`${flag}: expected a whole number from ${min} to ${max}, not "${text}"`)
}

function engineOf(name: string): EngineName {
  const known = ENGINES.find((engine) => engine === name)
  if (known === undefined) throw new TypeError(`--engine: expected ${ENGINES.join(' or ')}, not "${name}"`)
  return known
}
