/**
 * `bienvenue-auth/adapters/sveltekit`
 *
 * @module
 */
import { basePath } from '../app/paths.ts'
import type { Auth } from '../index.ts'
import type { JsonObject } from '../model/json.ts'
import type { AnyMetadata, MetadataTypes, StoredMetadata } from '../model/standard-schema.ts'
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

/** The part of SvelteKit's `RequestEvent` that the adapter uses. Declare `signedIn` in `App.Locals` (`src/app.d.ts`). */
export interface SvelteKitEvent<Metadata = JsonObject> {
  readonly request: Request
  readonly url: URL
  readonly locals: { signedIn: SignedIn<Metadata> | null }
  getClientAddress(): string
}

/** The argument of SvelteKit's `handle` hook. */
export interface HandleInput<Event> {
  readonly event: Event
  readonly resolve: (event: Event) => Promise<Response> | Response
}

/** Connects a SvelteKit application. */
export interface SvelteKitAdapter<Metadata = JsonObject> {
  /**
   * The hook, in `src/hooks.server.ts`. Sets `event.locals.signedIn`, which is `null` if nobody is signed in. With the library
   * in this process, it also serves the routes of the service, under the path of `baseUrl`.
   */
  handle<Event extends SvelteKitEvent<Metadata>>(input: HandleInput<Event>): Promise<Response>
  /** Wraps an endpoint, which runs only if somebody is signed in. Otherwise answers 401 or 403 itself. */
  requireUser<Event extends SvelteKitEvent<Metadata>>(
    endpoint: (event: Event, signedIn: SignedIn<Metadata>) => Promise<Response> | Response,
    requirement?: Requirement,
  ): (event: Event) => Promise<Response>
}

/**
 * Creates the adapter, for the library in this process or for a remote service. `vite build` also loads the program, so pass
 * a function that opens the library. Otherwise the build opens the database.
 *
 * @throws {TypeError} The library serves its routes, but `baseUrl` has no path: they would hide those of the application. With
 *   a function, each request throws it.
 */
export function bienvenue<Metadata = JsonObject>(remote: RemoteService): SvelteKitAdapter<Metadata>
export function bienvenue<
  Public extends MetadataTypes = AnyMetadata,
  Private extends MetadataTypes = AnyMetadata,
>(
  source: Auth<Public, Private> | OpenAuth<Auth<Public, Private>> | RemoteService,
): SvelteKitAdapter<StoredMetadata<Public>>
export function bienvenue(source: Auth | OpenAuth | RemoteService): SvelteKitAdapter {
  const read = readSessionFrom(source)
  const serve = serveFrom(source)
  return {
    async handle({ event, resolve }) {
      const served = await serve(event)
      if (served !== null) return served
      try {
        event.locals.signedIn = await read(event.request)
      } catch (error) {
        return refusedResponse(error)
      }
      return resolve(event)
    },
    requireUser:
      (endpoint, requirement = {}) =>
      async (event) => {
        let signedIn: SignedIn
        try {
          signedIn = requireSignedIn(event.locals.signedIn, requirement)
        } catch (error) {
          return refusedResponse(error)
        }
        return endpoint(event, signedIn)
      },
  }
}

type Serve = (event: SvelteKitEvent) => Promise<Response | null>

/** Creates the function that answers requests under the path of `baseUrl`. `null` for all others. */
function serveFrom(source: Auth | OpenAuth | RemoteService): Serve {
  if (typeof source === 'function') return async (event) => serveFrom(await source())(event)
  if (!('getSession' in source)) return async () => null
  const base = basePath(source.options)
  if (base === '') throw new TypeError('baseUrl must end with the path of the service, such as /auth')
  return async ({ request, url: { pathname }, getClientAddress }) =>
    pathname === base || pathname.startsWith(`${base}/`)
      ? source.fetch(request, { ip: getClientAddress() })
      : null
}
