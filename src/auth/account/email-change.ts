import * as store from '../../db/index.ts'
import { maskEmail, storedEmail } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { SessionCaller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { lockUserOf, requireStrongSession } from '../sessions/guards.ts'
import { countAttempt } from '../sign-in/throttle.ts'
import { assertEmail } from './address.ts'

/** What {@link changeEmail} takes. */
export interface ChangeEmailRequest {
  /** The new address. */
  email: string
}

/**
 * Requests a new address for the caller's account. Mails a link to the new address, and a notice to the current one.
 * Nothing changes until `confirmEmail`. If another account has the new address, its owner gets a mail instead, and the
 * caller gets the same answer.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session; `reauthentication_required` or
 *   `second_factor_required`, with `accepts`; `too_many_attempts` with `retryAfterSeconds`; `invalid_email` or
 *   `missing_field` with `field`.
 */
export async function changeEmail(
  ctx: Context,
  request: ChangeEmailRequest,
  caller: SessionCaller,
): Promise<void> {
  const { user, session, acting } = await requireStrongSession(ctx, caller)
  assertEmail(request.email)
  await countAttempt(ctx, 'email_change', { email: user.email }, acting)
  const email = storedEmail(request.email)
  const owner = await store.findUserByEmail(ctx.db, email)
  await inTransaction(ctx, async (tx) => {
    // Lock both at once: two users who request each other's address would otherwise deadlock.
    await store.lockUsers(tx.db, [user.id, owner?.id ?? user.id])
    await lockUserOf(tx, session)
    await record(tx, { action: 'request_email_change', userId: user.id }, acting)
    const details = { newEmail: maskEmail(email) }
    await enqueueMail(tx, user, 'email_change_requested', acting, { details })
    // A code that went to another address must stop working, as an earlier link does.
    await store.deleteMailCodesFor(tx.db, user.id, ['change_email'])
    const code = { purpose: 'change_email', email } as const
    // Only the new mailbox may learn whether another account has the address.
    if (owner === null || owner.id === user.id)
      await enqueueMail(tx, user, 'confirm_new_email', acting, { email, code: { ...code, userId: user.id } })
    else await enqueueMail(tx, owner, 'account_exists', acting, { code: { ...code, userId: null } })
  })
}
