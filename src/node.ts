/**
 * `bienvenue-auth/node`: the service in a program on Node's own `http` server, or on Express.
 *
 * @module
 */
import './lib/require-node.ts'

import { type NodeHandler, nodeHandler } from './app/node.ts'
import type { Auth } from './index.ts'

export type { NodeHandler } from './app/node.ts'

/**
 * The service as a handler `(request, response)`. Mount it before body parsers. If a parser has already read the body, the
 * handler uses `request.body` (an object, text or a `Buffer`). If that is missing, it answers 500 `body_already_read`.
 *
 * @example
 * ```ts
 * createServer(toNodeHandler(auth)).listen(5000, '127.0.0.1')
 * express().use('/auth', toNodeHandler(auth))
 * ```
 */
export function toNodeHandler(auth: Pick<Auth, 'answer'>): NodeHandler {
  return nodeHandler(auth)
}
