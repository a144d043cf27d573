/**
 * HTTP: from a `Request` to a `Response`. Owns parsing, cookies, headers, error answers and the log of
 * requests; leaves every rule to `auth` and every shape to `api`. Runs wherever `Request` exists; the Node
 * server is in `server.ts`.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import type { Engine } from '../auth/index.ts'
import { AuthError, type ErrorCode } from '../errors.ts'
import type { Logger } from '../log.ts'
import { refusal } from './answers.ts'
import { guard } from './guards.ts'
import type { Route } from './route.ts'
import { homeRoutes } from './routes/home.ts'
import { passwordRoutes } from './routes/passwords.ts'
import { profileRoutes } from './routes/profile.ts'
import { serviceRoutes } from './routes/service.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { userRoutes } from './routes/users.ts'

/** What the connection tells of a request. */
interface Connection {
  /** The client's IP address. Without it the limits per address do not act. */
  readonly address?: string | undefined
}

/** The service as functions from request to response. Neither throws. */
export interface App {
  fetch(request: Request, connection?: Connection): Promise<Response>
  /** For adapters: refuses what arrived and of which no `Request` could be made. */
  refuseUnread(code: ErrorCode): Response
}

/** One request on its way: what its log line will say. */
interface Trace {
  readonly id: string
  readonly started: number
  readonly method: string | null
  readonly connection: Connection
  /** The path of the route, never of the request, which may hold anything. */
  route?: string
  refused?: AuthError
}

export function createApp(engine: Engine, log: Logger): App {
  const router = createRouter(
    [homeRoutes, userRoutes, sessionRoutes, profileRoutes, passwordRoutes, serviceRoutes].flatMap((routes) =>
      routes(engine),
    ),
  )
  return {
    async fetch(request, connection = {}) {
      const trace = startTrace(request.method, connection)
      let response: Response
      try {
        guard(request)
        response = await router.fetch(request, trace)
      } catch (error) {
        const known = error instanceof AuthError ? error : new AuthError('internal_error', { cause: error })
        response = refuse(trace, known)
      }
      logRequest(log, trace, response.status)
      return response
    },

    refuseUnread(code) {
      const trace = startTrace(null, {})
      const response = refuse(trace, new AuthError(code), { connection: 'close' })
      logRequest(log, trace, response.status)
      return response
    },
  }
}

function startTrace(method: string | null, connection: Connection): Trace {
  return { id: randomUUID(), started: performance.now(), method, connection }
}

function refuse(trace: Trace, error: AuthError, headers?: Record<string, string>): Response {
  trace.refused = error
  return refusal(error, trace.id, headers)
}

function createRouter(routes: readonly Route[]): Hono<{ Bindings: Trace }> {
  const router = new Hono<{ Bindings: Trace }>()
  for (const { operation, answer } of routes) {
    router.on(operation.method, operation.path, (c) => {
      c.env.route = operation.path
      return answer(c.req.raw, c.env.connection.address)
    })
  }
  // Behind the routes: whoever gets here has the path of one, and another method.
  for (const [path, ofPath = []] of Map.groupBy(routes, (route) => route.operation.path)) {
    const methods = ofPath.map((route) => route.operation.method)
    const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ')
    router.all(path, (c) => {
      c.env.route = path
      return refuse(c.env, new AuthError('method_not_allowed'), { allow })
    })
  }
  router.notFound((c) => refuse(c.env, new AuthError('not_found')))
  router.onError((error) => {
    throw error
  })
  return router
}

/** Reads that went well are many and say little: they are for `debug`. */
function logRequest(log: Logger, { id, started, method, route, refused }: Trace, status: number): void {
  const isRead = method === 'GET' || method === 'HEAD'
  const level = status >= 500 ? 'error' : status >= 400 || !isRead ? 'info' : 'debug'
  log[level](
    {
      requestId: id,
      method,
      route: route ?? null,
      status,
      ...(refused && { code: refused.code }),
      ...(refused && status >= 500 && { reason: describeCause(refused.cause) }),
      ms: Math.round((performance.now() - started) * 10) / 10,
    },
    'request',
  )
}

// The stack says where; the message of a database error may quote a value, and stays out.
function describeCause(cause: unknown): Record<string, unknown> {
  if (!(cause instanceof Error)) return { type: typeof cause }
  const { code, errcode } = cause as { code?: unknown; errcode?: unknown }
  const frames = cause.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? []
  return {
    type: cause.name,
    code: code ?? null,
    ...(errcode === undefined ? {} : { errcode }),
    stack: frames.map((line) => line.trim()),
  }
}
