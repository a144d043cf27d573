/** Names, reads and sets our cookies. */
import { isIP } from 'node:net'
import { PENDING_LIFETIME_SECONDS } from '../model/factors.ts'
import { BROWSER_LIFETIME_SECONDS } from '../model/mail-codes.ts'
import { FLOW_LIFETIME_SECONDS } from '../model/providers.ts'
import type { Options } from '../options/index.ts'

type NameOptions = Pick<Options, 'secureCookie' | 'cookieDomain'>
export type CookieOptions = NameOptions & Pick<Options, 'sessionLifetimeSeconds'>

type CookieKind =
  | 'session_id'
  | 'device'
  | 'browser'
  | 'login'
  | 'language'
  | 'offer_declined'
  | FlowCookieKind
/** Each sign-in flow at a provider has its own cookie, so that tabs do not interfere. */
type FlowCookieKind = `login_${string}`

/** The attributes of a cookie, under the names that the `cookie` package and most frameworks use. */
export interface CookieAttributes {
  readonly path: '/'
  readonly httpOnly: true
  readonly sameSite: 'lax'
  readonly secure: boolean
  /**
   * In seconds. Express takes milliseconds here, so use {@link Cookie.header} with it. If `maxAge` and `expires` are missing,
   * the cookie ends with the browser.
   */
  readonly maxAge?: number
  readonly expires?: Date
  /** Missing: only the host that sets the cookie gets it. */
  readonly domain?: string
}

/** A cookie to set. */
export interface Cookie {
  readonly name: string
  /** Has no character that needs quoting or encoding. */
  readonly value: string
  readonly options: CookieAttributes
  /** The same as the value of a `Set-Cookie` header. */
  readonly header: string
}

/**
 * The name of a cookie. Browsers accept a cookie with the prefix `__Host-` only from this exact host, and one with
 * `__Secure-` only over https (RFC 6265bis §4.1.3).
 */
export function cookieName(cookie: CookieKind, options: NameOptions): string {
  if (!options.secureCookie) return cookie
  return domainOf(cookie, options) === '' ? `__Host-${cookie}` : `__Secure-${cookie}`
}

/** The domain that shares a cookie. Only the session cookie is shared, because other hosts need no other. */
function domainOf(cookie: CookieKind, { cookieDomain }: NameOptions): string {
  return cookie === 'session_id' ? cookieDomain : ''
}

/**
 * The value of a cookie without surrounding quotes, not percent-decoded. `null` if there is no such cookie, or more than one,
 * because a sibling domain may have planted the other.
 *
 * @param header - The `Cookie` header (RFC 6265 §4.2.1).
 */
export function readCookie(
  cookie: CookieKind,
  header: string | null | undefined,
  options: CookieOptions,
): string | null {
  const values = cookiesNamed(header, cookieName(cookie, options))
  return values.length === 1 ? (values[0] as string) : null
}

/** Whether the header has at least one session cookie. */
export function hasSessionCookie(header: string | null | undefined, options: CookieOptions): boolean {
  return cookiesNamed(header, cookieName('session_id', options)).length > 0
}

/** Whether the header has several session cookies. Then none of them counts. */
export function hasSeveralSessionCookies(header: string | null | undefined, options: CookieOptions): boolean {
  return cookiesNamed(header, cookieName('session_id', options)).length > 1
}

const NONE: readonly string[] = []

function cookiesNamed(header: string | null | undefined, name: string): readonly string[] {
  const start = `${name}=`
  if (!header?.includes(start)) return NONE
  return pairsIn(header)
    .filter((cookie) => cookie.startsWith(start))
    .map((cookie) => withoutQuotes(cookie.slice(start.length)))
}

/** The cookies of a header as they were sent: `name=value`. */
function pairsIn(header: string): string[] {
  return header.split(';').map(trimBlanks)
}

/** Every name that the session cookie can have. */
const SESSION_NAMES = ['session_id=', '__Host-session_id=', '__Secure-session_id=']

/** The `Cookie` header reduced to session cookies of any of these names, or `null` if it has none. */
export function sessionCookiesIn(header: string | null): string | null {
  const ours = pairsIn(header ?? '').filter((pair) => SESSION_NAMES.some((name) => pair.startsWith(name)))
  return ours.length === 0 ? null : ours.join('; ')
}

/** RFC 6265 §4.1.1: `DQUOTE *cookie-octet DQUOTE`. Any other quote is part of the value. */
const QUOTED = /^"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*"$/

function withoutQuotes(value: string): string {
  return QUOTED.test(value) ? value.slice(1, -1) : value
}

// Only spaces and tabs (RFC 6265 §5.2). `trim` removes more, and a regular expression takes more than linear time.
function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (isBlank(text[start])) start++
  while (end > start && isBlank(text[end - 1])) end--
  return text.slice(start, end)
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

/** The session cookie. If `persistent`, it lasts for the maximum lifetime of a session, otherwise until the browser closes. */
export function sessionCookie(
  sessionToken: string,
  { persistent }: { readonly persistent: boolean },
  options: CookieOptions,
): Cookie {
  return cookieOf('session_id', sessionToken, persistent ? options.sessionLifetimeSeconds : null, options)
}

/** The cookie that stores a device token. */
export function deviceCookie(deviceToken: string, maxAgeSeconds: number, options: CookieOptions): Cookie {
  return cookieOf('device', deviceToken, maxAgeSeconds, options)
}

/** The cookie that recognizes the browser that asked for a mailed code. */
export function browserCookie(browserToken: string, options: CookieOptions): Cookie {
  return cookieOf('browser', browserToken, BROWSER_LIFETIME_SECONDS, options)
}

/** The cookie of a pending sign-in. */
export function loginCookie(loginToken: string, options: CookieOptions): Cookie {
  return cookieOf('login', loginToken, PENDING_LIFETIME_SECONDS, options)
}

/** The cookie that clears the login cookie. */
export function clearedLoginCookie(options: CookieOptions): Cookie {
  return cookieOf('login', '', 0, options)
}

/** The maximum number of open sign-in flows in a browser. */
const FLOWS_PER_BROWSER = 5

/** Uses the end of the flow's id, which is random. A version 7 UUID begins with the time. */
function flowCookieKind(flowId: string): FlowCookieKind {
  return `login_${flowId.slice(-8)}`
}

/** The cookies for a new sign-in flow: its own, and those that clear the oldest flows if there are too many. */
export function flowCookies(
  flowToken: string,
  header: string | null | undefined,
  options: CookieOptions,
): Cookie[] {
  const start = cookieName('login_', options)
  const open = pairsIn(header ?? '').flatMap((pair) =>
    pair.startsWith(start) ? [pair.slice(start.length, pair.indexOf('='))] : [],
  )
  const displaced = open.slice(0, Math.max(0, open.length + 1 - FLOWS_PER_BROWSER))
  return [
    ...displaced.map((end) => cookieOf(`login_${end}`, '', 0, options)),
    cookieOf(flowCookieKind(flowIdIn(flowToken)), flowToken, FLOW_LIFETIME_SECONDS, options),
  ]
}

/** The token of the flow with this id, read like {@link readCookie}. */
export function readFlowCookie(
  header: string | null | undefined,
  flowId: string,
  options: CookieOptions,
): string | null {
  const token = readCookie(flowCookieKind(flowId), header, options)
  return token !== null && flowIdIn(token) === flowId ? token : null
}

/** The cookie that clears the cookie of a flow. */
export function clearedFlowCookie(flowId: string, options: CookieOptions): Cookie {
  return cookieOf(flowCookieKind(flowId), '', 0, options)
}

function flowIdIn(flowToken: string): string {
  return flowToken.slice(0, flowToken.indexOf('.'))
}

const YEAR_SECONDS = 365 * 86_400

/** The cookie that remembers the language chosen for the hosted pages. */
export function languageCookie(locale: string, options: CookieOptions): Cookie {
  return cookieOf('language', locale, YEAR_SECONDS, options)
}

/** How long a declined offer is not shown again. */
const DECLINED_SECONDS = 30 * 86_400

/** The cookie that remembers that the offer of a passkey was declined in this browser. */
export function declinedCookie(options: CookieOptions): Cookie {
  return cookieOf('offer_declined', 'passkey', DECLINED_SECONDS, options)
}

/** Whether the offer of a passkey was declined in this browser. */
export function hasDeclined(header: string | null | undefined, options: CookieOptions): boolean {
  return cookiesNamed(header, cookieName('offer_declined', options)).length > 0
}

/** The cookie that clears the session cookie. */
export function clearedCookie(options: CookieOptions): Cookie {
  return cookieOf('session_id', '', 0, options)
}

/**
 * The `Set-Cookie` values that clear session cookies which we did not set: those for other paths, and those for other domains of
 * the host. A sibling domain can plant them over http, or under a `cookieDomain`. The prefix `__Host-` rules them out.
 *
 * @param paths - As a browser sees them. Cookies for the paths above them are cleared too.
 */
export function clearedElsewhere(
  paths: readonly string[],
  host: string,
  options: CookieOptions,
): readonly string[] {
  const name = cookieName('session_id', options)
  if (name.startsWith('__Host-')) return []
  const { value, options: attributes } = clearedCookie(options)
  const { domain: ownDomain, ...rest } = attributes
  // A cookie for exactly this host and one without a domain replace each other (RFC 6265 §5.3).
  const own = new Set([ownDomain, ...(ownDomain === undefined ? [host] : [])])
  return [...new Set(paths.flatMap(pathsMatching))].flatMap((path) =>
    [undefined, ...domainsOf(host)]
      .filter((domain) => path !== '/' || !own.has(domain))
      .map((domain) => headerOf(name, value, { ...rest, path, ...(domain !== undefined && { domain }) })),
  )
}

/** Every `Path` of cookies that a browser sends to a path (RFC 6265 §5.1.4). */
function pathsMatching(path: string): string[] {
  const segments = path.split('/').slice(1)
  const starts = segments.map((_, index) => `/${segments.slice(0, index + 1).join('/')}`)
  return ['/', ...starts.flatMap((start) => [start, `${start}/`])]
}

/** Every `Domain` of cookies that a browser sends to a host (RFC 6265 §5.1.3), except top-level domains. */
function domainsOf(host: string): string[] {
  if (isIP(host) !== 0) return []
  const labels = host.split('.')
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'))
}

/** @param maxAge - In seconds, or `null` for a cookie that ends with the browser. */
function cookieOf(cookie: CookieKind, value: string, maxAge: number | null, options: CookieOptions): Cookie {
  const name = cookieName(cookie, options)
  const domain = domainOf(cookie, options)
  const attributes: CookieAttributes = {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: options.secureCookie,
    // To clear a cookie, use a date far in the past, because the client's clock may be slow.
    ...(maxAge !== null && { maxAge, expires: new Date(maxAge === 0 ? 0 : Date.now() + maxAge * 1_000) }),
    ...(domain !== '' && { domain }),
  }
  return { name, value, options: attributes, header: headerOf(name, value, attributes) }
}

/**
 * Sets both `Max-Age` and `Expires`. With only `Max-Age`, Java's cookie store quotes the value (`java.net.HttpCookie`,
 * version 1). Clients older than RFC 6265 know only `Expires`.
 */
function headerOf(
  name: string,
  value: string,
  { path, maxAge, expires, secure, domain }: Omit<CookieAttributes, 'path'> & { readonly path: string },
): string {
  return [
    `${name}=${value}`,
    `Path=${path}`,
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    ...(maxAge === undefined ? [] : [`Max-Age=${maxAge}`]),
    ...(expires === undefined ? [] : [`Expires=${cookieDate(expires)}`]),
    ...(secure ? ['Secure'] : []),
    'HttpOnly',
    'SameSite=Lax',
  ].join('; ')
}

/**
 * A date in the form `Sat, 26-Dec-2026 01:16:41 GMT`. Every cookie parser reads it (RFC 6265 §5.1.1). Apache HttpClient
 * 4 drops a cookie whose date has spaces instead of hyphens.
 */
function cookieDate(time: Date): string {
  return time.toUTCString().replace(/(\d) ([A-Z][a-z]{2}) (\d)/, '$1-$2-$3')
}
