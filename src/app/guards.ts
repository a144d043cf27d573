/** What every request has to pass before a route sees it. Cheap, and without the database. */
import { TOPICS } from '../api/index.ts'
import { parseAllowedHosts } from '../lib/allowed-hosts.ts'
import { isLoopback, isPrivateAddress, withoutBrackets } from '../lib/network.ts'
import { AuthError } from '../model/errors.ts'
import type { Options } from '../options/index.ts'
import { type Incoming, pathOf } from './incoming.ts'

/** Characters of the whole address of a request. */
const URL_MAX_LENGTH = 2_048

/** Which hosts and origins belong to the service. */
export type GuardSettings = Pick<Options, 'mode' | 'baseUrl' | 'allowedHosts'>

/**
 * Refuses what no route needs to see.
 *
 * @throws {AuthError} `uri_too_long`, `unknown_host`, `malformed_request`, `foreign_origin`, `missing_origin`.
 */
export type Guard = (incoming: Incoming, sessionToken: () => string | null) => void

export function createGuard(settings: GuardSettings): Guard {
  const site = siteOf(settings)
  // Scripts of the exercise send forms with a session, and do not say where they come from.
  const takesUnmarkedForms = settings.mode === 'classic'
  return (incoming, sessionToken) => {
    // First, because the answer to it closes the connection.
    if (!hasPlainFraming(incoming)) throw new AuthError('malformed_request')
    if (incoming.target.length > URL_MAX_LENGTH) throw new AuthError('uri_too_long')
    const host = assertKnownHost(incoming, site)
    if (incoming.method === 'GET' || incoming.method === 'HEAD') return
    const isMarked = assertOwnOrigin(incoming, site, host)
    if (!isMarked && !takesUnmarkedForms && isSimple(incoming) && sessionToken() !== null)
      throw new AuthError('missing_origin')
  }
}

/** Which names and origins are ours. */
interface Site {
  isOwnHost(host: string): boolean
  /** @param host - That of the request; `null` if it names none. */
  isOwnOrigin(origin: string, host: string | null): boolean
}

/**
 * Production answers to the address of BASE_URL, with its port. Classic mode answers to the names of this machine.
 * Development mode answers to both, and to private addresses: a phone or a container on the same network. Every mode
 * answers to the allowed hosts.
 */
function siteOf({ mode, baseUrl, allowedHosts }: GuardSettings): Site {
  const isAllowed = parseAllowedHosts(allowedHosts)
  const isSameOrigin: Site['isOwnOrigin'] = (origin, host) =>
    host !== null && (origin === `http://${host}` || origin === `https://${host}`)
  const url = mode === 'classic' ? null : URL.parse(baseUrl)
  if (url === null)
    return {
      isOwnHost: (host) => isLocalHost(host, mode) || isAllowed(host),
      isOwnOrigin: isSameOrigin,
    }
  const withPort = `${url.host}:${url.protocol === 'https:' ? 443 : 80}`
  const isOfUrl = (host: string) => host === url.host || host === withPort
  if (mode === 'production')
    return {
      isOwnHost: (host) => isOfUrl(host) || isAllowed(host),
      isOwnOrigin: (origin) => origin === url.origin,
    }
  return {
    isOwnHost: (host) => isOfUrl(host) || isLocalHost(host, mode) || isAllowed(host),
    isOwnOrigin: (origin, host) => origin === url.origin || isSameOrigin(origin, host),
  }
}

/**
 * A page of another site can point its own name at this machine (DNS rebinding) and would then be of one
 * origin with us, and a link built on another name would lead there: only our own names are answered to.
 *
 * @returns The host that the request names, or `null` if it names none.
 */
function assertKnownHost(incoming: Incoming, site: Site): string | null {
  const { target } = incoming
  const ofTarget = target.startsWith('/') ? null : hostOfAddress(target)
  const named = incoming.header('host')
  // Legal in HTTP/1.0 alone (RFC 9112 §3.2), which no browser speaks: neither attack can come this way.
  if (named === null && ofTarget === null && incoming.isHttp10) return null
  // A `Request` made by hand, for the library, carries its host in its address alone.
  const host = withoutEmptyPort((named ?? ofTarget ?? '').toLowerCase())
  if (!site.isOwnHost(host)) assertAnyHostWillDo(incoming, host)
  // A target with a host of its own outranks the header (RFC 9112 §3.2.2): both have to be ours.
  if (ofTarget !== null && ofTarget !== host && !site.isOwnHost(ofTarget))
    assertAnyHostWillDo(incoming, ofTarget)
  return host
}

/** RFC 3986 §3.2.3: a port may be empty, and means the same as none. */
function withoutEmptyPort(host: string): string {
  return host.endsWith(':') ? host.slice(0, -1) : host
}

/** The host of a whole address. A target that is neither that nor a path leads nowhere here. */
function hostOfAddress(target: string): string {
  const address = URL.parse(target)
  if (address === null) throw new AuthError('malformed_request')
  return address.host
}

const HOST_AND_PORT = /^(\[[0-9a-f:.]+\]|[^\s,:/?#@[\]]+)(?::\d{1,5})?$/i

/** What probes ask for: they come by an IP address that no setting knows, and learn nothing about anybody. */
const PROBED = new Set<string>([TOPICS.service.health.path, TOPICS.service.readiness.path])

/** RFC 9112 §3.2 wants 400 for no host, more than one (they arrive joined) or a malformed one; 421 is for another's. */
function assertAnyHostWillDo(incoming: Incoming, host: string): void {
  if (!HOST_AND_PORT.test(host)) throw new AuthError('malformed_request')
  if (!PROBED.has(pathOf(incoming))) throw new AuthError('unknown_host')
}

function isLocalHost(host: string, mode: Options['mode']): boolean {
  const name = withoutBrackets(HOST_AND_PORT.exec(host)?.[1] ?? '')
  if (isLoopback(name) || name === '0.0.0.0') return true
  // RFC 6761 §6.3: names under localhost mean this machine. An address cannot be rebound, as a name can.
  return mode === 'development' && (name.endsWith('.localhost') || isPrivateAddress(name))
}

/**
 * Cross-site request forgery: a browser says where an unsafe request comes from, and anything but this very
 * origin is refused. Programs that are no browsers say nothing and pass, as the classic clients do.
 *
 * @returns Whether the request says where it comes from.
 * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html OWASP}
 */
function assertOwnOrigin(incoming: Incoming, site: Site, host: string | null): boolean {
  const from = incoming.header('sec-fetch-site')
  // `none`: the person themselves, by the address bar or a bookmark.
  if (from !== null && from !== 'same-origin' && from !== 'none') throw new AuthError('foreign_origin')
  const origin = incoming.header('origin')
  // Fetch §3.1: a form on a page with `Referrer-Policy: no-referrer` hides its origin. No page can set
  // Sec-Fetch-Site, and a sandboxed or redirected request does not get `same-origin`.
  const isHidden = origin === 'null' && from === 'same-origin'
  if (origin !== null && !isHidden && !site.isOwnOrigin(origin, host)) throw new AuthError('foreign_origin')
  return from !== null || origin !== null
}

/** What a browser sends across sites without asking first (Fetch §4.7, CORS-safelisted). */
const SIMPLE_TYPE = /^(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)/i

function isSimple(incoming: Incoming): boolean {
  const type = incoming.header('content-type')
  return incoming.method === 'POST' && (type === null || SIMPLE_TYPE.test(type.trim()))
}

/**
 * Whether everyone agrees where the request ends: it has a length, or the coding `chunked`, which HTTP/1.0 does not know,
 * and not both (RFC 9112 §6.1 to §6.3). Otherwise a proxy may take the end of its body for another request.
 */
export function hasPlainFraming(incoming: Incoming): boolean {
  const coding = incoming.header('transfer-encoding')
  const length = incoming.header('content-length')
  if (coding === null) return length === null || /^\d+$/.test(length)
  return length === null && coding.toLowerCase() === 'chunked' && incoming.isHttp10 !== true
}
