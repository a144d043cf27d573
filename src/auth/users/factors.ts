import * as store from '../../db/index.ts'
import { isUuid } from '../../lib/random.ts'
import { relyingPartyOf } from '../../lib/relying-party.ts'
import { AuthError, OptionError } from '../../model/errors.ts'
import { hasKey } from '../../options/index.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { assertOptional, type Context, inTransaction, type TxContext } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { disable } from '../factors/removal.ts'
import { assertBoolean, factorsOf } from '../factors/state.ts'

/** What {@link revokeFactors} takes: the factors to revoke. */
export interface RevokeFactorsRequest {
  /** The authenticator app. Default `false`. */
  totp?: boolean | undefined
  /** The ids of passkeys and security keys, or `true` for all of them. Default: none. */
  passkeys?: true | readonly string[] | undefined
  /** All recovery codes. Default `false`. */
  recoveryCodes?: boolean | undefined
}

/**
 * Revokes factors of an account that the user has lost or somebody else has. Every session of the account ends, and
 * every sign-in that waits for a second factor, because a thief may have started them. If no factor is left, the second
 * factor is disabled and the recovery codes stop working. The password alone then signs in, even if the account must
 * set up a factor first. The owner gets a notice.
 *
 * @returns `false` if there is no such user, or the user has none of these factors. Nothing has changed then.
 * @throws {AuthError} `invalid_field` with `field`: a field of the request has another type.
 */
export function revokeFactors(
  ctx: Context,
  userId: number,
  request: RevokeFactorsRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<boolean> {
  const { totp, passkeys, recoveryCodes } = request
  assertOptional(totp, 'totp', 'boolean')
  assertOptional(recoveryCodes, 'recoveryCodes', 'boolean')
  if (passkeys !== undefined && passkeys !== true && !Array.isArray(passkeys))
    throw new AuthError('invalid_field', { field: 'passkeys' })
  const acting = asOperator(caller)
  return inTransaction(ctx, async (tx) => {
    const user = await store.lockUser(tx.db, userId)
    if (user === null) return false
    const revoked = await deleteFactors(tx, userId, request)
    if (revoked.length === 0) return false
    for (const factor of revoked) await record(tx, { action: 'remove_factor', userId, ...factor }, acting)
    await store.deleteSessionsOf(tx.db, userId)
    await store.deletePendingSignInsOf(tx.db, userId)
    await enqueueMail(tx, user, 'factors_revoked', acting)
    if (!(await factorsOf(tx, userId)).hasAny) await disable(tx, user, acting)
    return true
  })
}

/** What the audit log says about a removed factor. */
type Revoked =
  | { readonly reason: 'totp' | 'recovery_codes' }
  | { readonly reason: 'passkey'; readonly details: { readonly passkey: string } }

async function deleteFactors(
  tx: TxContext,
  userId: number,
  { totp, passkeys = [], recoveryCodes }: RevokeFactorsRequest,
): Promise<Revoked[]> {
  const revoked: Revoked[] = []
  if (totp === true && (await store.deleteTotp(tx.db, userId))) revoked.push({ reason: 'totp' })
  const ids =
    passkeys === true
      ? (await store.listPasskeys(tx.db, userId)).map(({ id }) => id)
      : passkeys.filter(isUuid)
  for (const id of ids)
    if ((await store.deletePasskey(tx.db, { id, userId })) !== null)
      revoked.push({ reason: 'passkey', details: { passkey: id } })
  if (recoveryCodes === true && (await store.deleteRecoveryCodes(tx.db, userId)) > 0)
    revoked.push({ reason: 'recovery_codes' })
  return revoked
}

/** What {@link requireSecondFactor} takes. */
export interface RequireSecondFactorRequest {
  /** Whether this user must have a second factor, whatever the policy of the service. */
  required: boolean
}

/**
 * Requires a second factor of one user, or stops requiring it. A user without one must set it up at the next sign-in,
 * and sessions without one can only be used to prove it. It has no effect if the option `secondFactor` is stricter. If
 * it is required already, the original time stays.
 *
 * @returns `false` if there is no such user.
 * @throws {AuthError} `missing_field` or `invalid_field` with `field`.
 * @throws {OptionError} With `required`: the option `secondFactor` is `off`, or the options allow neither passkeys nor
 *   authenticator apps.
 */
export function requireSecondFactor(
  ctx: Context,
  userId: number,
  request: RequireSecondFactorRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<boolean> {
  const { required } = request
  assertBoolean(required, 'required')
  if (required) assertPossible(ctx)
  return inTransaction(ctx, async (tx) => {
    const user = await store.lockUser(tx.db, userId)
    if (user === null) return false
    const requiredAt = required ? (user.secondFactorRequiredAt ?? tx.now()) : null
    await store.updateSecondFactor(tx.db, userId, { requiredAt })
    const action = required ? 'require_second_factor' : 'waive_second_factor'
    await record(tx, { action, userId }, asOperator(caller))
    return true
  })
}

/** @throws {OptionError} The user could not set up a second factor. */
function assertPossible({ options }: Context): void {
  if (options.secondFactor === 'off')
    throw new OptionError('secondFactor', 'is off, so no sign-in asks for a second factor')
  if (relyingPartyOf(options) === null && !hasKey(options))
    throw new OptionError(
      'secretKey',
      'is not set, and passkeys are not available: users could not set up a second factor',
    )
}
