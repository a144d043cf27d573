/**
 * `bienvenue-auth/node`: the service in a program on Node's own `http` or `http2` server, or on Express.
 *
 * @module
 */
import './lib/require-node.ts'

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { nodeHandler } from './app/node.ts'
import type { Auth } from './index.ts'

/** A handler for Node's `http` and `http2` servers, Express, and everything else that passes the same two arguments. */
export type NodeHandler = (
  incoming: IncomingMessage | Http2ServerRequest,
  outgoing: ServerResponse | Http2ServerResponse,
) => Promise<void>

/**
 * The service as a handler `(request, response)`. Mount it before body parsers. If a parser has already read the body, the
 * handler uses `request.body` (an object, text or a `Buffer`). If that is missing, it answers 500 `body_already_read`.
 *
 * @throws {TypeError} `auth` is something else, such as the promise of `createAuth`.
 * @example
 * ```ts
 * createServer(toNodeHandler(auth)).listen(5000, '127.0.0.1')
 * express().use('/auth', toNodeHandler(auth))
 * ```
 */
export function toNodeHandler(auth: Pick<Auth, 'answer'>): NodeHandler {
  if (typeof auth?.answer !== 'function') throw new TypeError('expected the result of `await createAuth(…)`')
  // The messages of HTTP/2 have all members that we use.
  return nodeHandler(auth) as NodeHandler
}
