/** The last gate of every sign-in: the hook `beforeSignIn` of the application. */
import { AuthError } from '../../model/errors.ts'
import { accountOf, type User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { Caller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import type { SignInAttempt } from '../hooks.ts'
import { orWithdraw } from './password-check.ts'
import type { CountedAttempt } from './throttle.ts'

/** A sign-in that has passed every other gate. */
interface Authenticated {
  readonly user: User
  readonly method: SignInAttempt['method']
  readonly attempt: CountedAttempt
}

/**
 * Asks the application, and settles the attempt if nobody will be signed in. A refusal is not a wrong guess, so the
 * failure is refunded. The sign-in stays counted, which limits how often a right password can make a hook run.
 *
 * @throws {AuthError} `refused_by_application`; `internal_error` or `unavailable`: the hook failed, and nothing is
 *   counted.
 */
export async function askApplication(
  ctx: Context,
  { user, method, attempt }: Authenticated,
  caller: Caller,
): Promise<void> {
  const refusal = await orWithdraw(attempt, async () => {
    const refused = await ctx.hooks.beforeSignIn({ user: accountOf(user), method }, caller)
    if (refused === null) return null
    const details = { code: refused.code, method }
    const event = { action: 'login', outcome: 'refused', reason: 'refused_by_application', details } as const
    await inTransaction(ctx, async (tx) => {
      await record(tx, { ...event, userId: user.id }, caller)
      await attempt.refundFailure(tx)
    })
    return refused
  })
  if (refusal !== null) throw new AuthError('refused_by_application', { refusal })
}
