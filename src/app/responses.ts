/** Every answer gets its headers here, decided before it is sent: never touched afterwards. */
import type { ErrorBody } from '../api/index.ts'
import { type AuthError, ERRORS, type ErrorCode } from '../model/errors.ts'
import type { Options } from '../options/index.ts'

/**
 * On every response. Nothing of ours is to be framed, sniffed, embedded, cached or told onwards; most of
 * what we say is about a person. (OWASP HTTP Headers and REST Security Cheat Sheets.)
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

type Extra = Readonly<Record<string, string>>

/** A page of HTML with the policy that lets its own style and script run, and nothing else. */
interface Page {
  readonly html: string
  readonly contentSecurityPolicy: string
}

/** What a route answers: plain data. */
export interface Answer {
  readonly status: number
  /** Sent as JSON. */
  readonly body?: unknown
  readonly page?: Page
  readonly headers?: Extra | undefined
  /** Values of `Set-Cookie`, each a header of its own. */
  readonly cookies?: readonly string[] | undefined
}

/** An answer as it goes over the wire. */
export interface Rendered {
  readonly status: number
  /** Names and values by turns, as Node takes them. */
  readonly headers: readonly string[]
  readonly body: string | null
}

/** Renders an answer. */
export type Render = (answer: Answer) => Rendered

/** A year and more, as browsers ask it of those who want to stand on their lists. */
const HSTS_SECONDS = 2 * 365 * 86_400

/** Which headers an answer bears follows from the options, once. */
export function createRenderer({
  baseUrl,
  hstsSubdomains,
}: Pick<Options, 'baseUrl' | 'hstsSubdomains'>): Render {
  // RFC 6797 §7.2: never over plain http.
  const hsts = {
    'strict-transport-security': `max-age=${HSTS_SECONDS}${hstsSubdomains ? '; includeSubDomains' : ''}`,
  }
  const always = { ...HEADERS, ...(baseUrl.startsWith('https:') && hsts) }
  // No charset: RFC 8259 §11 defines none, and clients compare the media type as a whole.
  const ofJson = flat({ ...always, 'content-type': 'application/json' })
  const ofNothing = flat(always)
  const ofPage = ({ contentSecurityPolicy }: Page) =>
    flat({
      ...always,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy,
    })

  return ({ status, body, page, headers, cookies }) => {
    const own = page !== undefined ? ofPage(page) : body === undefined ? ofNothing : ofJson
    const isPlain = headers === undefined && cookies === undefined
    return {
      status,
      body: page?.html ?? (body === undefined ? null : JSON.stringify(body)),
      headers: isPlain
        ? own
        : [...own, ...flat(headers ?? {}), ...(cookies ?? []).flatMap((cookie) => ['set-cookie', cookie])],
    }
  }
}

function flat(headers: Extra): string[] {
  return Object.entries(headers).flat()
}

/** A redirect to a path of ours. */
export function redirect(path: string, status: 302 | 303, more: Pick<Answer, 'headers' | 'cookies'>) {
  return { status, ...more, headers: { ...more.headers, location: path } }
}

/** What these say of a field needs its name: the others speak for themselves. */
const NAMES_ITS_FIELD = new Set<ErrorCode>([
  'missing_field',
  'invalid_field',
  'repeated_field',
  'unknown_field',
])

/** A refusal in the one error shape; the classic one of a taken address as its clients know it. */
export function errorAnswer(error: AuthError, requestId: string, headers: Extra = {}): Answer {
  const { sentence: message, minLength, maxBytes } = error
  const { status } = ERRORS[error.code]
  if (error.code === 'email_taken') return { status, body: { message }, headers }
  const field = error.field && onWire(error.field)
  const body: ErrorBody = {
    message: field && NAMES_ITS_FIELD.has(error.code) ? `${message.slice(0, -1)}: ${field}.` : message,
    code: error.code,
    ...(field && { field }),
    ...(minLength !== undefined && { min_length: minLength }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    request_id: requestId,
  }
  return { status, body, headers: { ...headers, ...headersOf(error) } }
}

/**
 * Refusals behind which the connection cannot be used again: the rest of the body is not read, or it is in doubt where the
 * request ends (RFC 9112 §6.3).
 */
const ENDS_CONNECTION = new Set<ErrorCode>(['body_too_large', 'malformed_request'])

function headersOf({ code, retryAfterSeconds }: AuthError): Extra {
  if (ENDS_CONNECTION.has(code)) return { connection: 'close' }
  const retryAfter = retryAfterSeconds ?? (code === 'unavailable' ? 1 : undefined)
  return retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
}

/** The wire spells names with underscores. */
function onWire(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
