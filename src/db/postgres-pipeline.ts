/**
 * One PostgreSQL connection that many reads share. Each read is sent at once, without waiting for earlier answers, and the
 * server answers in order. Decision 0036.
 */
import pg from 'pg'
import { randomFraction } from '../lib/random.ts'

/** The same as in a pool of `pg`. Closes the connection before a firewall drops it, and lets a finished program exit. */
const IDLE_MS = 10_000
/** The pause after a failure. It doubles with each further one. */
const RETRY_MIN_MS = 100
const RETRY_MAX_MS = 10_000

export interface Pipeline {
  /**
   * Returns the connection, or `null` if none is open. One is then opened in the background, unless that has just failed.
   * A statement that times out closes it, and all statements on it fail as on a lost connection.
   */
  connection(): pg.Client | null
  /** Closes the connection when its statements are answered. */
  close(): Promise<void>
}

/**
 * @param settings - Must have a `query_timeout`, because a statement that hangs blocks all that follow.
 * @param onLost - Called once for each open connection that is lost.
 */
export function openPipeline(settings: pg.ClientConfig, onLost: (error: Error) => void): Pipeline {
  let open: pg.Client | null = null
  let connecting: pg.Client | null = null
  let closing: Promise<void> | undefined
  let isClosed = false
  let failures = 0
  let retryAt = 0
  let openedAt = 0

  // Unreferenced, because the connection itself keeps the process running.
  const idle = setTimeout(end, IDLE_MS).unref()

  function connect(): void {
    const client = new pg.Client({ ...settings, pipeline: true })
    connecting = client
    // A lost connection emits several errors. Without a listener, one would end the process.
    client.on('error', (error) => lose(client, error))
    client.connect((error: Error | null) => {
      connecting = null
      if (error) return backOff()
      open = client
      openedAt = performance.now()
      idle.refresh()
    })
  }

  function lose(client: pg.Client, error: Error): void {
    if (open !== client) return
    open = null
    client.connection.stream.destroy()
    if (performance.now() - openedAt > RETRY_MAX_MS) failures = 0
    backOff()
    onLost(error)
  }

  /** Half of the pause is random, so that the instances of a service do not all reconnect at once. */
  function backOff(): void {
    const pause = Math.min(RETRY_MIN_MS * 2 ** failures, RETRY_MAX_MS)
    failures++
    retryAt = performance.now() + pause * (0.5 + randomFraction() / 2)
  }

  function end(): void {
    closing = open?.end() ?? closing
    open = null
  }

  return {
    connection() {
      if (open === null) {
        if (connecting === null && !isClosed && performance.now() >= retryAt) connect()
        return null
      }
      // A time-out has closed it. The error event of the client follows.
      if (open.connection.stream.destroyed) return null
      idle.refresh()
      gather(open)
      return open
    },
    async close() {
      isClosed = true
      clearTimeout(idle)
      connecting?.connection.stream.destroy()
      end()
      await closing
    },
  }
}

const gathering = new WeakSet<object>()

/** Sends what is written in this turn of the event loop in one piece. */
function gather({ connection: { stream } }: pg.Client): void {
  if (gathering.has(stream)) return
  gathering.add(stream)
  stream.cork()
  setImmediate(() => {
    gathering.delete(stream)
    stream.uncork()
  })
}
