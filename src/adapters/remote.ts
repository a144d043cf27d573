/** Asks a service elsewhere who is signed in, with `GET /session`. */
import type { AccountBody, CurrentSessionBody } from '../api/index.ts'
import { headersOf } from '../app/request-headers.ts'
import { AuthError } from '../model/errors.ts'
import type { ReadSession, SignedIn } from './signed-in.ts'

/** A service elsewhere. */
export interface RemoteService {
  /**
   * Where this program reaches the service: `http` or `https`, with the path of its BASE_URL, such as
   * `http://bienvenue:5000`. The service must answer to this host (`BIENVENUE_ALLOWED_HOSTS`).
   */
  readonly url: string
  /**
   * For how long to reuse an answer, 0–10 seconds. A session that has ended still counts as live for that long. Default: 0.
   */
  readonly cacheSeconds?: number | undefined
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined
}

const MAX_CACHE_SECONDS = 10
/** Enough for a busy application. Each answer is about 1 KB. */
const MAX_CACHED = 10_000
const TIMEOUT_MS = 5000

/**
 * Creates the function that asks the service.
 *
 * @throws {TypeError} `url` or `cacheSeconds` is invalid.
 */
export function readFromRemote({
  url,
  cacheSeconds = 0,
  fetch = globalThis.fetch,
}: RemoteService): ReadSession {
  const target = sessionUrl(url)
  if (!(cacheSeconds >= 0 && cacheSeconds <= MAX_CACHE_SECONDS))
    throw new TypeError(`cacheSeconds must be from 0 to ${MAX_CACHE_SECONDS}`)
  const cache = new Map<string, { until: number; answer: SignedIn | null }>()

  async function ask(credentials: Credentials): Promise<SignedIn | null> {
    const request = {
      headers: { ...credentials },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }
    const response = await fetch(target, request as RequestInit)
    const body = (await response.json()) as Partial<SessionBody> & { code?: string }
    if (response.status === 400 && body.code === 'conflicting_credentials')
      throw new AuthError('conflicting_credentials')
    if (response.status !== 200 || body.session === undefined)
      throw new Error(`GET ${target} answered ${response.status}${body.code ? ` ${body.code}` : ''}`)
    return signedInOf(body as SessionBody)
  }

  return async (from) => {
    const credentials = credentialsIn(headersOf(from))
    if (credentials === null) return null
    const key = JSON.stringify(credentials)
    const cached = cache.get(key)
    if (cached !== undefined && performance.now() < cached.until) return cached.answer
    try {
      const answer = await ask(credentials)
      if (cacheSeconds > 0) keep(cache, key, { until: performance.now() + cacheSeconds * 1000, answer })
      return answer
    } catch (error) {
      throw error instanceof AuthError ? error : new AuthError('unavailable', { cause: error })
    }
  }
}

function sessionUrl(url: string): string {
  const { protocol, pathname, search, hash } = URL.parse(url) ?? {}
  if ((protocol !== 'http:' && protocol !== 'https:') || pathname === undefined || search || hash)
    throw new TypeError(
      'url must be the http or https URL of the service without a query, such as http://bienvenue:5000',
    )
  return `${url.replace(/\/$/, '')}/session`
}

/** The headers that can contain our credentials. Nothing else of a request is passed on. */
interface Credentials {
  readonly cookie?: string
  readonly authorization?: string
}

const OUR_COOKIE = /^(?:__Host-|__Secure-)?session_id=/

/** `null` if there is nothing to ask the service about. */
function credentialsIn(header: (name: string) => string | null): Credentials | null {
  const cookie = (header('cookie') ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => OUR_COOKIE.test(pair))
    .join('; ')
  const authorization = header('authorization') ?? ''
  const isBearer = /^bearer /i.test(authorization)
  if (cookie === '' && !isBearer) return null
  return { ...(cookie !== '' && { cookie }), ...(isBearer && { authorization }) }
}

function keep<Value>(cache: Map<string, Value>, key: string, value: Value): void {
  cache.delete(key)
  if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value as string)
  cache.set(key, value)
}

/** The body of `GET /session`. */
interface SessionBody {
  readonly user: AccountBody | null
  readonly session: CurrentSessionBody | null
}

function signedInOf({ user, session }: SessionBody): SignedIn | null {
  if (user === null || session === null) return null
  const { email_verified_at, created_at, ...account } = user
  return {
    user: {
      ...account,
      metadata: account.metadata as SignedIn['user']['metadata'],
      emailVerifiedAt: email_verified_at === null ? null : new Date(email_verified_at),
      createdAt: new Date(created_at),
    },
    session: {
      id: session.id,
      amr: session.amr,
      aal: session.aal,
      fresh: session.fresh,
      createdAt: new Date(session.created_at),
      authenticatedAt: new Date(session.authenticated_at),
      expiresAt: new Date(session.expires_at),
    },
  }
}
