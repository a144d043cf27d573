/** Refusals of requests that never became one: no route, no trace, not even a `Request`. */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { AuthError, type ErrorCode } from '../errors.ts'
import { refusal } from './answers.ts'

/** The refusal as a response. */
export function refuseUnread(error: AuthError): Response {
  return refusal(error, randomUUID(), { connection: 'close' })
}

// https://nodejs.org/api/http.html#event-clienterror; every other parse error is a malformed request.
const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

/** Node's `clientError`: the parser gave up. Answers on the bare socket, in the one error shape. */
export async function refuseOnSocket(error: NodeJS.ErrnoException, socket: Duplex): Promise<void> {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const response = refuseUnread(new AuthError(CODES[error.code ?? ''] ?? 'malformed_request'))
  const body = await response.text()
  const headers = [...response.headers, ['content-length', String(Buffer.byteLength(body))]]
  socket.end(
    [
      `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
      '',
      body,
    ].join('\r\n'),
  )
}
