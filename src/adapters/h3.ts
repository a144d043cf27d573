/**
 * `bienvenue-auth/adapters/h3`, for h3 2 and frameworks that are built on it.
 *
 * @module
 */
import type { H3Event, Middleware } from 'h3'
import type { Auth } from '../index.ts'
import type { JsonObject } from '../model/json.ts'
import type { MetadataTypes, StoredMetadata } from '../model/standard-schema.ts'
import type { RemoteService } from './remote.ts'
import {
  type Requirement,
  readSessionFrom,
  refusedResponse,
  requireSignedIn,
  type SignedIn,
} from './signed-in.ts'

export type { RemoteService, Requirement, SignedIn }

declare module 'h3' {
  interface H3EventContext {
    /** Set by `identify` and `requireUser`. `null` if nobody is signed in. */
    signedIn?: SignedIn | null
  }
}

/** Connects an h3 application. */
export interface H3Adapter<Metadata = JsonObject> {
  /** Sets `event.context.signedIn`, which is `null` if nobody is signed in. */
  identify: Middleware
  /** Like `identify`, but answers 401 `unauthenticated` or 403 `reauthentication_required` itself. */
  requireUser(requirement?: Requirement): Middleware
  /** `event.context.signedIn`, with the types of your metadata. `null` if nobody is signed in. */
  signedIn(event: H3Event): SignedIn<Metadata> | null
}

/** Connects an h3 application, and serves the routes of the service in it. */
export interface MountedH3Adapter<Metadata = JsonObject> extends H3Adapter<Metadata> {
  /** The routes of the service: `app.all('/auth/**', mount)`. */
  mount(event: H3Event): Promise<Response>
}

/** Creates the adapter, for the library in this process or for a remote service. */
export function bienvenue<Public extends MetadataTypes, Private extends MetadataTypes>(
  auth: Auth<Public, Private>,
): MountedH3Adapter<StoredMetadata<Public>>
export function bienvenue<Metadata = JsonObject>(remote: RemoteService): H3Adapter<Metadata>
export function bienvenue(source: Auth | RemoteService) {
  const read = readSessionFrom(source)
  const middleware =
    (check: (found: SignedIn | null) => SignedIn | null): Middleware =>
    async (event, next) => {
      try {
        event.context.signedIn = check(await read(event.req))
      } catch (error) {
        return refusedResponse(error)
      }
      return next()
    }
  return {
    identify: middleware((found) => found),
    requireUser: (requirement: Requirement = {}) =>
      middleware((found) => requireSignedIn(found, requirement)),
    signedIn: ({ context }: H3Event) => context.signedIn ?? null,
    ...('getSession' in source && {
      mount: (event: H3Event) => source.fetch(event.req, { ip: event.req.ip }),
    }),
  }
}
