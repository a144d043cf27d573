import { type Account, accountOf } from '../../model/user.ts'
import { confirmAddress } from '../account/mailbox-proof.ts'
import type { SessionCaller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { lockUserOf, requireSession } from '../sessions/guards.ts'
import { orWithdraw } from '../sign-in/password-check.ts'
import { checkCode, findCode } from './check.ts'

/** What {@link changeEmail} takes. */
export interface ChangeEmailByCodeRequest {
  /** The code from the mail. Spaces make no difference. */
  code: string
}

/**
 * Changes the address of the caller's account to the one requested with `account.changeEmail`. Takes the code from the
 * mail to that address, in the browser that requested it. The session stays. The code works once, within 10 minutes,
 * and voids the link.
 *
 * Counts as an attempt of the new address, as in `mailCodes.resetPassword`.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session; `invalid_code`: the code is wrong, expired, used,
 *   replaced, void or of another browser or account, or another account has confirmed the address since, without saying
 *   which; `too_many_attempts` with `retryAfterSeconds`; `missing_field` or `invalid_field` with `field`.
 */
export async function changeEmail(
  ctx: Context,
  { code }: ChangeEmailByCodeRequest,
  caller: SessionCaller,
): Promise<Account> {
  const { user: own, session, acting } = await requireSession(ctx, caller)
  const typed = await findCode(ctx, 'change_email', code, caller)
  const { user, proof, attempt } = await checkCode(ctx, typed, ({ id }) => id === own.id, acting)
  const changed = await orWithdraw(attempt, () =>
    inTransaction(ctx, async (tx) => {
      const confirmed = await confirmAddress(tx, proof, user, acting)
      await lockUserOf(tx, session)
      await attempt.succeeded(tx)
      return confirmed
    }),
  )
  return accountOf(changed)
}
