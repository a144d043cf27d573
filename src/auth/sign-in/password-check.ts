/**
 * The only password check. It counts each attempt before it verifies the password, so that no route bypasses the limits
 * (CVE-2026-9798). Every exit settles the attempt: a wrong password stays counted, and anything else that stops the use
 * case does not count as a guess.
 */

import type { AuditAction } from '../../model/audit-actions.ts'
import { AuthError } from '../../model/errors.ts'
import type { User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { type CountedAttempt, countAttempt } from './throttle.ts'

/** A password that somebody typed for an account. */
export interface TypedPassword {
  readonly password: string
  /** The address of the account, whether the account exists or not. */
  readonly email: string
  readonly account: User | null
}

/** A counted attempt with its outcome. The caller settles it: `succeeded`, `withdraw`, or {@link refused}. */
export interface PasswordCheck extends CountedAttempt {
  readonly isRight: boolean
}

/**
 * Counts an attempt, then verifies the password. An unknown account takes the same work as a wrong password.
 *
 * @throws {AuthError} `too_many_attempts`; `unavailable`: the queue for hashes is full, and nothing was counted.
 */
export async function checkPassword(
  ctx: Context,
  { password, email, account }: TypedPassword,
  caller: Caller,
): Promise<PasswordCheck> {
  const attempt = await countAttempt(ctx, 'login', { email, account }, caller)
  return { ...attempt, isRight: await orWithdraw(attempt, () => verify(ctx, account, password)) }
}

/** Runs a part of an attempt. If it throws, the attempt does not count as a guess. */
export async function orWithdraw<Result>(
  attempt: CountedAttempt,
  part: () => Promise<Result>,
): Promise<Result> {
  try {
    return await part()
  } catch (error) {
    await attempt.withdraw()
    throw error
  }
}

/**
 * Ends an attempt that signs nobody in. Its failure stays counted, even if the refusal cannot be recorded.
 *
 * @param recordRefusal - Runs in the transaction that refunds the sign-in.
 */
export async function refused(
  ctx: Context,
  attempt: CountedAttempt,
  recordRefusal: (tx: TxContext) => Promise<void>,
): Promise<void> {
  try {
    await inTransaction(ctx, async (tx) => {
      await recordRefusal(tx)
      await attempt.refundSignIn(tx)
    })
  } catch (error) {
    await inTransaction(ctx, attempt.refundSignIn, { sync: false })
    throw error
  }
}

async function verify({ hasher }: Context, account: User | null, password: string): Promise<boolean> {
  if (account !== null) return hasher.verify(password, account.hashedPassword)
  await hasher.verifyNothing(password)
  return false
}

/**
 * Makes a change that requires the password of an account. If it fails after a right password, the attempt is
 * withdrawn.
 *
 * @param action - The action in the audit record of a wrong password.
 * @param prepare - Does what comes before the transaction, such as hashing, and returns what the transaction does.
 * @throws {AuthError} `invalid_credentials`: a wrong password; what {@link checkPassword} throws; what `prepare` and
 *   its change throw.
 */
export async function withRightPassword<Result>(
  ctx: Context,
  user: User,
  { password, action }: { password: string; action: AuditAction },
  caller: Caller,
  prepare: () => Promise<(tx: TxContext) => Promise<Result>>,
): Promise<Result> {
  const check = await checkPassword(ctx, { password, email: user.email, account: user }, caller)
  if (!check.isRight) {
    const event = { action, outcome: 'refused', reason: 'wrong_password' } as const
    await refused(ctx, check, (tx) => record(tx, { ...event, userId: user.id }, caller))
    throw new AuthError('invalid_credentials')
  }
  return orWithdraw(check, async () => {
    const change = await prepare()
    return inTransaction(ctx, async (tx) => {
      const result = await change(tx)
      await check.succeeded(tx)
      return result
    })
  })
}
