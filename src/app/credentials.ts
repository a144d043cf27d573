/** What a request presents as its session: our cookie, or a bearer token. */
import type { Presented } from '../auth/index.ts'
import { AuthError } from '../model/errors.ts'
import type { Transport } from '../model/transport.ts'
import { type CookieOptions, hasSessionCookie, readSessionCookie } from './cookies.ts'
import type { Incoming } from './incoming.ts'

/** A session token as it was sent, and how. */
export interface Credentials extends Presented {
  /** `null`: the request presents none. It may be stale or malformed. */
  readonly sessionToken: string | null
  readonly transport: Transport
}

/**
 * Reads the session token of a request. Other `Authorization` schemes than `Bearer`, such as the `Basic` of a proxy, are not
 * ours and are ignored.
 *
 * @throws {AuthError} `conflicting_credentials`: a bearer token and a session cookie. Software in between could use one
 *   and we the other.
 */
export function readCredentials(request: Pick<Incoming, 'header'>, options: CookieOptions): Credentials {
  const bearer = bearerIn(request.header('authorization'))
  const cookies = request.header('cookie')
  if (bearer === null) return { sessionToken: readSessionCookie(cookies, options), transport: 'cookie' }
  if (hasSessionCookie(cookies, options)) throw new AuthError('conflicting_credentials')
  return { sessionToken: bearer, transport: 'bearer' }
}

/** RFC 9110 §11.4: the scheme is case-insensitive, and followed by spaces. */
const BEARER = /^bearer(?: +|$)/i

/** The token of an `Authorization` header, which may be empty. `null` if there is none, or it has another scheme. */
export function bearerIn(authorization: string | null): string | null {
  return authorization !== null && BEARER.test(authorization) ? authorization.replace(BEARER, '') : null
}
