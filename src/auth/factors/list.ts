import * as store from '../../db/index.ts'
import { relyingPartyOf } from '../../lib/relying-party.ts'
import type { SessionCaller } from '../caller.ts'
import type { Context } from '../context.ts'
import { type PasskeyInfo, passkeyInfo } from '../passkeys/info.ts'
import { effectiveAal, requireSession } from '../sessions/guards.ts'
import { factorsOf, policyFor } from './state.ts'

/** The factors of an account, as its user sees them. They contain no secret. */
export interface FactorList {
  /** The authenticator app. `null`: there is none. */
  readonly totp: {
    readonly confirmedAt: Date
    /** When too many wrong codes disabled it, until it is set up again. */
    readonly disabledAt: Date | null
  } | null
  readonly passkeys: readonly PasskeyInfo[]
  /**
   * The id of the account that its passkeys know, in base64url, for signals to password managers. `null` if the account never
   * had one.
   */
  readonly userHandle: string | null
  /** How many recovery codes there are. */
  readonly recoveryCodes: number
  /** Whether a sign-in with a password needs a second factor. */
  readonly secondFactorEnabled: boolean
  /** What the operator asks of this account. */
  readonly policy: 'off' | 'optional' | 'required' | 'passkey'
  /** The assurance level that the session of the caller has now. */
  readonly aal: number
}

/**
 * Lists the factors of the caller.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session; `second_factor_required` with `accepts`.
 */
export async function list(ctx: Context, caller: SessionCaller): Promise<FactorList> {
  const { user, session } = await requireSession(ctx, caller)
  const { totp, passkeys, recoveryCodes } = await factorsOf(ctx, user.id)
  const rpId = relyingPartyOf(ctx.options)?.id ?? null
  return {
    totp: totp?.confirmedAt == null ? null : { confirmedAt: totp.confirmedAt, disabledAt: totp.disabledAt },
    passkeys: passkeys.map((passkey) => passkeyInfo(passkey, rpId)),
    userHandle: await store.findWebauthnHandle(ctx.db, user.id),
    recoveryCodes: recoveryCodes.length,
    secondFactorEnabled: user.secondFactorEnabledAt !== null,
    policy: policyFor(ctx, user),
    aal: effectiveAal(ctx, session),
  }
}
