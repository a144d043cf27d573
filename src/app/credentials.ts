/** Reads what a request says about its client: the session token, from our cookie or as a bearer token, and other headers. */
import { isBrowserToken, type Presented } from '../auth/index.ts'
import { AuthError } from '../model/errors.ts'
import type { Transport } from '../model/transport.ts'
import { type CookieOptions, hasSessionCookie, readCookie } from './cookies.ts'
import type { Incoming } from './incoming.ts'

/** The session token as it was sent, and its transport. */
export interface Credentials extends Presented {
  /** `null` if the request presents none. The token may be stale or malformed. */
  readonly sessionToken: string | null
  readonly transport: Transport
}

/**
 * Reads the session token of a request. Ignores `Authorization` schemes other than `Bearer`, such as the `Basic` of a proxy.
 *
 * @throws {AuthError} `conflicting_credentials`: the request has both a bearer token and a session cookie. A proxy could use
 *   one, and the service the other.
 */
export function readCredentials(request: Pick<Incoming, 'header'>, options: CookieOptions): Credentials {
  const bearer = bearerIn(request.header('authorization'))
  const cookies = request.header('cookie')
  if (bearer === null)
    return { sessionToken: readCookie('session_id', cookies, options), transport: 'cookie' }
  if (hasSessionCookie(cookies, options)) throw new AuthError('conflicting_credentials')
  return { sessionToken: bearer, transport: 'bearer' }
}

/** RFC 9110 §11.4: the scheme is case-insensitive, and followed by spaces. */
const BEARER = /^bearer(?: +|$)/i

/** The bearer token of an `Authorization` header, which may be empty. `null` without the header or with another scheme. */
export function bearerIn(authorization: string | null): string | null {
  return authorization !== null && BEARER.test(authorization) ? authorization.replace(BEARER, '') : null
}

/** What the headers say about the client. */
export function readClient(request: Pick<Incoming, 'header'>, options: CookieOptions) {
  const cookies = request.header('cookie')
  const browserToken = readCookie('browser', cookies, options)
  return {
    userAgent: request.header('user-agent') ?? undefined,
    acceptLanguage: request.header('accept-language') ?? undefined,
    deviceToken: readCookie('device', cookies, options) ?? undefined,
    browserToken: isBrowserToken(browserToken) ? browserToken : undefined,
    loginToken: readCookie('login', cookies, options) ?? undefined,
  }
}
