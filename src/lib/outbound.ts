import type { LookupAddress, LookupOptions } from 'node:dns'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { isIP, type LookupFunction } from 'node:net'
import { isLoopback, withoutBrackets } from './network.ts'
import { parseOutboundPrivate } from './outbound-private.ts'
import { isPublicAddress } from './public-address.ts'

const TIMEOUT_MS = 3_000
const MAX_BYTES = 256 * 1_024

export type OutboundReason =
  /** The URL cannot be parsed. */
  | 'invalid_url'
  /** The URL is not https, and is not http on loopback where the operator allows it. */
  | 'not_https'
  /** The URL contains a user name or a password. */
  | 'credentials'
  /** The host has an address that is not public, and the operator makes no exception for it. */
  | 'private_address'
  /** The answer is a redirect. */
  | 'redirect'
  /** The answer has too many bytes. */
  | 'too_large'
  /** The exchange took too long. */
  | 'timeout'
  /** The name does not resolve, or there is no connection, no trusted certificate or no valid answer. See `cause`. */
  | 'unreachable'

/** An outbound request was refused or failed. The error contains nothing of the request. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'
  readonly reason: OutboundReason

  constructor(reason: OutboundReason, cause?: unknown) {
    super(`the request to another server failed: ${reason}`, { cause })
    this.reason = reason
  }
}

/** Resolves a name to all its addresses, like `dns.lookup`. */
type Resolve = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export interface OutboundRules {
  /** Hosts and networks that need not be public, as {@link parseOutboundPrivate} reads them. */
  readonly allowed: string
  /** For the whole exchange, from the look-up of the name to the last byte of the answer. Default: 3 seconds. */
  readonly timeoutMs?: number
  /** For the body of the answer. Default: 256 KiB. */
  readonly maxBytes?: number
  /** Replaces `dns.lookup` in tests. */
  readonly resolve?: Resolve
}

/**
 * Creates a function like `fetch` for requests to other servers, whose URLs may be untrusted.
 *
 * - Only https. Plain http works on loopback, if `allowed` contains it.
 * - Connects only to public IP addresses and to `allowed`. Each address is checked where the connection resolves the name,
 *   so a name cannot change its address after the check. One private address among several refuses the request.
 * - A URL with credentials is refused. A redirect is an error.
 * - Each request has its own connection. The whole answer is read before the promise resolves, and is not decompressed.
 *
 * @returns The function. It rejects with {@link OutboundError}, or with the reason of the caller's `signal`.
 * @throws {TypeError} `allowed` is invalid.
 */
export function createOutbound({
  allowed,
  timeoutMs = TIMEOUT_MS,
  maxBytes = MAX_BYTES,
  resolve = lookUp,
}: OutboundRules): typeof fetch {
  const exceptions = parseOutboundPrivate(allowed)

  /** Returns the URL if a connection to it may be tried. */
  function readUrl(text: string): URL {
    const url = URL.parse(text)
    if (url === null) throw new OutboundError('invalid_url')
    if (url.username !== '' || url.password !== '') throw new OutboundError('credentials')
    // The URL parser writes every form of an IPv4 address, such as 0x7f.1, as four decimal numbers.
    const host = withoutBrackets(url.hostname)
    const isHere = isLoopback(host) && isAllowedOf(url)(host)
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isHere))
      throw new OutboundError('not_https')
    if (isIP(host) !== 0 && !isAllowedOf(url)(host)) throw new OutboundError('private_address')
    return url
  }

  /** Whether a request for the URL may connect to an address, or to the name `localhost`. */
  function isAllowedOf(url: URL): (address: string) => boolean {
    if (url.protocol === 'https:' && exceptions.hasHost(url)) return () => true
    if (url.protocol === 'https:')
      return (address) => isPublicAddress(address) || exceptions.hasAddress(address)
    return (address) => isLoopback(address) && (exceptions.hasHost(url) || exceptions.hasAddress(address))
  }

  /** Resolves the name of a connection, and refuses it if it has an address that is not allowed. */
  const checkedLookup =
    (isAllowed: (address: string) => boolean): LookupFunction =>
    (hostname, options, callback) =>
      resolve(hostname, { ...options, all: true }, (error, addresses) => {
        const [first] = addresses ?? []
        if (error !== null) callback(error, [])
        else if (first === undefined) callback(new OutboundError('unreachable'), [])
        else if (!addresses.every(({ address }) => isAllowed(address)))
          callback(new OutboundError('private_address'), [])
        else if (options.all) callback(null, addresses)
        else callback(null, first.address, first.family)
      })

  return async (input, init) => {
    const url = readUrl(input instanceof Request ? input.url : String(input))
    const request = new Request(input, init)
    const body = new Uint8Array(await request.arrayBuffer())
    const ended = AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)])
    try {
      const message = await send(url, request, body, {
        signal: ended,
        lookup: checkedLookup(isAllowedOf(url)),
      })
      return await readAnswer(message, maxBytes)
    } catch (error) {
      request.signal.throwIfAborted()
      if (error instanceof OutboundError) throw error
      throw new OutboundError(ended.aborted ? 'timeout' : 'unreachable', error)
    }
  }
}

function send(
  url: URL,
  { method, headers }: Request,
  body: Uint8Array,
  options: { signal: AbortSignal; lookup: LookupFunction },
): Promise<IncomingMessage> {
  // Not imported: most services never ask another server.
  const http = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
  return new Promise((resolve, reject) => {
    // Without an agent, no connection is kept or shared, and no proxy of the environment is used.
    const sent: ClientRequest = http.request(url, {
      ...options,
      method,
      headers: { ...Object.fromEntries(headers), 'accept-encoding': 'identity' },
      agent: false,
    })
    sent.on('response', resolve)
    sent.on('error', reject)
    // An answer that switches protocols ends the connection without an error.
    sent.on('close', () => reject(new OutboundError('unreachable')))
    sent.end(body.length > 0 ? body : undefined)
  })
}

async function readAnswer(message: IncomingMessage, maxBytes: number): Promise<Response> {
  const { statusCode: status = 0, headersDistinct } = message
  try {
    if (status >= 300 && status < 400) throw new OutboundError('redirect')
    if (Number(message.headers['content-length'] ?? 0) > maxBytes) throw new OutboundError('too_large')
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of message as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > maxBytes) throw new OutboundError('too_large')
      chunks.push(chunk)
    }
    const headers = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
      values.map((value): [string, string] => [name, value]),
    )
    return new Response(status === 204 || status === 205 ? null : Buffer.concat(chunks), { status, headers })
  } finally {
    message.destroy()
  }
}

function lookUp(...[hostname, options, callback]: Parameters<Resolve>): void {
  process.getBuiltinModule('node:dns').lookup(hostname, options, callback)
}
