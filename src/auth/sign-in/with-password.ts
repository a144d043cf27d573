import * as store from '../../db/index.ts'
import { AuthError, type ErrorCode } from '../../errors.ts'
import { type Account, accountOf, maskEmail, type User } from '../../user.ts'
import { assertEmailIsGiven, findAddressee } from '../account/address.ts'
import { record, textOf } from '../audit/record.ts'
import { asUser, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { enqueueDecoy, enqueueDeviceNotice, enqueueMail } from '../delivery/enqueue.ts'
import { assertPassword } from '../passwords/password.ts'
import { signOut } from '../sessions/own.ts'
import { startSession } from '../sessions/start.ts'
import { recogniseDevice, rememberDevice } from './devices.ts'
import { checkPassword } from './password-check.ts'
import type { CountedAttempt } from './throttle.ts'

/** What {@link withPassword} takes. */
export interface PasswordSignInRequest {
  email: string
  password: string
}

/** What comes next after a step of a sign-in. Further steps will be further members of this union. */
export type SignInResult = {
  readonly next: 'signed_in'
  readonly user: Account
  /** Opaque, 80 characters: `<uuid>.<secret>`. Only the SHA-256 of the secret is stored. */
  readonly sessionToken: string
  /** For the client to keep and to present at its next sign-in. It grants no access. `null` without a secret key. */
  readonly deviceToken: string | null
}

/** After this many failures in a row, the owner gets a notice that a sign-in succeeded. */
const NOTABLE_FAILURES = 5

/**
 * Signs a user in with a password. The gates run in order: throttle, password, state of the account, confirmed address,
 * compromised password. The session comes last, and replaces the one that the caller presents. If the algorithm or cost
 * of the stored hash differs from the options, the hash is renewed.
 *
 * @throws {AuthError} `invalid_credentials`: unknown or malformed address, wrong password, disabled account or
 *   unconfirmed address, after the same work and without saying which; `password_compromised`: the password is right, and
 *   must be reset; `too_many_attempts` with `retryAfterSeconds`; `missing_field`, `invalid_field` or `password_too_long`
 *   with `field`; `unavailable`: too many passwords wait to be hashed.
 */
export async function withPassword(
  ctx: Context,
  request: PasswordSignInRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<SignInResult> {
  assertEmailIsGiven(request.email)
  assertPassword(request.password, 'password')
  const { user, attempt } = await passGates(ctx, request, caller)
  const device = recogniseDevice(ctx, caller, user)
  const sessionToken = await inTransaction(ctx, async (tx) => {
    const started = await startSession(tx, user, { amr: ['pwd'], aal: 1 }, caller)
    if (started !== null) await recordSignIn(tx, caller, user, { isKnown: device !== null, ...attempt })
    return started
  })
  if (sessionToken === null) throw wrongCredentials(ctx)
  // The new session replaces the one that the client had.
  await signOut(ctx, { ...caller, sessionToken: caller.sessionToken })
  const deviceToken = rememberDevice(ctx, user, device)
  return { next: 'signed_in', user: accountOf(user), sessionToken, deviceToken }
}

/** Refusals that say nothing about the password. */
const LEAVES_OPEN = new Set<ErrorCode>(['too_many_attempts', 'unavailable'])

/**
 * Whether this is the password of an account that can sign in. Counts as a sign-in attempt. Starts no session.
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
    await passGates(ctx, { email, password }, caller)
    return true
  } catch (error) {
    if (error instanceof AuthError && !LEAVES_OPEN.has(error.code)) return false
    throw error
  }
}

/** The gates in order. Behind the last one the counters are cleared, and an outdated hash is renewed. */
async function passGates(
  ctx: Context,
  { email, password }: PasswordSignInRequest,
  caller: Caller,
): Promise<{ user: User; attempt: CountedAttempt }> {
  const user = await findAddressee(ctx, email)
  const attempt = await checkPassword(ctx, { password, email, account: user }, caller)
  const refuse = (reason: Refusal) => refuseSignIn(ctx, { email, user, reason }, caller)
  if (user === null) return refuse('unknown_email')
  if (!attempt.isRight) return refuse('wrong_password')
  if (user.disabledAt !== null) return refuse('disabled')
  if (ctx.options.emailVerification && user.emailVerifiedAt === null) return refuse('unconfirmed')
  if (user.passwordCompromisedAt !== null) return refuse('password_compromised')
  await attempt.succeeded()
  if (ctx.hasher.needsRehash(password, user.hashedPassword)) {
    await store.updatePasswordHash(ctx.db, user, await ctx.hasher.hash(password))
  }
  return { user, attempt }
}

type Refusal = 'unknown_email' | 'wrong_password' | 'disabled' | 'unconfirmed' | 'password_compromised'

/** Records the reason, and does not reveal it. Every reason writes the same rows, so that timing does not tell either. */
async function refuseSignIn(
  ctx: Context,
  { email, user, reason }: { email: string; user: User | null; reason: Refusal },
  caller: Caller,
): Promise<never> {
  const details = user === null ? { email: maskEmail(email) } : {}
  await inTransaction(ctx, async (tx) => {
    const event = { action: 'login', outcome: 'refused', reason, details } as const
    await record(tx, { ...event, userId: user?.id ?? null }, caller)
    if (!ctx.options.emailVerification) return
    // The owner of an unconfirmed account needs the link to continue.
    if (user !== null && reason === 'unconfirmed') await enqueueMail(tx, user, 'verify_email', caller)
    else await enqueueDecoy(tx, 'verify_email', caller)
  })
  throw reason === 'password_compromised' ? new AuthError(reason) : wrongCredentials(ctx)
}

/** One sentence for every cause. If addresses must be confirmed, it tells everyone how to get the mail again. */
function wrongCredentials({ options }: Context): AuthError {
  return new AuthError('invalid_credentials', { withConfirmationHint: options.emailVerification })
}

/** Records a sign-in, and notifies the owner of what they should know about. */
async function recordSignIn(
  tx: TxContext,
  caller: Caller,
  user: User,
  { isKnown, failuresBefore }: { isKnown: boolean; failuresBefore: number },
): Promise<void> {
  const details = { device: isKnown ? 'known' : 'new', failures: failuresBefore }
  await record(tx, { action: 'login', reason: 'pwd', userId: user.id, details }, asUser(caller, user))
  const seen = { ip: caller.ip ?? null, device: textOf(caller.userAgent) }
  if (failuresBefore >= NOTABLE_FAILURES)
    await enqueueMail(tx, user, 'signed_in_after_failures', caller, {
      details: { ...seen, failures: failuresBefore },
    })
  else if (!isKnown && tx.keys !== null) await enqueueDeviceNotice(tx, user, caller, seen)
}
