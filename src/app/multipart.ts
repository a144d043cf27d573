/** Splits `multipart/form-data` with `@fastify/busboy`. This module is loaded when the first such body arrives. */
import { Dicer } from '@fastify/busboy'

/** Far more than the fields of our forms. There is a limit because each part costs a stream. */
export const PARTS_MAX = 100

/** A part as it was sent. */
export interface Part {
  /** Values by lower-case name, in the order of arrival. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly content: Uint8Array
}

/**
 * Splits a body at its boundary. Text before the first boundary and after the last one is ignored (RFC 2046 §5.1.1). A
 * part whose headers never end has no headers.
 *
 * @throws {Error} The body ends before its last boundary or has more than 100 parts, or a header is not UTF-8.
 */
export async function splitMultipart(body: Uint8Array, boundary: string): Promise<Part[]> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const parts: { headers: Part['headers']; readonly chunks: Buffer[] }[] = []
  const dicer = new Dicer({ boundary })
  dicer.on('part', (stream) => {
    const part: (typeof parts)[number] = { headers: {}, chunks: [] }
    // Thrown by `dicer.end` below, so this function rejects.
    if (parts.push(part) > PARTS_MAX) throw new RangeError('too many parts')
    stream.on('header', (headers) => {
      part.headers = headers as Part['headers']
    })
    stream.on('data', (chunk) => part.chunks.push(chunk as Buffer))
    // The splitter reports the same error.
    stream.on('error', () => {})
  })
  dicer.on('error', reject)
  dicer.on('finish', resolve)
  dicer.end(body)
  await promise
  return parts.map(({ headers, chunks }) => ({
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, values]) => [name, values.map(decodeHeader)]),
    ),
    content: Buffer.concat(chunks),
  }))
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The splitter decodes headers as Latin-1, but field names are UTF-8 (RFC 7578 §5.1.2). */
function decodeHeader(value: string): string {
  return utf8.decode(Buffer.from(value, 'latin1'))
}
