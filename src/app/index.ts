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
import { clientAddress, parseNetworks } from '../lib/proxies.ts'
import type { Logger } from '../log.ts'
import { readSessionCookie } from './cookies.ts'
import { createGuard } from './guards.ts'
import { logRequest, type RequestRecord, startRecord } from './request-log.ts'
import { createResponder, errorAnswer, type Respond } from './responses.ts'
import type { Route } from './route.ts'
import { accountRoutes } from './routes/account.ts'
import { confirmationRoutes } from './routes/confirmation.ts'
import { homeRoutes } from './routes/home.ts'
import { pageRoutes } from './routes/pages.ts'
import { passwordRoutes } from './routes/passwords.ts'
import { profileRoutes } from './routes/profile.ts'
import { serviceRoutes } from './routes/service.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { userRoutes } from './routes/users.ts'
import { isServed } from './served.ts'

/** What the connection tells of a request. */
export interface Connection {
  /** The IP address at the other end. Without it the limits per IP address do not act. */
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

const ROUTES = [
  homeRoutes,
  userRoutes,
  sessionRoutes,
  profileRoutes,
  passwordRoutes,
  confirmationRoutes,
  accountRoutes,
  pageRoutes,
  serviceRoutes,
]

export function createApp(engine: Engine, log: Logger): App {
  const { options } = engine
  const respond = createResponder(options)
  const guard = createGuard({
    baseUrl: options.mode === 'production' ? options.baseUrl : '',
    takesUnmarkedForms: options.mode === 'classic',
  })
  const proxies = options.trustedProxies === '' ? null : parseNetworks(options.trustedProxies)
  const routes = ROUTES.flatMap((ofFile) => ofFile(engine)).filter(({ operation }) =>
    isServed(operation, engine),
  )
  const router = createRouter(routes, respond)
  return {
    async fetch(request, connection = {}) {
      const record = startRecord(request.method)
      let response: Response
      try {
        guard(request, () => readSessionCookie(request.headers.get('cookie'), options))
        const ip = clientAddress(connection.ip, request.headers.get('x-forwarded-for'), proxies)
        response = await router.fetch(request, { record, ip })
      } catch (error) {
        const known = error instanceof AuthError ? error : new AuthError('internal_error', { cause: error })
        response = respond(refuse(record, known))
      }
      logRequest(log, record, response.status)
      return response
    },

    refuseUnread(code) {
      const record = startRecord(null)
      const response = respond(refuse(record, new AuthError(code), { connection: 'close' }))
      logRequest(log, record, response.status)
      return response
    },
  }
}

/** Remembers what was refused, for the log, and says it. */
function refuse(record: RequestRecord, error: AuthError, headers?: Record<string, string>) {
  record.refused = error
  return errorAnswer(error, record.id, headers)
}

function createRouter(routes: readonly Route[], respond: Respond): Hono<{ Bindings: Bindings }> {
  const router = new Hono<{ Bindings: Bindings }>()
  for (const { operation, answer } of routes) {
    router.on(operation.method, routerPath(operation.path), async (c) => {
      const { record, ip } = c.env
      record.route = operation.path
      return respond(await answer({ request: c.req.raw, requestId: record.id, ip, params: c.req.param() }))
    })
  }
  // Behind the routes: whoever gets here has the path of one, and another method.
  for (const [path, ofPath = []] of Map.groupBy(routes, (route) => route.operation.path)) {
    const methods = ofPath.map((route) => route.operation.method)
    const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ')
    router.all(routerPath(path), (c) => {
      c.env.record.route = path
      return respond(refuse(c.env.record, new AuthError('method_not_allowed'), { allow }))
    })
  }
  router.notFound((c) => respond(refuse(c.env.record, new AuthError('not_found'))))
  router.onError((error) => {
    throw error
  })
  return router
}

/** The contract writes a parameter in braces, the router with a colon. */
function routerPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1')
}
