/**
 * Several processes of the service on one machine, listening on the same sockets. A worker is like an instance
 * on another machine: workers share the database and nothing else. The primary opens no database and handles no
 * connection. It holds the listening sockets and replaces workers that exit.
 */
import cluster, { type Worker } from 'node:cluster'
import { setTimeout } from 'node:timers/promises'
import type { ExitCode } from './command.ts'
import type { RunDetails } from './instance.ts'

/**
 * The pause before a worker is replaced. It doubles each time, up to the longest, and starts over after a worker
 * that lived longer than the longest pause.
 */
export const FIRST_PAUSE_MS = 100
export const LONGEST_PAUSE_MS = 30_000
/** Longer than any request in progress takes. A worker that hangs must not keep the service from stopping. */
export const STOP_TIMEOUT_MS = 25_000

/** The message that a worker sends once it accepts requests. */
export interface Listening {
  readonly port: number
}

/**
 * Keeps `count` workers running until `stopped` resolves. The first one starts alone, so that the database is
 * migrated once and a problem is reported once. Gives up if a worker cannot start and no other is running.
 *
 * @returns 0 if every worker exited cleanly, 2 if the service gave up because of a setting, otherwise 1.
 */
export async function runWorkers(
  count: number,
  { log, onListening, stopped }: RunDetails,
): Promise<ExitCode> {
  const running = new Set<Worker>()
  const stopping = new AbortController()
  const firstListens = Promise.withResolvers<number>()
  let exitCode: ExitCode = 0

  function stop(): void {
    stopping.abort()
    for (const worker of running) {
      // The channel of a worker that is ending may be closed. Without a callback, that is an error of the worker.
      worker.send('stop', () => {})
    }
    void setTimeout(STOP_TIMEOUT_MS, undefined, { ref: false }).then(() => {
      for (const worker of running) worker.process.kill('SIGKILL')
    })
  }

  async function runWorker(): Promise<void> {
    const worker = cluster.fork()
    running.add(worker)
    let hasListened = false
    worker.once('message', ({ port }: Listening) => {
      hasListened = true
      firstListens.resolve(port)
    })
    const { code, signal } = await endOf(worker)
    running.delete(worker)
    const givesUp = !hasListened && running.size === 0
    if (stopping.signal.aborted ? code !== 0 : givesUp) exitCode = code === 2 ? 2 : 1
    if (stopping.signal.aborted) return
    log.error({ worker: worker.process.pid ?? null, code, signal }, 'a worker ended')
    if (givesUp) stop()
  }

  async function keepPlace(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS
    while (!stopping.signal.aborted) {
      const startedAt = performance.now()
      await runWorker()
      if (performance.now() - startedAt > LONGEST_PAUSE_MS) pauseMs = FIRST_PAUSE_MS
      await setTimeout(pauseMs, undefined, { signal: stopping.signal }).catch(() => {})
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
    }
  }

  // Let the kernel distribute connections. With Node's default, round robin by the primary, a connection that is
  // on its way to a worker when that worker dies would hang forever.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  void stopped.then(stop)
  const first = keepPlace()
  await Promise.race([firstListens.promise.then(onListening), first])
  await Promise.all([first, ...Array.from({ length: count - 1 }, keepPlace)])
  return exitCode
}

/** How a process ended. Both are null if the system could not start it. */
interface End {
  readonly code: number | null
  readonly signal: string | null
}

function endOf(worker: Worker): Promise<End> {
  const { promise, resolve } = Promise.withResolvers<End>()
  worker.once('exit', (code, signal) => {
    const end = { code, signal }
    // Its last messages arrive before the channel closes, but possibly after the process has ended.
    if (worker.isConnected()) worker.once('disconnect', () => resolve(end))
    else resolve(end)
  })
  worker.on('error', () => resolve({ code: null, signal: null }))
  return promise
}
