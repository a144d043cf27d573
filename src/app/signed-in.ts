/** How a client gets a session token and loses it: with cookies, or in the body as a bearer token. */
import {
  DEVICE_LIFETIME_SECONDS,
  type Presented,
  type RenewedSession,
  type SignInResult,
} from '../auth/index.ts'
import { AuthError } from '../model/errors.ts'
import type { Transport } from '../model/transport.ts'
import { type Cookie, type CookieOptions, clearedCookie, deviceCookie, sessionCookie } from './cookies.ts'
import type { Credentials } from './credentials.ts'

/** A session that begins, with the device token if there is one. */
export type NewSession = RenewedSession & Partial<Pick<SignInResult, 'deviceToken'>>

/** The cookies of a new session. A bearer session has none. */
export function cookiesFor(started: NewSession, options: CookieOptions): Cookie[] {
  if (started.transport === 'bearer') return []
  const { sessionToken, persistent, deviceToken = null } = started
  return [
    sessionCookie(sessionToken, { persistent }, options),
    ...(deviceToken === null ? [] : [deviceCookie(deviceToken, DEVICE_LIFETIME_SECONDS, options)]),
  ]
}

/**
 * Refuses a sign-in that asks for another transport than that of the session which it replaces.
 *
 * @throws {AuthError} `conflicting_credentials`.
 */
export function assertOneTransport(presented: Credentials, transport: Transport = 'cookie'): void {
  if (presented.sessionToken !== null && presented.transport !== transport)
    throw new AuthError('conflicting_credentials')
}

/** The cookies that remove the session from a browser. The device stays known. */
export function cookiesAfter(options: CookieOptions): Cookie[] {
  return [clearedCookie(options)]
}

/** The `Set-Cookie` values after the end of a session. A client with a bearer token gets none. */
export function cookieHeadersAfter({ transport }: Presented, options: CookieOptions): string[] {
  return transport === 'bearer' ? [] : cookiesAfter(options).map(({ header }) => header)
}

/**
 * The headers after signing out, which clear what the browser has stored of the host. Cookies stay, so that the device stays
 * known. Browsers obey only over https.
 */
export function headersAfter({ secureCookie }: CookieOptions): Readonly<Record<string, string>> {
  return secureCookie ? { 'clear-site-data': '"cache", "storage"' } : {}
}

/** What the answer for a new session adds to its body and its headers. */
export function delivery(started: NewSession, options: CookieOptions) {
  const { transport, sessionToken, expiresAt, deviceToken = null } = started
  return {
    cookies: cookiesFor(started, options).map(({ header }) => header),
    fields:
      transport === 'cookie'
        ? {}
        : {
            session_token: sessionToken,
            expires_at: expiresAt.toISOString(),
            ...(deviceToken !== null && { device_token: deviceToken }),
          },
  }
}
