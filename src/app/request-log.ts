/** The log of requests: a line for each, without anything that the client could choose or would not want there. */
import { randomUUID } from 'node:crypto'
import type { AuthError } from '../errors.ts'
import { describeError, type Logger } from '../log.ts'

/** One request on its way: what its log line will say. */
export interface RequestRecord {
  readonly id: string
  /** `null` where no request could be read. */
  readonly method: string | null
  readonly started: number
  /** The path of the route, never of the request, which may hold anything. */
  route?: string
  refused?: AuthError
}

export function startRecord(method: string | null): RequestRecord {
  return { id: randomUUID(), method, started: performance.now() }
}

/** Reads that went well are many and say little: they are for `debug`. */
export function logRequest(log: Logger, record: RequestRecord, status: number): void {
  const { id, method, started, route, refused } = record
  const isRead = method === 'GET' || method === 'HEAD'
  const level = status >= 500 ? 'error' : status >= 400 || !isRead ? 'info' : 'debug'
  log[level](
    {
      requestId: id,
      method,
      route: route ?? null,
      status,
      ...(refused && { code: refused.code }),
      ...(refused && status >= 500 && { reason: describeError(refused.cause) }),
      ms: Math.round((performance.now() - started) * 10) / 10,
    },
    'request',
  )
}
