/**
 * HTTP: parsing, cookies, headers, error answers and the request log. The rules are in `auth`, and the contract is in `api`.
 * There are two entry points: `web.ts` for `Request` and `Response`, and `node.ts` for Node's own server, which `server.ts`
 * runs.
 *
 * @module
 */
import type { AuthService } from '../auth/index.ts'
import { clientAddress, parseNetworks } from '../lib/proxies.ts'
import type { Logger } from '../log.ts'
import { AuthError, type ErrorCode } from '../model/errors.ts'
import { openSite } from '../pages/index.ts'
import { acceptsHtml } from './accept.ts'
import { hasSessionCookie } from './cookies.ts'
import { createCors, preflightAnswer } from './cors.ts'
import { readCredentials } from './credentials.ts'
import { createGuard, isServerWide } from './guards.ts'
import type { Incoming } from './incoming.ts'
import { createMountHint } from './mount-hint.ts'
import { createPageKit } from './pages/kit.ts'
import { refusalPage } from './pages/refusal.ts'
import { createLocator } from './paths.ts'
import { createProxyHint } from './proxy-hint.ts'
import { logRequest, RequestRecord } from './request-log.ts'
import { type Answer, createRenderer, errorAnswer, type Rendered } from './responses.ts'
import { createRouter } from './router.ts'
import { accountRoutes } from './routes/account.ts'
import { factorRoutes } from './routes/factors.ts'
import { identityRoutes } from './routes/identities.ts'
import { mailCodeRoutes } from './routes/mail-codes.ts'
import { pageRoutes } from './routes/pages/index.ts'
import { passkeyRoutes } from './routes/passkeys.ts'
import { providerRoutes } from './routes/providers.ts'
import { serviceRoutes } from './routes/service.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { isServed } from './served.ts'
import { incomingOf, responseOf } from './web.ts'

/** The connection of a request. */
export interface Connection {
  /** The IP address at the other end. Without it, the limits per IP address do not apply. */
  readonly ip?: string | undefined
}

/** The service as functions from request to answer. They never reject. */
export interface App {
  fetch(request: Request, connection?: Connection): Promise<Response>
  /** Like `fetch`, for adapters without a `Request`. */
  answer(incoming: Incoming): Promise<Rendered>
  /** For adapters: refuses a request that could not be parsed. */
  refuseUnread(code: ErrorCode): Rendered
}

const ROUTES = [
  serviceRoutes,
  accountRoutes,
  signInRoutes,
  sessionRoutes,
  mailCodeRoutes,
  factorRoutes,
  passkeyRoutes,
  providerRoutes,
  identityRoutes,
]

export function createApp(auth: AuthService, log: Logger): App {
  const { options } = auth
  const render = createRenderer(options)
  const guard = createGuard(options)
  const cors = createCors(options)
  const locate = createLocator(options)
  const proxies = options.trustedProxies === '' ? null : parseNetworks(options.trustedProxies)
  const kit = createPageKit(auth, openSite(options))
  const routes = [...ROUTES.flatMap((ofTopic) => ofTopic(auth)), ...pageRoutes(kit)].filter(({ operation }) =>
    isServed(operation, auth),
  )
  const find = createRouter(routes)
  const hint = createMountHint(options, log, (path) => find('GET', path) !== null)
  const warnOfProxy = createProxyHint(proxies, log)

  /** Runs the guards, then the route. */
  async function admit(incoming: Incoming, record: RequestRecord): Promise<Answer> {
    guard(incoming, () => hasSessionCookie(incoming.header('cookie'), options))
    if (isServerWide(incoming)) return { status: 204 }
    const path = locate(incoming)
    const match = path === null ? null : find(incoming.method, path)
    if (match === null) {
      hint(path)
      throw new AuthError('not_found')
    }
    record.route = match.path
    if (cors.isPreflight(incoming)) return preflightAnswer(match.allow)
    if (match.route === null) {
      const refusal = new AuthError('method_not_allowed')
      return forPerson(refuse(record, refusal, { allow: match.allow }), refusal, incoming, record)
    }
    const ip =
      proxies === null
        ? incoming.peer
        : clientAddress(incoming.peer, incoming.header('x-forwarded-for'), proxies)
    // If the addresses differ, a trusted proxy reported the client.
    if (ip === incoming.peer) warnOfProxy(incoming)
    const credentials = readCredentials(incoming, options)
    return match.route.answer({ incoming, record, credentials, ip, params: match.params })
  }

  /** A person who navigates gets a page instead of JSON. */
  function forPerson(answer: Answer, refusal: AuthError, incoming: Incoming, record: RequestRecord): Answer {
    if (!options.pages || !acceptsHtml(incoming.header('accept'))) return answer
    const { body: _, ...rest } = answer
    return { ...rest, page: refusalPage(kit, incoming, { refusal, requestId: record.id }) }
  }

  async function answer(incoming: Incoming): Promise<Rendered> {
    const record = new RequestRecord(incoming.method)
    let reply: Answer
    try {
      reply = await admit(incoming, record)
      record.refused ??= reply.refused ?? null
    } catch (error) {
      const refusal = error instanceof AuthError ? error : new AuthError('internal_error', { cause: error })
      reply = forPerson(refuse(record, refusal), refusal, incoming, record)
    }
    logRequest(log, record, reply.status)
    return cors.share(render(reply), incoming)
  }

  return {
    answer,
    fetch: async (request, connection) =>
      responseOf(await answer(incomingOf(request, connection?.ip ?? undefined))),
    refuseUnread(code) {
      const record = new RequestRecord(null)
      // RFC 9110 §15.5.6: 405 lists the allowed methods. A CONNECT request has no path, so it allows none.
      const allow = code === 'method_not_allowed' ? { allow: '' } : {}
      const reply = refuse(record, new AuthError(code), { connection: 'close', ...allow })
      logRequest(log, record, reply.status)
      return render(reply)
    },
  }
}

/** The answer for a refusal. Also notes the refusal for the log. */
function refuse(record: RequestRecord, error: AuthError, headers?: Record<string, string>): Answer {
  record.refused = error
  return errorAnswer(error, record.id, headers)
}
