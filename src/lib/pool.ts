/** Node's pool of threads, on which passwords are hashed, beside the one thread that answers requests. */
import { readdirSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { constants, setPriority } from 'node:os'

/** As libuv names them, since 1.50. */
const POOL_THREAD = 'libuv-worker'

/**
 * Gives the threads that hash passwords a lower priority than the thread that answers requests: beside a flood of
 * logins, the median session check takes a third of the time (docs/internals/performance.md). It lowers everything on
 * the pool, so only a process of our own calls it. Does nothing where threads have no priority of their own (anywhere but Linux), or
 * where the process may not see or set it.
 */
export async function lowerPoolPriority(): Promise<void> {
  if (process.platform !== 'linux') return
  try {
    // The first work that the pool is given makes its threads.
    await stat('/proc/self')
    for (const thread of readdirSync('/proc/self/task')) {
      if (readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim() === POOL_THREAD)
        setPriority(Number(thread), constants.priority.PRIORITY_BELOW_NORMAL)
    }
  } catch {
    // Without it, requests only wait longer beside logins.
  }
}
