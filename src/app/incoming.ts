/** A request as the rest of this room sees it: the same whether it came as a `Request` or on Node's own server. */
export interface Incoming {
  readonly method: string
  /** As it was sent: a path with its query, or a whole address. */
  readonly target: string
  /** Whether it is HTTP/1.0, where `Host` may be missing. */
  readonly isHttp10?: boolean
  /** The address at the other end of the connection, if it is known. */
  readonly peer: string | undefined
  /**
   * A header, or `null` where there is none; several of one name joined by a comma, cookies by a semicolon.
   *
   * @param name - In lower case.
   */
  header(name: string): string | null
  /**
   * The body; no bytes if there is none.
   *
   * @throws {AuthError} `body_too_large`; `malformed_request`: the client went away in the middle;
   *   `body_already_read`.
   */
  readBody(maxBytes: number): Promise<IncomingBody>
}

/** A body as it was sent, or what a body parser in front of the service has made of it. */
export type IncomingBody = { readonly bytes: Uint8Array } | { readonly parsed: unknown }

/** The path that is asked for, without its query. */
export function pathOf({ target }: Pick<Incoming, 'target'>): string {
  const path = target.startsWith('/') ? target : (URL.parse(target)?.pathname ?? '')
  const end = path.search(/[?#]/)
  return end < 0 ? path : path.slice(0, end)
}
