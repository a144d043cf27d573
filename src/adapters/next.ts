/**
 * `bienvenue-auth/adapters/next`, for the App Router of Next.js. It also fits every other framework whose routes are
 * functions from `Request` to `Response`, such as React Router.
 *
 * @module
 */
import type { RequestLike } from '../app/request-headers.ts'
import type { Auth } from '../index.ts'
import type { JsonObject } from '../model/json.ts'
import type { MetadataTypes, StoredMetadata } from '../model/standard-schema.ts'
import type { RemoteService } from './remote.ts'
import {
  type OpenAuth,
  type Requirement,
  readSessionFrom,
  refusedResponse,
  requireSignedIn,
  type SignedIn,
} from './signed-in.ts'

export type { OpenAuth, RemoteService, Requirement, SignedIn }

/** A route handler, with the further arguments that the framework passes. */
type RouteHandler<Rest extends unknown[]> = (request: Request, ...rest: Rest) => Promise<Response> | Response

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** Connects a Next.js application. */
export interface NextAdapter<Metadata = JsonObject> {
  /**
   * The signed-in user of a request, or `null`. For server components: `await getSession(await headers())`.
   *
   * @throws {AuthError} `conflicting_credentials`; `unavailable`.
   */
  getSession(from: RequestLike): Promise<SignedIn<Metadata> | null>
  /** Wraps a route handler, which gets the signed-in user, or `null` if nobody is signed in. */
  identify<Rest extends unknown[]>(
    handler: (
      signedIn: SignedIn<Metadata> | null,
      request: Request,
      ...rest: Rest
    ) => Promise<Response> | Response,
  ): RouteHandler<Rest>
  /** Like `identify`, but answers 401 `unauthenticated` or 403 `reauthentication_required` itself. */
  requireUser<Rest extends unknown[]>(
    handler: (signedIn: SignedIn<Metadata>, request: Request, ...rest: Rest) => Promise<Response> | Response,
    requirement?: Requirement,
  ): RouteHandler<Rest>
}

/** Connects a Next.js application, and serves the routes of the service in it. */
export interface MountedNextAdapter<Metadata = JsonObject> extends NextAdapter<Metadata> {
  /** The routes of the service, in `app/auth/[[...path]]/route.ts`: `export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = mount`. */
  mount: Readonly<Record<(typeof METHODS)[number], (request: Request) => Promise<Response>>>
}

interface NextOptions {
  /**
   * The client's IP address, which Next.js does not provide. Without it, the limits per IP address do not apply. Use a header
   * that your own proxy sets: `(request) => request.headers.get('x-real-ip') ?? undefined`.
   */
  clientIp?: ((request: Request) => string | undefined) | undefined
}

/**
 * Creates the adapter, for the library in this process or for a remote service. `next build` also loads route files, so pass
 * a function that opens the library. Otherwise the build opens the database.
 */
export function bienvenue<Public extends MetadataTypes, Private extends MetadataTypes>(
  auth: Auth<Public, Private> | OpenAuth<Auth<Public, Private>>,
  options?: NextOptions,
): MountedNextAdapter<StoredMetadata<Public>>
export function bienvenue<Metadata = JsonObject>(remote: RemoteService): NextAdapter<Metadata>
export function bienvenue(source: Auth | OpenAuth | RemoteService, { clientIp }: NextOptions = {}) {
  const getSession = readSessionFrom(source)
  const wrapped =
    <Found extends SignedIn | null, Rest extends unknown[]>(
      check: (found: SignedIn | null) => Found,
      handler: (found: Found, request: Request, ...rest: Rest) => Promise<Response> | Response,
    ): RouteHandler<Rest> =>
    async (request, ...rest) => {
      let found: Found
      try {
        found = check(await getSession(request))
      } catch (error) {
        return refusedResponse(error)
      }
      return handler(found, request, ...rest)
    }
  const adapter: NextAdapter = {
    getSession,
    identify: (handler) => wrapped((found) => found, handler),
    requireUser: (handler, requirement = {}) =>
      wrapped((found) => requireSignedIn(found, requirement), handler),
  }
  if (typeof source !== 'function' && !('getSession' in source)) return adapter
  const answer = async (request: Request) => {
    const auth = typeof source === 'function' ? await source() : source
    return auth.fetch(request, { ip: clientIp?.(request) })
  }
  return { ...adapter, mount: Object.fromEntries(METHODS.map((method) => [method, answer])) }
}
