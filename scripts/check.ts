/**
 * `npm test`: runs every check, the fastest first, and stops at the first failure. With `--full` (`npm run test:full`):
 * runs what is too slow or too heavy for `npm test`.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { relative } from 'node:path'

const REPORT = '.cache/tests.json'

type Step = readonly [name: string, command: string, ...args: string[]]

const RUN_TESTS = [
  'vitest',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${REPORT}`,
] as const

const STEPS: readonly Step[] = [
  ['format and lint', 'biome', 'check', '--error-on-warnings', '.'],
  ['build', 'node', 'scripts/build.ts'],
  ['types', 'tsc', '-p', 'tsconfig.json'],
  ['types in the browser', 'tsc', '-p', 'tsconfig.browser.json'],
  ['unused code and dependencies', 'knip'],
  ['generated pages', 'node', 'scripts/docs.ts', '--check'],
  ['tests', ...RUN_TESTS],
  ['security requirements', 'node', 'scripts/requirements.ts', REPORT],
]

const FULL_STEPS: readonly Step[] = [
  ['full tests', ...RUN_TESTS, '--config', 'vitest.full.config.ts'],
  ['mutants of the security requirements', 'node', 'scripts/mutants.ts'],
]

function runStep([name, command, ...args]: Step): boolean {
  const started = performance.now()
  process.stdout.write(`\n== ${name}\n`)
  const ok = spawnSync(`node_modules/.bin/${command}`, args, { stdio: 'inherit' }).status === 0
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  process.stdout.write(`== ${name}: ${ok ? 'ok' : 'FAILED'}, ${seconds} s\n`)
  return ok
}

/** The part of the test report that this script reads. */
interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly success: boolean
  readonly testResults: readonly {
    readonly name: string
    /** In milliseconds. */
    readonly startTime: number
    readonly endTime: number
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

const SLOWEST = 10

/**
 * Prints the slowest files, the number of tests and the skipped ones. The exit code of the test runner alone is not trusted, because a
 * module that it loads could set it.
 */
function reportTests(): boolean {
  const report = JSON.parse(readFileSync(REPORT, 'utf8')) as Report
  const { numPassedTests, numFailedTests, numPendingTests, success } = report
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  const files = report.testResults.map(({ name, startTime, endTime }) => ({ name, ms: endTime - startTime }))
  process.stdout.write(`\nThe ${SLOWEST} slowest files:\n`)
  for (const { name, ms } of files.toSorted((a, b) => b.ms - a.ms).slice(0, SLOWEST))
    process.stdout.write(`${(ms / 1_000).toFixed(1).padStart(6)} s  ${relative('.', name)}\n`)
  // A test is skipped if a program is missing on this machine. `scripts/system.mjs` names it.
  for (const { fullName } of tests.filter(({ status }) => status !== 'passed' && status !== 'failed'))
    process.stdout.write(`\nSKIPPED: ${fullName}`)
  process.stdout.write(`\n${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`)
  return success && numFailedTests === 0 && numPassedTests > 0
}

rmSync(REPORT, { force: true })
const steps = process.argv.includes('--full') ? FULL_STEPS : STEPS
process.exitCode = steps.every(runStep) && reportTests() ? 0 : 1
