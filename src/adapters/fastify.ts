/**
 * `bienvenue-auth/adapters/fastify`
 *
 * @module
 */
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawServerBase,
  RouteGenericInterface,
} from 'fastify'
import type { Auth } from '../index.ts'
import type { JsonObject } from '../model/json.ts'
import type { MetadataTypes, StoredMetadata } from '../model/standard-schema.ts'
import { toNodeHandler } from '../node.ts'
import type { RemoteService } from './remote.ts'
import { type Requirement, readSessionFrom, refusalOf, requireSignedIn, type SignedIn } from './signed-in.ts'

export type { RemoteService, Requirement, SignedIn }

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `identify` and `requireUser`. `null` if nobody is signed in. */
    signedIn: SignedIn | null
  }
}

/** A Fastify hook, for `preHandler` or `onRequest`. */
export type Hook = (request: AnyRequest, reply: AnyReply) => Promise<unknown>

/** Of any of Fastify's servers, such as that for HTTP/2. */
type AnyRequest = FastifyRequest<RouteGenericInterface, RawServerBase>
type AnyReply = FastifyReply<RouteGenericInterface, RawServerBase>

/** Connects a Fastify application. */
export interface FastifyAdapter<Metadata = JsonObject> {
  /** Sets `request.signedIn`, which is `null` if nobody is signed in. */
  identify: Hook
  /** Like `identify`, but answers 401 `unauthenticated` or 403 `reauthentication_required` itself. */
  requireUser(requirement?: Requirement): Hook
  /** `request.signedIn`, with the types of your metadata. `null` if nobody is signed in. */
  signedIn(request: AnyRequest): SignedIn<Metadata> | null
}

/** Connects a Fastify application, and serves the routes of the service in it. */
export interface MountedFastifyAdapter<Metadata = JsonObject> extends FastifyAdapter<Metadata> {
  /** A plugin with the routes of the service: `app.register(mount, { prefix: '/auth' })`. */
  mount(app: FastifyInstance): Promise<void>
}

/** Creates the adapter, for the library in this process or for a remote service. */
export function bienvenue<Public extends MetadataTypes, Private extends MetadataTypes>(
  auth: Auth<Public, Private>,
): MountedFastifyAdapter<StoredMetadata<Public>>
export function bienvenue<Metadata = JsonObject>(remote: RemoteService): FastifyAdapter<Metadata>
export function bienvenue(source: Auth | RemoteService) {
  const read = readSessionFrom(source)
  const hook =
    (check: (found: SignedIn | null) => SignedIn | null): Hook =>
    async (request, reply) => {
      try {
        request.signedIn = check(await read(request))
      } catch (error) {
        const { status, headers, body } = refusalOf(error)
        return reply.code(status).headers(headers).send(body)
      }
    }
  return {
    identify: hook((found) => found),
    requireUser: (requirement: Requirement = {}) => hook((found) => requireSignedIn(found, requirement)),
    signedIn: (request: AnyRequest) => request.signedIn ?? null,
    ...('getSession' in source && { mount: mountOf(source) }),
  }
}

const mountOf = (auth: Auth) => async (app: FastifyInstance) => {
  const handler = toNodeHandler(auth)
  const answer = (request: FastifyRequest, reply: FastifyReply) => {
    reply.hijack()
    return handler(request.raw, reply.raw)
  }
  // The service reads bodies itself. Parsers outside this plugin do not change.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  // Fastify refuses a malformed Content-Type before it looks for a parser. Other errors are those of hooks of the application.
  app.setErrorHandler((error, request, reply) => {
    if ((error as { code?: unknown }).code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') throw error
    return answer(request, reply)
  })
  // `/*` does not match the prefix itself.
  for (const path of ['/', '/*']) app.all(path, answer)
}
