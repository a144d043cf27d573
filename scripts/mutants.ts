/**
 * `npm run mutants`: shows that the tests of each proven requirement fail without its guard. A mutant is one edit of
 * the source that removes or inverts a guard. The tests that name the requirement must fail with it; otherwise they
 * prove nothing. All edits are made in copies of the tree, never in the checkout.
 *
 * Options: `--only ID`, also repeated or as a comma-separated list, and `--list`, which runs nothing.
 */
import { spawn } from 'node:child_process'
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { MUTANTS, WITHOUT_MUTANT } from '../test/mutants/index.ts'
import type { Mutant } from '../test/mutants/mutant.ts'
import { startPostgres } from '../test/support/start-postgres.ts'
import { type NamedTest, provenIds, resultsIn } from './requirements.ts'

const PAGE = 'docs/security/security.md'
/** Not copied: large, or generated. */
const LEFT_OUT = new Set(['node_modules', '.git', '.cache', 'dist'])
/** Each run has one worker. More at once than cores would only make tests time out. */
const AT_ONCE = Math.min(4, availableParallelism())
const MINUTE = 60_000
/** The tests of one requirement take seconds. This only ends a mutant that hangs. */
const MUTANT_LIMIT = 5 * MINUTE
const BASELINE_LIMIT = 30 * MINUTE

/** What is wrong with the list of mutants. Empty if it matches the page and the sources. */
export function inspectMutants(
  mutants: readonly Mutant[],
  /** Proven requirements that have no mutant yet. */
  without: readonly string[],
  ids: readonly string[],
  read: (file: string) => string,
): string[] {
  const problems: string[] = []
  const have = new Set(mutants.map(({ id }) => id))
  for (const id of new Set([...have, ...without]))
    if (!ids.includes(id)) problems.push(`${id}: no proven requirement has this id`)
  for (const id of ids) {
    if (!have.has(id) && !without.includes(id)) problems.push(`${id}: has no mutant`)
    if (have.has(id) && without.includes(id)) problems.push(`${id}: has a mutant, but is listed without one`)
  }
  for (const { id, does, file, find, replace } of mutants) {
    const count = read(file).split(find).length - 1
    if (count !== 1) problems.push(`${id}, ${does}: the text occurs ${count} times in ${file}, not once`)
    if (find === replace) problems.push(`${id}, ${does}: changes nothing`)
  }
  return problems
}

type Verdict = { readonly state: 'killed'; readonly by: string } | { readonly state: 'survived' | 'broken' }

/** Judges a mutant by the tests that ran with it. @param ignored - Tests that also fail without a mutant. */
export function judge(id: string, tests: readonly NamedTest[], ignored: ReadonlySet<string>): Verdict {
  const named = tests.filter(({ name }) => pattern([id]).test(name) && !ignored.has(name))
  const failed = named.find(({ passed }) => passed === false)
  if (failed !== undefined) return { state: 'killed', by: failed.name }
  // If no test ran, the mutant does not load. That is no failed assertion and proves nothing.
  return { state: named.some(({ passed }) => passed === true) ? 'survived' : 'broken' }
}

/** Matches names of tests with one of the ids: `… [PW-03, CX-10]`. */
function pattern(ids: readonly string[]): RegExp {
  return new RegExp(String.raw`\[(?:[A-Z]+-\d\d, )*(?:${ids.join('|')})[,\]]`)
}

/** Copies the tree, without a build: the command runs from its sources there. */
function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'bienvenue-mutants-'))
  process.on('exit', () => rmSync(copy, { recursive: true, force: true }))
  cpSync('.', copy, {
    recursive: true,
    filter: (path) => !LEFT_OUT.has(path) && !/\.db(?:-\w+)?$/.test(basename(path)),
  })
  symlinkSync(resolve('node_modules'), join(copy, 'node_modules'))
  mkdirSync(join(copy, 'dist/cli'), { recursive: true })
  writeFileSync(join(copy, 'dist/cli/main.js'), "import '../../src/cli/main.ts'\n")
  // The newest file of a build. Its date keeps the tests from building.
  writeFileSync(join(copy, 'dist/cli/LICENSES'), '')
  utimesSync(join(copy, 'dist/cli/LICENSES'), new Date('2100-01-01'), new Date('2100-01-01'))
  return copy
}

/** Runs the tests of the requirements in a copy. @returns The tests, or `null` if there is no report in time. */
async function runTests(
  copy: string,
  postgresUrl: string,
  ids: readonly string[],
  files: readonly string[],
  limit: number,
  ...options: readonly string[]
): Promise<NamedTest[] | null> {
  const report = join(copy, '.cache/mutant.json')
  rmSync(report, { force: true })
  const args = ['run', ...files, '-t', pattern(ids).source, '--no-cache', ...options]
  args.push(`--fsModuleCachePath=${copy}/.cache/modules`, '--reporter=json', `--outputFile=${report}`)
  const vitest = spawn('node_modules/.bin/vitest', args, {
    cwd: copy,
    stdio: 'ignore',
    env: { ...process.env, BIENVENUE_TEST_POSTGRES: postgresUrl },
    timeout: limit,
  })
  const end = () => vitest.kill()
  process.once('exit', end)
  await new Promise((done) => vitest.once('close', done))
  process.off('exit', end)
  try {
    return resultsIn(readFileSync(report, 'utf8')).flatMap(({ fullName, status }) =>
      status === 'passed' || status === 'failed' ? [{ name: fullName, passed: status === 'passed' }] : [],
    )
  } catch {
    return null
  }
}

/** The test files that name one of the requirements. */
function filesNaming(ids: readonly string[]): string[] {
  return globSync('{src,test}/**/*.test.ts', { exclude: ['test/full/**'] }).filter((file) =>
    pattern(ids).test(readFileSync(file, 'utf8')),
  )
}

async function runMutant(
  mutant: Mutant,
  copy: string,
  postgresUrl: string,
  ignored: ReadonlySet<string>,
): Promise<Verdict> {
  const target = join(copy, mutant.file)
  const original = readFileSync(target, 'utf8')
  writeFileSync(
    target,
    original.replace(mutant.find, () => mutant.replace),
  )
  const { id } = mutant
  const isClean = ![...ignored].some((name) => pattern([id]).test(name))
  const options = ['--maxWorkers=1', ...(isClean ? ['--bail=1'] : [])]
  const tests = await runTests(copy, postgresUrl, [id], filesNaming([id]), MUTANT_LIMIT, ...options)
  writeFileSync(target, original)
  return tests === null ? { state: 'broken' } : judge(id, tests, ignored)
}

async function runAll(mutants: readonly Mutant[]): Promise<boolean> {
  const ids = [...new Set(mutants.map(({ id }) => id))]
  const postgres = await startPostgres()
  try {
    const copies = Array.from({ length: Math.min(AT_ONCE, mutants.length) }, copyTree)
    const [first = ''] = copies
    const baseline = await runTests(
      first,
      postgres.url,
      ids,
      filesNaming(ids),
      BASELINE_LIMIT,
      `--maxWorkers=${AT_ONCE}`,
    )
    if (baseline === null) throw new Error('the tests give no report without a mutant')
    const ignored = new Set(
      baseline.flatMap(({ name, passed }) => (passed === false && pattern(ids).test(name) ? [name] : [])),
    )
    for (const name of ignored) process.stderr.write(`fails without a mutant, and proves nothing: ${name}\n`)
    const counts = { killed: 0, survived: 0, broken: 0 }
    const waiting = mutants.values()
    await Promise.all(
      copies.map(async (copy) => {
        for (const mutant of waiting) {
          const verdict = await runMutant(mutant, copy, postgres.url, ignored)
          counts[verdict.state]++
          const by = verdict.state === 'killed' ? ` by: ${verdict.by}` : ''
          process.stdout.write(
            `${mutant.id.padEnd(7)} ${verdict.state.padEnd(8)} ${mutant.does} (${mutant.file})${by}\n`,
          )
        }
      }),
    )
    process.stdout.write(
      `${counts.killed} killed, ${counts.survived} survived, ${counts.broken} broken (no test ran)\n`,
    )
    return counts.survived + counts.broken + ignored.size === 0
  } finally {
    await postgres.stop()
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, list: { type: 'boolean' } },
  })
  const ids = provenIds(readFileSync(PAGE, 'utf8'))
  const problems = inspectMutants(MUTANTS, WITHOUT_MUTANT, ids, (file) => readFileSync(file, 'utf8'))
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  const only = values.only?.flatMap((text) => text.split(','))
  const unknown = (only ?? []).filter((id) => !MUTANTS.some((mutant) => mutant.id === id))
  for (const id of unknown) process.stderr.write(`${id}: has no mutant\n`)
  if (problems.length + unknown.length > 0) return 1
  const chosen = MUTANTS.filter(({ id }) => only?.includes(id) ?? true)
  if (!values.list) return (await runAll(chosen)) ? 0 : 1
  for (const { id, does, file } of chosen) process.stdout.write(`${id.padEnd(7)} ${does} (${file})\n`)
  for (const id of only === undefined ? WITHOUT_MUTANT : [])
    process.stdout.write(`${id.padEnd(7)} no mutant yet\n`)
  return 0
}

if (import.meta.main) {
  // Ends through `exit`, so that the copies are removed.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  process.exitCode = await main()
}
