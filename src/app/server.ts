/** The service on sockets of its own: limits of HTTP, one or more addresses, and an end in good order. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { App } from './index.ts'
import { nodeHandler } from './node.ts'
import { refuseOnSocket } from './unread.ts'

const LIMITS = {
  maxHeaderSize: 16 * 1_024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  // Ours answers in the one error shape.
  requireHostHeader: false,
} as const

/** How long requests in hand may take once the service stops. */
const STOP_TIMEOUT_MS = 10_000
/** How often connections that became idle meanwhile are closed. */
const STOP_POLL_MS = 50

/** A running server. */
export interface RunningServer {
  readonly port: number
  /** Takes no new requests, finishes those in hand, and resolves when all is quiet. */
  stop(): Promise<void>
}

/**
 * Listens on every address given, on one port.
 *
 * @param addresses - IP addresses of this machine. Those whose family it lacks are left out, if one is left.
 * @param port - 0 takes any free one.
 * @throws Node's error of `listen`, such as `EADDRINUSE`.
 */
export async function startServer(
  app: App,
  addresses: readonly string[],
  port: number,
): Promise<RunningServer> {
  const handler = nodeHandler(app, true)
  const servers: Server[] = []
  let boundPort = port
  try {
    for (const address of addresses) {
      const server = createServer(LIMITS, handler)
      server.on('clientError', refuseOnSocket)
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
  server.close(() => resolve())
  // A connection kept alive is idle only once its request is done.
  const poll = setInterval(() => server.closeIdleConnections(), STOP_POLL_MS)
  const force = setTimeout(() => server.closeAllConnections(), STOP_TIMEOUT_MS)
  await promise
  clearInterval(poll)
  clearTimeout(force)
}
