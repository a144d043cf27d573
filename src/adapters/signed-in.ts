/**
 * What all adapters share: who is signed in, and the answer if nobody is. It asks the library in the same process, or a
 * service elsewhere.
 */
import { randomUUID } from 'node:crypto'
import type { RequestLike } from '../app/request-headers.ts'
import { errorAnswer } from '../app/responses.ts'
import type { Auth, CurrentSession } from '../index.ts'
import { AuthError } from '../model/errors.ts'
import type { Account } from '../model/user.ts'
import { type RemoteService, readFromRemote } from './remote.ts'

/** The signed-in user and the session of a request. It contains no token and no hash. */
export interface SignedIn {
  readonly user: Omit<Account, 'disabledAt' | 'passwordCompromisedAt'>
  readonly session: CurrentSession['session']
}

/** The library in this process, or a service elsewhere. */
export type Source = Pick<Auth, 'getSession'> | RemoteService

/**
 * Opens the library on first use, for frameworks that also load the program to build it. Called for each request, so it
 * returns the same promise each time.
 */
export type OpenAuth<Opened = Auth> = () => Promise<Opened>

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
export type ReadSession = (from: RequestLike) => Promise<SignedIn | null>

/** Creates the function that finds the signed-in user. */
export function readSessionFrom(source: Source | OpenAuth<Pick<Auth, 'getSession'>>): ReadSession {
  if (typeof source === 'function') return async (from) => readSessionFrom(await source())(from)
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
export function requireSignedIn(found: SignedIn | null, { fresh = false, aal = 0 }: Requirement): SignedIn {
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
