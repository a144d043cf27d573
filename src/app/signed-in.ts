/** Delivers session tokens and removes them: in cookies, or in the body as a bearer token. */
import {
  type AwaitedSignIn,
  DEVICE_LIFETIME_SECONDS,
  type Presented,
  type SessionCaller,
  type SignedIn,
  type SignInResult,
  type StartedSession,
} from '../auth/index.ts'
import { AuthError } from '../model/errors.ts'
import type { Transport } from '../model/transport.ts'
import {
  type Cookie,
  type CookieOptions,
  clearedCookie,
  clearedLoginCookie,
  deviceCookie,
  loginCookie,
  sessionCookie,
} from './cookies.ts'
import type { Credentials } from './credentials.ts'

/** A new session, with the device token if there is one. */
export type NewSession = StartedSession & Partial<Pick<SignedIn, 'deviceToken'>>

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
 * Refuses a sign-in that asks for a different transport than that of the session it replaces.
 *
 * @throws {AuthError} `conflicting_credentials`.
 */
export function assertOneTransport(presented: Credentials, transport: Transport = 'cookie'): void {
  if (presented.sessionToken !== null && presented.transport !== transport)
    throw new AuthError('conflicting_credentials')
}

/** The cookies that remove the session from a browser. The device cookie stays. */
export function cookiesAfter(options: CookieOptions): Cookie[] {
  return [clearedCookie(options)]
}

/** The `Set-Cookie` values after the end of a session. A client with a bearer token gets none. */
export function cookieHeadersAfter({ transport }: Presented, options: CookieOptions): string[] {
  return transport === 'bearer' ? [] : cookiesAfter(options).map(({ header }) => header)
}

/**
 * The headers after signing out, which clear what the browser has stored for the host. Cookies stay, so that the device is still
 * recognized. Browsers ignore the header over http.
 */
export function headersAfter({ secureCookie }: CookieOptions): Readonly<Record<string, string>> {
  return secureCookie ? { 'clear-site-data': '"cache", "storage"' } : {}
}

/** The cookies or body fields that carry a new session. */
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

/** The answer to a step of a sign-in: the session, or 202 with the next step. */
export function answerOf(result: SignInResult, caller: SessionCaller, options: CookieOptions) {
  if (result.next !== 'signed_in') return waiting(result, options)
  const { cookies, fields } = delivery(result, options)
  const body = { email: result.user.email, message: 'logged in' as const, ...fields }
  return { body, cookies: [...cookies, ...endOfWait(result, caller, options)] }
}

/** The status of a sign-in that needs another step. */
export const WAITS = 202

function waiting({ next, methods, loginToken, expiresAt, transport }: AwaitedSignIn, options: CookieOptions) {
  const fields = { next, methods: [...methods], expires_at: expiresAt.toISOString() }
  return transport === 'bearer'
    ? { status: WAITS, body: { ...fields, login_token: loginToken } }
    : { status: WAITS, body: fields, cookies: [loginCookie(loginToken, options).header] }
}

/** Clears the cookie of a pending sign-in that is now finished. */
export function endOfWait(
  { transport }: Pick<SignedIn, 'transport'>,
  { loginToken }: SessionCaller,
  options: CookieOptions,
): string[] {
  return transport === 'bearer' || loginToken === undefined ? [] : [clearedLoginCookie(options).header]
}

/** For requests without a body: takes the bearer token of the caller as the token of a pending sign-in. */
export function withPendingBearer(caller: SessionCaller): SessionCaller {
  return caller.transport === 'bearer' ? { ...caller, loginToken: caller.sessionToken ?? undefined } : caller
}

/** Adds the tokens in the body to a caller. Clients without cookies send them there. */
export function withTokens(
  caller: SessionCaller,
  tokens: {
    readonly login_token?: string | undefined
    readonly device_token?: string | undefined
    readonly browser_token?: string | undefined
  },
): SessionCaller {
  const { login_token, device_token, browser_token } = tokens
  return {
    ...caller,
    ...(login_token !== undefined && { loginToken: login_token }),
    ...(device_token !== undefined && { deviceToken: device_token }),
    ...(browser_token !== undefined && { browserToken: browser_token }),
  }
}
