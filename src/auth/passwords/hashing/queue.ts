import { availableParallelism } from 'node:os'
import { AuthError } from '../../../model/errors.ts'
import type { Hasher } from '../../../options/index.ts'

/** As many hashes at once as there are cores: more would only share them. */
const RUNNING_MAX = availableParallelism()
/** Behind these the wait is longer than a client's patience. */
export const WAITING_MAX = 512

/**
 * The same hasher with a bounded queue in front of it (OWASP ASVS 15.2.2): a flood of logins or
 * registrations is refused at once with `unavailable`, instead of holding up everybody for minutes.
 *
 * @param processes - How many processes share the cores. Each runs one hash at least.
 */
export function withBoundedQueue(hasher: Hasher, processes = 1): Hasher {
  const runningMax = Math.max(1, Math.floor(RUNNING_MAX / processes))
  const waiting: (() => void)[] = []
  let running = 0

  async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (running >= runningMax) {
      if (waiting.length >= WAITING_MAX) throw new AuthError('unavailable')
      // Whoever finishes hands its place over: `running` stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running++
    }
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }

  return {
    hash: (password) => inTurn(() => hasher.hash(password)),
    verify: (password, storedHash) => inTurn(() => hasher.verify(password, storedHash)),
    verifyNothing: (password) => inTurn(() => hasher.verifyNothing(password)),
    needsRehash: hasher.needsRehash,
  }
}
