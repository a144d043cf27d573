/** A client of `auth.fetch`: requests as the classic clients send them. */
import type { Auth } from '../../src/index.ts'

export interface Send {
  fields?: Record<string, string> | undefined
  /** In place of fields: a body of any kind, with its type. */
  body?: RequestInit['body'] | undefined
  headers?: Record<string, string> | undefined
  sessionToken?: string | undefined
  ip?: string | undefined
}

/** Sends one request; the body is a form unless the test gives another. */
export function send(
  auth: Pick<Auth, 'fetch'>,
  method: string,
  path: string,
  request: Send = {},
): Promise<Response> {
  const { fields, sessionToken, ip } = request
  const body = request.body ?? (fields && new URLSearchParams(fields))
  return auth.fetch(
    new Request(`http://localhost:5000${path}`, {
      method,
      ...(body !== undefined && { body }),
      headers: {
        host: 'localhost:5000',
        ...(sessionToken !== undefined && { cookie: `session_id=${sessionToken}` }),
        ...request.headers,
      },
    }),
    { ip },
  )
}

/** The session that a response gives to its client, or `undefined`. */
export function sessionIn(response: Response): string | undefined {
  return response.headers
    .getSetCookie()
    .join()
    .match(/^session_id=([^;]+); Path=\//)?.[1]
}
