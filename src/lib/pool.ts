/** Node's pool of threads, on which passwords are hashed, beside the one thread that answers requests. */
import { readdirSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { constants, setPriority } from 'node:os'

/** As libuv names them, since 1.50. */
const POOL_THREAD = 'libuv-worker'

/**
 * Lets the threads of the pool yield to the one that answers requests, while cores are short. For a process that
 * is ours alone: whatever else runs on its pool yields as well. Nothing happens where threads have no
 * priority of their own, which is everywhere but on Linux, and where the process may not see or set it.
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
    // All the service loses is that requests come first.
  }
}
