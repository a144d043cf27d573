import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import { accountOf, normalizeEmail, storedEmail, type User } from '../../model/user.ts'
import { type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { browserHashOf } from '../mail-codes/issue.ts'
import { assertNewPassword, assertPassword } from '../passwords/password.ts'
import { countAttempt } from '../sign-in/throttle.ts'
import { assertEmail } from './address.ts'
import { addAccount, type CheckedAccount } from './new-account.ts'
import { readProfile } from './profile-fields.ts'
import { addOrNotify, askBeforeSignUp } from './sign-up.ts'
import { type GivenUserFields, newUserFields } from './user-fields.ts'

/** What {@link register} takes. */
export interface RegisterRequest {
  email: string
  /** `options.minPasswordLength` code points or more, and at most 1,024 bytes of UTF-8. */
  password: string
  /** The name that the user wants to be called by. */
  name?: string | null | undefined
  /** The language of the account's mail, such as `en` or `fr-CA`. Default: the best match of `caller.acceptLanguage`. */
  locale?: string | null | undefined
  /** Values for some of `userFields`, by name: at least the required ones. */
  metadata?: GivenUserFields | undefined
}

/** What {@link register} returns. With uniform answers it is the same for a taken address. */
export interface RegisterResult {
  /** The address as entered, without surrounding spaces, in Unicode NFC. */
  readonly email: string
}

/**
 * Registers a visitor. Of several concurrent registrations of one address, exactly one creates the account. If
 * `options.registrationAnswer` is `uniform`, a taken address gets the same answer after the same work, and its owner a
 * mail (OWASP ASVS 6.3.8). With `options.emailVerification`, a confirmation link is mailed, and the account can sign in
 * once its address is confirmed. If the browser that registered the account sends the same registration again before
 * that, only the mail is sent again. Counts as a registration of the address and of the IP address.
 *
 * @throws {AuthError} `registration_closed`: `options.registration` is `closed`; `refused_by_application` with
 *   `applicationCode`: the hook `beforeSignUp` refused; `email_taken`: an account has the address, and
 *   `options.registrationAnswer` is `explicit`; `invalid_email`; `password_too_short` with `minLength`,
 *   `password_too_long` with `maxBytes`, `password_too_common`, `password_guessable` or `password_breached`, each with
 *   `field`; `too_many_attempts` with `retryAfterSeconds`; `missing_field`, `invalid_field` or `unknown_field` with
 *   `field`, which for user fields has the form `metadata.company`.
 */
export async function register(
  ctx: Context,
  request: RegisterRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<RegisterResult> {
  if (ctx.options.registration === 'closed') throw new AuthError('registration_closed')
  const { email, password } = request
  assertEmail(email)
  assertPassword(password, 'password')
  const metadataJson = await newUserFields(ctx, request.metadata)
  const profile = { ...(await readProfile(ctx, request, ['name', 'locale'])), metadataJson }
  await countAttempt(ctx, 'registration', request, caller)
  await assertNewPassword(ctx, password, { field: 'password', email })
  await askBeforeSignUp(ctx, email, caller, metadataJson)
  const created = await create(ctx, { email, password, profile }, caller)
  if (created !== null) ctx.hooks.afterSignUp({ user: accountOf(created) }, caller)
  return { email: storedEmail(email) }
}

/** Creates the account. With uniform answers, returns `null` if the address is taken. */
async function create(ctx: Context, account: CheckedAccount, caller: Caller): Promise<User | null> {
  if (ctx.options.registrationAnswer === 'explicit') return addAccount(ctx, account, caller)
  // The same work for a new and a taken address, so that timing does not tell them apart.
  const hashedPassword = await ctx.hasher.hash(account.password)
  const repeated = await findRepeated(ctx, account, caller)
  return inTransaction(ctx, (tx) => addOrNotify(tx, account, { hashedPassword, repeated }, caller))
}

/**
 * Finds the account that this browser has already registered with the same address and password: the form was sent
 * twice. A different password may mean a different person, because an attacker could have planted the browser's cookie.
 *
 * @returns Its id, or `null`.
 */
async function findRepeated(
  ctx: Context,
  { email, password }: CheckedAccount,
  caller: Caller,
): Promise<number | null> {
  const browserHash = browserHashOf(ctx, caller)
  const found = browserHash && (await store.findMailCode(ctx.db, { browserHash, purpose: 'registration' }))
  const isSame = found !== null && normalizeEmail(found.email) === normalizeEmail(email)
  if (!isSame || found.expiresAt <= ctx.now()) return null
  const user = await store.findUserById(ctx.db, found.userId ?? store.NO_USER_ID)
  if (user !== null) return (await ctx.hasher.verify(password, user.hashedPassword)) ? user.id : null
  // The same work if the address was already taken the first time.
  await ctx.hasher.verifyNothing(password)
  return null
}
