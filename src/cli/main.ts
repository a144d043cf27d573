#!/usr/bin/env node
/** The command `bienvenue`. Loads nothing of ours before it knows that this Node can run it. */
const OLDEST_NODE = [24, 7] as const

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  process.stderr.write(
    `bienvenue: needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}\n`,
  )
  process.exitCode = 1
} else {
  const { run } = await import('./run.ts')
  process.exitCode = await run(process.argv.slice(2))
}
