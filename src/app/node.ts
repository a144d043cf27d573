/** Connects the service to Node's own `http`, without the cost of `Request` and `Response` objects. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { AuthError } from '../model/errors.ts'
import { hasPlainFraming } from './guards.ts'
import type { Incoming, IncomingBody } from './incoming.ts'
import type { App } from './index.ts'
import type { Rendered } from './responses.ts'

/** A handler for Node's `http` server, Express, and everything else that passes the same two arguments. */
export type NodeHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>

/**
 * The service as a handler for Node.
 *
 * @param isLast - Whether to close the connection after the answer to this request. Called when the answer is sent.
 */
export function nodeHandler(
  { answer }: Pick<App, 'answer'>,
  isLast: (incoming: IncomingMessage) => boolean = () => false,
): NodeHandler {
  const inDoubt = new WeakSet<Socket>()
  return async (incoming, outgoing) => {
    const { socket } = incoming
    // Node delivers pipelined requests at once, so this one may arrive before the answer that closes the connection.
    if (inDoubt.has(socket)) return
    const request = new NodeIncoming(incoming)
    if (!hasPlainFraming(request)) inDoubt.add(socket)
    const rendered = await answer(request)
    await endOfTurn()
    if (isLast(incoming)) outgoing.setHeader('connection', 'close')
    send(outgoing, rendered, incoming.method)
  }
}

let turn: Promise<void> | undefined

/**
 * Resolves at the end of this turn of the event loop, so that all its answers are sent together. Waking the reader of a socket
 * costs more than finding an answer, and this way most readers are already awake. On PostgreSQL this saves a seventh of the
 * CPU time of a session check (docs/internals/performance.md).
 */
function endOfTurn(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined
      resolve()
    })
  })
  return turn
}

/** A message of Node's server, with the members that frameworks such as Express add. */
type FrameworkMessage = IncomingMessage & {
  /** The target before the framework removed the path of a router. */
  readonly originalUrl?: string
  /** The body, if a body parser has read it. */
  readonly body?: unknown
}

/** A message as a request. A class, so that its members are not created for every request. */
class NodeIncoming implements Incoming {
  readonly #message: FrameworkMessage

  constructor(message: FrameworkMessage) {
    this.#message = message
  }

  get method() {
    return this.#message.method ?? ''
  }

  get target() {
    return this.#message.url ?? ''
  }

  get originalTarget() {
    return this.#message.originalUrl
  }

  get isHttp10() {
    return this.#message.httpVersion === '1.0'
  }

  get peer() {
    return this.#message.socket.remoteAddress
  }

  header(name: string) {
    const { rawHeaders } = this.#message
    // HTTP/2 has `:authority` instead of `Host` (RFC 9113 §8.3.1). HTTP/1 allows no colon in a name.
    const authority = name === 'host' ? headerOf(rawHeaders, ':authority') : null
    return authority ?? headerOf(rawHeaders, name)
  }

  readBody(maxBytes: number) {
    const message = this.#message
    const wasRead = message.readableDidRead || message.readableEnded
    return wasRead ? bodyLeftIn(message, maxBytes) : readBytes(message, maxBytes)
  }
}

// Not Node's `headers`: they drop a second Host header, which attacks use.
function headerOf(rawHeaders: readonly string[], name: string): string | null {
  let found: string | null = null
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index] as string
    if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue
    const value = rawHeaders[index + 1] as string
    found = found === null ? value : `${found}${name === 'cookie' ? '; ' : ', '}${value}`
  }
  return found
}

/** The body of a message that a body parser has read. As in Express, its result is in `body`. */
async function bodyLeftIn(message: FrameworkMessage, maxBytes: number): Promise<IncomingBody> {
  const { body } = message
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    if (bytes.length > maxBytes) throw new AuthError('body_too_large')
    return { bytes }
  }
  if (body !== undefined && body !== null) {
    // The limit of the parser may be higher, and `Content-Length` may be missing.
    if (sizeOf(body) > maxBytes) throw new AuthError('body_too_large')
    return { parsed: body }
  }
  // The message ended without data, so it has no body.
  if (message.readableEnded && !message.readableDidRead) return { bytes: new Uint8Array() }
  throw new AuthError('body_already_read')
}

/** The size of a parsed body as JSON, in bytes. */
function sizeOf(body: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(body) ?? '')
  } catch {
    // A cycle or a BigInt, which no JSON and no form can express. The contract refuses it.
    return 0
  }
}

/** Uses listeners, because leaving `for await` early would close the connection before the answer is sent. */
function readBytes(message: IncomingMessage, maxBytes: number): Promise<IncomingBody> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingBody>()
  const chunks: Uint8Array[] = []
  let length = 0
  const disconnected = (cause?: unknown) => reject(new AuthError('malformed_request', { cause }))
  if (message.destroyed) disconnected()
  message.on('data', (chunk: Uint8Array) => {
    length += chunk.length
    if (length <= maxBytes) return void chunks.push(chunk)
    message.pause()
    reject(new AuthError('body_too_large'))
  })
  message.once('end', () => resolve({ bytes: Buffer.concat(chunks) }))
  message.once('error', disconnected)
  message.once('close', disconnected)
  return promise
}

function send(
  outgoing: ServerResponse,
  { status, headers, body }: Rendered,
  method: string | undefined,
): void {
  const content = body ?? ''
  // RFC 9110 §8.6: not with 204.
  const length = status === 204 ? [] : ['content-length', String(Buffer.byteLength(content))]
  outgoing.writeHead(status, [...headers, ...length])
  if (method === 'HEAD') outgoing.end()
  else outgoing.end(content)
}
