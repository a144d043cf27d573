/**
 * HTTP: from a `Request` to a `Response`. Owns parsing, cookies, headers, error answers and the log of
 * requests; leaves every rule to `auth` and every shape to `api`. Runs wherever `Request` exists; the Node
 * server is in `server.ts`.
 *
 * @module
 */
import { Hono } from 'hono'
import type { Engine } from '../auth/index.ts'
import { AuthError, type ErrorCode } from '../errors.ts'
import type { Logger } from '../log.ts'
import { guard } from './guards.ts'
import { logRequest, type RequestRecord, startRecord } from './request-log.ts'
import { errorResponse } from './responses.ts'
import type { Route } from './route.ts'
import { homeRoutes } from './routes/home.ts'
import { passwordRoutes } from './routes/passwords.ts'
import { profileRoutes } from './routes/profile.ts'
import { serviceRoutes } from './routes/service.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { userRoutes } from './routes/users.ts'

/** What the connection tells of a request. */
export interface Connection {
  /** The client's IP address. Without it the limits per IP address do not act. */
  readonly ip?: string | undefined
}

/** The service as functions from request to response. Neither throws. */
export interface App {
  fetch(request: Request, connection?: Connection): Promise<Response>
  /** For adapters: refuses what arrived and of which no `Request` could be made. */
  refuseUnread(code: ErrorCode): Response
}

/** What the router's handlers are given beside the request. */
interface Bindings {
  readonly record: RequestRecord
  readonly ip: string | undefined
}

export function createApp(engine: Engine, log: Logger): App {
  const router = createRouter(
    [homeRoutes, userRoutes, sessionRoutes, profileRoutes, passwordRoutes, serviceRoutes].flatMap((routes) =>
      routes(engine),
    ),
  )
  return {
    async fetch(request, connection = {}) {
      const record = startRecord(request.method)
      let response: Response
      try {
        guard(request)
        response = await router.fetch(request, { record, ip: connection.ip })
      } catch (error) {
        const known = error instanceof AuthError ? error : new AuthError('internal_error', { cause: error })
        response = refuse(record, known)
      }
      logRequest(log, record, response.status)
      return response
    },

    refuseUnread(code) {
      const record = startRecord(null)
      const response = refuse(record, new AuthError(code), { connection: 'close' })
      logRequest(log, record, response.status)
      return response
    },
  }
}

/** Remembers what was refused, for the log, and says it. */
function refuse(record: RequestRecord, error: AuthError, headers?: Record<string, string>): Response {
  record.refused = error
  return errorResponse(error, record.id, headers)
}

function createRouter(routes: readonly Route[]): Hono<{ Bindings: Bindings }> {
  const router = new Hono<{ Bindings: Bindings }>()
  for (const { operation, answer } of routes) {
    router.on(operation.method, operation.path, (c) => {
      c.env.record.route = operation.path
      return answer(c.req.raw, c.env.ip)
    })
  }
  // Behind the routes: whoever gets here has the path of one, and another method.
  for (const [path, ofPath = []] of Map.groupBy(routes, (route) => route.operation.path)) {
    const methods = ofPath.map((route) => route.operation.method)
    const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ')
    router.all(path, (c) => {
      c.env.record.route = path
      return refuse(c.env.record, new AuthError('method_not_allowed'), { allow })
    })
  }
  router.notFound((c) => refuse(c.env.record, new AuthError('not_found')))
  router.onError((error) => {
    throw error
  })
  return router
}
