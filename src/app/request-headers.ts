/** Reads headers from the request objects of different frameworks. */

/** A request, or its headers, of any framework. */
export type RequestLike =
  /** A `Request`, Node's `IncomingMessage`, or the request of Express, Fastify or Koa. */
  | { readonly headers: Headers | NodeHeaders }
  /** A `Headers`, such as that of `headers()` in Next.js. */
  | Pick<Headers, 'get'>
  /** Node's object of headers, with names in lower case. */
  | NodeHeaders

type NodeHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The function that returns the value of a header by its lower-case name, or `null`.
 *
 * @throws {TypeError} Not an object. Plain JavaScript may pass a bare session token instead.
 */
export function headersOf(from: RequestLike): (name: string) => string | null {
  if (typeof from !== 'object' || from === null)
    throw new TypeError('expected a request or its headers, such as { headers: { cookie } }')
  const headers = isRequest(from) ? from.headers : from
  if (isHeaders(headers)) return (name) => headers.get(name)
  return (name) => {
    const value = headers[name]
    if (typeof value === 'string') return value
    return Array.isArray(value) ? value.join(name === 'cookie' ? '; ' : ', ') : null
  }
}

function isRequest(from: RequestLike): from is { readonly headers: Headers | NodeHeaders } {
  const { headers } = from as { headers?: unknown }
  return typeof headers === 'object' && headers !== null && !Array.isArray(headers)
}

function isHeaders(headers: Pick<Headers, 'get'> | NodeHeaders): headers is Pick<Headers, 'get'> {
  return typeof headers.get === 'function'
}
