/** What every request has to pass before a route sees it. Cheap, and without the database. */
import { AuthError } from '../errors.ts'
import { isLoopback, withoutBrackets } from '../lib/network.ts'

/** Characters of the whole address of a request. */
const URL_MAX_LENGTH = 2_048

/** Where the service is, and what a browser has to show of a session. */
export interface GuardSettings {
  /** Its address. Empty: the names that mean this machine, and no other. */
  readonly baseUrl: string
  /** Whether a form with a session, but with no word of where it comes from, is taken: scripts send such. */
  readonly takesUnmarkedForms: boolean
}

/**
 * Refuses what no route needs to see.
 *
 * @throws {AuthError} `uri_too_long`, `unknown_host`, `malformed_request`, `foreign_origin`.
 */
export type Guard = (request: Request, sessionId: () => string | null) => void

export function createGuard({ baseUrl, takesUnmarkedForms }: GuardSettings): Guard {
  const site = baseUrl === '' ? LOOPBACK : siteOf(baseUrl)
  return (request, sessionId) => {
    if (request.url.length > URL_MAX_LENGTH) throw new AuthError('uri_too_long')
    const host = assertKnownHost(request, site)
    if (request.method === 'GET' || request.method === 'HEAD') return
    const isMarked = assertOwnOrigin(request.headers, site, host)
    if (!isMarked && !takesUnmarkedForms && isSimple(request) && sessionId() !== null)
      throw new AuthError('foreign_origin')
    assertPlainFraming(request.headers)
  }
}

/** Which names and origins are ours. */
interface Site {
  isOwnHost(host: string): boolean
  isOwnOrigin(origin: string, host: string): boolean
}

const LOOPBACK: Site = {
  isOwnHost: isLoopbackHost,
  isOwnOrigin: (origin, host) => origin === `http://${host}` || origin === `https://${host}`,
}

/** One address, and no other: neither a name like it nor another port. */
function siteOf(baseUrl: string): Site {
  const { host, origin, protocol } = new URL(baseUrl)
  const withPort = `${host}:${protocol === 'https:' ? 443 : 80}`
  return {
    isOwnHost: (name) => name === host || name === withPort,
    isOwnOrigin: (name) => name === origin,
  }
}

/**
 * A page of another site can point its own name at this machine (DNS rebinding) and would then be of one
 * origin with us, and a link built on another name would lead there: only our own names are answered to.
 */
function assertKnownHost(request: Request, site: Site): string {
  // Host as it was sent; a `Request` made by hand, for the library, carries it in its URL alone.
  const host = (request.headers.get('host') ?? new URL(request.url).host).toLowerCase()
  // More than one Host header (RFC 9112 §3.2): they arrive joined.
  if (host.includes(',')) throw new AuthError('malformed_request')
  if (!site.isOwnHost(host)) throw new AuthError('unknown_host')
  // A target with a host of its own outranks the header (RFC 9112 §3.2.2).
  const isOriginForm = request.url.startsWith(`http://${host}/`) || request.url.startsWith(`https://${host}/`)
  if (!isOriginForm && !site.isOwnHost(new URL(request.url).host)) throw new AuthError('unknown_host')
  return host
}

const HOST_AND_PORT = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i

function isLoopbackHost(host: string): boolean {
  const name = withoutBrackets(HOST_AND_PORT.exec(host)?.[1] ?? '')
  return isLoopback(name) || name === '0.0.0.0'
}

/**
 * Cross-site request forgery: a browser says where an unsafe request comes from, and anything but this very
 * origin is refused. Programs that are no browsers say nothing and pass, as the classic clients do.
 *
 * @returns Whether the request says where it comes from.
 * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html OWASP}
 */
function assertOwnOrigin(headers: Headers, site: Site, host: string): boolean {
  const from = headers.get('sec-fetch-site')
  // `none`: the person themselves, by the address bar or a bookmark.
  if (from !== null && from !== 'same-origin' && from !== 'none') throw new AuthError('foreign_origin')
  const origin = headers.get('origin')
  if (origin !== null && !site.isOwnOrigin(origin, host)) throw new AuthError('foreign_origin')
  return from !== null || origin !== null
}

/** What a browser sends across sites without asking first (Fetch §4.7, CORS-safelisted). */
const SIMPLE_TYPE = /^(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)/i

function isSimple({ method, headers }: Request): boolean {
  const type = headers.get('content-type')
  return method === 'POST' && (type === null || SIMPLE_TYPE.test(type.trim()))
}

/** Node undoes `chunked` and no other transfer coding: what such a body says, a proxy may read otherwise. */
function assertPlainFraming(headers: Headers): void {
  const coding = headers.get('transfer-encoding')
  if (coding !== null && coding.toLowerCase() !== 'chunked') throw new AuthError('malformed_request')
}
