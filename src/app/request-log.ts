/** The log of requests: a line for each, without anything that the client could choose or would not want there. */
import { randomUUID } from 'node:crypto'
import { describeError, type Logger } from '../log.ts'
import type { AuthError } from '../model/errors.ts'

/** One request on its way: what its log line will say. */
export class RequestRecord {
  /** `null` where no request could be read. */
  readonly method: string | null
  readonly started = performance.now()
  /** The path of the route, never of the request, which may hold anything. */
  route: string | null = null
  refused: AuthError | null = null
  #id: string | undefined

  constructor(method: string | null) {
    this.method = method
  }

  /** Made when it is first asked for: most requests go well, and nobody asks. */
  get id(): string {
    this.#id ??= randomUUID()
    return this.#id
  }
}

/** Reads that went well are many and say little: they are for `debug`. */
export function logRequest(log: Logger, record: RequestRecord, status: number): void {
  const { method, started, route, refused } = record
  const isRead = method === 'GET' || method === 'HEAD'
  const level = status >= 500 ? 'error' : status >= 400 || !isRead ? 'info' : 'debug'
  if (level === 'debug' && log.isLevelEnabled?.('debug') === false) return
  log[level](
    {
      requestId: record.id,
      method,
      route,
      status,
      ...(refused && { code: refused.code }),
      ...(refused &&
        status >= 500 && { problem: refused.message, reason: describeError(refused.cause ?? refused) }),
      ms: Math.round((performance.now() - started) * 10) / 10,
    },
    'request',
  )
}
