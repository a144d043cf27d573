/** Connects the service to frameworks that use `Request` and `Response`. */
import { AuthError } from '../model/errors.ts'
import type { Incoming, IncomingBody } from './incoming.ts'
import type { Rendered } from './responses.ts'

/** Adapts a `Request`. @throws {TypeError} Plain JavaScript passes a URL, or the request of Node or Express. */
export function incomingOf(request: Request, peer: string | undefined): Incoming {
  if (typeof request?.headers?.get !== 'function')
    throw new TypeError('expected a Request; for the requests of Node and Express, use toNodeHandler(auth)')
  return {
    method: request.method,
    target: request.url,
    peer,
    header: (name) => request.headers.get(name),
    readBody: (maxBytes) => readBytes(request, maxBytes),
  }
}

/** An answer as a `Response`. */
export function responseOf({ status, headers, body }: Rendered): Response {
  const pairs: [string, string][] = []
  for (let index = 0; index < headers.length; index += 2)
    pairs.push([headers[index] as string, headers[index + 1] as string])
  return new Response(body, { status, headers: pairs })
}

async function readBytes(request: Request, maxBytes: number): Promise<IncomingBody> {
  if (request.body === null) return { bytes: new Uint8Array() }
  if (request.bodyUsed || request.body.locked) throw new AuthError('body_already_read')
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of request.body as ReadableStream<Uint8Array>) {
      length += chunk.length
      if (length > maxBytes) throw new AuthError('body_too_large')
      chunks.push(chunk)
    }
  } catch (error) {
    // Any other error means that the client disconnected before the end.
    throw error instanceof AuthError ? error : new AuthError('malformed_request', { cause: error })
  }
  return { bytes: Buffer.concat(chunks) }
}
