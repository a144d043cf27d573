/** Every response is made here, with its headers decided before it is built: never touched afterwards. */
import type { ErrorBody } from '../api/index.ts'
import { type AuthError, ERRORS, type ErrorCode } from '../errors.ts'

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

const JSON_HEADERS = { ...HEADERS, 'content-type': 'application/json; charset=utf-8' } as const

type Extra = Readonly<Record<string, string>>

/** A JSON answer. */
export function json(body: unknown, status = 200, extra?: Extra): Response {
  const headers = extra === undefined ? JSON_HEADERS : { ...JSON_HEADERS, ...extra }
  return new Response(JSON.stringify(body), { status, headers })
}

/** A redirect to a path of ours. */
export function redirect(path: string, status: 302 | 303, extra?: Extra): Response {
  return new Response(null, {
    status,
    headers: { ...HEADERS, ...extra, location: path, 'content-length': '0' },
  })
}

/** What these say of a field needs its name: the others speak for themselves. */
const NAMES_ITS_FIELD = new Set<ErrorCode>([
  'missing_field',
  'invalid_field',
  'repeated_field',
  'unknown_field',
])

/** A refusal in the one error shape; the classic one of a taken address as its clients know it. */
export function errorResponse(error: AuthError, requestId: string, headers: Extra = {}): Response {
  const { status, message } = ERRORS[error.code]
  if (error.code === 'email_taken') return json({ message }, status, headers)
  const field = error.field && onWire(error.field)
  const body: ErrorBody = {
    message: field && NAMES_ITS_FIELD.has(error.code) ? `${message.slice(0, -1)}: ${field}.` : message,
    code: error.code,
    ...(field && { field }),
    request_id: requestId,
  }
  return json(body, status, { ...headers, ...headersOf(error) })
}

function headersOf({ code, retryAfterSeconds }: AuthError): Extra {
  // The rest of the body is not read: the connection cannot be used again.
  if (code === 'body_too_large') return { connection: 'close' }
  const retryAfter = retryAfterSeconds ?? (code === 'unavailable' ? 1 : undefined)
  return retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
}

/** The wire spells names with underscores. */
function onWire(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
