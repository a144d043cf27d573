/** Sends HTTP requests to the service. Tests use nothing else for that. */
import { bodyTypesOf, type Contract } from '../../src/api/index.ts'
import type { Auth } from '../../src/index.ts'

/** A service in this process, or the URL of a running one. */
export type Target = Pick<Auth, 'fetch' | 'options'> | string

/** The parts of a request. At most one of `form`, `json` and `body` is set. */
export interface Send {
  readonly form?: Readonly<Record<string, string>> | undefined
  /** Sent with `Content-Type: application/json`. */
  readonly json?: Readonly<Record<string, unknown>> | undefined
  /** Any other body. Its `Content-Type` goes into `headers` unless the body implies one. */
  readonly body?: RequestInit['body'] | undefined
  /** These override the headers that `send` sets. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Value of the session cookie. */
  readonly sessionToken?: string | undefined
  /** Value of the device cookie. */
  readonly deviceToken?: string | undefined
  /** Value of the cookie `browser`. */
  readonly browserToken?: string | undefined
  /** Value of the cookie `login`. */
  readonly loginToken?: string | undefined
  /** Value of the cookie of a sign-in flow. Its name contains the end of the flow's id. */
  readonly flowToken?: string | undefined
  /** Address of the connection. Only for a service in this process. */
  readonly ip?: string | undefined
}

/** The headers of every answer that is not a page. */
export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** The URL at which classic clients expect the service. Classic mode accepts only loopback hosts. */
const CLASSIC_URL = 'http://localhost:5000'

/**
 * Sends one request and returns the response. Redirects are not followed.
 *
 * A service in this process gets cookies under the names it uses. In production mode, the request goes to the base URL and looks
 * like one from a page of the service: it has `Origin` and `Sec-Fetch-Site` unless the method is GET. Otherwise it goes to
 * localhost and has neither header, like a request of the classic clients.
 */
export function send(
  target: Target,
  method: string,
  path: string,
  {
    form,
    json,
    body,
    headers,
    sessionToken,
    deviceToken,
    browserToken,
    loginToken,
    flowToken,
    ip,
  }: Send = {},
): Promise<Response> {
  const options = typeof target === 'string' ? undefined : target.options
  const isProduction = options?.mode === 'production'
  const base = typeof target === 'string' ? target : isProduction ? target.options.baseUrl : CLASSIC_URL
  const { host, origin } = new URL(base)
  const prefix = options?.secureCookie ? '__Host-' : ''
  const cookies = [
    ...(sessionToken === undefined ? [] : [`${prefix}session_id=${sessionToken}`]),
    ...(deviceToken === undefined ? [] : [`${prefix}device=${deviceToken}`]),
    ...(browserToken === undefined ? [] : [`${prefix}browser=${browserToken}`]),
    ...(loginToken === undefined ? [] : [`${prefix}login=${loginToken}`]),
    ...(flowToken === undefined ? [] : [`${prefix}login_${flowToken.split('.')[0]?.slice(-8)}=${flowToken}`]),
  ]
  const request = new Request(`${base}${path}`, {
    method,
    redirect: 'manual',
    body: body ?? (form && new URLSearchParams(form)) ?? (json && JSON.stringify(json)) ?? null,
    headers: {
      host,
      ...(isProduction && method !== 'GET' && { origin, 'sec-fetch-site': 'same-origin' }),
      ...(json && { 'content-type': 'application/json' }),
      ...(cookies.length > 0 && { cookie: cookies.join('; ') }),
      ...headers,
    },
  })
  return typeof target === 'string' ? fetch(request) : target.fetch(request, { ip })
}

/** Fields in a format that the operation accepts. */
export function fieldsFor(
  operation: Contract,
  fields: Readonly<Record<string, unknown>>,
): Pick<Send, 'form' | 'json'> {
  return bodyTypesOf(operation).includes('application/json')
    ? { json: fields }
    : { form: fields as Readonly<Record<string, string>> }
}

/** The session token in the cookie that a response sets, under any of its names; `undefined` if it sets none. */
export function sessionIn(response: Response): string | undefined {
  return response.headers
    .getSetCookie()
    .join()
    .match(/^(?:__(?:Host|Secure)-)?session_id=([^;]+); Path=\//)?.[1]
}

/** Like {@link sessionIn}, but throws if the response sets no session cookie. */
export function sessionIdOf(response: Response): string {
  const sessionToken = sessionIn(response)
  if (sessionToken === undefined) throw new Error(`no session cookie: ${response.headers.getSetCookie()}`)
  return sessionToken
}
