/**
 * `npm test`: runs every check in stages, the fastest first, and stops at the first stage that fails. `npm run test:full`
 * (`--full`) runs what is too slow or too heavy for that.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
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

/** The compiler has four checkers, which repeat much of each other's work. */
const COMPILE = ['tsc', '--checkers', '1', '-p'] as const

/** Steps that run at once. */
type Stage = readonly Step[]

const STAGES: readonly Stage[] = [
  [
    ['format and lint', 'biome', 'check', '--error-on-warnings', '.'],
    ['build', 'node', 'scripts/build.ts'],
  ],
  [
    ['types', ...COMPILE, 'tsconfig.json'],
    ['types in the browser', ...COMPILE, 'tsconfig.browser.json'],
    ['unused code and dependencies', 'knip'],
    ['generated pages', 'node', 'scripts/docs.ts', '--check'],
  ],
  [['tests', ...RUN_TESTS]],
  [['security requirements', 'node', 'scripts/requirements.ts', REPORT]],
]

const FULL_STAGES: readonly Stage[] = [
  [['full tests', ...RUN_TESTS, '--config', 'vitest.full.config.ts']],
  [['mutants of the security requirements', 'node', 'scripts/mutants.ts']],
]

async function runStage(stage: Stage): Promise<boolean> {
  const results = await Promise.all(stage.map((step) => runStep(step, stage.length === 1)))
  return results.every(Boolean)
}

/** Runs one step. If others run at the same time, its output is held back until it ends. */
async function runStep([name, command, ...args]: Step, isAlone: boolean): Promise<boolean> {
  const started = performance.now()
  if (isAlone) process.stdout.write(`\n== ${name}\n`)
  const child = spawn(`node_modules/.bin/${command}`, args, {
    stdio: isAlone ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const [status] = await once(child, 'close')
  const ok = status === 0
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  if (!isAlone) process.stdout.write(`\n== ${name}\n${output}`)
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
 * Prints the slowest files, the number of tests and the skipped ones. Does not trust the exit code of the test runner alone,
 * because a module that it loads could set it.
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
const stages = process.argv.includes('--full') ? FULL_STAGES : STAGES
let hasPassed = true
for (const stage of stages) hasPassed &&= await runStage(stage)
process.exitCode = hasPassed && reportTests() ? 0 : 1
