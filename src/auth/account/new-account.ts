/** Adds accounts, for registration and for operators. */
import * as store from '../../db/index.ts'
import { Conflict } from '../../model/errors.ts'
import type { AnyMetadata, MetadataTypes } from '../../model/standard-schema.ts'
import { NO_PASSWORD, type User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { Caller } from '../caller.ts'
import { type Context, inTransaction, secondsAfter, type TxContext } from '../context.ts'
import { assertMailsLinks, enqueueMail, localeFor } from '../delivery/enqueue.ts'
import { assertNewPassword } from '../passwords/password.ts'
import { forgetAttempts } from '../sign-in/throttle.ts'
import { assertEmail, emailTaken } from './address.ts'
import { readProfile, USER_PROFILE, type UserUpdate } from './profile-fields.ts'

/** A new account, with its profile if there is one. */
export interface NewAccount<
  Public extends MetadataTypes = AnyMetadata,
  Private extends MetadataTypes = AnyMetadata,
> extends UserUpdate<Public, Private> {
  email: string
  password: string
  /**
   * Whether the address counts as confirmed. Default `false`: with `options.emailVerification`, a confirmation link is
   * mailed.
   */
  confirmed?: boolean | undefined
}

/** Checks the address and the password, then adds the account. */
export async function createAccount(ctx: Context, request: NewAccount, caller: Caller): Promise<User> {
  assertEmail(request.email)
  const profile = await readProfile(ctx, request, USER_PROFILE)
  await assertNewPassword(ctx, request.password, { field: 'password', email: request.email })
  return addAccount(ctx, { ...request, profile }, caller)
}

/** An account to add, with checked values. */
export interface CheckedAccount extends Pick<NewAccount, 'email' | 'password' | 'confirmed'> {
  readonly profile: store.ProfileChanges
}

/** Adds an account. @throws {AuthError} `email_taken`. */
export async function addAccount(ctx: Context, request: CheckedAccount, caller: Caller): Promise<User> {
  const { email } = request
  // Hashing is expensive, so look up first; the unique constraint settles races.
  if ((await store.findUserByEmail(ctx.db, email)) !== null) throw emailTaken(email)
  const hashedPassword = await ctx.hasher.hash(request.password)
  try {
    return await inTransaction(ctx, async (tx) => {
      // Failures counted before the account existed must not count against it. Uniform registration does not clear
      // them: the counter would reveal whether the address was taken.
      await forgetAttempts(tx, email)
      return addConfirmable(tx, request, hashedPassword, caller)
    })
  } catch (error) {
    throw error instanceof Conflict ? emailTaken(email, error) : error
  }
}

/**
 * Adds an account without a password, and enqueues the mail with the link that sets one. The address is confirmed when
 * the link is used. The account never expires: it exists because an operator wants it.
 *
 * @throws {AuthError} `email_taken`; `missing_field` or `invalid_email`.
 * @throws {OptionError} `smtpUrl` or `baseUrl` is not set.
 */
export async function addAccountWithLink(
  ctx: Context,
  request: UserUpdate & { readonly email: string },
  caller: Caller,
): Promise<User> {
  const { email } = request
  assertEmail(email)
  const profile = await readProfile(ctx, request, USER_PROFILE)
  assertMailsLinks(ctx)
  try {
    return await inTransaction(ctx, async (tx) => {
      await forgetAttempts(tx, email)
      const user = await store.addUser(tx.db, email, NO_PASSWORD, {
        createdAt: tx.now(),
        ...profile,
        locale: profile.locale ?? givenLocale(caller),
      })
      await record(tx, { action: 'register', userId: user.id }, caller)
      await record(tx, { action: 'request_password_reset', userId: user.id }, caller)
      await enqueueMail(tx, user, 'set_password', {})
      return user
    })
  } catch (error) {
    throw error instanceof Conflict ? emailTaken(email, error) : error
  }
}

function givenLocale(caller: Caller): string | null {
  return caller.acceptLanguage === undefined ? null : localeFor(caller)
}

/** Adds an account, and enqueues its confirmation mail if it must confirm its address. */
export async function addConfirmable(
  tx: TxContext,
  request: CheckedAccount,
  hashedPassword: string,
  caller: Caller,
): Promise<User> {
  const now = tx.now()
  const { emailVerification, unconfirmedAccountSeconds } = tx.options
  const mustConfirm = emailVerification && request.confirmed !== true
  const user = await store.addUser(tx.db, request.email, hashedPassword, {
    createdAt: now,
    emailVerifiedAt: request.confirmed === true ? now : null,
    unconfirmedUntil: mustConfirm ? secondsAfter(now, unconfirmedAccountSeconds) : null,
    ...request.profile,
    locale: request.profile.locale ?? givenLocale(caller),
  })
  await record(tx, { action: 'register', userId: user.id }, caller)
  const code = { purpose: 'confirm_email', email: request.email, userId: user.id, registers: true } as const
  if (mustConfirm) await enqueueMail(tx, user, 'verify_email', caller, { code })
  return user
}
