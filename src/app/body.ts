/**
 * From the bytes of a request to its fields: one parser for each format, each strict, so that no second
 * reader of the same request could see anything else in it.
 */
import { isAscii } from 'node:buffer'
import type { z } from 'zod'
import { AuthError } from '../model/errors.ts'
import { type HeaderValue, parseHeaderValue } from './header-value.ts'
import type { Incoming } from './incoming.ts'
import type { Part } from './multipart.ts'

export const BODY_MAX_BYTES = 64 * 1_024
/** A longer name is none of ours, and is not repeated in the answer. */
export const FIELD_NAME_MAX_LENGTH = 64

type Fields = [name: string, value: unknown][]

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The fields of a request's body, as its contract wants them.
 *
 * @param types - The media types it may have.
 * @throws {AuthError} Any refusal that `errorsOf` gives an operation for having a body.
 */
export async function readBody<Contract extends z.ZodObject>(
  incoming: Incoming,
  contract: Contract,
  types: readonly string[],
): Promise<z.infer<Contract>> {
  const fields = await readFields(incoming, types)
  const names = fields.map(([name]) => name)
  const unknown = names.find((name) => !Object.hasOwn(contract.shape, name))
  if (unknown !== undefined) throw fieldError('unknown_field', unknown)
  const seen = new Set<string>()
  const repeated = names.find((name) => seen.size === seen.add(name).size)
  if (repeated !== undefined) throw fieldError('repeated_field', repeated)

  const values = Object.fromEntries(fields)
  const result = contract.safeParse(values)
  if (result.success) return result.data
  const field = String(result.error.issues[0]?.path[0])
  const value = values[field]
  throw fieldError(value === undefined || value === '' ? 'missing_field' : 'invalid_field', field)
}

function fieldError(
  code: 'missing_field' | 'invalid_field' | 'repeated_field' | 'unknown_field',
  field: string,
) {
  return new AuthError(code, field.length > FIELD_NAME_MAX_LENGTH ? {} : { field })
}

async function readFields(incoming: Incoming, types: readonly string[]): Promise<Fields> {
  if (Number(incoming.header('content-length')) > BODY_MAX_BYTES) throw new AuthError('body_too_large')
  const body = await incoming.readBody(BODY_MAX_BYTES)
  // Without a body its type does not matter: the fields are missing.
  if ('bytes' in body && body.bytes.length === 0) return []
  const type = parseHeaderValue(incoming.header('content-type') ?? '')
  const parse = type !== null && types.includes(type.value) ? PARSERS.get(type.value) : undefined
  if (type === null || parse === undefined || isCompressed(incoming))
    throw new AuthError('unsupported_media_type')
  try {
    return 'bytes' in body ? await parse(body.bytes, type.parameters) : entriesOf(body.parsed)
  } catch (error) {
    throw error instanceof AuthError ? error : new AuthError('malformed_body', { cause: error })
  }
}

type Parameters = HeaderValue['parameters']
type Parser = (bytes: Uint8Array, parameters: Parameters) => Fields | Promise<Fields>

const PARSERS: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  ['application/x-www-form-urlencoded', parseFormBytes],
  ['multipart/form-data', parseMultipart],
  ['application/json', parseJsonBytes],
])

/**
 * The text of a body or a part. A charset other than UTF-8 is accepted if it makes no difference, as ISO-8859-1 makes
 * none for ASCII.
 *
 * @throws {AuthError} `unsupported_charset`.
 * @throws {TypeError} The bytes are not UTF-8.
 */
function decode(bytes: Uint8Array, charset: string | undefined): string {
  if (!isUtf8(charset) && !isSameInUtf8(bytes, charset)) throw new AuthError('unsupported_charset')
  return utf8.decode(bytes)
}

function isUtf8(charset = 'utf-8'): boolean {
  return /^utf-?8$/i.test(charset)
}

function isSameInUtf8(bytes: Uint8Array, charset: string | undefined): boolean {
  try {
    return (
      isAscii(bytes) && new TextDecoder(charset, { ignoreBOM: true }).decode(bytes) === utf8.decode(bytes)
    )
  } catch {
    // There is no such charset.
    return false
  }
}

function parseFormBytes(bytes: Uint8Array, parameters: Parameters): Fields {
  const charset = parameters.get('charset')
  const text = decode(bytes, charset)
  // The charset also decides what an escaped byte beyond ASCII means.
  if (!isUtf8(charset) && /%[89a-f]/i.test(text)) throw new AuthError('unsupported_charset')
  return parseForm(text)
}

/** WHATWG URL §5.1, but broken percent-encoding is an error and not text. */
export function parseForm(text: string): Fields {
  return text
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.replaceAll('+', ' ').split('=')
      return [decodeURIComponent(name), decodeURIComponent(value.join('='))]
    })
}

export const BOUNDARY_MAX_LENGTH = 70

async function parseMultipart(bytes: Uint8Array, parameters: Parameters): Promise<Fields> {
  const boundary = parameters.get('boundary') ?? ''
  if (boundary === '' || boundary.length > BOUNDARY_MAX_LENGTH) throw new SyntaxError('no boundary')
  const { splitMultipart } = await import('./multipart.ts')
  const parts = await splitMultipart(bytes, boundary)
  const fields = parts.map((part) => parsePart(part, parameters.get('charset')))
  // Only a file may hold bytes that are not UTF-8; it is refused below.
  if (!fields.some(([, value]) => value === NOT_TEXT)) utf8.decode(bytes)
  return fields
}

/** Stands for a value that no field allows, such as a file. */
const NOT_TEXT = null

const PLAIN_ENCODINGS = ['7bit', '8bit', 'binary']

/**
 * A part as RFC 7578 §4.2 has it: form data with one name. Refused is what readers understand differently: two headers of
 * one kind, an escape in the name, an extended name (`name*`), and an encoding that has to be undone.
 */
function parsePart(
  { headers, content }: Part,
  formCharset: string | undefined,
): [name: string, value: unknown] {
  const header = (name: string) => {
    const [value, ...others] = headers[name] ?? []
    if (others.length > 0) throw new SyntaxError('a header twice')
    return value
  }
  const disposition = header('content-disposition') ?? ''
  const { value, parameters } = parseHeaderValue(disposition) ?? {}
  const name = parameters?.get('name')
  if (value !== 'form-data' || parameters === undefined || name === undefined || disposition.includes('\\'))
    throw new SyntaxError('not form data with a name')
  const attributes = [...parameters.keys()]
  if (attributes.some((attribute) => attribute.startsWith('name*'))) throw new SyntaxError('an extended name')
  const type = parseHeaderValue(header('content-type') ?? 'text/plain')
  if (type === null) throw new SyntaxError('a malformed type')
  if (type.value !== 'text/plain' || attributes.some((attribute) => /^filename(?:\*|$)/.test(attribute)))
    return [name, NOT_TEXT]
  const encoding = header('content-transfer-encoding') ?? 'binary'
  if (!PLAIN_ENCODINGS.includes(encoding.trim().toLowerCase())) throw new SyntaxError('an encoded part')
  return [name, decode(content, type.parameters.get('charset') ?? formCharset)]
}

function parseJsonBytes(bytes: Uint8Array, parameters: Parameters): Fields {
  // RFC 8259 §8.1: a parser may ignore a byte order mark.
  return parseJson(decode(bytes, parameters.get('charset')).replace(/^\ufeff/, ''))
}

/** RFC 8259, one object, each name once: `JSON.parse` would keep the last and say nothing. */
export function parseJson(text: string): Fields {
  const value: unknown = JSON.parse(text)
  const entries = entriesOf(value)
  // Below a field there may be names too; such a field is refused for its type, whatever is counted here.
  if (entries.some(([, inner]) => typeof inner === 'object' && inner !== null)) return entries
  const names = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?=(\s*:)?)/g)]
    .filter((token) => token[1] !== undefined)
    .map((token) => JSON.parse(token[0]) as string)
  return names.map((name) => [name, (value as Record<string, unknown>)[name]])
}

/** The fields of an object: its own members, so that a polluted prototype adds none. */
function entriesOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SyntaxError('not an object')
  return Object.entries(value)
}

function isCompressed(incoming: Incoming): boolean {
  return (incoming.header('content-encoding') ?? 'identity').toLowerCase() !== 'identity'
}
