/** The request log: one line per request, without personal data or text that the client chooses. */
import { randomUUID } from 'node:crypto'
import { describeError, type Logger } from '../log.ts'
import type { AuthError } from '../model/errors.ts'

/** Collects the log line of a request. */
export class RequestRecord {
  /** `null` if the request could not be parsed. */
  readonly method: string | null
  readonly started = performance.now()
  /** The path of the route, never the requested path, which can contain anything. */
  route: string | null = null
  refused: AuthError | null = null
  #id: string | undefined

  constructor(method: string | null) {
    this.method = method
  }

  /** Created on demand, because most requests need no id. */
  get id(): string {
    this.#id ??= randomUUID()
    return this.#id
  }
}

/** Logs a request. Successful reads are frequent and say little, so they have the level `debug`. */
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
