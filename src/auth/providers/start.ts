import { AuthError } from '../../model/errors.ts'
import { type Caller, type SessionCaller, UNKNOWN_CALLER } from '../caller.ts'
import type { Context } from '../context.ts'
import { requireAnySession } from '../sessions/guards.ts'
import { type StartedFlow, startFlow } from './flows.ts'
import { providersToReauthenticate } from './reauthentication.ts'

export type { StartedFlow } from './flows.ts'

/** A provider, as its button needs it. */
export interface ProviderInfo {
  readonly id: string
  readonly name: string
}

/**
 * Lists the providers that people can sign in with, in the order in which they were added. A change by another process shows within
 * a minute.
 */
export async function available(ctx: Context): Promise<readonly ProviderInfo[]> {
  return ctx.providers.enabled(ctx.db)
}

/** What {@link startSignIn} takes. */
export interface ProviderSignInRequest {
  /** The id of the provider. */
  provider: string
  /** Whether the session outlives the browser. Default `true`. */
  remember?: boolean | undefined
  /** Where the browser goes afterwards. `completeSignIn` returns it. It is not checked here. */
  returnTo?: string | null | undefined
}

/**
 * Begins a sign-in at a provider. The browser must go to `redirectTo` within 10 minutes, and come back with
 * `flowToken`.
 *
 * @throws {AuthError} `not_found`: there is no such provider, or it is disabled; `too_many_attempts` with
 *   `retryAfterSeconds`: more than 50 from one IP address in 10 minutes; `provider_failed`: the provider does not
 *   answer; `unavailable`.
 * @throws {OptionError} `baseUrl` is not set.
 */
export async function startSignIn(
  ctx: Context,
  { provider, remember = true, returnTo = null }: ProviderSignInRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<StartedFlow> {
  const order = { provider, purpose: 'sign_in', session: null, persistent: remember, returnTo } as const
  return startFlow(ctx, order, caller)
}

/** What {@link startReauthentication} takes. */
export interface ProviderReauthenticationRequest {
  /** The id of a provider at which the user has an identity. */
  provider: string
  /** Where the browser goes afterwards. */
  returnTo?: string | null | undefined
}

/**
 * Lists the providers at which the caller can re-authenticate. Not every provider asks for the password again.
 *
 * @throws {AuthError} `unauthenticated`.
 */
export async function forReauthentication(
  ctx: Context,
  caller: SessionCaller,
): Promise<readonly ProviderInfo[]> {
  const { user } = await requireAnySession(ctx, caller)
  const providers = await providersToReauthenticate(ctx, user.id)
  return providers.map(({ id, name }) => ({ id, name }))
}

/**
 * Begins re-authentication of a signed-in user at a provider, which asks them to sign in again.
 *
 * @throws {AuthError} `unauthenticated`; `not_found`: {@link forReauthentication} does not list the provider; what
 *   {@link startSignIn} throws.
 */
export async function startReauthentication(
  ctx: Context,
  { provider, returnTo = null }: ProviderReauthenticationRequest,
  caller: SessionCaller,
): Promise<StartedFlow> {
  const { session, user } = await requireAnySession(ctx, caller)
  const providers = await providersToReauthenticate(ctx, user.id)
  if (!providers.some(({ id }) => id === provider)) throw new AuthError('not_found')
  const { persistent } = session
  const order = { provider, purpose: 'reauthenticate', session, persistent, returnTo } as const
  return startFlow(ctx, order, caller)
}
