/**
 * From the bytes of a request to its fields: one parser for each format, each strict, so that no second
 * reader of the same request could see anything else in it.
 */
import type { z } from 'zod'
import { AuthError } from '../errors.ts'
import type { Incoming } from './incoming.ts'

const BODY_MAX_BYTES = 64 * 1_024
/** A longer name is none of ours, and is not repeated in the answer. */
const FIELD_NAME_MAX_LENGTH = 64

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
  const bytes = await incoming.readBody(BODY_MAX_BYTES)
  // No body at all: whatever its type, what is wrong is that the fields are missing.
  if (bytes.length === 0) return []
  const contentType = incoming.header('content-type') ?? ''
  const type = mediaType(contentType)
  const parse = types.includes(type) ? PARSERS.get(type) : undefined
  if (parse === undefined || isCompressed(incoming)) throw new AuthError('unsupported_media_type')
  try {
    if (!isUtf8(contentType)) throw new AuthError('unsupported_media_type')
    // The forms of all three formats carry text alone, so that the whole body has to be UTF-8.
    return parse(utf8.decode(bytes), contentType)
  } catch (error) {
    throw error instanceof AuthError ? error : new AuthError('malformed_body', { cause: error })
  }
}

const PARSERS: ReadonlyMap<string, (text: string, contentType: string) => Fields> = new Map([
  ['application/x-www-form-urlencoded', parseForm],
  ['multipart/form-data', parseMultipart],
  ['application/json', parseJson],
])

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

const PART_NAME = /^content-disposition: form-data; name="([^"]*)"(; filename=.*)?$/i
const PART_IS_TEXT = /^content-type: text\/plain(?:; ?charset="?utf-8"?)?$/i

/**
 * RFC 7578 as browsers and programs write it, and nothing else of it: one disposition with one name for
 * each part, text as it stands. The platform's reader takes the last of two names and undoes transfer
 * encodings (which RFC 7578 §4.7 deprecates). A file is a value that no field of ours allows.
 */
function parseMultipart(text: string, contentType: string): Fields {
  const boundary = parameterOf(contentType, 'boundary')
  if (boundary === null || boundary.length > 70) throw new SyntaxError('no boundary')
  const [preamble, ...parts] = `\r\n${text}`.split(`\r\n--${boundary}`)
  const end = parts.pop()
  if (preamble !== '' || !/^--(?:\r\n)?$/.test(end ?? '')) throw new SyntaxError('not framed by its boundary')
  return parts.map(parsePart)
}

function parsePart(part: string): [name: string, value: unknown] {
  const headersEnd = part.indexOf('\r\n\r\n')
  if (!part.startsWith('\r\n') || headersEnd < 0) throw new SyntaxError('not a part')
  const headers = part.slice(2, headersEnd).split('\r\n')
  const at = headers.findIndex((header) => PART_NAME.test(header))
  const others = headers.toSpliced(at, 1)
  const [, name, filename] = PART_NAME.exec(headers[at] ?? '') ?? []
  if (name === undefined) throw new SyntaxError('no name')
  if (filename !== undefined) return [name, { filename }]
  if (others.length > 1 || !others.every((header) => PART_IS_TEXT.test(header)))
    throw new SyntaxError('not text')
  return [name, part.slice(headersEnd + 4)]
}

/** RFC 8259, one object, each name once: `JSON.parse` would keep the last and say nothing. */
export function parseJson(text: string): Fields {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SyntaxError('not an object')
  const entries = Object.entries(value)
  // Below a field there may be names too; such a field is refused for its type, whatever is counted here.
  if (entries.some(([, inner]) => typeof inner === 'object' && inner !== null)) return entries
  const names = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?=(\s*:)?)/g)]
    .filter((token) => token[1] !== undefined)
    .map((token) => JSON.parse(token[0]) as string)
  return names.map((name) => [name, (value as Record<string, unknown>)[name]])
}

function mediaType(contentType: string): string {
  return contentType.slice(0, mediaTypeLength(contentType)).trim().toLowerCase()
}

function isUtf8(contentType: string): boolean {
  const charset = parameterOf(contentType, 'charset')
  return charset === null || /^(?:utf-?8|us-ascii)$/i.test(charset)
}

const PARAMETER = /;[ \t]*([a-z0-9!#$&^_.+-]+)=(?:"([^"\\]*)"|([^\s;"]*))[ \t]*/giy

/**
 * A parameter of a media type (RFC 9110 §8.3.1), or `null` where there is none.
 *
 * @throws {SyntaxError} Parameters that are not well-formed, or the same one twice.
 */
function parameterOf(contentType: string, wanted: string): string | null {
  let found: string | null = null
  PARAMETER.lastIndex = mediaTypeLength(contentType)
  while (PARAMETER.lastIndex < contentType.length) {
    const match = PARAMETER.exec(contentType)
    if (match === null) throw new SyntaxError('not well-formed parameters')
    if (match[1]?.toLowerCase() !== wanted) continue
    if (found !== null) throw new SyntaxError('the same parameter twice')
    found = match[2] ?? match[3] ?? ''
  }
  return found
}

function mediaTypeLength(contentType: string): number {
  const end = contentType.indexOf(';')
  return end < 0 ? contentType.length : end
}

function isCompressed(incoming: Incoming): boolean {
  return (incoming.header('content-encoding') ?? 'identity').toLowerCase() !== 'identity'
}
