import type { JsonObject } from '../../model/json.ts'
import type { Caller } from '../caller.ts'
import type { Context } from '../context.ts'
import { combined } from '../factors/proven.ts'
import { checkRecoveryCode } from '../factors/recovery-codes.ts'
import { factorsOf } from '../factors/state.ts'
import { admit, type SignInResult } from './admit.ts'
import { resumption } from './continue.ts'
import { requirePending } from './pending.ts'

/** What {@link withRecoveryCode} takes. */
export interface RecoveryCodeSignInRequest {
  /** A recovery code, such as `37KQ2M9-XTPA4B1`. Case, spaces and hyphens make no difference. */
  code: string
}

/** What {@link withRecoveryCode} returns. */
export type RecoveryCodeSignInResult<Metadata = JsonObject> = SignInResult<Metadata> & {
  /** Takes the place of the used code. It cannot be shown again. */
  readonly newRecoveryCode: string
  /** How many codes the user has, including the new one. */
  readonly recoveryCodesLeft: number
}

/**
 * Finishes a sign-in with a recovery code, in place of a second factor. The code works once; a new one takes its place
 * (NIST SP 800-63B-4 §4.2.1.1). The owner gets a notice. A wrong code is counted for the account, across all of its
 * sign-ins.
 *
 * @param caller - `loginToken`: of the sign-in that waits.
 * @returns With `next`: `signed_in`; or `enrol`, if the policy asks for a passkey.
 * @throws {AuthError} `pending_login_required`: no sign-in waits for this caller; `invalid_code`: the code is wrong or
 *   used; `too_many_attempts` with `retryAfterSeconds`; `missing_field` or `invalid_field` with `field`;
 *   `refused_by_application` with `applicationCode`; `internal_error`: the hook failed; `unavailable`: it took too
 *   long, or too many passwords wait to be hashed.
 */
export async function withRecoveryCode(
  ctx: Context,
  request: RecoveryCodeSignInRequest,
  caller: Caller,
): Promise<RecoveryCodeSignInResult> {
  const live = await requirePending(ctx, caller, 'second_factor')
  const { attempt, newCode, take } = await checkRecoveryCode(ctx, live.user, request.code, caller)
  const amr = combined(live.pending.amr, ['otp'])
  const admission = { ...resumption(live, take, caller), amr, attempt, reason: 'recovery_code' } as const
  const result = await admit(ctx, admission, caller)
  const { recoveryCodes } = await factorsOf(ctx, live.user.id)
  return { ...result, newRecoveryCode: newCode, recoveryCodesLeft: recoveryCodes.length }
}
