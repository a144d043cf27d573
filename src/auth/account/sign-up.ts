/** The steps that every kind of registration shares. */
import * as store from '../../db/index.ts'
import { AuthError, Conflict } from '../../model/errors.ts'
import type { JsonObject } from '../../model/json.ts'
import { maskEmail, normalizeEmail, storedEmail, type User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { Caller } from '../caller.ts'
import type { Context, TxContext } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { addConfirmable, type CheckedAccount } from './new-account.ts'

/**
 * Asks the hook `beforeSignUp` whether to allow a registration. Call it before the address is looked up, so that a
 * refusal cannot depend on whether the address has an account.
 *
 * @throws {AuthError} `refused_by_application` with `applicationCode`; `internal_error` or `unavailable`: the hook
 *   failed.
 */
export async function askBeforeSignUp(
  ctx: Context,
  email: string,
  caller: Caller,
  metadataJson: string | null = null,
): Promise<void> {
  const metadata = metadataJson === null ? {} : (JSON.parse(metadataJson) as JsonObject)
  const attempt = { email: storedEmail(email), normalizedEmail: normalizeEmail(email), metadata }
  const refusal = await ctx.hooks.beforeSignUp(attempt, caller)
  if (refusal === null) return
  const details = { email: maskEmail(email), code: refusal.code }
  const event = { action: 'register', outcome: 'refused', reason: 'refused_by_application', details } as const
  await record(ctx, { ...event, userId: null }, caller)
  throw new AuthError('refused_by_application', { refusal })
}

/** How often to add an account if others register and delete its address at the same time. */
const TRIES_MAX = 5

/** Adds an account, or notifies the owner of the address and returns `null`. */
export async function addOrNotify(
  tx: TxContext,
  account: CheckedAccount,
  { hashedPassword, repeated }: { readonly hashedPassword: string; readonly repeated: number | null },
  caller: Caller,
): Promise<User | null> {
  for (let tries = 1; ; tries++) {
    try {
      return await addConfirmable(tx, account, hashedPassword, caller)
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      const owner = await store.findUserByEmail(tx.db, account.email)
      if (owner !== null) return notify(tx, owner, { account, repeated }, caller)
      // On PostgreSQL the account may have been deleted in between. The address is free then.
      if (tries === TRIES_MAX) throw error
    }
  }
}

async function notify(
  tx: TxContext,
  owner: User,
  { account, repeated }: { readonly account: CheckedAccount; readonly repeated: number | null },
  caller: Caller,
): Promise<null> {
  const event = { action: 'register', outcome: 'refused', reason: 'email_taken' } as const
  await record(tx, { ...event, userId: owner.id }, caller)
  const isAgain = owner.emailVerifiedAt === null && owner.id === repeated
  const kind = isAgain ? 'verify_email' : 'account_exists'
  // If the address is taken, nobody gets this code, and the browser must not notice that.
  const userId = isAgain ? owner.id : null
  const code = { purpose: 'confirm_email', email: account.email, userId, registers: true } as const
  await enqueueMail(tx, owner, kind, caller, tx.options.emailVerification ? { code } : {})
  return null
}
