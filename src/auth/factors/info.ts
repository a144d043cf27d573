/** The factors of an account as its user and operators see them. */
import { relyingPartyOf } from '../../lib/relying-party.ts'
import { NO_PASSWORD, type User } from '../../model/user.ts'
import type { Context } from '../context.ts'
import { type PasskeyInfo, passkeyInfo } from '../passkeys/info.ts'
import { factorsOf, policyFor } from './state.ts'

/** The factors of an account. They contain no secret. */
export interface FactorInfo {
  /** Whether the account has a password. One that was created through a provider may have none. */
  readonly password: boolean
  /** The authenticator app, or `null`. */
  readonly totp: {
    readonly confirmedAt: Date
    /** When too many wrong codes disabled it, or `null`. It must be set up again. */
    readonly disabledAt: Date | null
  } | null
  readonly passkeys: readonly PasskeyInfo[]
  /** How many recovery codes there are. */
  readonly recoveryCodes: number
  /** Whether a sign-in with a password needs a second factor. */
  readonly secondFactorEnabled: boolean
  /** The policy for second factors that applies to this account. */
  readonly policy: 'off' | 'optional' | 'required' | 'passkey'
}

/** Reads the factors of an account. */
export async function factorInfoOf(ctx: Context, user: User): Promise<FactorInfo> {
  const { totp, passkeys, recoveryCodes } = await factorsOf(ctx, user.id)
  const rpId = relyingPartyOf(ctx.options)?.id ?? null
  return {
    password: user.hashedPassword !== NO_PASSWORD,
    totp: totp?.confirmedAt == null ? null : { confirmedAt: totp.confirmedAt, disabledAt: totp.disabledAt },
    passkeys: passkeys.map((passkey) => passkeyInfo(passkey, rpId)),
    recoveryCodes: recoveryCodes.length,
    secondFactorEnabled: user.secondFactorEnabledAt !== null,
    policy: policyFor(ctx, user),
  }
}
