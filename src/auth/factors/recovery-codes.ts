import * as store from '../../db/index.ts'
import { uuidV7 } from '../../lib/random.ts'
import {
  formatRecoveryCode,
  newRecoveryCode,
  parseRecoveryCode,
  RECOVERY_CODES,
} from '../../lib/recovery-code.ts'
import { AuthError } from '../../model/errors.ts'
import type { User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { orWithdraw } from '../sign-in/password-check.ts'
import { type CountedAttempt, countAttempt } from '../sign-in/throttle.ts'

/** New codes, which are not stored yet. */
export interface NewRecoveryCodes {
  /** To show to the user once. */
  readonly codes: readonly string[]
  /** Replaces all codes of a user. */
  save(tx: TxContext, userId: number): Promise<void>
}

/** Makes a set of codes. Hashing takes a while, so call it before the transaction. */
export async function newRecoveryCodes({ recoveryHasher, now }: Context): Promise<NewRecoveryCodes> {
  const codes = Array.from({ length: RECOVERY_CODES }, (_, position) => newRecoveryCode(position))
  const at = now()
  const rows = await Promise.all(
    codes.map(async (code, position) => ({
      id: uuidV7(at),
      position,
      codeHash: await recoveryHasher.hash(code),
    })),
  )
  return {
    codes: codes.map(formatRecoveryCode),
    save: (tx, userId) => store.replaceRecoveryCodes(tx.db, userId, rows, tx.now()),
  }
}

/** A right recovery code, not used up yet. */
export interface RightRecoveryCode {
  /** The caller settles it with `succeeded` or `withdraw`. */
  readonly attempt: CountedAttempt
  /** The code that replaces it, to show once. */
  readonly newCode: string
  /** Replaces it with the new code. @throws {AuthError} `invalid_code`: a concurrent request has used it. */
  take(tx: TxContext): Promise<void>
}

/**
 * Counts an attempt, then checks a recovery code. A position without a code takes the same work.
 *
 * @throws {AuthError} `missing_field` or `invalid_field`: malformed, which does not count as a guess;
 *   `too_many_attempts`; `invalid_code`; `unavailable`: too many passwords wait to be hashed, and nothing was counted.
 */
export async function checkRecoveryCode(
  ctx: Context,
  user: User,
  typed: unknown,
  caller: Caller,
): Promise<RightRecoveryCode> {
  if (typed === undefined || typed === '') throw new AuthError('missing_field', { field: 'code' })
  const parsed = typeof typed === 'string' ? parseRecoveryCode(typed) : null
  if (parsed === null) throw new AuthError('invalid_field', { field: 'code' })
  const attempt = await countAttempt(ctx, 'recovery_code', { email: user.email, account: user }, caller)
  const { position, code } = parsed
  const found = await orWithdraw(attempt, async () => {
    const stored = await store.findRecoveryCode(ctx.db, { userId: user.id, position })
    if (stored === null) await ctx.recoveryHasher.verifyNothing(code)
    return stored !== null && (await ctx.recoveryHasher.verify(code, stored.codeHash)) ? stored : null
  })
  if (found === null) {
    const event = { action: 'prove_second_factor', outcome: 'refused', reason: 'wrong_code' } as const
    await inTransaction(ctx, (tx) => record(tx, { ...event, userId: user.id }, caller))
    throw new AuthError('invalid_code')
  }
  const newCode = newRecoveryCode(position)
  const newHash = await orWithdraw(attempt, () => ctx.recoveryHasher.hash(newCode))
  return {
    attempt,
    newCode: formatRecoveryCode(newCode),
    async take(tx) {
      if (!(await store.takeRecoveryCode(tx.db, found, { newHash, at: tx.now() })))
        throw new AuthError('invalid_code')
      await enqueueMail(tx, user, 'recovery_code_used', caller)
    },
  }
}
