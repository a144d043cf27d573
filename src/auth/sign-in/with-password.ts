import * as store from '../../db/index.ts'
import { AuthError, type ErrorCode } from '../../errors.ts'
import { type Account, accountOf, maskEmail, type User } from '../../user.ts'
import { record, textOf } from '../audit/record.ts'
import { asUser, type Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { recogniseDevice, rememberDevice } from './devices.ts'
import { orderDeviceNotice, orderMail, orderNothing } from '../delivery/outbox.ts'
import { assertPassword } from '../passwords/password.ts'
import { endSession, startSession } from '../sessions/sessions.ts'
import { checkPassword } from './password-check.ts'
import type { CountedAttempt } from './throttle.ts'
import { assertEmailIsGiven, findAddressee } from '../users/users.ts'

/** What `logIn` takes. */
export interface LogInRequest {
  email: string
  password: string
}

/** What `logIn` gives: what comes next. Further steps will be further members of this union. */
export type LogInResult = {
  readonly next: 'signed_in'
  readonly user: Account
  /** As `createSession` gives it. */
  readonly sessionId: string
  /** For the device to keep and to send with its next login, where there is a secret key. It opens nothing. */
  readonly deviceToken: string | null
}

/** After so many failures in a row the owner is told that a login succeeded. */
const NOTABLE_FAILURES = 5

/** Signs a user in: every gate in order, and a new session at the end. */
export async function logIn(ctx: Context, request: LogInRequest, caller: Caller): Promise<LogInResult> {
  assertEmailIsGiven(request.email)
  assertPassword(request.password, 'password')
  const { user, attempt } = await passGates(ctx, request, caller)
  const device = recogniseDevice(ctx, caller, user)
  const sessionId = await inTransaction(ctx, async (tx) => {
    const started = await startSession(tx, user, { methods: ['pwd'], level: 1 }, caller)
    if (started !== null) await tellOfLogin(tx, caller, user, { isKnown: device !== null, ...attempt })
    return started
  })
  if (sessionId === null) throw wrongCredentials(ctx)
  // The session that the client had before ends: it is replaced.
  await endSession(ctx, caller)
  const deviceToken = rememberDevice(ctx, user, device)
  return { next: 'signed_in', user: accountOf(user), sessionId, deviceToken }
}

/** Refusals that come before the password is checked, so that there is no answer yet. */
const LEAVES_OPEN = new Set<ErrorCode>(['too_many_attempts', 'unavailable'])

/** Whether this is the password of an account that is open. */
export async function validLogin(
  ctx: Context,
  email: string,
  password: string,
  caller: Caller,
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

/**
 * The gates, in order: throttle, password, state of the account, confirmed address, state of the password.
 * Behind the last one the counters are cleared, and the hash is renewed where the settings have changed since
 * it was made.
 *
 * @throws {AuthError} `too_many_attempts`; `invalid_credentials`; `password_compromised`, which is said only
 *   to whoever knows the password.
 */
async function passGates(
  ctx: Context,
  { email, password }: LogInRequest,
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

/** Records why, and says little. Whatever the reason, the same is written: the time does not tell either. */
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
    // Who knows the password and has not confirmed the address waits for this mail.
    if (user !== null && reason === 'unconfirmed') await orderMail(tx, user, 'verify_email', caller)
    else await orderNothing(tx, 'verify_email', caller)
  })
  throw reason === 'password_compromised' ? new AuthError(reason) : wrongCredentials(ctx)
}

/** One sentence for every cause. Where addresses have to be confirmed, it says to everybody where to ask for the mail. */
function wrongCredentials({ options }: Context): AuthError {
  return new AuthError('invalid_credentials', { withConfirmationHint: options.emailVerification })
}

/** What the owner wants to know of, beside the audit. */
async function tellOfLogin(
  tx: TxContext,
  caller: Caller,
  user: User,
  { isKnown, failuresBefore }: { isKnown: boolean; failuresBefore: number },
): Promise<void> {
  const details = { device: isKnown ? 'known' : 'new', failures: failuresBefore }
  await record(tx, { action: 'login', reason: 'pwd', userId: user.id, details }, asUser(caller, user))
  const seen = { ip: caller.ip ?? null, device: textOf(caller.userAgent) }
  if (failuresBefore >= NOTABLE_FAILURES)
    await orderMail(tx, user, 'signed_in_after_failures', caller, {
      details: { ...seen, failures: failuresBefore },
    })
  else if (!isKnown && tx.keys !== null) await orderDeviceNotice(tx, user, caller, seen)
}
