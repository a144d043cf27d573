/** From an operation and its fields to a request. */
import { ROUTES } from './routes.ts'
import type { CallOptions, Fetch, Route } from './types.ts'

/** The fields of a call: those in the path, and those of the body. */
export type Fields = Readonly<Record<string, unknown>>

/** @param bearer - The token to send, if there is one yet. `undefined`: the client uses the cookie. */
export function requestOf(
  { method, path, body, transport }: Route,
  fields: Fields,
  bearer: { readonly token: string | null } | undefined,
  signal: CallOptions['signal'],
): { target: string; init: Parameters<Fetch>[1] } {
  const rest: Record<string, unknown> =
    bearer && transport ? { transport: 'bearer', ...fields } : { ...fields }
  const target = filled(path, (name) => {
    const value = rest[name]
    delete rest[name]
    return value
  })
  const headers: Record<string, string> = {}
  // Also without a body: a POST without a type and without `Origin` could come from a form on any site.
  if (method !== 'GET') headers['content-type'] = 'application/json'
  if (bearer?.token) headers.authorization = `Bearer ${bearer.token}`
  return {
    target,
    init: {
      method,
      headers,
      // A bearer token and the cookie together are refused.
      credentials: bearer ? 'omit' : 'include',
      // The service never redirects these calls, and a password must not follow a redirect.
      redirect: 'manual',
      ...(body && { body: JSON.stringify(rest) }),
      ...(signal && { signal }),
    },
  }
}

/** The paths without parameters. */
const PATHS: ReadonlySet<string> = new Set(
  Object.values(ROUTES).flatMap((topic) => Object.values(topic).map(({ path }) => path)),
)

/** Puts the fields into their places. A dot segment, or a value with which the path is that of another route, finds nothing. */
function filled(path: string, fieldOf: (name: string) => unknown): string {
  const target = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(fieldOf(name))).replace(/^\.\.?$/, NOTHING),
  )
  return target !== path && PATHS.has(target) ? path.replace(/\{\w+\}/g, NOTHING) : target
}

const NOTHING = '%252E'
