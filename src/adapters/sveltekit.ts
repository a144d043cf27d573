/**
 * `bienvenue-auth/adapters/sveltekit`
 *
 * @module
 */
import { basePath } from '../app/paths.ts'
import type { Auth } from '../index.ts'
import type { RemoteService } from './remote.ts'
import {
  type Requirement,
  readSessionFrom,
  refusedResponse,
  requireSignedIn,
  type SignedIn,
} from './signed-in.ts'

export type { RemoteService, Requirement, SignedIn }

/** What the adapter uses of SvelteKit's `RequestEvent`. Declare `signedIn` in `App.Locals` (`src/app.d.ts`). */
export interface SvelteKitEvent {
  readonly request: Request
  readonly url: URL
  readonly locals: { signedIn: SignedIn | null }
  getClientAddress(): string
}

/** The argument of SvelteKit's `handle` hook. */
export interface HandleInput<Event> {
  readonly event: Event
  readonly resolve: (event: Event) => Promise<Response> | Response
}

/** Connects a SvelteKit application. */
export interface SvelteKitAdapter {
  /**
   * The hook, in `src/hooks.server.ts`. Sets `event.locals.signedIn`, which is `null` if nobody is signed in. With the library
   * in this process, it also serves the routes of the service, under the path of `baseUrl`.
   */
  handle<Event extends SvelteKitEvent>(input: HandleInput<Event>): Promise<Response>
  /** Wraps an endpoint, which runs only if somebody is signed in. Otherwise answers 401 or 403 itself. */
  requireUser<Event extends SvelteKitEvent>(
    endpoint: (event: Event, signedIn: SignedIn) => Promise<Response> | Response,
    requirement?: Requirement,
  ): (event: Event) => Promise<Response>
}

/**
 * Creates the adapter, for the library in this process or a service elsewhere.
 *
 * @throws {TypeError} The library serves its routes, but `baseUrl` has no path: they would hide those of the application.
 */
export function bienvenue(source: Auth | RemoteService): SvelteKitAdapter {
  const read = readSessionFrom(source)
  const serve = 'getSession' in source ? serveFrom(source) : () => null
  return {
    async handle({ event, resolve }) {
      const served = serve(event)
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

/** Creates the function that answers requests under the path of `baseUrl`. `null` for all others. */
function serveFrom(auth: Auth) {
  const base = basePath(auth.options)
  if (base === '') throw new TypeError('baseUrl must end with the path of the service, such as /auth')
  return ({ request, url, getClientAddress }: SvelteKitEvent) =>
    url.pathname.startsWith(`${base}/`) ? auth.fetch(request, { ip: getClientAddress() }) : null
}
