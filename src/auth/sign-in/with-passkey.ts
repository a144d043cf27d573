import type { Ceremony } from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import type { Transport } from '../../model/transport.ts'
import { record } from '../audit/record.ts'
import type { Caller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { combined } from '../factors/proven.ts'
import { takeCeremony } from '../passkeys/ceremonies.ts'
import { type PasskeyAnswer, usePasskey } from '../passkeys/use.ts'
import { admit, type SignInResult } from './admit.ts'
import { resumption } from './continue.ts'
import type { GateRefusal } from './gates.ts'
import { requirePending } from './pending.ts'
import { UNCOUNTED } from './throttle.ts'

/** What {@link withPasskey} takes. */
export interface PasskeySignInRequest extends PasskeyAnswer {
  /** How the client will present the session token. Default `cookie`. Ignored for a second factor. */
  transport?: Transport | undefined
  /** Whether the session outlives the browser. Default `true`. Ignored for a second factor. */
  remember?: boolean | undefined
}

/**
 * Signs a user in with a passkey: on its own, or as the second factor of a sign-in that waits, depending on the
 * ceremony. On its own, it must have verified the user, for example by fingerprint or PIN, and then counts as two
 * factors. It passes the same gates as a password.
 *
 * @param caller - `browserToken`: that of the ceremony. `loginToken`: of the sign-in that waits.
 * @returns With `next`: `signed_in`.
 * @throws {AuthError} `invalid_passkey`: a check failed, or the account cannot sign in, without saying which;
 *   `unknown_passkey`: nobody has this passkey; `user_verification_required`; `pending_login_required`: no sign-in
 *   waits for this caller; `refused_by_application` with `applicationCode`; `missing_field` or `invalid_field` with
 *   `field`; `internal_error`: the hook failed; `unavailable`: it took too long.
 */
export async function withPasskey(
  ctx: Context,
  request: PasskeySignInRequest,
  caller: Caller,
): Promise<SignInResult> {
  const { credential } = request
  const ceremony = await takeCeremony(ctx, request.ceremony, ['sign_in', 'second_factor'], caller)
  if (ceremony?.purpose === 'second_factor') return asSecondFactor(ctx, { ceremony, credential }, caller)
  const { user, id, amr, take } = await usePasskey(ctx, { ceremony, credential }, null, caller)
  const outdated = () => new AuthError('invalid_passkey')
  const admission = {
    user,
    method: 'passkey',
    amr,
    attempt: UNCOUNTED,
    reason: 'passkey',
    details: { passkey: id },
    transport: request.transport,
    persistent: request.remember,
    prepare: async () => take,
    refuse: async (reason: GateRefusal) => {
      const event = { action: 'login', outcome: 'refused', reason, userId: user.id } as const
      await inTransaction(ctx, (tx) => record(tx, event, caller))
      throw outdated()
    },
    outdated,
  } as const
  return admit(ctx, admission, caller)
}

async function asSecondFactor(
  ctx: Context,
  answer: { readonly ceremony: Ceremony; readonly credential: unknown },
  caller: Caller,
): Promise<SignInResult> {
  const live = await requirePending(ctx, caller, 'second_factor')
  const { id, amr, take } = await usePasskey(ctx, answer, live.user, caller)
  const admission = {
    ...resumption(live, take, caller),
    amr: combined(live.pending.amr, amr),
    attempt: UNCOUNTED,
    reason: 'passkey',
    details: { passkey: id },
  } as const
  return admit(ctx, admission, caller)
}
