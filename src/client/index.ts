/**
 * `bienvenue-auth/client`: the HTTP routes as typed functions, for browsers, mobile apps, Node 20 or newer and other runtimes.
 * It imports no package at run time and keeps nothing in web storage.
 *
 * @module
 */
import { readAnswer } from './answer.ts'
import { type Fields, requestOf } from './request.ts'
import { ROUTES } from './routes.ts'
import { createSessionState, saysSignedOut } from './session.ts'
import type {
  CallOptions,
  ClientOptions,
  Fetch,
  Method,
  Result,
  Route,
  Routes,
  SessionStore,
  Topics,
} from './types.ts'

export type {
  CallOptions,
  ClientError,
  ClientOptions,
  CurrentSession,
  Fetch,
  GeneralErrorCode,
  Result,
  SessionStore,
  TokenStore,
} from './types.ts'

/** A method for each operation of the contract, named by its id: `client.signIn.withPassword(fields)`. */
type Calls = {
  readonly [Topic in keyof typeof ROUTES]: {
    readonly [Name in keyof (typeof ROUTES)[Topic]]: Name extends keyof Topics[Topic]
      ? Method<Topics[Topic][Name]>
      : never
  }
}

/**
 * The service, as typed functions. A call resolves to `{ ok: true, data }` or `{ ok: false, error }`. It rejects only if
 * the network fails, the signal aborts the request, or the token store throws.
 */
export interface Client extends Calls {
  /** Who is signed in, to read once or to subscribe to. */
  readonly session: SessionStore
  /**
   * Calls the listener when the session is over: after `sessions.signOut` and `account.delete`, and when an answer shows that
   * a known session has ended.
   *
   * @returns Removes the listener.
   */
  onSignedOut(listener: () => void): () => void
}

/**
 * Creates a client of a service. Without `token` it uses the session cookie, which only works for pages on the same site as
 * the service.
 *
 * @example
 * ```ts
 * const client = createClient({ baseUrl: '/auth' })
 * const result = await client.signIn.withPassword({ email, password })
 * if (!result.ok) show(result.error.message)
 * ```
 */
export function createClient({ baseUrl, fetch: send = globalFetch, token }: ClientOptions): Client {
  const base = baseUrl.endsWith('/') ? baseUrl.slice(0, -1) : baseUrl
  const store = typeof token === 'function' ? { get: token, set() {} } : token
  const state = createSessionState(() => calls.sessions.current())

  async function call(
    route: Route,
    fields: Fields,
    { signal, token: given }: CallOptions = {},
  ): Promise<Result<unknown>> {
    const finish = state.start(route)
    let sent: string | null = null
    let noted: Result<unknown> | undefined
    try {
      sent = given ?? ((await store?.get()) || null)
      const bearer = store || given !== undefined ? { token: sent } : undefined
      const { target, init } = requestOf(route, fields, bearer, signal)
      const result = await readAnswer(await send(base + target, init))
      noted = result
      if (!(await keepToken(route, result, sent))) noted = undefined
      return result
    } finally {
      finish(noted, sent !== null)
    }
  }

  /**
   * Stores the token of a new session, and removes the token of a session that has ended.
   *
   * @returns `false` if the answer is only about an old token: another call or another tab has stored a new one in the meantime.
   */
  async function keepToken(route: Route, result: Result<unknown>, sent: string | null): Promise<boolean> {
    if (store === undefined) return true
    const begun = result.ok && route.session === 'begins' ? result.data : {}
    const { session_token: fresh } = Object(begun) as { session_token?: string }
    if (fresh) await store.set(fresh)
    else if (hasEnded(route, result) && sent !== null) {
      const kept = await store.get()
      if (kept === sent) await store.set(null)
      else return !(kept && saysSignedOut(route, result))
    }
    return true
  }

  const calls = bind(ROUTES, call) as Calls
  return { ...calls, session: state.store, onSignedOut: state.onSignedOut }
}

/** Looks `fetch` up at each call, so that a replaced global takes effect. */
const globalFetch: Fetch = (url, init) => fetch(url, init)

function hasEnded(route: Route, result: Result<unknown>): boolean {
  return (result.ok && route.session === 'ends') || saysSignedOut(route, result)
}

type Call = (route: Route, fields: Fields, options?: CallOptions) => Promise<Result<unknown>>

/** A function for each route. Those without fields take only the options. */
function bind(routes: Routes, call: Call): unknown {
  const topics = Object.entries(routes).map(([topic, operations]) => [
    topic,
    Object.fromEntries(
      Object.entries(operations).map(([name, route]: [string, Route]) => [
        name,
        route.body || route.path.includes('{')
          ? (fields: Fields, options?: CallOptions) => call(route, fields, options)
          : (options?: CallOptions) => call(route, {}, options),
      ]),
    ),
  ])
  return Object.fromEntries(topics)
}
