#!/usr/bin/env node
/** The command `bienvenue`. Checks the Node version before it loads code that an older Node cannot run. */
import { nodeProblem } from '../lib/node-version.ts'

if (nodeProblem !== null) {
  process.stderr.write(`bienvenue: ${nodeProblem}\n`)
  process.exitCode = 1
} else {
  const { run } = await import('./run.ts')
  process.exitCode = await run(process.argv.slice(2))
}
