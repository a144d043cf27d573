/** Which factors an account has, and what the policy requires of it. */
import * as store from '../../db/index.ts'
import { relyingPartyOf } from '../../lib/relying-party.ts'
import { STEP_SECONDS } from '../../lib/totp.ts'
import { AuthError } from '../../model/errors.ts'
import { type Factor, PHISHING_RESISTANT } from '../../model/factors.ts'
import type { User } from '../../model/user.ts'
import type { Context } from '../context.ts'

/** The factors of an account. */
export interface Factors {
  readonly totp: store.Totp | null
  /** Includes those of other hosts, which cannot be used here. */
  readonly passkeys: readonly store.Passkey[]
  readonly recoveryCodes: readonly { readonly usedAt: Date | null }[]
  /**
   * Whether the account has a second factor, usable or not. One that cannot be used, such as a disabled app, still guards the
   * account. Otherwise an attacker could disable it and set up another one.
   */
  readonly hasAny: boolean
  /** What can prove a second factor now, last used first. */
  readonly usable: readonly Factor[]
}

/** Reads the factors of an account. */
export async function factorsOf(ctx: Context, userId: number): Promise<Factors> {
  const found = await store.findTotp(ctx.db, userId)
  const passkeys = await store.listPasskeys(ctx.db, userId)
  const recoveryCodes = await store.listRecoveryCodes(ctx.db, userId)
  const totp = found?.sealedSecret == null ? null : found
  const rpId = relyingPartyOf(ctx.options)?.id
  const usedAt: [Factor, number][] = [
    ...passkeys
      .filter((passkey) => passkey.rpId === rpId)
      .map(({ lastUsedAt }): [Factor, number] => ['passkey', lastUsedAt?.getTime() ?? 0]),
    ...(totp !== null && totp.disabledAt === null && ctx.keys !== null
      ? [['totp', (totp.lastStep ?? 0) * STEP_SECONDS * 1_000] as [Factor, number]]
      : []),
    ...recoveryCodes.map((code): [Factor, number] => ['recovery_code', code.usedAt?.getTime() ?? 0]),
  ]
  // A stable sort: of those that were never used, passkeys come first.
  const usable = [...new Set(usedAt.sort(([, a], [, b]) => b - a).map(([factor]) => factor))]
  return { totp, passkeys, recoveryCodes, hasAny: totp !== null || passkeys.length > 0, usable }
}

/** The policy for an account: that of the service, or that of the user if it is stricter. */
export function policyFor({ options }: Context, user: User): Context['options']['secondFactor'] {
  const { secondFactor } = options
  return secondFactor === 'optional' && user.secondFactorRequiredAt !== null ? 'required' : secondFactor
}

/** Whether a user must use a passkey: the policy requires one, and they have one that works here. */
export function mustUsePasskey(ctx: Context, user: User, { usable }: Pick<Factors, 'usable'>): boolean {
  return policyFor(ctx, user) === 'passkey' && usable.includes('passkey')
}

/** Whether what was proven resists phishing, if the policy requires that. */
export function isResistantEnough(ctx: Context, user: User, amr: readonly string[]): boolean {
  return policyFor(ctx, user) !== 'passkey' || amr.some((method) => PHISHING_RESISTANT.has(method))
}

/** Whether an account must have a second factor. */
export function mustHaveSecondFactor(ctx: Context, user: User): boolean {
  const policy = policyFor(ctx, user)
  return policy === 'required' || policy === 'passkey'
}

/**
 * Refuses anything but `true` and `false`: a misspelt field must not switch a second factor off.
 *
 * @throws {AuthError} `missing_field` or `invalid_field` with `field`.
 */
export function assertBoolean(value: unknown, field: string): asserts value is boolean {
  if (typeof value !== 'boolean')
    throw new AuthError(value === undefined ? 'missing_field' : 'invalid_field', { field })
}
