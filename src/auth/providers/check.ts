import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import type { Context } from '../context.ts'
import { CLOCK_TOLERANCE_SECONDS, type Discovered, discover, ProviderProblem } from './protocol/index.ts'
import { configOf, redirectUriOf } from './provider.ts'

/** The result of a check of a provider. */
export interface ProviderCheck {
  /** What to register at the provider. */
  readonly redirectUri: string
  /** Its metadata, or `null` if it gives no usable answer. */
  readonly discovered: Discovered | null
  /**
   * Why sign-ins would fail, or `null`. A word for the log, such as `unreachable`, `timeout`, `private_address`, `issuer`,
   * `keys malformed` or `clock`.
   */
  readonly problem: string | null
}

/**
 * Asks a provider for its metadata, as a sign-in does, but ignores the cache. Also works for a disabled provider.
 *
 * @returns `null` if there is no such provider.
 * @throws {AuthError} `unavailable`: its client secret does not open.
 * @throws {OptionError} `baseUrl` is not set.
 */
export async function check(ctx: Context, id: string): Promise<ProviderCheck | null> {
  const provider = await store.findProvider(ctx.db, id)
  if (provider === null) return null
  const redirectUri = redirectUriOf(ctx, id)
  try {
    const discovered = await discover(ctx.providers.http, configOf(ctx, provider))
    return { redirectUri, discovered, problem: problemIn(discovered) }
  } catch (error) {
    if (!(error instanceof AuthError && error.cause instanceof ProviderProblem)) throw error
    return { redirectUri, discovered: null, problem: error.cause.code }
  }
}

function problemIn({ keyCount, clockDifferenceSeconds }: Discovered): string | null {
  if (keyCount === 0) return 'no keys'
  return Math.abs(clockDifferenceSeconds ?? 0) > CLOCK_TOLERANCE_SECONDS ? 'clock' : null
}
