import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import type { StepUpMethod } from '../../model/factors.ts'
import { record } from '../audit/record.ts'
import type { Caller, SessionCaller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { checkTotp, readTotpCode } from '../factors/totp-check.ts'
import { takeCeremony } from '../passkeys/ceremonies.ts'
import { usePasskey } from '../passkeys/use.ts'
import { assertPassword } from '../passwords/password.ts'
import { type LiveSession, requireAnySession } from '../sessions/guards.ts'
import type { RenewedSession } from '../sessions/start.ts'
import { orWithdraw, withRightPassword } from './password-check.ts'
import { renewSession } from './renew.ts'

/** What {@link reauthenticate} takes: exactly one of `password`, `totp` and `credential`. */
export interface ReauthenticateRequest {
  password?: string | undefined
  /** A code of the authenticator app. */
  totp?: string | undefined
  /** The answer of a passkey to a ceremony for `step_up`. */
  credential?: unknown
  /** Only with `credential`: the id of the ceremony. */
  ceremony?: string | undefined
}

/**
 * Re-authenticates a signed-in user, and replaces the session with a fresh one. The old session token stops working. A
 * second factor raises the assurance level of the session; a password alone never does. Counts as an attempt of the
 * account.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session. After the following errors the session stays:
 *   `invalid_credentials`: the password is wrong; `invalid_code`: the code is wrong or used already; `invalid_passkey`
 *   or `unknown_passkey`; `too_many_attempts` with `retryAfterSeconds`; `missing_field`, `invalid_field` or
 *   `password_too_long` with `field`.
 */
export async function reauthenticate(
  ctx: Context,
  request: ReauthenticateRequest,
  caller: SessionCaller,
): Promise<RenewedSession> {
  const live = await requireAnySession(ctx, caller)
  const { user, acting } = live
  const { password, totp, credential } = request
  const given = [password, totp, credential].filter((value) => value !== undefined)
  if (given.length > 1)
    throw new AuthError('invalid_field', { field: password === undefined ? 'totp' : 'password' })
  // A ceremony without its credential: it is unclear what the client means to prove.
  if (credential === undefined && request.ceremony !== undefined)
    throw new AuthError('invalid_field', { field: 'ceremony' })
  if (totp !== undefined) {
    const { attempt, take } = await checkTotp(ctx, user, readTotpCode(totp, 'totp'), acting)
    return orWithdraw(attempt, () =>
      inTransaction(ctx, async (tx) => {
        await store.lockUser(tx.db, user.id)
        await take(tx)
        const renewed = await renew(tx, live, { amr: ['otp'], reason: 'totp' }, acting)
        await attempt.succeeded(tx)
        return renewed
      }),
    )
  }
  if (credential !== undefined) {
    const ceremony = await takeCeremony(ctx, request.ceremony, ['step_up'], caller)
    const { amr, take } = await usePasskey(ctx, { ceremony, credential }, user, acting)
    return inTransaction(ctx, async (tx) => {
      await store.lockUser(tx.db, user.id)
      await take(tx)
      return renew(tx, live, { amr, reason: 'passkey' }, acting)
    })
  }
  assertPassword(password, 'password')
  const typed = { password, action: 'reauthenticate' } as const
  return withRightPassword(
    ctx,
    user,
    typed,
    acting,
    async () => (tx) => renew(tx, live, { amr: ['pwd'], reason: 'password' }, acting),
  )
}

async function renew(
  tx: TxContext,
  live: LiveSession,
  proven: { readonly amr: readonly string[]; readonly reason: StepUpMethod },
  acting: Caller,
): Promise<RenewedSession> {
  const { user } = live
  if (proven.reason === 'password' && user.passwordCompromisedAt !== null)
    throw new AuthError('unauthenticated')
  const renewed = await renewSession(tx, live, proven.amr, acting)
  await record(tx, { action: 'reauthenticate', reason: proven.reason, userId: user.id }, acting)
  return renewed
}
