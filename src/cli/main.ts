#!/usr/bin/env node
/** The command `bienvenue`. Loads nothing more of ours before it knows that this Node can run it. */
import { nodeProblem } from '../lib/node-version.ts'

if (nodeProblem !== null) {
  process.stderr.write(`bienvenue: ${nodeProblem}\n`)
  process.exitCode = 1
} else {
  const { run } = await import('./run.ts')
  process.exitCode = await run(process.argv.slice(2))
}
