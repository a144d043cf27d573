import { availableParallelism } from 'node:os'
import { AuthError } from '../../../model/errors.ts'
import type { Hasher } from '../../../options/index.ts'

/** One hash per core at a time. More would not be faster. */
const RUNNING_MAX = availableParallelism()
/** With more, clients would give up before their turn. */
export const WAITING_MAX = 512

/**
 * Adds a bounded queue to a hasher (OWASP ASVS 15.2.2). During a flood of sign-ins or registrations, further ones are
 * refused at once with `unavailable` instead of waiting for minutes.
 *
 * @param processes - How many processes share the cores. Each runs at least one hash at a time.
 */
export function withBoundedQueue(hasher: Hasher, processes = 1): Hasher {
  const runningMax = Math.max(1, Math.floor(RUNNING_MAX / processes))
  const waiting: (() => void)[] = []
  let running = 0

  async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (running >= runningMax) {
      if (waiting.length >= WAITING_MAX) throw new AuthError('unavailable')
      // The hash that finishes hands over its place, so `running` stays the same.
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
