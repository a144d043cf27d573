import type { Options } from '../options.ts'

type CookieOptions = Pick<Options, 'secureCookie'>

/** A cookie's name; the prefix makes a browser hold it to this very host (RFC 6265bis §4.1.3.2). */
export function cookieName(cookie: 'session_id' | 'device', { secureCookie }: CookieOptions): string {
  return secureCookie ? `__Host-${cookie}` : cookie
}

/**
 * The value of the session cookie, exactly as it was sent: no unquoting, no percent-decoding. `null` where
 * there is none, and where there are several: one of them may have been planted by a neighbouring host.
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
    found = cookie.slice(start.length)
  }
  return found
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
  // No character of a session id needs quoting.
  return `${cookieName('session_id', options)}=${sessionId}; Path=/; Max-Age=${options.sessionLifetimeSeconds}; ${attributes(options)}`
}

/** `Set-Cookie` by which a device is known again. */
export function deviceCookie(deviceToken: string, maxAgeSeconds: number, options: CookieOptions): string {
  return `${cookieName('device', options)}=${deviceToken}; Path=/; Max-Age=${maxAgeSeconds}; ${attributes(options)}`
}

/** `Set-Cookie` that takes the session from the client. */
export function clearedCookie(options: CookieOptions): string {
  return `${cookieName('session_id', options)}=; Path=/; Max-Age=0; ${attributes(options)}`
}

function attributes({ secureCookie }: CookieOptions): string {
  return secureCookie ? 'Secure; HttpOnly; SameSite=Lax' : 'HttpOnly; SameSite=Lax'
}
