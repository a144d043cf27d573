import * as store from '../db/index.ts'
import { AuthError, type ErrorCode } from '../errors.ts'
import { type Account, accountOf, maskEmail, type User } from '../user.ts'
import { record, textOf } from './audit.ts'
import { type Client, type Context, inTransaction, type TxContext } from './context.ts'
import { recogniseDevice, rememberDevice } from './devices.ts'
import { orderDeviceNotice, orderMail, orderNothing } from './outbox.ts'
import { assertPassword } from './passwords.ts'
import { endSession, startSession } from './sessions.ts'
import { type CountedAttempt, countAttempt } from './throttle.ts'
import { assertEmailIsGiven, findAddressee } from './users.ts'

/** What `logIn` takes. */
export interface LogInRequest extends Client {
  email: string
  password: string
  /** The session that the client bears already: it ends where the login succeeds. */
  currentSessionId?: string | null | undefined
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
export async function logIn(ctx: Context, request: LogInRequest): Promise<LogInResult> {
  assertEmailIsGiven(request.email)
  assertPassword(request.password, 'password')
  const { user, attempt } = await passGates(ctx, request)
  const device = recogniseDevice(ctx, request, user)
  const sessionId = await inTransaction(ctx, async (tx) => {
    const started = await startSession(tx, user, { ...request, methods: ['pwd'], level: 1 })
    if (started !== null) await tellOfLogin(tx, request, user, { isKnown: device !== null, ...attempt })
    return started
  })
  if (sessionId === null) throw wrongCredentials(ctx)
  await endSession(ctx, request.currentSessionId, request)
  const deviceToken = rememberDevice(ctx, user, device)
  return { next: 'signed_in', user: accountOf(user), sessionId, deviceToken }
}

/** Refusals that come before the password is checked, so that there is no answer yet. */
const LEAVES_OPEN = new Set<ErrorCode>(['too_many_attempts', 'unavailable'])

/** Whether this is the password of an account that is open. */
export async function validLogin(ctx: Context, email: string, password: string): Promise<boolean> {
  try {
    assertEmailIsGiven(email)
    assertPassword(password, 'password')
    await passGates(ctx, { email, password })
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
  request: LogInRequest,
): Promise<{ user: User; attempt: CountedAttempt }> {
  const user = await findAddressee(ctx, request.email)
  const attempt = await countAttempt(ctx, 'login', { ...request, account: user })
  const isRight = await verify(ctx, user, request.password).catch(async (error: unknown) => {
    await attempt.withdraw()
    throw error
  })
  if (user === null) return refuse(ctx, request, null, 'unknown_email')
  if (!isRight) return refuse(ctx, request, user, 'wrong_password')
  if (user.disabledAt !== null) return refuse(ctx, request, user, 'disabled')
  if (ctx.options.emailVerification && user.emailVerifiedAt === null)
    return refuse(ctx, request, user, 'unconfirmed')
  if (user.passwordCompromisedAt !== null) return refuse(ctx, request, user, 'password_compromised')
  await attempt.succeeded()
  if (ctx.hasher.needsRehash(request.password, user.hashedPassword)) {
    await store.updatePasswordHash(ctx.db, user, await ctx.hasher.hash(request.password))
  }
  return { user, attempt }
}

/** The same work for an address that has no account. */
async function verify(ctx: Context, user: User | null, password: string): Promise<boolean> {
  if (user !== null) return ctx.hasher.verify(password, user.hashedPassword)
  await ctx.hasher.verifyNothing(password)
  return false
}

type Refusal = 'unknown_email' | 'wrong_password' | 'disabled' | 'unconfirmed' | 'password_compromised'

/** Records why, and says little. Whatever the reason, the same is written: the time does not tell either. */
async function refuse(
  ctx: Context,
  request: LogInRequest,
  user: User | null,
  reason: Refusal,
): Promise<never> {
  const details = user === null ? { email: maskEmail(request.email) } : {}
  await inTransaction(ctx, async (tx) => {
    const event = { action: 'login', actor: 'anonymous', outcome: 'refused' } as const
    await record(tx, { ...event, reason, userId: user?.id ?? null, details }, request)
    if (!ctx.options.emailVerification) return
    // Who knows the password and has not confirmed the address waits for this mail.
    if (user !== null && reason === 'unconfirmed') await orderMail(tx, user, 'verify_email', request)
    else await orderNothing(tx, 'verify_email', request)
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
  request: LogInRequest,
  user: User,
  { isKnown, failuresBefore }: { isKnown: boolean; failuresBefore: number },
): Promise<void> {
  const details = { device: isKnown ? 'known' : 'new', failures: failuresBefore }
  await record(tx, { action: 'login', actor: 'user', reason: 'pwd', userId: user.id, details }, request)
  const seen = { ip: request.ip ?? null, device: textOf(request.userAgent) }
  if (failuresBefore >= NOTABLE_FAILURES)
    await orderMail(tx, user, 'signed_in_after_failures', request, {
      details: { ...seen, failures: failuresBefore },
    })
  else if (!isKnown && tx.keys !== null) await orderDeviceNotice(tx, user, request, seen)
}
