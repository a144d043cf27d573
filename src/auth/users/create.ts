import { AuthError } from '../../model/errors.ts'
import type { AnyMetadata, MetadataTypes } from '../../model/standard-schema.ts'
import { type Account, accountOf } from '../../model/user.ts'
import { addAccountWithLink, createAccount, type NewAccount } from '../account/new-account.ts'
import type { UserUpdate } from '../account/profile-fields.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import type { Context } from '../context.ts'

/** What {@link create} takes: an account with a password, or one whose user sets the password with a mailed link. */
export type CreateUserRequest<
  Public extends MetadataTypes = AnyMetadata,
  Private extends MetadataTypes = AnyMetadata,
> =
  | (NewAccount<Public, Private> & { sendLink?: false | undefined })
  | (UserUpdate<Public, Private> & {
      email: string
      /** Mail a link that sets the password. The address is confirmed when the link is used. */
      sendLink: true
      password?: never
      confirmed?: never
    })

/**
 * Adds an account. Unlike `account.register`, it counts towards no limit, works while registration is closed, and
 * always reports a taken address.
 *
 * @param request - `confirmed`: the address counts as confirmed. Otherwise, with `options.emailVerification`, a
 *   confirmation link is mailed, and the account can sign in once it is used. `sendLink`, instead of `password`: the
 *   account has no password, and a link that sets one is mailed. It works once, within
 *   `options.resetTokenLifetimeSeconds` of being sent; `sendPasswordReset` and `account.requestPasswordReset` mail
 *   another. Until then, a sign-in gets the same answer after the same work as for an unknown address.
 * @throws {AuthError} `email_taken`, with the message `User <email> already exists`; `invalid_email`;
 *   `password_too_short` with `minLength`, `password_too_long` with `maxBytes`, `password_too_common`,
 *   `password_guessable` or `password_breached`, each with `field`; `missing_field` or `invalid_field` with `field`,
 *   also for `password` together with `sendLink`.
 * @throws {OptionError} With `sendLink`: `smtpUrl` or `baseUrl` is not set.
 */
export async function create(
  ctx: Context,
  request: CreateUserRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<Account> {
  const acting = asOperator(caller)
  if (request.sendLink !== true) return accountOf(await createAccount(ctx, request, acting))
  if (request.password !== undefined) throw new AuthError('invalid_field', { field: 'password' })
  return accountOf(await addAccountWithLink(ctx, request, acting))
}
