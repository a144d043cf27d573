/** Node's thread pool, which hashes passwords and syncs files while the main thread answers requests. */
import { readdirSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { constants, setPriority } from 'node:os'

/** The name of the threads since libuv 1.50. */
const POOL_THREAD = 'libuv-worker'

/** Threads that hashes leave to other work: syncing the database, looking up names, reading files. */
const OTHER_THREADS = 4

/**
 * The size of a pool in which syncing a commit never waits behind hashes.
 *
 * @param hashes - How many run at once.
 */
export function poolSizeFor(hashes: number): number {
  return hashes + OTHER_THREADS
}

/**
 * Lowers the priority of the threads that hash passwords. During a flood of sign-ins, this cuts the median time of a
 * session check to a third (docs/internals/performance.md). It affects everything on the pool, so only `serve` calls it,
 * never the library. Does nothing without permission, or on systems other than Linux, where threads have no priority.
 */
export async function lowerPoolPriority(): Promise<void> {
  if (process.platform !== 'linux') return
  try {
    // The pool starts its threads with the first task.
    await stat('/proc/self')
    for (const thread of readdirSync('/proc/self/task')) {
      if (readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim() === POOL_THREAD)
        setPriority(Number(thread), constants.priority.PRIORITY_BELOW_NORMAL)
    }
  } catch {
    // Not essential: requests only wait longer during sign-ins.
  }
}
