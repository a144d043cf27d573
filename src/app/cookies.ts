import type { Options } from '../options/index.ts'

type CookieOptions = Pick<Options, 'secureCookie'>

/** The name of a cookie. With the prefix, browsers accept it only from this exact host (RFC 6265bis §4.1.3.2). */
export function cookieName(cookie: 'session_id' | 'device', { secureCookie }: CookieOptions): string {
  return secureCookie ? `__Host-${cookie}` : cookie
}

/**
 * The value of the session cookie without surrounding quotes, not percent-decoded. `null` if there is no such cookie or
 * more than one: a sibling domain may have planted the other.
 *
 * @param header - The `Cookie` header (RFC 6265 §4.2.1).
 */
export function readSessionCookie(header: string | null | undefined, options: CookieOptions): string | null {
  return readCookie(header, cookieName('session_id', options))
}

/** The value of the device cookie, by the same rules. */
export function readDeviceCookie(header: string | null | undefined, options: CookieOptions): string | null {
  return readCookie(header, cookieName('device', options))
}

function readCookie(header: string | null | undefined, name: string): string | null {
  if (!header) return null
  const start = `${name}=`
  let found: string | null = null
  for (const pair of header.split(';')) {
    const cookie = trimBlanks(pair)
    if (!cookie.startsWith(start)) continue
    if (found !== null) return null
    found = withoutQuotes(cookie.slice(start.length))
  }
  return found
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

/** The `Set-Cookie` value that stores a session token for the maximum lifetime of a session. */
export function sessionCookie(
  sessionToken: string,
  options: CookieOptions & Pick<Options, 'sessionLifetimeSeconds'>,
): string {
  return setCookie('session_id', sessionToken, options.sessionLifetimeSeconds, options)
}

/** The `Set-Cookie` value that stores a device token. */
export function deviceCookie(deviceToken: string, maxAgeSeconds: number, options: CookieOptions): string {
  return setCookie('device', deviceToken, maxAgeSeconds, options)
}

/** The `Set-Cookie` value that clears the session cookie. */
export function clearedCookie(options: CookieOptions): string {
  return setCookie('session_id', '', 0, options)
}

/**
 * Sets both `Max-Age` and `Expires`. With only `Max-Age`, Java's cookie store quotes the value (`java.net.HttpCookie`,
 * version 1). Clients older than RFC 6265 know only `Expires`.
 *
 * @param value - Must not contain characters that need quoting.
 * @param maxAgeSeconds - 0 clears the cookie.
 */
function setCookie(
  cookie: 'session_id' | 'device',
  value: string,
  maxAgeSeconds: number,
  options: CookieOptions,
): string {
  // Clear with a date far in the past, because the client's clock may be behind.
  const expires = new Date(maxAgeSeconds === 0 ? 0 : Date.now() + maxAgeSeconds * 1_000)
  return [
    `${cookieName(cookie, options)}=${value}`,
    'Path=/',
    `Max-Age=${maxAgeSeconds}`,
    `Expires=${cookieDate(expires)}`,
    ...(options.secureCookie ? ['Secure'] : []),
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
