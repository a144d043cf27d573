/**
 * What all adapters share: who is signed in, and the answer if nobody is. It asks the library in the same process, or a
 * remote service.
 */
import { randomUUID } from 'node:crypto'
import type { RequestLike } from '../app/request-headers.ts'
import { errorAnswer } from '../app/responses.ts'
import type { Auth, CurrentSession } from '../index.ts'
import { AuthError } from '../model/errors.ts'
import type { JsonObject } from '../model/json.ts'
import type { Account } from '../model/user.ts'
import { type RemoteService, readFromRemote } from './remote.ts'

/** The signed-in user and the session of a request. It contains no token and no hash. */
export interface SignedIn<Metadata = JsonObject> {
  readonly user: Omit<Account<Metadata>, 'disabledAt' | 'passwordCompromisedAt'>
  readonly session: CurrentSession['session']
}

/** The part of the library that knows who is signed in. A method, so that services with and without schemas fit. */
interface Opened<Metadata> {
  getSession(from: RequestLike): Promise<CurrentSession<Metadata> | null>
}

/** The library in this process, or a remote service. */
type Source<Metadata> = Opened<Metadata> | RemoteService

/**
 * Opens the library on first use, for frameworks that also load the program to build it. Called for each request, so it
 * returns the same promise each time.
 */
export type OpenAuth<Service = Auth> = () => Promise<Service>

/** What a route requires of the session. */
export interface Requirement {
  /** The user authenticated recently (`session.fresh`). Default: `false`. */
  readonly fresh?: boolean | undefined
  /** The lowest authentication assurance level (NIST SP 800-63B). Default: 0, which every session has. */
  readonly aal?: number | undefined
}

/**
 * Finds the signed-in user of a request. Returns `null` if nobody is signed in.
 *
 * @throws {AuthError} `conflicting_credentials`; `unavailable`: the database or the service does not answer.
 */
export type ReadSession<Metadata = JsonObject> = (from: RequestLike) => Promise<SignedIn<Metadata> | null>

/**
 * Creates the function that finds the signed-in user.
 *
 * @throws {TypeError} `source` is neither. Plain JavaScript may pass the promise of `createAuth`.
 */
export function readSessionFrom<Metadata>(
  source: Source<Metadata> | OpenAuth<Opened<Metadata>>,
): ReadSession<Metadata> {
  if (typeof source === 'function') return async (from) => readSessionFrom(await source())(from)
  const given: object = Object(source)
  if (!('getSession' in given || 'url' in given))
    throw new TypeError(
      'expected the result of `await createAuth(…)`, or { url } with the URL of a remote service',
    )
  if (!('getSession' in source)) return readFromRemote(source)
  return async (from) => {
    const found = await source.getSession(from)
    if (found === null) return null
    // The user of a live session is neither disabled nor has a compromised password.
    const { disabledAt, passwordCompromisedAt, ...user } = found.user
    return { user, session: found.session }
  }
}

/**
 * Returns the signed-in user if the session meets the requirement.
 *
 * @throws {AuthError} `unauthenticated`: nobody is signed in; `reauthentication_required`: the user must authenticate again
 *   first.
 */
export function requireSignedIn<Metadata>(
  found: SignedIn<Metadata> | null,
  { fresh = false, aal = 0 }: Requirement,
): SignedIn<Metadata> {
  if (found === null) throw new AuthError('unauthenticated')
  // Also refuses what is not a number.
  if ((fresh && found.session.fresh !== true) || !(found.session.aal >= aal))
    throw new AuthError('reauthentication_required')
  return found
}

/** An answer that refuses a request, in the form of the service. */
export interface RefusedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The answer for an error of the functions above. Rethrows every other error. */
export function refusalOf(error: unknown): RefusedAnswer {
  if (!isRefusal(error)) throw error
  const { status, body, headers } = errorAnswer(error, randomUUID())
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(body),
  }
}

// By name, because a bundler may have made two copies of the class.
const isRefusal = (error: unknown): error is AuthError =>
  error instanceof AuthError || (error instanceof Error && error.name === 'AuthError')

/** Like {@link refusalOf}, for frameworks that use `Response`. */
export function refusedResponse(error: unknown): Response {
  const { body, ...init } = refusalOf(error)
  return new Response(body, init)
}
