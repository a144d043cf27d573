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

/** The function that returns the value of a header by its lower-case name, or `null`. */
export function headersOf(from: RequestLike): (name: string) => string | null {
  const headers = isRequest(from) ? from.headers : from
  if (isHeaders(headers)) return (name) => headers.get(name)
  return (name) => {
    const value = headers[name]
    if (typeof value === 'string') return value
    return value === undefined ? null : value.join(name === 'cookie' ? '; ' : ', ')
  }
}

function isRequest(from: RequestLike): from is { readonly headers: Headers | NodeHeaders } {
  const { headers } = from as { headers?: unknown }
  return typeof headers === 'object' && headers !== null && !Array.isArray(headers)
}

function isHeaders(headers: Pick<Headers, 'get'> | NodeHeaders): headers is Pick<Headers, 'get'> {
  return typeof headers.get === 'function'
}
