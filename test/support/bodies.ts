/** Requests with a body, read as a classic route reads them. */
import { z } from 'zod'
import { readBody } from '../../src/app/body.ts'
import { incomingOf } from '../../src/app/web.ts'
import { AuthError } from '../../src/model/errors.ts'

export const KIB = 1_024
const text = z
  .string()
  .min(1)
  .max(KIB)
  .refine((value) => value.isWellFormed())
export const contract = z.strictObject({ email: text, password: text })

export type Pair = readonly [name: string, value: string]
export const PAIRS: readonly Pair[] = [
  ['email', 'bob@example.com'],
  ['password', 'b4l0u'],
]
export const FIELDS = Object.fromEntries(PAIRS)

export const FORM = 'application/x-www-form-urlencoded'
export const JSON_TYPE = 'application/json'
export const BOUNDARY = 'boundary-7f3a9c'
export const MULTIPART = `multipart/form-data; boundary=${BOUNDARY}`

/** A well-formed multipart body (RFC 7578) from parts of headers and content. */
export const parts = (...all: string[]) =>
  `${all.map((part) => `--${BOUNDARY}\r\n${part}\r\n`).join('')}--${BOUNDARY}--\r\n`
export const part = (name: string, value: string, more = '') =>
  `Content-Disposition: form-data; name="${name}"\r\n${more}\r\n${value}`

const URL = 'http://localhost/users'
type Body = string | Uint8Array<ArrayBuffer> | ReadableStream | null

export function post(type: string, body: Body, headers: Record<string, string> = {}): Request {
  const request = new Request(URL, { method: 'POST', body, headers, duplex: 'half' })
  // A string body sets its own type.
  request.headers.delete('content-type')
  if (type !== '') request.headers.set('content-type', type)
  return request
}

export const readIncoming = (request: Request, types: readonly string[]) =>
  readBody(incomingOf(request, undefined), contract, types)

/** Reads like a classic route, which accepts all three formats. */
export const read = (request: Request) => readIncoming(request, [FORM, 'multipart/form-data', JSON_TYPE])

/** The code of the refusal and its field, if any. Fails if the body is accepted. */
export async function refusalOf(request: Request, types?: readonly string[]): Promise<string> {
  const reading = types === undefined ? read(request) : readIncoming(request, types)
  const error = await reading.then(
    (fields) => new Error(`accepted: ${JSON.stringify(fields).slice(0, 200)}`),
    (reason: unknown) => reason,
  )
  if (!(error instanceof AuthError)) throw error
  return error.field === undefined ? error.code : `${error.code} ${error.field}`
}
