/** Runs the service on one or more addresses of its own, with HTTP limits and a graceful stop. */
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ErrorCode } from '../model/errors.ts'
import type { App } from './index.ts'
import { type NodeHandler, nodeHandler } from './node.ts'
import type { Rendered } from './responses.ts'

// Not imported, because an import reads every export. One is `WebSocket`, for which Node loads its HTTP client, HTTP/2 and TLS:
// 15 MB.
const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http')
const { Server: NetServer } = process.getBuiltinModule('node:net')

export const LIMITS = {
  maxHeaderSize: 16 * 1_024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  // Our own guard answers with our error body.
  requireHostHeader: false,
  // How often Node checks the timeouts. Its default of 30 s would make a timeout of 10 s last up to 40 s.
  connectionsCheckingInterval: 1_000,
} as const

/** How long requests in progress may take after the stop begins. */
export const STOP_TIMEOUT_MS = 10_000
/**
 * How long idle connections stay open after the stop begins. A proxy learns of the stop at its next check, so it may still send a
 * request on one. The answer says `Connection: close`.
 */
export const STOP_IDLE_MS = 1_000
/** How often newly idle connections are closed after that. */
const STOP_POLL_MS = 50

/** A running server. */
export interface RunningServer {
  readonly port: number
  /** Accepts no new requests, finishes those in progress, and resolves when every connection is closed. */
  stop(): Promise<void>
}

/**
 * Listens on all given addresses, on the same port.
 *
 * @param addresses - IP addresses of this machine. Only the first must be available; the others are skipped if this
 *   machine lacks them or their address family.
 * @param port - 0 for any free port.
 * @throws The error of Node's `listen`, such as `EADDRINUSE`.
 */
export async function startServer(
  app: App,
  addresses: readonly string[],
  port: number,
): Promise<RunningServer> {
  let isStopping = false
  // Requests can be pipelined: the newest one on a connection is answered last.
  const newest = new WeakMap<Socket, IncomingMessage>()
  const answer = nodeHandler(app, (incoming) => isStopping && newest.get(incoming.socket) === incoming)
  const handler: NodeHandler = (incoming, outgoing) => {
    newest.set(incoming.socket, incoming)
    return answer(incoming, outgoing)
  }
  const servers: Server[] = []
  let boundPort = port
  try {
    for (const address of addresses) {
      const server = createServer(LIMITS, handler)
      // Node's own answers would not have our error body.
      server.on('checkExpectation', handler)
      server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseBadBytes(app, error, socket))
      server.on('connect', (_: IncomingMessage, socket) =>
        answerOnSocket(app.refuseUnread('method_not_allowed'), socket),
      )
      if (!(await listen(server, address, boundPort, servers.length > 0))) continue
      servers.push(server)
      boundPort = (server.address() as AddressInfo).port
    }
  } catch (error) {
    await Promise.all(servers.map(stop))
    throw error
  }
  return {
    port: boundPort,
    async stop() {
      // RFC 9112 §9.6: from now on the last answer on each connection says `Connection: close`. Otherwise the
      // client might send another request on a connection that is about to close.
      isStopping = true
      await Promise.all(servers.map(stop))
    },
  }
}

async function listen(server: Server, host: string, port: number, mayFail: boolean): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host, port }, resolve)
  try {
    await promise
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (mayFail && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) return false
    throw error
  } finally {
    server.off('error', reject)
  }
}

async function stop(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  // Not `server.close`: it closes idle connections at once, even if a request has arrived on one and is not read yet.
  NetServer.prototype.close.call(server, () => resolve())
  let poll: NodeJS.Timeout | undefined
  const idle = setTimeout(() => {
    server.closeIdleConnections()
    // A keep-alive connection becomes idle when its request is done.
    poll = setInterval(() => server.closeIdleConnections(), STOP_POLL_MS)
  }, STOP_IDLE_MS)
  const force = setTimeout(() => server.closeAllConnections(), STOP_TIMEOUT_MS)
  await promise
  for (const timer of [idle, poll, force]) clearTimeout(timer)
}

// https://nodejs.org/api/http.html#event-clienterror. Every other parse error is a malformed request.
const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

/** Answers bytes that are not a valid request. There is no request or response object, only the connection. */
function refuseBadBytes(app: App, error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') socket.destroy()
  else answerOnSocket(app.refuseUnread(CODES[error.code ?? ''] ?? 'malformed_request'), socket)
}

function answerOnSocket({ status, headers, body }: Rendered, socket: Duplex): void {
  // The server no longer handles this socket. An unhandled reset would end the process.
  socket.on('error', () => {})
  const content = body ?? ''
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`]
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index]}: ${headers[index + 1]}`)
  lines.push(`content-length: ${Buffer.byteLength(content)}`)
  // The client may keep its side open.
  socket.end(`${lines.join('\r\n')}\r\n\r\n${content}`, () => socket.destroy())
}
