import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import type { App } from './index.ts'

/** A handler of Node's `http` server, of Express and of all that take the same two arguments. */
export type NodeHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>

/** What an adapter needs of the service. */
export interface Fetcher {
  fetch: App['fetch']
  refuseUnread(...refusal: Parameters<App['refuseUnread']>): Response | Promise<Response>
}

/**
 * The service as a handler for Node. The client's address is that of the connection.
 *
 * @param details - `replaceGlobals`: where the process is ours alone, the adapter may put its lighter
 *   `Request` and `Response` in place of the global ones.
 */
export function nodeHandler(service: Fetcher, details: { replaceGlobals: boolean }): NodeHandler {
  return getRequestListener(
    (request, env) => service.fetch(request, { ip: (env as HttpBindings).incoming.socket.remoteAddress }),
    {
      overrideGlobalObjects: details.replaceGlobals,
      // A request line or Host of which no `Request` can be made.
      errorHandler: () => service.refuseUnread('malformed_request'),
    },
  )
}
