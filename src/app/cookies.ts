import type { Options } from '../options/index.ts'

type CookieOptions = Pick<Options, 'secureCookie'>

/** A cookie's name; the prefix makes a browser hold it to this very host (RFC 6265bis §4.1.3.2). */
export function cookieName(cookie: 'session_id' | 'device', { secureCookie }: CookieOptions): string {
  return secureCookie ? `__Host-${cookie}` : cookie
}

/**
 * The value of the session cookie, without the quotes that may stand around it and without percent-decoding.
 * `null` if there is no such cookie, or more than one: a neighbouring host may have planted the other.
 *
 * @param header - The `Cookie` header (RFC 6265 §4.2.1).
 */
export function readSessionCookie(header: string | null | undefined, options: CookieOptions): string | null {
  return readCookie(header, cookieName('session_id', options))
}

/** The value of the cookie by which a device is known again, under the same rules. */
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

/** RFC 6265 §4.1.1: `DQUOTE *cookie-octet DQUOTE`. Anything else that has a quote in it stays as it is. */
const QUOTED = /^"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*"$/

function withoutQuotes(value: string): string {
  return QUOTED.test(value) ? value.slice(1, -1) : value
}

// Spaces and tabs alone (RFC 6265 §5.2): `trim` would take more, and a pattern more than linear time.
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

/** `Set-Cookie` that gives the client its session, for as long as it can last. */
export function sessionCookie(
  sessionId: string,
  options: CookieOptions & Pick<Options, 'sessionLifetimeSeconds'>,
): string {
  return setCookie('session_id', sessionId, options.sessionLifetimeSeconds, options)
}

/** `Set-Cookie` by which a device is known again. */
export function deviceCookie(deviceToken: string, maxAgeSeconds: number, options: CookieOptions): string {
  return setCookie('device', deviceToken, maxAgeSeconds, options)
}

/** `Set-Cookie` that takes the session from the client. */
export function clearedCookie(options: CookieOptions): string {
  return setCookie('session_id', '', 0, options)
}

/**
 * Sends both `Max-Age` and `Expires`: Java's cookie store quotes the value of a cookie that has `Max-Age` alone
 * (`java.net.HttpCookie`, version 1), and clients older than RFC 6265 know only `Expires`.
 *
 * @param value - Has no character that needs quoting.
 * @param maxAgeSeconds - 0 clears the cookie.
 */
function setCookie(
  cookie: 'session_id' | 'device',
  value: string,
  maxAgeSeconds: number,
  options: CookieOptions,
): string {
  // A fixed day long past, because the clock of the client may be behind ours.
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
 * A moment as in `Sat, 26-Dec-2026 01:16:41 GMT`. Every parser of cookies reads this form (RFC 6265 §5.1.1), and Apache
 * HttpClient 4 drops a cookie whose date has spaces in place of the hyphens.
 */
function cookieDate(time: Date): string {
  return time.toUTCString().replace(/(\d) ([A-Z][a-z]{2}) (\d)/, '$1-$2-$3')
}
