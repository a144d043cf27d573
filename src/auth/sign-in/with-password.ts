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
import { admit, type SignInResult } from './admit.ts'
import { recognizeDevice } from './devices.ts'
import { firstStop, type GateRefusal, type Proof } from './gates.ts'
import { checkPassword, orWithdraw, refused } from './password-check.ts'
import type { CountedAttempt } from './throttle.ts'

export type { SignedIn, SignInResult } from './admit.ts'
export type { AwaitedSignIn } from './pending.ts'

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
  /** Where the caller wants to go afterwards. Kept while the sign-in waits for a second factor; `pending` returns it. */
  returnTo?: string | null | undefined
}

/**
 * Signs a user in with a password. The gates run in order: throttle, password, state of the account, confirmed address,
 * compromised password, second factor, set-up of a required factor, the hook `beforeSignIn`. The session comes last, and
 * replaces the one that the caller presents. If the algorithm or cost of the stored hash differs from the options, the hash is
 * renewed.
 *
 * @returns With `next`: `signed_in`; or `second_factor` or `enrol`, with a `loginToken` for the next step.
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
  const { email, password, transport, remember, returnTo } = request
  const right = await rightPassword(ctx, { email, password }, caller)
  const { user, attempt } = right
  const admission = {
    ...proofOf(user),
    attempt,
    reason: 'pwd',
    transport,
    persistent: remember,
    returnTo,
    prepare: () => renewedHash(ctx, right, password),
    refuse: (reason: GateRefusal) => refuseSignIn(ctx, { email, user, reason, attempt }, caller),
    outdated: () => wrongCredentials(ctx),
  } as const
  return admit(ctx, admission, caller)
}

function proofOf(user: User): Proof {
  return { user, method: 'password', amr: ['pwd'] }
}

/** Refusals that say nothing about the password. */
const LEAVES_OPEN = new Set<ErrorCode>(['too_many_attempts', 'unavailable'])

/**
 * Whether this is the password of an account that can sign in with it alone. Counts as a sign-in attempt. Starts no session, so
 * a right password does not count as a sign-in.
 *
 * @returns `false` also for an unknown address, for text that cannot be an address or a password, and for an account that has or
 *   needs a second factor: otherwise `sessions.create` after this check would be a way around it.
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
    const right = await rightPassword(ctx, { email, password }, caller)
    const { user, attempt } = right
    const stop = await orWithdraw(attempt, () => firstStop(ctx, proofOf(user)))
    const reason = stop === null ? null : 'refusal' in stop ? stop.refusal : 'second_factor'
    if (reason !== null) return await refuseSignIn(ctx, { email, user, reason, attempt }, caller)
    await orWithdraw(attempt, async () => {
      const change = await renewedHash(ctx, right, password)
      const settle = async (tx: TxContext) => {
        await change(tx)
        await attempt.succeeded(tx)
        await attempt.refundSignIn(tx)
      }
      // Does not wait for the disk: if a power failure undoes it, the next right password repeats it.
      await inTransaction(ctx, settle, { sync: false })
    })
    return true
  } catch (error) {
    if (error instanceof AuthError && !LEAVES_OPEN.has(error.code)) return false
    throw error
  }
}

/** A user whose password was right. The attempt is still counted: the transaction that ends the sign-in clears it. */
interface RightPassword {
  readonly user: User
  readonly attempt: CountedAttempt
}

/** The first gates: the throttle, then the password. */
async function rightPassword(
  ctx: Context,
  { email, password }: Pick<PasswordSignInRequest, 'email' | 'password'>,
  caller: Caller,
): Promise<RightPassword> {
  const user = await findAddressee(ctx, email)
  const attempt = await checkPassword(ctx, { password, email, account: user }, caller)
  const refuse = (reason: Refusal) => refuseSignIn(ctx, { email, user, reason, attempt }, caller)
  if (user === null) return refuse('unknown_email')
  return attempt.isRight ? { user, attempt } : refuse('wrong_password')
}

/** Hashes the password again if the settings have changed since its hash was made. Returns the change. */
async function renewedHash({ hasher }: Context, { user }: RightPassword, password: string) {
  const newHash = hasher.needsRehash(password, user.hashedPassword) ? await hasher.hash(password) : null
  return async (tx: TxContext) => {
    if (newHash !== null) await store.updatePasswordHash(tx.db, user, newHash)
  }
}

interface RefusedSignIn {
  readonly email: string
  readonly user: User | null
  readonly reason: Refusal
  readonly attempt: CountedAttempt
}

type Refusal = 'unknown_email' | 'wrong_password' | 'second_factor' | GateRefusal

/** Records the reason without revealing it. Every reason writes the same rows, so timing does not reveal it either. */
async function refuseSignIn(
  ctx: Context,
  { email, user, reason, attempt }: RefusedSignIn,
  caller: Caller,
): Promise<never> {
  const details = user === null ? { email: maskEmail(email) } : {}
  // For a known device, only the sign-in is counted under the IP address. It stays counted if the refusal sends mail,
  // or one IP address could cause any amount of mail. That reveals nothing: the device has proven the password before.
  const ending =
    reason === 'unconfirmed' && recognizeDevice(ctx, caller, user) !== null
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

/** The same error for every cause. If addresses must be confirmed, it tells everyone how to get the mail again. */
function wrongCredentials({ options }: Context): AuthError {
  return new AuthError('invalid_credentials', { withConfirmationHint: options.emailVerification })
}
