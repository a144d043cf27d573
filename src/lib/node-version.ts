/** The oldest supported Node, the first with `crypto.argon2`. Keep in step with `engines` in package.json. */
const OLDEST_NODE = [24, 7] as const

/** Why this Node cannot run the package, or `null`. This file must run on much older Nodes. */
export const nodeProblem: string | null = problemOf(process.versions.node)

function problemOf(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isNewEnough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  return isNewEnough ? null : `needs Node ${OLDEST_NODE.join('.')} or newer; this is v${version}`
}
