/** A request, whether it arrived as a `Request` or on Node's own server. */
export interface Incoming {
  readonly method: string
  /** The request target as it was sent: a path with its query, or an absolute URL. */
  readonly target: string
  /** The target before the framework removed the path under which it mounts the service, if it keeps both. */
  readonly originalTarget?: string | undefined
  /** Whether it is HTTP/1.0, where `Host` may be missing. */
  readonly isHttp10?: boolean
  /** The IP address at the other end of the connection, if known. */
  readonly peer: string | undefined
  /**
   * The value of a header, or `null` if it is missing. Repeated headers are joined with `, `, cookies with `; `.
   *
   * @param name - In lower case.
   */
  header(name: string): string | null
  /**
   * Reads the body. A missing body is empty.
   *
   * @throws {AuthError} `body_too_large`; `malformed_request`: the client disconnected before the end;
   *   `body_already_read`.
   */
  readBody(maxBytes: number): Promise<IncomingBody>
}

/** A body as it was sent, or as a body parser of the application has parsed it. */
export type IncomingBody = { readonly bytes: Uint8Array } | { readonly parsed: unknown }

/** The path of a request target, without its query. */
export function pathOf(target: string): string {
  const path = target.startsWith('/') ? target : (URL.parse(target)?.pathname ?? '')
  const end = path.search(/[?#]/)
  return end < 0 ? path : path.slice(0, end)
}
