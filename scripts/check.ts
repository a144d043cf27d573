/** `npm test`: the whole check, in order of how soon each step tells. Stops at the first that fails. */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'

const REPORT = '.cache/tests.json'

const STEPS: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['format and lint', 'biome', 'check', '--error-on-warnings', '.'],
  ['build', 'node', 'scripts/build.ts'],
  ['types', 'tsc', '-p', 'tsconfig.json'],
  ['unused code and dependencies', 'knip'],
  ['pages made from source', 'node', 'scripts/docs.ts', '--check'],
  ['tests', 'vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`],
  ['security requirements', 'node', 'scripts/requirements.ts', REPORT],
]

function runStep([name, command, ...args]: (typeof STEPS)[number]): boolean {
  const started = performance.now()
  process.stdout.write(`\n== ${name}\n`)
  const ok = spawnSync(`node_modules/.bin/${command}`, args, { stdio: 'inherit' }).status === 0
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  process.stdout.write(`== ${name}: ${ok ? 'ok' : 'FAILED'}, ${seconds} s\n`)
  return ok
}

/** What the runner writes down, as far as it is read here. */
interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly success: boolean
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

/** Says how many tests ran, and which did not. The runner's exit code alone is not trusted: what it loads could set it. */
function reportTests(): boolean {
  const report = JSON.parse(readFileSync(REPORT, 'utf8')) as Report
  const { numPassedTests, numFailedTests, numPendingTests, success } = report
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  // A tool is missing on this machine: the reason stands beside the test, and is told by `scripts/system.mjs`.
  for (const { fullName } of tests.filter(({ status }) => status !== 'passed' && status !== 'failed'))
    process.stdout.write(`\nSKIPPED: ${fullName}`)
  process.stdout.write(`\n${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`)
  return success && numFailedTests === 0 && numPassedTests > 0
}

rmSync(REPORT, { force: true })
process.exitCode = STEPS.every(runStep) && reportTests() ? 0 : 1
