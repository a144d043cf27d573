/** `npm test`: the whole check, in order of how soon each step tells. Stops at the first that fails. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const STEPS: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['format and lint', 'biome', 'check', '--error-on-warnings', '.'],
  ['build', 'node', 'scripts/build.ts'],
  ['types', 'tsc', '-p', 'tsconfig.json'],
  ['unused code and dependencies', 'knip'],
  ['pages made from source', 'node', 'scripts/docs.ts', '--check'],
  ['tests', 'vitest', 'run', '--reporter=default', '--reporter=json', '--outputFile.json=.cache/tests.json'],
]

for (const [name, command, ...args] of STEPS) {
  const started = performance.now()
  process.stdout.write(`\n== ${name}\n`)
  const { status } = spawnSync(`node_modules/.bin/${command}`, args, { stdio: 'inherit' })
  process.stdout.write(
    `== ${name}: ${status === 0 ? 'ok' : 'FAILED'}, ${((performance.now() - started) / 1_000).toFixed(1)} s\n`,
  )
  if (status !== 0) {
    process.exitCode = 1
    break
  }
}

if (process.exitCode === undefined) {
  const tests = JSON.parse(readFileSync('.cache/tests.json', 'utf8')) as Record<string, number>
  process.stdout.write(
    `\n${tests.numPassedTests} passed, ${tests.numFailedTests} failed, ${tests.numPendingTests} skipped\n`,
  )
}
