/** Checks codes of authenticator apps, for every sign-in and re-authentication. */
import * as store from '../../db/index.ts'
import { matchTotp, parseTotpCode } from '../../lib/totp.ts'
import { AuthError } from '../../model/errors.ts'
import type { User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { orWithdraw } from '../sign-in/password-check.ts'
import { type CountedAttempt, countAttempt } from '../sign-in/throttle.ts'
import { openTotp } from './sealed-totp.ts'

/** A right code, not used up yet. */
export interface RightTotp {
  /** The caller settles it with `succeeded` or `withdraw`. */
  readonly attempt: CountedAttempt
  /** Uses the code up. @throws {AuthError} `invalid_code`: a concurrent request has used it. */
  take(tx: TxContext): Promise<void>
}

/**
 * Reads a code as it was typed. Spaces and hyphens make no difference.
 *
 * @throws {AuthError} `missing_field` or `invalid_field`: malformed, which does not count as a guess.
 */
export function readTotpCode(typed: unknown, field: string): string {
  if (typed === undefined || typed === '') throw new AuthError('missing_field', { field })
  const code = typeof typed === 'string' ? parseTotpCode(typed) : null
  if (code === null) throw new AuthError('invalid_field', { field })
  return code
}

/**
 * Counts an attempt, then checks the code. Wrong codes are counted per account, over all its sign-ins and sessions.
 * After `options.factorFailuresUntilLock` of them in a row, the app is disabled.
 *
 * @param code - From {@link readTotpCode}.
 * @throws {AuthError} `too_many_attempts`; `invalid_code`: it is wrong, or was used already, without saying which;
 *   `unavailable`: the secret does not open, and nothing was counted.
 */
export async function checkTotp(ctx: Context, user: User, code: string, caller: Caller): Promise<RightTotp> {
  const attempt = await countAttempt(ctx, 'totp', { email: user.email, account: user }, caller)
  const found = await orWithdraw(attempt, async () => {
    const totp = await store.findTotp(ctx.db, user.id)
    const secret = totp === null ? null : openTotp(ctx, totp, 'confirmed')
    const step = secret && matchTotp(secret, code, ctx.now(), ctx.options.totpDriftSteps)
    const isNew = step !== null && totp !== null && step > (totp.lastStep ?? step)
    return isNew && totp.disabledAt === null ? { totp, step } : null
  })
  if (found === null) return refuse(ctx, user, caller)
  return {
    attempt,
    async take(tx) {
      if (!(await store.takeTotpStep(tx.db, found.totp, found.step))) throw new AuthError('invalid_code')
    },
  }
}

async function refuse(ctx: Context, { id }: User, caller: Caller): Promise<never> {
  await inTransaction(ctx, async (tx) => {
    const disableAfter = tx.options.factorFailuresUntilLock
    const isDisabled = await store.countTotpFailure(tx.db, id, { disableAfter, at: tx.now() })
    const reason = isDisabled ? 'totp_disabled' : 'wrong_code'
    const event = { action: 'prove_second_factor', outcome: 'refused', reason, userId: id } as const
    await record(tx, event, caller)
  })
  throw new AuthError('invalid_code')
}
