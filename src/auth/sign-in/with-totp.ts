import { AuthError } from '../../model/errors.ts'
import type { Caller } from '../caller.ts'
import type { Context } from '../context.ts'
import { combined } from '../factors/proven.ts'
import { factorsOf, mustUsePasskey } from '../factors/state.ts'
import { checkTotp, readTotpCode } from '../factors/totp-check.ts'
import { admit, type SignInResult } from './admit.ts'
import { resumption } from './continue.ts'
import { requirePending } from './pending.ts'

/** What {@link withTotp} takes. */
export interface TotpSignInRequest {
  /** Six digits. Spaces and hyphens make no difference. */
  code: string
}

/**
 * Finishes a sign-in with a code of the user's authenticator app. The code works once. A wrong one is counted for the
 * account, across all of its sign-ins.
 *
 * @param caller - `loginToken`: of the sign-in that waits.
 * @returns With `next`: `signed_in`; or `enrol`, if the policy asks for a passkey.
 * @throws {AuthError} `pending_login_required`: no sign-in waits for this caller; `second_factor_required` with
 *   `accepts`: the policy asks for the user's passkey; `invalid_code`: the code is wrong or used already;
 *   `too_many_attempts` with `retryAfterSeconds`; `missing_field` or `invalid_field` with `field`;
 *   `refused_by_application` with `applicationCode`; `internal_error`: the hook failed; `unavailable`: it took too
 *   long, or the key that sealed the secret is no longer in `secretKey`.
 */
export async function withTotp(
  ctx: Context,
  request: TotpSignInRequest,
  caller: Caller,
): Promise<SignInResult> {
  const live = await requirePending(ctx, caller, 'second_factor')
  // Otherwise a thief with a code could set up another passkey.
  if (mustUsePasskey(ctx, live.user, await factorsOf(ctx, live.user.id)))
    throw new AuthError('second_factor_required', { accepts: ['passkey'] })
  const code = readTotpCode(request.code, 'code')
  const { attempt, take } = await checkTotp(ctx, live.user, code, caller)
  const amr = combined(live.pending.amr, ['otp'])
  return admit(ctx, { ...resumption(live, take, caller), amr, attempt, reason: 'totp' }, caller)
}
