/** Reads the fields of a request body. Each format has one strict parser, which refuses what other parsers read differently. */
import { isAscii } from 'node:buffer'
import type { z } from 'zod'
import { jsonNames } from '../lib/json-names.ts'
import { AuthError } from '../model/errors.ts'
import { USER_FIELD_PREFIX } from '../model/user-fields.ts'
import { type HeaderValue, parseHeaderValue } from './header-value.ts'
import type { Incoming } from './incoming.ts'
import type { Part } from './multipart.ts'

export const BODY_MAX_BYTES = 64 * 1_024
/** Longer names than those of our fields are not repeated in the answer. */
export const FIELD_NAME_MAX_LENGTH = 64

/** The fields of a body, in the order in which they were sent. */
export type Fields = [name: string, value: unknown][]

const JSON_TYPE = 'application/json'
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads the fields of a request body and validates them.
 *
 * @param types - The media types that the operation accepts.
 * @throws {AuthError} Any of the errors that `errorsOf` adds to an operation with a body.
 */
export async function readBody<Contract extends z.ZodObject>(
  incoming: Incoming,
  contract: Contract,
  types: readonly string[],
): Promise<z.infer<Contract>> {
  const fields = await readFields(incoming, types)
  const isForm = parseHeaderValue(incoming.header('content-type') ?? '')?.value !== JSON_TYPE
  return validated(isForm && Object.hasOwn(contract.shape, 'metadata') ? nested(fields) : fields, contract)
}

/** Puts the user fields of a form, such as `metadata.company`, into the field `metadata`. */
export function nested(fields: Fields): Fields {
  const isUserField = ([name]: Fields[number]) => name.startsWith(USER_FIELD_PREFIX)
  const members = fields.filter(isUserField)
  if (members.length === 0) return fields
  assertUnique(members.map(([name]) => name))
  const metadata = members.map(([name, value]) => [name.slice(USER_FIELD_PREFIX.length), value])
  return [...fields.filter((field) => !isUserField(field)), ['metadata', Object.fromEntries(metadata)]]
}

/**
 * Validates fields against a contract. If the contract is not a strict object, because a standard says so, other fields are ignored.
 *
 * @throws {AuthError} The errors about a single field.
 */
export function validated<Contract extends z.ZodObject>(sent: Fields, contract: Contract): z.infer<Contract> {
  const isStrict = contract.def.catchall !== undefined
  const fields = isStrict ? sent : sent.filter(([name]) => Object.hasOwn(contract.shape, name))
  const names = fields.map(([name]) => name)
  const unknown = names.find((name) => !Object.hasOwn(contract.shape, name))
  if (unknown !== undefined) throw fieldError('unknown_field', unknown)
  assertUnique(names)
  const values = Object.fromEntries(fields)
  // zod would drop `__proto__` silently.
  const unsafe = names.find((name) => Object.hasOwn(Object(values[name]), '__proto__'))
  if (unsafe !== undefined) throw fieldError('unknown_field', `${unsafe}.__proto__`)

  const result = contract.safeParse(values)
  if (result.success) return result.data
  const path = result.error.issues[0]?.path ?? []
  const value = values[String(path[0])]
  throw fieldError(value === undefined || value === '' ? 'missing_field' : 'invalid_field', path.join('.'))
}

function assertUnique(names: readonly string[]): void {
  const seen = new Set<string>()
  const repeated = names.find((name) => seen.size === seen.add(name).size)
  if (repeated !== undefined) throw fieldError('repeated_field', repeated)
}

function fieldError(
  code: 'missing_field' | 'invalid_field' | 'repeated_field' | 'unknown_field',
  field: string,
) {
  return new AuthError(code, field.length > FIELD_NAME_MAX_LENGTH ? {} : { field })
}

/** Reads the fields of a request body. @throws {AuthError} The errors about a body as a whole. */
export async function readFields(incoming: Incoming, types: readonly string[]): Promise<Fields> {
  if (Number(incoming.header('content-length')) > BODY_MAX_BYTES) throw new AuthError('body_too_large')
  const body = await incoming.readBody(BODY_MAX_BYTES)
  // An empty body needs no type. Validation reports its missing fields.
  if ('bytes' in body && body.bytes.length === 0) return []
  const type = parseHeaderValue(incoming.header('content-type') ?? '')
  const parse = type !== null && types.includes(type.value) ? PARSERS.get(type.value) : undefined
  if (type === null || parse === undefined || isCompressed(incoming))
    throw new AuthError('unsupported_media_type', { mediaTypes: types })
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
  [JSON_TYPE, parseJsonBytes],
])

/**
 * Decodes a body or a part. A charset other than UTF-8 is accepted if it gives the same text, as ISO-8859-1 does for
 * ASCII.
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
    // The charset is unknown.
    return false
  }
}

function parseFormBytes(bytes: Uint8Array, parameters: Parameters): Fields {
  const charset = parameters.get('charset')
  const text = decode(bytes, charset)
  // The charset also applies to percent-encoded bytes, which differ beyond ASCII.
  if (!isUtf8(charset) && /%[89a-f]/i.test(text)) throw new AuthError('unsupported_charset')
  return parseForm(text)
}

/** Parses a form as in WHATWG URL §5.1, except that malformed percent-encoding throws a `URIError`. */
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
  // A file may contain other bytes than UTF-8. It is refused later, with the name of its field.
  if (!fields.some(([, value]) => value === NOT_TEXT)) utf8.decode(bytes)
  return fields
}

/** Stands for a value that no field accepts, such as a file. */
const NOT_TEXT = null

const PLAIN_ENCODINGS = ['7bit', '8bit', 'binary']

/**
 * Reads a part as in RFC 7578 §4.2: form data with one name. Refuses what parsers interpret differently: a repeated
 * header, an escape in the name, an extended name (`name*`) and a transfer encoding.
 */
function parsePart(
  { headers, content }: Part,
  formCharset: string | undefined,
): [name: string, value: unknown] {
  const header = (name: string) => {
    const [value, ...others] = headers[name] ?? []
    if (others.length > 0) throw new SyntaxError('a repeated header')
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
  // RFC 8259 §8.1 allows parsers to ignore a byte order mark.
  return parseJson(decode(bytes, parameters.get('charset')).replace(/^\ufeff/, ''))
}

/**
 * Parses a JSON object (RFC 8259). Returns repeated names, which `JSON.parse` would silently drop.
 *
 * @throws {AuthError} `repeated_field`: an object inside repeats a name.
 */
export function parseJson(text: string): Fields {
  const value: unknown = JSON.parse(text)
  entriesOf(value)
  const { names, repeatedInside } = jsonNames(text)
  if (repeatedInside !== null) throw fieldError('repeated_field', repeatedInside)
  return names.map((name) => [name, (value as Record<string, unknown>)[name]])
}

/** The own members of an object, so that a polluted prototype adds no fields. */
function entriesOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SyntaxError('not an object')
  return Object.entries(value)
}

function isCompressed(incoming: Incoming): boolean {
  return (incoming.header('content-encoding') ?? 'identity').toLowerCase() !== 'identity'
}
