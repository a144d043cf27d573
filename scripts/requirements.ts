/**
 * Compares the lines of `docs/security/security.md` with the names of the tests: prints the state of each area, and
 * fails if page and tests disagree. The argument is the path of a JSON test report, in which only tests that
 * passed prove something. Without an argument, it reads the report in `.cache` if that is newer than all sources. Otherwise
 * it compares only the names of the tests.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'

const PAGE = 'docs/security/security.md'
const REPORT = '.cache/tests.json'

/** A test by its full name. `passed` is `null` if only the name is known. */
export interface NamedTest {
  readonly name: string
  readonly passed: boolean | null
}

type State = 'proven' | 'waiting' | 'not met'

interface Line {
  readonly id: string
  /** The heading above it. */
  readonly area: string
  mark?: { readonly state: Exclude<State, 'proven'>; readonly text: string }
}

/** The result of comparing the page with the tests. */
export interface Examination {
  readonly areas: readonly { readonly name: string; readonly counts: Readonly<Record<State, number>> }[]
  readonly notMet: readonly string[]
  /** Contradictions between page and tests. Empty if they agree. */
  readonly problems: readonly string[]
}

/** Compares the text of the page with the tests. */
export function examine(page: string, tests: readonly NamedTest[]): Examination {
  const problems: string[] = []
  const lines = readLines(page, problems)
  const carriers = new Map(lines.map(({ id }) => [id, [] as NamedTest[]]))
  for (const test of tests) {
    for (const id of idsOf(test.name)) {
      const known = carriers.get(id)
      if (known === undefined) problems.push(`${id}: no line has this id, but a test names it: ${test.name}`)
      known?.push(test)
    }
  }

  const areas = new Map<string, Record<State, number>>()
  for (const { id, area, mark } of lines) {
    const counts = areas.get(area) ?? { proven: 0, waiting: 0, 'not met': 0 }
    areas.set(area, counts)
    const carried = carriers.get(id) ?? []
    const failed = carried.find(({ passed }) => passed === false)
    if (mark !== undefined) {
      counts[mark.state]++
      if (carried.length > 0)
        problems.push(`${id}: marked "${mark.state}", but a test names it: ${carried[0]?.name}`)
    } else if (carried.length === 0) {
      problems.push(`${id}: no test names it, and it has no mark`)
    } else if (failed !== undefined) {
      problems.push(`${id}: not proven, since this test did not pass: ${failed.name}`)
    } else {
      counts.proven++
    }
  }
  const notMet = lines.flatMap(({ id, mark }) => (mark?.state === 'not met' ? [`${id}: ${mark.text}`] : []))
  return { areas: [...areas].map(([name, counts]) => ({ name, counts })), notMet, problems }
}

/** The ids of the lines without a mark, which tests must prove, in the order of the page. */
export function provenIds(page: string): string[] {
  return readLines(page, []).flatMap(({ id, mark }) => (mark === undefined ? [id] : []))
}

/** The ids at the end of a name: `… [PW-03, CX-10]`. The ids of a suite apply to all its tests. */
function idsOf(name: string): string[] {
  return [...name.matchAll(/\[([A-Z]+-\d[^\]]*)\]/g)].flatMap(([, list = '']) => list.split(', '))
}

function readLines(page: string, problems: string[]): Line[] {
  const lines: Line[] = []
  let area = ''
  for (const text of page.split('\n')) {
    const last = lines.at(-1)
    const id = /^- \*\*([A-Z]+-\d\d)\*\* \S/.exec(text)?.[1]
    const [, state, why = ''] = /^ {2}- (waiting|not met): (.+)$/.exec(text) ?? []
    if (text.startsWith('## ')) area = text.slice(3)
    else if (id !== undefined) {
      if (lines.some((line) => line.id === id)) problems.push(`${id}: two lines have this id`)
      lines.push({ id, area })
    } else if (state !== undefined && last !== undefined && last.mark === undefined) {
      last.mark = { state: state as 'waiting' | 'not met', text: why }
    } else if (/^(?:- \*\*[A-Z]+-| {2}- )/.test(text)) {
      problems.push(`neither a line nor its one mark: ${text.slice(0, 60)}`)
    }
  }
  if (lines.length === 0) problems.push('the page has no lines')
  return lines
}

/** The tests in a JSON report of Vitest. A test that was skipped did not pass. */
export function testsOfReport(report: string): NamedTest[] {
  return resultsIn(report).map(({ fullName, status }) => ({ name: fullName, passed: status === 'passed' }))
}

/** The full name and the status of each test in a JSON report of Vitest. */
export function resultsIn(report: string): { fullName: string; status: string }[] {
  const { testResults } = JSON.parse(report) as {
    testResults: { assertionResults: { fullName: string; status: string }[] }[]
  }
  return testResults.flatMap(({ assertionResults }) => assertionResults)
}

function listTests(): NamedTest[] {
  const { stdout, status } = spawnSync('node_modules/.bin/vitest', ['list', '--json'], { encoding: 'utf8' })
  if (status !== 0) throw new Error('vitest list failed')
  return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => ({ name, passed: null }))
}

function isCurrent(report: string): boolean {
  const made = existsSync(report) ? statSync(report).mtimeMs : 0
  return globSync('{src,test}/**/*.ts').every((file) => statSync(file).mtimeMs < made)
}

function print({ areas, notMet, problems }: Examination, basis: string): void {
  const table = areas.map(({ name, counts }) => ({ name, ...counts }))
  const total = (state: State) => table.reduce((sum, row) => sum + row[state], 0)
  table.push({ name: 'all', proven: total('proven'), waiting: total('waiting'), 'not met': total('not met') })
  const width = Math.max(...table.map(({ name }) => name.length))
  const text = [`${PAGE}, by ${basis}`]
  for (const { name, proven, waiting, 'not met': unmet } of table) {
    const cells = [`${proven}`.padStart(4), `${waiting}`.padStart(4), `${unmet}`.padStart(3)]
    text.push(`${name.padEnd(width)} ${cells[0]} proven ${cells[1]} waiting ${cells[2]} not met`)
  }
  text.push(...notMet.map((line) => `not met: ${line}`))
  process.stdout.write(`${text.join('\n')}\n`)
  for (const problem of problems) process.stderr.write(`${problem}\n`)
}

function main([given]: readonly string[]): number {
  const report = given ?? (isCurrent(REPORT) ? REPORT : undefined)
  const tests = report === undefined ? listTests() : testsOfReport(readFileSync(report, 'utf8'))
  const basis = report === undefined ? 'the names of the tests; none was run' : `the tests in ${report}`
  const found = examine(readFileSync(PAGE, 'utf8'), tests)
  print(found, basis)
  return found.problems.length === 0 ? 0 : 1
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2))
