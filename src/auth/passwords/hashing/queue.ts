import { availableParallelism } from 'node:os'
import { AuthError } from '../../../model/errors.ts'
import type { Hasher } from '../../../options/index.ts'
import { readHash } from './index.ts'

/** One hash per core at a time. More would not be faster. */
const RUNNING_MAX = availableParallelism()
/** With more, clients would give up before their turn. */
export const WAITING_MAX = 512

/** A stored hash is costly if verifying it takes more than this many times the work of a new hash. */
const COSTLY = 4
/** Two of the four threads that Node's pool has by default. The others stay free for ordinary hashes. */
export const COSTLY_RUNNING_MAX = 2
/** The maximum total cost of the costly hashes that wait: about ten seconds of a core. */
export const COSTLY_WAITING_MAX = 256

/** The capacity for hashes, and the cost of an ordinary one. */
interface Capacity {
  /** The cost of a new hash, as in `Reading`. */
  readonly costOfNew: number
  /** How many processes share the cores. Each runs one hash at least. Default 1. */
  readonly processes?: number | undefined
}

/**
 * Creates bounded queues for hashers (OWASP ASVS 15.2.2), and returns the function that adds them to a hasher. During a
 * flood of sign-ins or registrations, further ones are refused at once with `unavailable` instead of waiting for
 * minutes. All hashers of a process share the queues, because they share the cores.
 *
 * Costly hashes, which come from an import or from a former setting, have a queue of their own. Their total cost is
 * bounded, and guesses at their passwords do not delay other sign-ins.
 */
export function createHashQueues({ costOfNew, processes = 1 }: Capacity): (hasher: Hasher) => Hasher {
  const runningMax = runningMaxOf(processes)
  const ordinary = createQueue({ runningMax: runningMax.ordinary, waitingMax: WAITING_MAX })
  const costly = createQueue({ runningMax: runningMax.costly, waitingMax: COSTLY_WAITING_MAX })
  return (hasher) => ({
    hash: (password) => ordinary(1, () => hasher.hash(password)),
    verify(password, storedHash) {
      const reading = readHash(storedHash)
      const work = () => hasher.verify(password, storedHash)
      return 'cost' in reading && reading.cost > COSTLY * costOfNew
        ? costly(reading.cost, work)
        : ordinary(1, work)
    },
    verifyNothing: (password) => ordinary(1, () => hasher.verifyNothing(password)),
    needsRehash: hasher.needsRehash,
  })
}

/** The maximum number of hashes that one process runs at once. Each takes a thread of Node's pool. */
export function hashesAtOnce(processes: number): number {
  const { ordinary, costly } = runningMaxOf(processes)
  return ordinary + costly
}

function runningMaxOf(processes: number) {
  const ordinary = Math.max(1, Math.floor(RUNNING_MAX / processes))
  return { ordinary, costly: Math.min(COSTLY_RUNNING_MAX, Math.max(1, Math.floor(ordinary / 2))) }
}

interface QueueLimits {
  readonly runningMax: number
  /** The maximum total weight of the tasks that wait. */
  readonly waitingMax: number
}

/** Runs tasks in the order of their arrival, and refuses one if too much is waiting already. */
function createQueue({ runningMax, waitingMax }: QueueLimits) {
  const waiting: { readonly weight: number; readonly start: () => void }[] = []
  let waitingWeight = 0
  let running = 0

  return async function inTurn<Result>(weight: number, work: () => Promise<Result>): Promise<Result> {
    if (running >= runningMax) {
      if (waitingWeight + weight > waitingMax) throw new AuthError('unavailable')
      waitingWeight += weight
      // The hash that finishes hands over its place, so `running` stays the same.
      await new Promise<void>((start) => waiting.push({ weight, start }))
    } else {
      running++
    }
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) {
        running--
      } else {
        waitingWeight -= next.weight
        next.start()
      }
    }
  }
}
