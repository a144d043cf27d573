import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import { record } from '../audit/record.ts'
import { type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction, secondsAfter } from '../context.ts'
import { countStart, keyOf } from '../quotas.ts'
import {
  CLOCK_TOLERANCE_SECONDS,
  LOGOUT_TOKEN_MAX_AGE_SECONDS,
  type LogoutNotice,
  verifyLogoutToken,
} from './protocol/index.ts'
import { configOf, requireKnownProvider } from './provider.ts'

/** Verifying a token costs a signature check, and anyone can send one. */
const LOGOUTS_PER_IP = 1_000

/** What {@link endSessionsFrom} takes. */
export interface BackchannelLogoutRequest {
  /** The id of the provider, from the path. */
  provider: string
  /** The logout token of the provider. */
  logoutToken: string
}

/**
 * Ends the sessions of a person who has signed out at their provider (OpenID Connect Back-Channel Logout 1.0 §2.7).
 * Without a `sid` in the token, every session that they began there ends. With one, only the sessions that have this
 * `sid` or none. Sign-ins that wait for a second factor end likewise. A token works once. A disabled provider can end sessions too.
 *
 * @returns How many sessions have ended.
 * @throws {AuthError} `not_found`: there is no such provider; `invalid_logout_token`: it is not a logout token of this
 *   provider for this service, is older than five minutes, or was used; `too_many_attempts` with `retryAfterSeconds`.
 */
export async function endSessionsFrom(
  ctx: Context,
  { provider: id, logoutToken }: BackchannelLogoutRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<number> {
  const provider = await requireKnownProvider(ctx, id)
  await countStart(ctx, { what: 'logout token', perIp: LOGOUTS_PER_IP }, caller)
  const notice = await verified(ctx, provider, logoutToken)
  return inTransaction(ctx, async (tx) => {
    await assertFirstUse(tx, id, notice)
    const whose = await whoseOf(tx, notice)
    const sessions = await store.listSessionsFrom(tx.db, id, whose)
    let ended = 0
    for (const session of sessions) if (await store.deleteSession(tx.db, session)) ended++
    await store.deletePendingSignInsFrom(tx.db, id, whose)
    const userId = sessions[0]?.userId ?? null
    await record(tx, { action: 'logout_at_provider', userId, details: { provider: id, ended } }, caller)
    return ended
  })
}

async function verified(ctx: Context, provider: store.Provider, token: string): Promise<LogoutNotice> {
  try {
    return await verifyLogoutToken(ctx.providers.http, configOf(ctx, provider), token)
  } catch (error) {
    if (error instanceof AuthError && error.code === 'provider_failed')
      throw new AuthError('invalid_logout_token', { cause: error.cause })
    throw error
  }
}

/** Refuses a token that was used. Remembers it until it is too old to be accepted. */
async function assertFirstUse(
  ctx: Context,
  provider: string,
  { jti, issuedAt }: LogoutNotice,
): Promise<void> {
  const until = secondsAfter(issuedAt, LOGOUT_TOKEN_MAX_AGE_SECONDS + CLOCK_TOLERANCE_SECONDS)
  const key = keyOf('logout token used', provider, jti)
  if ((await store.takePlace(ctx.db, key, { places: 1, until })) === null)
    throw new AuthError('invalid_logout_token')
}

async function whoseOf(ctx: Context, { sid, issuer, subject }: LogoutNotice) {
  const identity = subject === null ? null : await store.findIdentity(ctx.db, { issuer, subject })
  return { sid, userId: identity?.userId ?? null }
}
