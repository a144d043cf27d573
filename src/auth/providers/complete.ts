import * as store from '../../db/index.ts'
import { equalInConstantTime } from '../../lib/digest.ts'
import { AuthError } from '../../model/errors.ts'
import type { JsonObject } from '../../model/json.ts'
import { record } from '../audit/record.ts'
import type { SessionCaller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { connect } from '../identities/connect.ts'
import { requireAnySession, requireStrongSession } from '../sessions/guards.ts'
import type { RenewedSession } from '../sessions/start.ts'
import type { SignInResult } from '../sign-in/admit.ts'
import { renewSession } from '../sign-in/renew.ts'
import { requireFlow, secretsOf } from './flows.ts'
import { presetOf } from './presets/index.ts'
import { redeem } from './protocol/index.ts'
import { configOf, redirectUriOf, requireProvider } from './provider.ts'
import { type FurtherStep, signInWith } from './sign-in.ts'

/** What {@link completeSignIn} takes. */
export interface ProviderAnswer {
  /** The id of the provider, from the path of the callback. */
  provider: string
  /** The query of the callback, or the fields that the provider posted. */
  parameters: Readonly<Record<string, string>>
}

/** How a flow ended, or which step is missing. Check `next`. */
export type ProviderOutcome<Metadata = JsonObject> = (
  | SignInResult<Metadata>
  | FurtherStep
  /** The identity is connected to the account of the session. */
  | { readonly next: 'connected' }
  | (RenewedSession<Metadata> & { readonly next: 'reauthenticated' })
) & {
  /** Where the browser goes afterwards. */
  readonly returnTo: string | null
}

/**
 * Completes a flow when the browser comes back from the provider. Depending on how the flow began, it signs the person
 * in, connects the identity, or re-authenticates the user. A sign-in passes the same gates as one with a password. The
 * answer of the provider works once.
 *
 * @param caller - `flowToken`: from `startSignIn`.
 * @throws {AuthError} `login_flow_required`: the flow has expired, was used, or belongs to another browser or provider;
 *   `provider_refused`: the person canceled, or the provider refused; `provider_failed`: it does not answer, or its
 *   answer is not valid; both with `returnTo`, except in a flow that connects an identity; `sign_in_refused`: the
 *   account is disabled; `password_compromised`; `registration_closed`: the person has no account, and none may be
 *   created; `refused_by_application` with `applicationCode`; `identity_taken`: another account has the identity;
 *   `unauthenticated`: the session that began the flow has ended; `second_factor_required` or
 *   `reauthentication_required`, with `accepts`; `not_found`: the provider is gone; `unavailable`.
 */
export async function completeSignIn(
  ctx: Context,
  answer: ProviderAnswer,
  caller: SessionCaller,
): Promise<ProviderOutcome> {
  const { flow, flowToken } = await requireFlow(ctx, caller)
  const { state, nonce, codeVerifier } = secretsOf(flowToken)
  const isOurs = equalInConstantTime(Buffer.from(answer.parameters.state ?? ''), Buffer.from(state))
  if (!isOurs || flow.providerId !== answer.provider) throw new AuthError('login_flow_required')
  const provider = await requireProvider(ctx, flow.providerId)
  // Before the code is redeemed, so that only one of several parallel callbacks goes on.
  if (!(await store.useLoginFlow(ctx.db, flow.id, ctx.now()))) throw new AuthError('login_flow_required')
  const isPosted = presetOf(provider.preset).responseMode === 'form_post'
  const redirectUri = redirectUriOf(ctx, provider.id)
  const { purpose, returnTo } = flow
  const identification = await redeem(ctx.providers.http, configOf(ctx, provider), {
    callback: new URL(`${redirectUri}?${new URLSearchParams(answer.parameters)}`),
    form: isPosted ? answer.parameters : null,
    redirectUri,
    state,
    nonce,
    codeVerifier,
    reauthenticate: purpose === 'reauthenticate',
  }).catch((error: unknown) => {
    // Not after a failure to connect, because the page at `returnTo` may say that it succeeded.
    throw purpose !== 'link' && error instanceof AuthError
      ? new AuthError(error.code, { cause: error.cause, returnTo })
      : error
  })
  if (purpose === 'link') {
    const live = await requireStrongSession(ctx, caller)
    assertSame(live.session, flow)
    await connect(ctx, live, { provider, identification })
    return { next: 'connected', returnTo }
  }
  if (purpose === 'reauthenticate') {
    const live = await requireAnySession(ctx, caller)
    assertSame(live.session, flow)
    const identity = await store.findIdentity(ctx.db, identification)
    if (identity?.userId !== live.user.id) throw new AuthError('provider_refused')
    const renewed = await inTransaction(ctx, async (tx) => {
      await store.lockUser(tx.db, live.user.id)
      const started = await renewSession(tx, live, ['fed'], live.acting)
      const event = { action: 'reauthenticate', reason: 'provider', userId: live.user.id } as const
      await record(tx, event, live.acting)
      return started
    })
    return { next: 'reauthenticated', ...renewed, returnTo }
  }
  const outcome = await signInWith(ctx, { flow, provider, identification }, caller)
  return { ...outcome, returnTo }
}

/** Only the session that began a flow can finish it. */
function assertSame(session: { readonly id: string }, flow: store.LoginFlow): void {
  if (session.id !== flow.sessionId) throw new AuthError('login_flow_required')
}
