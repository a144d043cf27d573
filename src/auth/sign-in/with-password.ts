import * as store from '../../db/index.ts'
import { AuthError, type ErrorCode } from '../../model/errors.ts'
import type { Transport } from '../../model/transport.ts'
import { maskEmail, type User } from '../../model/user.ts'
import { assertEmailIsGiven, findAddressee } from '../account/address.ts'
import { record } from '../audit/record.ts'
import { type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { enqueueDecoy, enqueueMail } from '../delivery/enqueue.ts'
import { assertPassword } from '../passwords/password.ts'
import { recogniseDevice } from './devices.ts'
import { finishSignIn, type SignInResult } from './finish.ts'
import { checkPassword, orWithdraw, refused } from './password-check.ts'
import type { CountedAttempt } from './throttle.ts'

export type { SignInResult } from './finish.ts'

/** What {@link withPassword} takes. */
export interface PasswordSignInRequest {
  email: string
  password: string
  /** How the client will present the session token. Default `cookie`. */
  transport?: Transport | undefined
  /**
   * Whether the session outlives the browser. If not, it lasts at most 12 hours, and its cookie ends with the browser.
   * Default `true`.
   */
  remember?: boolean | undefined
}

/**
 * Signs a user in with a password. The gates run in order: throttle, password, state of the account, confirmed address,
 * compromised password, the hook `beforeSignIn`. The session comes last, and replaces the one that the caller presents. If
 * the algorithm or cost of the stored hash differs from the options, the hash is renewed.
 *
 * @throws {AuthError} `invalid_credentials`: unknown or malformed address, wrong password, disabled account or
 *   unconfirmed address, after the same work and without saying which; `password_compromised`: the password is right, and
 *   must be reset; `refused_by_application` with `applicationCode`: the hook refused; `too_many_attempts` with
 *   `retryAfterSeconds`; `missing_field`, `invalid_field` or `password_too_long` with `field`; `internal_error`: the hook
 *   failed; `unavailable`: it took too long, or too many passwords wait to be hashed.
 */
export async function withPassword(
  ctx: Context,
  request: PasswordSignInRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<SignInResult> {
  assertEmailIsGiven(request.email)
  assertPassword(request.password, 'password')
  const passed = await passGates(ctx, request, caller)
  const { user, attempt } = passed
  const change = (tx: TxContext) => renewHash(tx, passed)
  const { transport, remember: persistent } = request
  const proven = {
    user,
    method: 'password',
    attempt,
    transport,
    persistent,
    change,
    refusal: () => wrongCredentials(ctx),
  } as const
  return finishSignIn(ctx, proven, caller)
}

/** Refusals that say nothing about the password. */
const LEAVES_OPEN = new Set<ErrorCode>(['too_many_attempts', 'unavailable'])

/**
 * Whether this is the password of an account that can sign in. Counts as a sign-in attempt. Starts no session, so a
 * right password does not count as a sign-in.
 *
 * @returns `false` also for an unknown address, and for text that cannot be an address or a password.
 * @throws {AuthError} `too_many_attempts` with `retryAfterSeconds`; `unavailable`: too many passwords wait to be hashed.
 */
export async function verifyPassword(
  ctx: Context,
  { email, password }: PasswordSignInRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<boolean> {
  try {
    assertEmailIsGiven(email)
    assertPassword(password, 'password')
    const passed = await passGates(ctx, { email, password }, caller)
    await orWithdraw(passed.attempt, () =>
      inTransaction(ctx, async (tx) => {
        await renewHash(tx, passed)
        await passed.attempt.succeeded(tx)
        await passed.attempt.refundSignIn(tx)
      }),
    )
    return true
  } catch (error) {
    if (error instanceof AuthError && !LEAVES_OPEN.has(error.code)) return false
    throw error
  }
}

/** A user behind every gate. */
interface Passed {
  readonly user: User
  /** Still counted: the transaction that ends the sign-in clears it. */
  readonly attempt: CountedAttempt
  /** The password hashed again, if the settings have changed since its hash was made. */
  readonly newHash: string | null
}

/** The gates in order. If the hash is outdated, a new one is made behind the last gate. */
async function passGates(
  ctx: Context,
  { email, password }: PasswordSignInRequest,
  caller: Caller,
): Promise<Passed> {
  const user = await findAddressee(ctx, email)
  const attempt = await checkPassword(ctx, { password, email, account: user }, caller)
  const refuse = (reason: Refusal) => refuseSignIn(ctx, { email, user, reason, attempt }, caller)
  if (user === null) return refuse('unknown_email')
  if (!attempt.isRight) return refuse('wrong_password')
  if (user.disabledAt !== null) return refuse('disabled')
  if (ctx.options.emailVerification && user.emailVerifiedAt === null) return refuse('unconfirmed')
  if (user.passwordCompromisedAt !== null) return refuse('password_compromised')
  const newHash = ctx.hasher.needsRehash(password, user.hashedPassword)
    ? await orWithdraw(attempt, () => ctx.hasher.hash(password))
    : null
  return { user, attempt, newHash }
}

async function renewHash(tx: TxContext, { user, newHash }: Passed): Promise<void> {
  if (newHash !== null) await store.updatePasswordHash(tx.db, user, newHash)
}

interface RefusedSignIn {
  readonly email: string
  readonly user: User | null
  readonly reason: Refusal
  readonly attempt: CountedAttempt
}

type Refusal = 'unknown_email' | 'wrong_password' | 'disabled' | 'unconfirmed' | 'password_compromised'

/** Records the reason, and does not reveal it. Every reason writes the same rows, so that timing does not tell either. */
async function refuseSignIn(
  ctx: Context,
  { email, user, reason, attempt }: RefusedSignIn,
  caller: Caller,
): Promise<never> {
  const details = user === null ? { email: maskEmail(email) } : {}
  // On a known device, only the sign-in counts under the IP address. It stays counted if the refusal sends mail, or one
  // IP address could cause any amount of it. That reveals nothing: the device has proven the password before.
  const ending =
    reason === 'unconfirmed' && recogniseDevice(ctx, caller, user) !== null
      ? { ...attempt, refundSignIn: attempt.keepSignIn }
      : attempt
  await refused(ctx, ending, async (tx) => {
    const event = { action: 'login', outcome: 'refused', reason, details } as const
    await record(tx, { ...event, userId: user?.id ?? null }, caller)
    if (!ctx.options.emailVerification) return
    // The owner of an unconfirmed account needs the link to continue.
    if (user !== null && reason === 'unconfirmed') await enqueueMail(tx, user, 'verify_email', caller)
    else await enqueueDecoy(tx, 'verify_email', caller, email)
  })
  throw reason === 'password_compromised' ? new AuthError(reason) : wrongCredentials(ctx)
}

/** One sentence for every cause. If addresses must be confirmed, it tells everyone how to get the mail again. */
function wrongCredentials({ options }: Context): AuthError {
  return new AuthError('invalid_credentials', { withConfirmationHint: options.emailVerification })
}
