import * as store from '../../db/index.ts'
import { AuthError, Conflict } from '../../model/errors.ts'
import { accountOf, maskEmail, normalizeEmail, storedEmail, type User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import { type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { browserHashOf } from '../mail-codes/issue.ts'
import { assertNewPassword, assertPassword } from '../passwords/password.ts'
import { countAttempt } from '../sign-in/throttle.ts'
import { assertEmail } from './address.ts'
import { addAccount, addConfirmable, type CheckedAccount } from './new-account.ts'
import { readProfile } from './profile-fields.ts'

/** What {@link register} takes. */
export interface RegisterRequest {
  email: string
  /** `options.minPasswordLength` code points or more, and at most 1,024 bytes of UTF-8. */
  password: string
  /** The name that the user wants to be called by. */
  name?: string | null | undefined
  /** The language of the account's mail, such as `en` or `fr-CA`. Default: the best match of `caller.acceptLanguage`. */
  locale?: string | null | undefined
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
 * once its address is confirmed. If the browser that registered an account sends the registration again before that, only
 * the mail is sent again. Counts as a registration of the address and of the IP address.
 *
 * @throws {AuthError} `registration_closed`: `options.registration` is `closed`; `refused_by_application` with
 *   `applicationCode`: the hook `beforeSignUp` refused; `email_taken`: an account has the address, and
 *   `options.registrationAnswer` is `explicit`; `invalid_email`; `password_too_short` with `minLength`,
 *   `password_too_long` with `maxBytes`, `password_too_common`, `password_guessable` or `password_breached`, each with
 *   `field`; `too_many_attempts` with `retryAfterSeconds`; `missing_field` or `invalid_field` with `field`.
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
  const profile = await readProfile(ctx, request, ['name', 'locale'])
  await countAttempt(ctx, 'registration', request, caller)
  await assertNewPassword(ctx, password, { field: 'password', email })
  await askApplication(ctx, email, caller)
  const created = await create(ctx, { email, password, profile }, caller)
  if (created !== null) ctx.hooks.afterSignUp({ user: accountOf(created) }, caller)
  return { email: storedEmail(email) }
}

/** Before the look-up, so that a refusal cannot depend on whether the address has an account. */
async function askApplication(ctx: Context, email: string, caller: Caller): Promise<void> {
  const attempt = { email: storedEmail(email), normalizedEmail: normalizeEmail(email) }
  const refusal = await ctx.hooks.beforeSignUp(attempt, caller)
  if (refusal === null) return
  const details = { email: maskEmail(email), code: refusal.code }
  const event = { action: 'register', outcome: 'refused', reason: 'refused_by_application', details } as const
  await record(ctx, { ...event, userId: null }, caller)
  throw new AuthError('refused_by_application', { refusal })
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
 * The account that this browser registered before, with the same address and password: a form that was sent twice. With another
 * password it may be another person, if somebody planted the cookie of the browser.
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
  // The same work if the address was taken when it was registered first.
  await ctx.hasher.verifyNothing(password)
  return null
}

/** Adds an account, or notifies the owner of the address and returns `null`. */
async function addOrNotify(
  tx: TxContext,
  account: CheckedAccount,
  { hashedPassword, repeated }: { readonly hashedPassword: string; readonly repeated: number | null },
  caller: Caller,
): Promise<User | null> {
  try {
    return await addConfirmable(tx, account, hashedPassword, caller)
  } catch (error) {
    const owner = error instanceof Conflict ? await store.findUserByEmail(tx.db, account.email) : null
    if (owner === null) throw error
    const event = { action: 'register', outcome: 'refused', reason: 'email_taken' } as const
    await record(tx, { ...event, userId: owner.id }, caller)
    const isAgain = owner.emailVerifiedAt === null && owner.id === repeated
    const kind = isAgain ? 'verify_email' : 'account_exists'
    // Otherwise the browser must not notice that no code comes.
    const userId = isAgain ? owner.id : null
    const code = { purpose: 'confirm_email', email: account.email, userId, registers: true } as const
    await enqueueMail(tx, owner, kind, caller, tx.options.emailVerification ? { code } : {})
    return null
  }
}
