/** What every request has to pass before a route sees it. Cheap, and without the database. */
import { AuthError } from '../errors.ts'
import { isLoopback, withoutBrackets } from '../lib/network.ts'
import type { Incoming } from './incoming.ts'

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
export type Guard = (incoming: Incoming, sessionId: () => string | null) => void

export function createGuard({ baseUrl, takesUnmarkedForms }: GuardSettings): Guard {
  const site = baseUrl === '' ? LOOPBACK : siteOf(baseUrl)
  return (incoming, sessionId) => {
    if (incoming.target.length > URL_MAX_LENGTH) throw new AuthError('uri_too_long')
    const host = assertKnownHost(incoming, site)
    if (incoming.method === 'GET' || incoming.method === 'HEAD') return
    const isMarked = assertOwnOrigin(incoming, site, host)
    if (!isMarked && !takesUnmarkedForms && isSimple(incoming) && sessionId() !== null)
      throw new AuthError('foreign_origin')
    assertPlainFraming(incoming)
  }
}

/** Which names and origins are ours. */
interface Site {
  isOwnHost(host: string): boolean
  isOwnOrigin(origin: string, host: string): boolean
}

const LOOPBACK: Site = {
  isOwnHost: rememberingTheLast(isLoopbackHost),
  isOwnOrigin: (origin, host) => origin === `http://${host}` || origin === `https://${host}`,
}

/** Clients say the same host with every request: what was right the last time need not be looked at again. */
function rememberingTheLast(isRight: (host: string) => boolean): (host: string) => boolean {
  let last: string | undefined
  return (host) => {
    if (host === last) return true
    if (!isRight(host)) return false
    last = host
    return true
  }
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
function assertKnownHost(incoming: Incoming, site: Site): string {
  const { target } = incoming
  const ofTarget = target.startsWith('/') ? null : hostOfAddress(target)
  // A `Request` made by hand, for the library, carries its host in its address alone.
  const host = (incoming.header('host') ?? ofTarget ?? '').toLowerCase()
  if (!site.isOwnHost(host)) refuseHost(host)
  // A target with a host of its own outranks the header (RFC 9112 §3.2.2): both have to be ours.
  if (ofTarget !== null && ofTarget !== host && !site.isOwnHost(ofTarget)) refuseHost(ofTarget)
  return host
}

/** The host of a whole address. A target that is neither that nor a path leads nowhere here. */
function hostOfAddress(target: string): string {
  const address = URL.parse(target)
  if (address === null) throw new AuthError('malformed_request')
  return address.host
}

const HOST_AND_PORT = /^(\[[0-9a-f:.]+\]|[^\s,:/?#@[\]]+)(?::\d{1,5})?$/i

/** No host, no such name, or more than one (they arrive joined): RFC 9112 §3.2 wants 400, and 421 for another's. */
function refuseHost(host: string): never {
  throw new AuthError(HOST_AND_PORT.test(host) ? 'unknown_host' : 'malformed_request')
}

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
function assertOwnOrigin(incoming: Incoming, site: Site, host: string): boolean {
  const from = incoming.header('sec-fetch-site')
  // `none`: the person themselves, by the address bar or a bookmark.
  if (from !== null && from !== 'same-origin' && from !== 'none') throw new AuthError('foreign_origin')
  const origin = incoming.header('origin')
  if (origin !== null && !site.isOwnOrigin(origin, host)) throw new AuthError('foreign_origin')
  return from !== null || origin !== null
}

/** What a browser sends across sites without asking first (Fetch §4.7, CORS-safelisted). */
const SIMPLE_TYPE = /^(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)/i

function isSimple(incoming: Incoming): boolean {
  const type = incoming.header('content-type')
  return incoming.method === 'POST' && (type === null || SIMPLE_TYPE.test(type.trim()))
}

/** Node undoes `chunked` and no other transfer coding: what such a body says, a proxy may read otherwise. */
function assertPlainFraming(incoming: Incoming): void {
  const coding = incoming.header('transfer-encoding')
  if (coding !== null && coding.toLowerCase() !== 'chunked') throw new AuthError('malformed_request')
}
