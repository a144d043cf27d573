/** What every request has to pass before a route sees it. Cheap, and without the database. */
import { AuthError } from '../errors.ts'
import { isLoopback } from '../lib/network.ts'

/** Characters of the whole address of a request. */
const URL_MAX_LENGTH = 2_048

/** Refuses what no route needs to see. @throws {AuthError} `uri_too_long`, `unknown_host`, `malformed_request`, `foreign_origin`. */
export function guard(request: Request): void {
  if (request.url.length > URL_MAX_LENGTH) throw new AuthError('uri_too_long')
  const host = assertKnownHost(request)
  if (request.method === 'GET' || request.method === 'HEAD') return
  assertOwnOrigin(request.headers, host)
  assertPlainFraming(request.headers)
}

/**
 * A page of another site can point its own name at this machine (DNS rebinding) and would then be of one
 * origin with us: only names that mean this machine are answered to.
 */
function assertKnownHost(request: Request): string {
  // Host as it was sent; a `Request` made by hand, for the library, carries it in its URL alone.
  const host = (request.headers.get('host') ?? new URL(request.url).host).toLowerCase()
  // More than one Host header (RFC 9112 §3.2): they arrive joined.
  if (host.includes(',')) throw new AuthError('malformed_request')
  if (!isOwnName(host)) throw new AuthError('unknown_host')
  // A target with a host of its own outranks the header (RFC 9112 §3.2.2).
  const isOriginForm = request.url.startsWith(`http://${host}/`) || request.url.startsWith(`https://${host}/`)
  if (!isOriginForm && !isOwnName(new URL(request.url).host)) throw new AuthError('unknown_host')
  return host
}

const HOST_AND_PORT = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i

function isOwnName(host: string): boolean {
  const name = HOST_AND_PORT.exec(host)?.[1]?.replace(/^\[|\]$/g, '')
  return name !== undefined && (isLoopback(name) || name === '0.0.0.0')
}

/**
 * Cross-site request forgery: a browser says where an unsafe request comes from, and anything but this very
 * origin is refused. Programs that are no browsers say nothing and pass, as the classic clients do.
 *
 * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html OWASP}
 */
function assertOwnOrigin(headers: Headers, host: string): void {
  const site = headers.get('sec-fetch-site')
  // `none`: the person themselves, by the address bar or a bookmark.
  if (site !== null && site !== 'same-origin' && site !== 'none') throw new AuthError('foreign_origin')
  const origin = headers.get('origin')
  if (origin !== null && origin !== `http://${host}` && origin !== `https://${host}`) {
    throw new AuthError('foreign_origin')
  }
}

/** Node undoes `chunked` and no other transfer coding: what such a body says, a proxy may read otherwise. */
function assertPlainFraming(headers: Headers): void {
  const coding = headers.get('transfer-encoding')
  if (coding !== null && coding.toLowerCase() !== 'chunked') throw new AuthError('malformed_request')
}
