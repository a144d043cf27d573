/**
 * A flow takes a browser to a provider and back. A cookie of the browser holds the secret of the flow. State, nonce and
 * PKCE verifier are derived from it with HKDF, so that nobody else can finish the flow, not even with a copy of the
 * database (OAuth 2.1, RFC 9700).
 */
import * as store from '../../db/index.ts'
import { mintBearer, parseBearer } from '../../lib/bearer.ts'
import { equalInConstantTime } from '../../lib/digest.ts'
import { deriveSecret } from '../../lib/keyring.ts'
import { AuthError } from '../../model/errors.ts'
import { FLOW_LIFETIME_SECONDS, type FlowPurpose } from '../../model/providers.ts'
import type { Caller } from '../caller.ts'
import { type Context, secondsAfter } from '../context.ts'
import { countStart } from '../quotas.ts'
import { authorizationUrl } from './protocol/index.ts'
import { configOf, redirectUriOf, requireProvider } from './provider.ts'

/** How many flows an IP address can begin in 10 minutes. */
const FLOWS_PER_IP = 50

/** A flow that has begun. */
export interface StartedFlow {
  /** Where to send the browser: the authorization endpoint of the provider. */
  readonly redirectTo: string
  /** For the browser to keep. Opaque, 80 characters. The callback works only with it. */
  readonly flowToken: string
  readonly expiresAt: Date
}

/** A flow to begin. */
interface FlowOrder {
  readonly provider: string
  readonly purpose: FlowPurpose
  readonly session: { readonly id: string; readonly userId: number } | null
  readonly persistent: boolean
  readonly returnTo: string | null
}

/**
 * Begins a flow.
 *
 * @throws {AuthError} `not_found`: there is no such provider; `too_many_attempts` with `retryAfterSeconds`; `provider_failed`.
 */
export async function startFlow(ctx: Context, order: FlowOrder, caller: Caller): Promise<StartedFlow> {
  const provider = await requireProvider(ctx, order.provider)
  await countStart(ctx, { what: 'login flow', perIp: FLOWS_PER_IP }, caller)
  const now = ctx.now()
  const { value, id, secretHash } = mintBearer(now)
  const url = await authorizationUrl(ctx.providers.http, configOf(ctx, provider), {
    ...secretsOf(value),
    redirectUri: redirectUriOf(ctx, provider.id),
    reauthenticate: order.purpose === 'reauthenticate',
  })
  const expiresAt = secondsAfter(now, FLOW_LIFETIME_SECONDS)
  const { purpose, session, persistent, returnTo } = order
  await store.addLoginFlow(ctx.db, {
    id,
    secretHash,
    providerId: provider.id,
    purpose,
    userId: session?.userId ?? null,
    sessionId: session?.id ?? null,
    persistent,
    returnTo,
    expiresAt,
  })
  return { redirectTo: url.href, flowToken: value, expiresAt }
}

/** Derives the values that only the browser of a flow knows. */
export function secretsOf(flowToken: string) {
  const derive = (use: string) => deriveSecret(flowToken, `login flow ${use}`)
  return {
    // The id comes first, because it leads to the cookie of the flow: a browser may have several.
    state: `${flowToken.slice(0, flowToken.indexOf('.'))}.${derive('state')}`,
    nonce: derive('nonce'),
    codeVerifier: derive('code verifier'),
  }
}

/**
 * The flow of the caller's browser.
 *
 * @throws {AuthError} `login_flow_required`: there is none, it has expired, or it is of another browser.
 */
export async function requireFlow(
  ctx: Context,
  { flowToken }: Caller,
): Promise<{ readonly flow: store.LoginFlow; readonly flowToken: string }> {
  const bearer = typeof flowToken === 'string' ? parseBearer(flowToken) : null
  const flow = bearer && (await store.findLoginFlow(ctx.db, bearer.id))
  if (
    typeof flowToken !== 'string' ||
    !bearer ||
    !flow ||
    !equalInConstantTime(flow.secretHash, bearer.secretHash) ||
    flow.expiresAt <= ctx.now()
  )
    throw new AuthError('login_flow_required')
  return { flow, flowToken }
}
