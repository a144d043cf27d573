/**
 * `bienvenue-auth/node`: the service in a program on Node's own `http` server, or on Express.
 *
 * @module
 */
import { type Fetcher, type NodeHandler, nodeHandler } from './app/node.ts'

export type { Fetcher, NodeHandler } from './app/node.ts'

/**
 * The service as a handler `(request, response)`. Mount it in front of body parsers: it reads the body
 * itself.
 *
 * @example
 * ```ts
 * createServer(toNodeHandler(auth)).listen(5000, '127.0.0.1')
 * express().use('/auth', toNodeHandler(auth))
 * ```
 */
export function toNodeHandler(auth: Fetcher): NodeHandler {
  return nodeHandler(auth, { replaceGlobals: false })
}
