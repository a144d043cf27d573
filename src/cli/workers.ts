/**
 * Several processes of the service on one machine, behind the same sockets. A worker is an instance like one on
 * another machine: it shares the database with the others, and nothing else. The primary opens no database and
 * sees no connection. It holds the listening sockets, and replaces workers that end.
 */
import cluster, { type Worker } from 'node:cluster'
import { setTimeout } from 'node:timers/promises'
import type { ExitCode } from './command.ts'
import type { RunDetails } from './instance.ts'

/** How long the place of a worker that ended stays empty: each time twice as long, until one lives longer than this. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 30_000
/** What a worker has in hand takes less. One that hangs would keep the others' place for ever. */
const STOP_TIMEOUT_MS = 25_000

/** What a worker says once it takes requests. */
export interface Listening {
  readonly port: number
}

/**
 * Keeps so many workers running until the service is told to stop. The first one starts alone: it migrates, and
 * what it cannot start with is said once. The service gives up where a worker does not start and none is left.
 *
 * @returns 0 where every worker ended in good order. 2 where the service gave up because of a setting; else 1.
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
    for (const worker of running) worker.send('stop')
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

  // The kernel gives a connection to whoever takes it first. Dealt out in turn by the primary, as Node would by
  // itself, one that is on its way to a worker that dies hangs for ever.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  void stopped.then(stop)
  const first = keepPlace()
  await Promise.race([firstListens.promise.then(onListening), first])
  await Promise.all([first, ...Array.from({ length: count - 1 }, keepPlace)])
  return exitCode
}

/** How a process ended; both are null where the system could not even make it. */
interface End {
  readonly code: number | null
  readonly signal: string | null
}

function endOf(worker: Worker): Promise<End> {
  const { promise, resolve } = Promise.withResolvers<End>()
  worker.once('exit', (code, signal) => resolve({ code, signal }))
  worker.on('error', () => resolve({ code: null, signal: null }))
  return promise
}
