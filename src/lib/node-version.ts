/** The oldest Node that has all we need: `crypto.argon2` came with 24.7. `engines` in package.json says the same. */
const OLDEST_NODE = [24, 7] as const

/** Why this Node cannot run us, or `null`. Has to run on Nodes that are much older. */
export const nodeProblem: string | null = problemOf(process.versions.node)

function problemOf(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isNewEnough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  return isNewEnough ? null : `needs Node ${OLDEST_NODE.join('.')} or newer; this is v${version}`
}
