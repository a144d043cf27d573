/**
 * `bienvenue-auth/adapters/hono`
 *
 * @module
 */
import type { Context, Handler, MiddlewareHandler } from 'hono'
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

/** The context variables: `new Hono<{ Variables: BienvenueVariables }>()`. */
export interface BienvenueVariables<Metadata = JsonObject> {
  signedIn: SignedIn<Metadata> | null
}

/** Connects a Hono application. */
export interface HonoAdapter<Metadata = JsonObject> {
  /** Sets `c.var.signedIn`, which is `null` if nobody is signed in. */
  identify: MiddlewareHandler<{ Variables: BienvenueVariables<Metadata> }>
  /** Like `identify`, but answers 401 `unauthenticated` or 403 `reauthentication_required` itself. */
  requireUser(requirement?: Requirement): MiddlewareHandler<{ Variables: { signedIn: SignedIn<Metadata> } }>
}

/** Connects a Hono application, and serves the routes of the service in it. */
export interface MountedHonoAdapter<Metadata = JsonObject> extends HonoAdapter<Metadata> {
  /** The routes of the service: `app.all('/auth/*', mount)`. */
  mount: Handler
}

interface HonoOptions {
  /** The client's IP address. Default: that of the connection, on `@hono/node-server`. */
  clientIp?: ((c: Context) => string | undefined) | undefined
}

/** Creates the adapter, for the library in this process or for a remote service. */
export function bienvenue<Public extends MetadataTypes, Private extends MetadataTypes>(
  auth: Auth<Public, Private>,
  options?: HonoOptions,
): MountedHonoAdapter<StoredMetadata<Public>>
export function bienvenue<Metadata = JsonObject>(remote: RemoteService): HonoAdapter<Metadata>
export function bienvenue(
  source: Auth | RemoteService,
  { clientIp = ipOf }: HonoOptions = {},
): HonoAdapter & Partial<MountedHonoAdapter> {
  const read = readSessionFrom(source)
  const middleware =
    (check: (found: SignedIn | null) => SignedIn | null): MiddlewareHandler =>
    async (c, next) => {
      try {
        c.set('signedIn', check(await read(c.req.raw)))
      } catch (error) {
        return refusedResponse(error)
      }
      return next()
    }
  return {
    identify: middleware((found) => found),
    requireUser: (requirement = {}) => middleware((found) => requireSignedIn(found, requirement)),
    ...('getSession' in source && {
      mount: (c: Context) => source.fetch(c.req.raw, { ip: clientIp(c) }),
    }),
  }
}

/** `@hono/node-server` puts Node's `IncomingMessage` into the environment. */
function ipOf({ env }: Context): string | undefined {
  const { incoming } = (env?.server ?? env ?? {}) as {
    incoming?: { socket: { remoteAddress?: string } }
  }
  return incoming?.socket.remoteAddress
}
