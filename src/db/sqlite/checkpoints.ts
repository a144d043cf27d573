/**
 * Copies the log (WAL) of a database into its file from time to time, in a thread, because a checkpoint waits for the
 * disk. The thread starts with the first checkpoint and ends after a while without work.
 */
import { Worker } from 'node:worker_threads'
import { locationOf } from './connection.ts'

/** Commits between two checkpoints. One of ours writes 2 to 20 pages of 4 kB. */
const COMMITS_BETWEEN = 500
const THREAD_IDLE_MS = 10_000

/** Runs a function while the writing connection of this process has no transaction open. */
export type InTurn = (run: () => Promise<void>) => Promise<void>

export class Checkpoints {
  readonly #path: string
  readonly #inTurn: InTurn
  #commits = 0
  #running: Promise<void> | null = null
  #done = () => {}
  #thread: { readonly worker: Worker; readonly idle: NodeJS.Timeout } | null = null

  constructor(path: string, inTurn: InTurn) {
    this.#path = path
    this.#inTurn = inTurn
  }

  /** Begins a checkpoint if enough commits have been counted. */
  countCommit(): void {
    this.#commits++
    if (this.#commits < COMMITS_BETWEEN || this.#running !== null) return
    this.#commits = 0
    this.#running = this.#run().finally(() => {
      this.#running = null
    })
  }

  async close(): Promise<void> {
    this.#thread?.worker.ref()
    await this.#running
    await this.#endThread()
  }

  // A checkpoint that fails loses nothing: the log is kept until one succeeds. SQLite's own checkpoint then reports why.
  async #run(): Promise<void> {
    this.#startThread()
    // Does most of the work while others write. They keep adding to the log, so this hardly ever empties it.
    await this.#checkpoint('passive')
    // Does the rest while nobody in this process writes. The next writer then starts the log over at its beginning.
    await this.#inTurn(() => this.#checkpoint('full'))
  }

  async #checkpoint(mode: 'passive' | 'full'): Promise<void> {
    if (this.#thread === null) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#done = resolve
    this.#thread.worker.postMessage(mode)
    await promise
  }

  #startThread(): void {
    if (this.#thread !== null) {
      this.#thread.idle.refresh()
      return
    }
    const worker = new Worker(new URL('./checkpoint-thread.js', import.meta.url), {
      workerData: String(locationOf(this.#path, 'rw')),
    })
    worker.unref()
    worker.on('message', () => this.#done())
    // A thread that cannot start emits an error, and then its exit.
    worker.on('error', () => {})
    worker.on('exit', () => {
      if (this.#thread?.worker === worker) this.#thread = null
      this.#done()
    })
    this.#thread = { worker, idle: setTimeout(() => void this.#endThread(), THREAD_IDLE_MS).unref() }
  }

  /** Lets the thread close its connection. Terminating it would leave its locks behind. */
  async #endThread(): Promise<void> {
    if (this.#thread === null) return
    const { worker, idle } = this.#thread
    clearTimeout(idle)
    const { promise, resolve } = Promise.withResolvers<void>()
    worker.once('exit', () => resolve())
    worker.ref()
    worker.postMessage('close')
    await promise
  }
}
