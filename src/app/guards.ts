/** The checks that every request must pass before a route handles it. They are cheap and need no database. */
import { OPERATIONS, type Operation, TOPICS } from '../api/index.ts'
import { parseAllowedHosts } from '../lib/allowed-hosts.ts'
import { isLoopback, isPrivateAddress, withoutBrackets } from '../lib/network.ts'
import { parseOrigins } from '../lib/origins.ts'
import { AuthError } from '../model/errors.ts'
import type { Options } from '../options/index.ts'
import type { Incoming } from './incoming.ts'
import { createLocator, type Locate } from './paths.ts'

/** The maximum length of a request target, in characters. */
export const URL_MAX_LENGTH = 2_048
/** That of an operation with `longUrl`. The codes of Microsoft, for example, can have more than 2,000 characters. */
export const LONG_URL_MAX_LENGTH = 8_192

/** Which hosts and origins belong to the service. */
export type GuardSettings = Pick<Options, 'mode' | 'baseUrl' | 'allowedHosts' | 'trustedOrigins'>

/**
 * Refuses requests that no route should handle.
 *
 * @throws {AuthError} `uri_too_long`, `unknown_host`, `malformed_request`, `foreign_origin`, `missing_origin`.
 */
export type Guard = (incoming: Incoming, hasSessionCookie: () => boolean) => void

export function createGuard(settings: GuardSettings): Guard {
  const site = siteOf(settings)
  const trusted = parseOrigins(settings.trustedOrigins)
  // Scripts of the exercise send forms with a session cookie and without an origin.
  const allowsFormsWithoutOrigin = settings.mode === 'classic'
  return (incoming, hasSessionCookie) => {
    // First, because its answer must close the connection.
    if (!hasPlainFraming(incoming)) throw new AuthError('malformed_request')
    if (incoming.target.length > URL_MAX_LENGTH) assertLongUrl(incoming, site)
    const host = assertKnownHost(incoming, site)
    if (incoming.method === 'GET' || incoming.method === 'HEAD') return
    const origin = incoming.header('origin')
    if (origin !== null && trusted.has(origin)) return
    if (isOneOf(FROM_OTHER_SITES, incoming, site)) return
    const hasOrigin = assertOwnOrigin(incoming, site, host)
    if (!hasOrigin && !allowsFormsWithoutOrigin && isSimple(incoming) && hasSessionCookie())
      throw new AuthError('missing_origin')
  }
}

const FROM_OTHER_SITES = OPERATIONS.filter(({ fromOtherSites }) => fromOtherSites)
const WITH_LONG_URL = OPERATIONS.filter(({ longUrl }) => longUrl)

function isOneOf(operations: readonly Operation[], incoming: Incoming, { locate }: Site): boolean {
  const given = (locate(incoming) ?? '').split('/')
  return operations.some(({ method, path }) => {
    const segments = path.split('/')
    return (
      incoming.method === method &&
      given.length === segments.length &&
      segments.every((segment, index) => segment.startsWith('{') || segment === given[index])
    )
  })
}

function assertLongUrl(incoming: Incoming, site: Site): void {
  if (incoming.target.length > LONG_URL_MAX_LENGTH || !isOneOf(WITH_LONG_URL, incoming, site))
    throw new AuthError('uri_too_long')
}

/** Which hosts and origins are ours. */
interface Site {
  readonly locate: Locate
  isOwnHost(host: string): boolean
  /** @param host - The host of the request, or `null` if it has none. */
  isOwnOrigin(origin: string, host: string | null): boolean
}

/**
 * Production mode accepts the host of BASE_URL, with its port. Classic mode accepts local host names. Development mode
 * accepts both, and private addresses, which a phone or a container on the same network uses. Every mode accepts the
 * allowed hosts.
 */
function siteOf({ mode, baseUrl, allowedHosts }: GuardSettings): Site {
  const isAllowed = parseAllowedHosts(allowedHosts)
  const url = mode === 'classic' ? null : URL.parse(baseUrl)
  const baseHosts = url === null ? [] : [url.host, `${url.host}:${url.protocol === 'https:' ? 443 : 80}`]
  const isLenient = mode !== 'production'
  return {
    locate: createLocator({ baseUrl }),
    isOwnHost: (host) =>
      baseHosts.includes(host) || (isLenient && isLocalHost(host, mode)) || isAllowed(host),
    isOwnOrigin: (origin, host) => origin === url?.origin || (isLenient && isOriginOf(origin, host)),
  }
}

function isOriginOf(origin: string, host: string | null): boolean {
  return host !== null && (origin === `http://${host}` || origin === `https://${host}`)
}

/**
 * Refuses foreign host names. Another site can point its own name at this machine (DNS rebinding): its pages would then
 * have the same origin as the service.
 *
 * @returns The host of the request, or `null` if it has none.
 */
function assertKnownHost(incoming: Incoming, site: Site): string | null {
  const { target } = incoming
  const targetHost = target.startsWith('/') || isServerWide(incoming) ? null : hostOfUrl(target)
  const hostHeader = incoming.header('host')
  // Only HTTP/1.0 may omit the host (RFC 9112 §3.2). Browsers do not use it, so DNS rebinding is impossible.
  if (hostHeader === null && targetHost === null && incoming.isHttp10) return null
  // A `Request` made by a program has its host only in the URL.
  const host = withoutEmptyPort((hostHeader ?? targetHost ?? '').toLowerCase())
  if (!site.isOwnHost(host)) assertProbe(incoming, site, host)
  // The host of an absolute target overrides the header (RFC 9112 §3.2.2), so both must be ours.
  if (targetHost !== null && targetHost !== host && !site.isOwnHost(targetHost))
    assertProbe(incoming, site, targetHost)
  return host
}

/** RFC 3986 §3.2.3: an empty port is the default port. */
function withoutEmptyPort(host: string): string {
  return host.endsWith(':') ? host.slice(0, -1) : host
}

/** Whether the request is `OPTIONS *`, which is about the server as a whole (RFC 9110 §9.3.7). */
export function isServerWide({ method, target }: Pick<Incoming, 'method' | 'target'>): boolean {
  return method === 'OPTIONS' && target === '*'
}

/** The host of an absolute target. Any other form of target is malformed here. */
function hostOfUrl(target: string): string {
  const url = URL.parse(target)
  if (url === null) throw new AuthError('malformed_request')
  return url.host
}

const HOST_AND_PORT = /^(\[[0-9a-f:.]+\]|[^\s,:/?#@[\]]+)(?::\d{1,5})?$/i

/** Load balancers probe these paths by IP address, which no setting lists. The answers reveal nothing about users. */
const PROBED = new Set<string>([TOPICS.service.health.path, TOPICS.service.readiness.path])

/**
 * Refuses a host that is not ours, unless the request is a probe. RFC 9112 §3.2 requires 400 for a missing, repeated
 * (repeated headers arrive joined) or malformed host; a foreign one gets 421.
 */
function assertProbe(incoming: Incoming, { locate }: Site, host: string): void {
  if (!HOST_AND_PORT.test(host)) throw new AuthError('malformed_request')
  if (!PROBED.has(locate(incoming) ?? '')) throw new AuthError('unknown_host')
}

function isLocalHost(host: string, mode: Options['mode']): boolean {
  const name = withoutBrackets(HOST_AND_PORT.exec(host)?.[1] ?? '')
  if (isLoopback(name) || name === '0.0.0.0') return true
  // RFC 6761 §6.3: names under `localhost` are this machine. DNS rebinding needs a name, so a private address is safe.
  return mode === 'development' && (name.endsWith('.localhost') || isPrivateAddress(name))
}

/**
 * Refuses cross-site request forgery: browsers send the origin of an unsafe request, which must be ours. Requests
 * without an origin pass, because programs such as the classic clients send none.
 *
 * @returns Whether the request has an origin.
 * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html OWASP}
 */
function assertOwnOrigin(incoming: Incoming, site: Site, host: string | null): boolean {
  const from = incoming.header('sec-fetch-site')
  // The user typed the URL or opened a bookmark: `none`.
  if (from !== null && from !== 'same-origin' && from !== 'none') throw new AuthError('foreign_origin')
  const origin = incoming.header('origin')
  // Fetch §3.1: a form on a page with `Referrer-Policy: no-referrer` has the origin `null`. No page can set
  // Sec-Fetch-Site, and a sandboxed or redirected request does not get `same-origin`.
  const isHidden = origin === 'null' && from === 'same-origin'
  if (origin !== null && !isHidden && !site.isOwnOrigin(origin, host)) throw new AuthError('foreign_origin')
  return from !== null || origin !== null
}

/** The media types that browsers send cross-site without a preflight (Fetch §4.7, CORS-safelisted). */
const SIMPLE_TYPE = /^(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)/i

function isSimple(incoming: Incoming): boolean {
  const type = incoming.header('content-type')
  return incoming.method === 'POST' && (type === null || SIMPLE_TYPE.test(type.trim()))
}

/**
 * Whether it is certain where the request ends: it has a length or the coding `chunked`, not both, and no coding in HTTP/1.0
 * (RFC 9112 §6.1 to §6.3). Otherwise a proxy may read the end of its body as another request (request smuggling).
 */
export function hasPlainFraming(incoming: Incoming): boolean {
  const coding = incoming.header('transfer-encoding')
  const length = incoming.header('content-length')
  if (coding === null) return length === null || /^\d+$/.test(length)
  return length === null && coding.toLowerCase() === 'chunked' && incoming.isHttp10 !== true
}
