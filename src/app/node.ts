import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { AuthError } from '../errors.ts'
import type { App } from './index.ts'
import { refuseUnread } from './unread.ts'

/** A handler of Node's `http` server, of Express and of all that take the same two arguments. */
export type NodeHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>

/**
 * The service as a handler for Node. The client's address is that of the connection.
 *
 * @param own - Whether the process is ours alone: the adapter may then put its lighter `Request` and
 *   `Response` in place of the global ones. In a program of others it leaves them alone.
 */
export function nodeHandler(app: Pick<App, 'fetch'>, own = false): NodeHandler {
  return getRequestListener(
    (request, env) => app.fetch(request, { address: (env as HttpBindings).incoming.socket.remoteAddress }),
    {
      overrideGlobalObjects: own,
      // A request line or Host of which no `Request` can be made.
      errorHandler: (error) => refuseUnread(new AuthError('malformed_request', { cause: error })),
    },
  )
}
