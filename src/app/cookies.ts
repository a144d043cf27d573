const NAME = 'session_id'

/**
 * The value of the session cookie, exactly as it was sent: no unquoting, no percent-decoding. `null` where
 * there is none, and where there are several: one of them may have been planted by a neighbouring host.
 *
 * @param header - The `Cookie` header (RFC 6265 §4.2.1).
 */
export function readSessionCookie(header: string | null | undefined): string | null {
  if (!header) return null
  let found: string | null = null
  for (const pair of header.split(';')) {
    const cookie = pair.replace(/^[ \t]+|[ \t]+$/g, '')
    if (!cookie.startsWith(`${NAME}=`)) continue
    if (found !== null) return null
    found = cookie.slice(NAME.length + 1)
  }
  return found
}

/** `Set-Cookie` that gives the client its session, for as long as it can last. */
export function sessionCookie(sessionId: string, maxAgeSeconds: number): string {
  // No character of a session id needs quoting.
  return `${NAME}=${sessionId}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax`
}

/** `Set-Cookie` that takes the session from the client. */
export function clearedCookie(): string {
  return `${NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`
}
