import { type Account, accountOf } from '../../model/user.ts'
import { createAccount, type NewAccount } from '../account/new-account.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import type { Context } from '../context.ts'

/**
 * Adds an account. Unlike `account.register`, it counts towards no limit, works while registration is closed, and
 * always reports a taken address.
 *
 * @param request - `confirmed`: the address counts as confirmed. Otherwise, with `options.emailVerification`, a
 *   confirmation link is mailed, and the account can sign in once it is used.
 * @throws {AuthError} `email_taken`, with the message `User <email> already exists`; `invalid_email`;
 *   `password_too_short` with `minLength`, `password_too_long` with `maxBytes`, `password_too_common`,
 *   `password_guessable` or `password_breached`, each with `field`; `missing_field` or `invalid_field` with `field`.
 */
export async function create(
  ctx: Context,
  request: NewAccount,
  caller: Caller = UNKNOWN_CALLER,
): Promise<Account> {
  return accountOf(await createAccount(ctx, request, asOperator(caller)))
}
