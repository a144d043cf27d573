/** Asks a remote service who is signed in, with `GET /session`. */
import type { AccountBody, CurrentSessionBody } from '../api/index.ts'
import { sessionCookiesIn } from '../app/cookies.ts'
import { bearerIn } from '../app/credentials.ts'
import { headersOf } from '../app/request-headers.ts'
import { sha256 } from '../lib/digest.ts'
import { frozenCopy } from '../lib/frozen-copy.ts'
import { AuthError } from '../model/errors.ts'
import type { ReadSession, SignedIn } from './signed-in.ts'

/** A service that runs in another process. */
export interface RemoteService {
  /**
   * The URL at which this program reaches the service, such as `http://bienvenue:5000`: `http` or `https`, with the path of
   * its BASE_URL. The service must answer to this host (`BIENVENUE_ALLOWED_HOSTS`).
   */
  readonly url: string
  /**
   * How long to reuse an answer, in seconds, from 0 to 10. A session that has ended still counts as live for that long.
   * Default: 0.
   */
  readonly cacheSeconds?: number | undefined
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined
}

const MAX_CACHE_SECONDS = 10
/** Enough for a busy application. Each answer is about 1 KB. */
const MAX_CACHED = 10_000
const TIMEOUT_MS = 5000
/** A session token has 80 characters. Several cookies with one are passed on, and the service refuses them. */
const MAX_CREDENTIALS_LENGTH = 1000

/**
 * Creates the function that asks the service.
 *
 * @throws {TypeError} `url` or `cacheSeconds` is invalid.
 */
export function readFromRemote<Metadata>({
  url,
  cacheSeconds = 0,
  fetch = globalThis.fetch,
}: RemoteService): ReadSession<Metadata> {
  const target = sessionUrl(url)
  if (!(cacheSeconds >= 0 && cacheSeconds <= MAX_CACHE_SECONDS))
    throw new TypeError(`cacheSeconds must be from 0 to ${MAX_CACHE_SECONDS}`)
  const cache = new Map<string, { until: number; answer: SignedIn<Metadata> }>()

  async function ask(headers: Record<string, string>): Promise<SignedIn<Metadata> | null> {
    const response = await fetch(target, {
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const body = (await response.json()) as Partial<SessionBody> & { code?: string }
    if (response.status === 400 && body.code === 'conflicting_credentials')
      throw new AuthError('conflicting_credentials')
    if (response.status !== 200 || body.user === undefined || body.session === undefined)
      throw new Error(`GET ${target} answered ${response.status}${body.code ? ` ${body.code}` : ''}`)
    return signedInOf(body as SessionBody)
  }

  return async (from) => {
    const credentials = credentialsIn(headersOf(from))
    if (credentials === null) return null
    // A hash has a fixed size and is not a secret.
    const key = cacheSeconds > 0 ? Buffer.from(sha256(JSON.stringify(credentials))).toString('base64') : ''
    const cached = cache.get(key)
    if (cached !== undefined && performance.now() < cached.until) return cached.answer
    try {
      const answer = await ask(credentials)
      // Answers without a user are not cached, so that made-up tokens cannot fill the cache.
      if (cacheSeconds > 0 && answer !== null)
        keep(cache, key, { until: performance.now() + cacheSeconds * 1000, answer })
      return answer
    } catch (error) {
      throw error instanceof AuthError ? error : new AuthError('unavailable', { cause: error })
    }
  }
}

function sessionUrl(url: string): string {
  const { protocol, href, search, hash } = URL.parse(url) ?? {}
  if ((protocol !== 'http:' && protocol !== 'https:') || href === undefined || search || hash)
    throw new TypeError(
      'url must be the http or https URL of the service without a query, such as http://bienvenue:5000',
    )
  return `${href.replace(/\/$/, '')}/session`
}

/** The headers with our credentials. Nothing else of the request is passed on. `null` if nobody can be signed in. */
function credentialsIn(header: (name: string) => string | null): Record<string, string> | null {
  const cookie = sessionCookiesIn(header('cookie'))
  const bearer = bearerIn(header('authorization'))
  const credentials = {
    ...(cookie !== null && { cookie }),
    ...(bearer !== null && { authorization: `Bearer ${bearer}` }),
  }
  const length = (cookie?.length ?? 0) + (bearer?.length ?? 0)
  return length === 0 || length > MAX_CREDENTIALS_LENGTH ? null : credentials
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

/** Frozen, because the cache may return it again. Copies only the known fields of the answer. */
function signedInOf<Metadata>({ user, session }: SessionBody): SignedIn<Metadata> | null {
  if (user === null || session === null) return null
  return frozenCopy({
    user: {
      id: user.id,
      email: user.email,
      emailVerifiedAt: user.email_verified_at === null ? null : new Date(user.email_verified_at),
      createdAt: new Date(user.created_at),
      locale: user.locale,
      name: user.name,
      picture: user.picture,
      metadata: user.metadata as Metadata,
    },
    session: {
      id: session.id,
      createdAt: new Date(session.created_at),
      authenticatedAt: new Date(session.authenticated_at),
      expiresAt: new Date(session.expires_at),
      amr: session.amr,
      aal: session.aal,
      fresh: session.fresh,
    },
  })
}
