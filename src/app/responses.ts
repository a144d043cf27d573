/** Renders answers. All headers are set here and never changed later. */
import type { ErrorBody } from '../api/index.ts'
import { type AuthError, ERRORS, type ErrorCode } from '../model/errors.ts'
import { wireName } from '../model/user-fields.ts'
import type { Options } from '../options/index.ts'

/**
 * The headers of every response. They forbid framing, sniffing, embedding, caching and referrers, because most answers
 * are about a person. (OWASP HTTP Headers and REST Security Cheat Sheets.)
 */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

/** The browser features that pages may not use. Only pages that ask for passkeys may use passkeys. */
const PERMISSIONS = [
  'accelerometer',
  'autoplay',
  'camera',
  'display-capture',
  'encrypted-media',
  'fullscreen',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'picture-in-picture',
  'publickey-credentials-create',
  'publickey-credentials-get',
  'screen-wake-lock',
  'usb',
  'xr-spatial-tracking',
]
const PERMISSIONS_POLICY = PERMISSIONS.map((feature) => `${feature}=()`).join(', ')
const PASSKEY_PERMISSIONS_POLICY = PERMISSIONS.map(
  (feature) => `${feature}=${feature.startsWith('publickey-credentials-') ? '(self)' : '()'}`,
).join(', ')

type Extra = Readonly<Record<string, string>>

/** An HTML page with its policies. */
interface Page {
  readonly html: string
  readonly contentSecurityPolicy: string
  readonly referrerPolicy: string
  readonly asksForPasskeys: boolean
}

/** A file whose URL contains a hash of its content. */
interface StaticFile {
  readonly content: string | Uint8Array
  readonly type: string
}

/** The answer of a route, as plain data. */
export interface Answer {
  readonly status: number
  /** Sent as JSON. */
  readonly body?: unknown
  readonly page?: Page
  readonly file?: StaticFile
  /** Why the request was refused, for the log. */
  readonly refused?: AuthError
  readonly headers?: Extra | undefined
  /** Values of `Set-Cookie` headers. */
  readonly cookies?: readonly string[] | undefined
}

/** An answer as it is sent. */
export interface Rendered {
  readonly status: number
  /** Names and values in turn, as `writeHead` of Node takes them. */
  readonly headers: readonly string[]
  readonly body: string | Uint8Array | null
}

/** Renders an answer. */
export type Render = (answer: Answer) => Rendered

/** Two years. The HSTS preload list of browsers requires one year or more. */
const HSTS_SECONDS = 2 * 365 * 86_400

/** Creates the renderer. The headers that depend on the options are built once. */
export function createRenderer({
  baseUrl,
  hstsSubdomains,
}: Pick<Options, 'baseUrl' | 'hstsSubdomains'>): Render {
  // RFC 6797 §7.2: not over plain HTTP.
  const hsts = {
    'strict-transport-security': `max-age=${HSTS_SECONDS}${hstsSubdomains ? '; includeSubDomains' : ''}`,
  }
  const always = { ...HEADERS, ...(baseUrl.startsWith('https:') && hsts) }
  // No charset: RFC 8259 §11 defines none, and clients compare the media type as a whole.
  const jsonHeaders = flat({ ...always, 'content-type': 'application/json' })
  const emptyHeaders = flat(always)
  const pageHeaders = ({ contentSecurityPolicy, referrerPolicy, asksForPasskeys }: Page) =>
    flat({
      ...always,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy,
      'permissions-policy': asksForPasskeys ? PASSKEY_PERMISSIONS_POLICY : PERMISSIONS_POLICY,
      'referrer-policy': referrerPolicy,
      // The same address answers programs with JSON.
      vary: 'Accept',
    })
  const fileHeaders = ({ type }: StaticFile) =>
    flat({
      ...always,
      'cache-control': 'public, max-age=31536000, immutable',
      // A file that is opened on its own must not run scripts, such as those in an SVG.
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'content-type': type,
    })
  const headersFor = ({ body, page, file }: Answer) => {
    if (page !== undefined) return pageHeaders(page)
    if (file !== undefined) return fileHeaders(file)
    return body === undefined ? emptyHeaders : jsonHeaders
  }

  return (answer) => {
    const { status, body, page, file, headers, cookies } = answer
    const base = headersFor(answer)
    const isPlain = headers === undefined && cookies === undefined
    return {
      status,
      body: page?.html ?? file?.content ?? (body === undefined ? null : JSON.stringify(body)),
      headers: isPlain
        ? base
        : [...base, ...flat(headers ?? {}), ...(cookies ?? []).flatMap((cookie) => ['set-cookie', cookie])],
    }
  }
}

function flat(headers: Extra): string[] {
  return Object.entries(headers).flat()
}

/** An answer that leads to another address. */
export interface Redirect extends Pick<Answer, 'cookies'> {
  readonly status: 302 | 303
  readonly headers: Extra & { readonly location: string }
  readonly body?: undefined
}

/** A redirect. @param location - One of our paths, or a URL that was checked. */
export function redirect(
  location: string,
  status: Redirect['status'],
  more: Pick<Answer, 'headers' | 'cookies'> = {},
): Redirect {
  return { status, ...more, headers: { ...more.headers, location } }
}

/** The errors whose message is not clear without the name of the field. */
const NAMES_ITS_FIELD = new Set<ErrorCode>([
  'missing_field',
  'invalid_field',
  'repeated_field',
  'unknown_field',
])

/** The answer for a refusal. `email_taken` has the body that classic clients expect. */
export function errorAnswer(error: AuthError, requestId: string, headers: Extra = {}): Answer {
  const { sentence: message, minLength, maxBytes, applicationCode, accepts } = error
  const { status } = ERRORS[error.code]
  if (error.code === 'email_taken') return { status, body: { message }, headers }
  const field = error.field && wireName(error.field)
  const body: ErrorBody = {
    message: field && NAMES_ITS_FIELD.has(error.code) ? `${message.slice(0, -1)}: ${field}.` : message,
    code: error.code,
    ...(field && { field }),
    ...(minLength !== undefined && { min_length: minLength }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    ...(applicationCode !== undefined && { application_code: applicationCode }),
    ...(accepts !== undefined && { accepts: [...accepts] }),
    request_id: requestId,
  }
  return { status, body, headers: { ...headers, ...headersOf(error) } }
}

/**
 * After these errors, the connection cannot be used again: the rest of the body was not read, or it is uncertain where the
 * request ends (RFC 9112 §6.3).
 */
const ENDS_CONNECTION = new Set<ErrorCode>(['body_too_large', 'malformed_request'])

/** RFC 9110 §15.5.2 requires a challenge. Some HTTP clients report a 401 without one as a failed connection. */
const CHALLENGE: Extra = { 'www-authenticate': 'Bearer realm="Bienvenue"' }

/** The headers that a refusal adds. */
export function headersOf({ code, retryAfterSeconds, mediaTypes }: AuthError): Extra {
  if (ENDS_CONNECTION.has(code)) return { connection: 'close' }
  // RFC 9110 §15.5.16: what a request may have instead.
  if (mediaTypes !== undefined) return { accept: mediaTypes.join(', '), 'accept-encoding': 'identity' }
  if (ERRORS[code].status === 401) return CHALLENGE
  const retryAfter = retryAfterSeconds ?? (code === 'unavailable' ? 1 : undefined)
  return retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
}
