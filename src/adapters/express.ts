/**
 * `bienvenue-auth/adapters/express`, for Express 4 and 5, and other frameworks with Connect's `(request, response, next)`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Auth } from '../index.ts'
import type { JsonObject } from '../model/json.ts'
import type { MetadataTypes, StoredMetadata } from '../model/standard-schema.ts'
import { type NodeHandler, toNodeHandler } from '../node.ts'
import type { RemoteService } from './remote.ts'
import { type Requirement, readSessionFrom, refusalOf, requireSignedIn, type SignedIn } from './signed-in.ts'

export type { RemoteService, Requirement, SignedIn }

declare global {
  namespace Express {
    interface Request {
      /** Set by `identify` and `requireUser`. `null` if nobody is signed in. */
      signedIn?: SignedIn | null
    }
  }
}

/** An Express middleware. */
export type Middleware = (
  request: IncomingMessage & { signedIn?: SignedIn | null },
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void>

/** Connects an Express application. */
export interface ExpressAdapter<Metadata = JsonObject> {
  /** Sets `request.signedIn`, which is `null` if nobody is signed in. */
  identify: Middleware
  /** Like `identify`, but answers 401 `unauthenticated` or 403 `reauthentication_required` itself. */
  requireUser(requirement?: Requirement): Middleware
  /** `request.signedIn`, with the types of your metadata. `null` if nobody is signed in. */
  signedIn(request: object): SignedIn<Metadata> | null
}

/** Connects an Express application, and serves the routes of the service in it. */
export interface MountedExpressAdapter<Metadata = JsonObject> extends ExpressAdapter<Metadata> {
  /** The routes of the service: `app.use('/auth', mount)`, before body parsers. */
  mount: NodeHandler
}

/** Creates the adapter, for the library in this process or for a remote service. */
export function bienvenue<Public extends MetadataTypes, Private extends MetadataTypes>(
  auth: Auth<Public, Private>,
): MountedExpressAdapter<StoredMetadata<Public>>
export function bienvenue<Metadata = JsonObject>(remote: RemoteService): ExpressAdapter<Metadata>
export function bienvenue(source: Auth | RemoteService) {
  const read = readSessionFrom(source)
  const middleware =
    (check: (found: SignedIn | null) => SignedIn | null): Middleware =>
    async (request, response, next) => {
      try {
        request.signedIn = check(await read(request))
      } catch (error) {
        return refuse(error, response, next)
      }
      next()
    }
  return {
    identify: middleware((found) => found),
    requireUser: (requirement: Requirement = {}) =>
      middleware((found) => requireSignedIn(found, requirement)),
    signedIn: (request: { readonly signedIn?: SignedIn | null }) => request.signedIn ?? null,
    ...('getSession' in source && { mount: toNodeHandler(source) }),
  }
}

/** Express 4 does not catch rejections, so other errors go to `next`. */
function refuse(error: unknown, response: ServerResponse, next: (error: unknown) => void): void {
  try {
    const { status, headers, body } = refusalOf(error)
    response.writeHead(status, headers).end(body)
  } catch (other) {
    next(other)
  }
}
