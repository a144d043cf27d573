/** Interprets an answer. It might not come from the service: a proxy, a captive portal or a wrong address can answer too. */
import type { ErrorBody } from '../api/index.ts'
import type { ERRORS } from '../model/errors.ts'
import type { AnyResponse, ClientError, Result } from './types.ts'

/** The classic answer for a taken address has only this message. */
const EMAIL_TAKEN: (typeof ERRORS)['email_taken']['message'] = 'email already registered'

/** Reads an answer. Rejects only if the connection breaks. */
export async function readAnswer(response: AnyResponse): Promise<Result<unknown>> {
  const body = objectIn(await response.text())
  if (response.ok && (body !== undefined || response.status === 204)) return { ok: true, data: body }
  return { ok: false, error: errorIn(response, body ?? {}) }
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return value instanceof Object ? value : undefined
  } catch {
    return undefined
  }
}

function errorIn({ ok, status, headers }: AnyResponse, body: Partial<ErrorBody>): ClientError {
  const { code, message, field, min_length, max_bytes, application_code, accepts, request_id } = body
  // A proxy may send a date (RFC 9110 §10.2.3).
  const wait = headers.get('retry-after') ?? ''
  const seconds = Number(wait) || Math.ceil((Date.parse(wait) - Date.now()) / 1_000)
  const always = { status, ...(seconds > 0 && { retryAfterSeconds: seconds }) }
  if (!ok && message === EMAIL_TAKEN) return { code: 'email_taken', message, ...always }
  if (ok || !message || !code || !request_id)
    return {
      code: 'invalid_response',
      message: 'The answer is not from the authentication service.',
      ...always,
    }
  return {
    code,
    message,
    ...always,
    ...(field && { field }),
    ...(min_length && { minLength: min_length }),
    ...(max_bytes && { maxBytes: max_bytes }),
    ...(application_code && { applicationCode: application_code }),
    ...(accepts && { accepts }),
    requestId: request_id,
  }
}
