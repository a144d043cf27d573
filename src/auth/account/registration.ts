import * as store from '../../db/index.ts'
import { AuthError, Conflict } from '../../errors.ts'
import { storedEmail, type User } from '../../user.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller } from '../caller.ts'
import { type Context, inTransaction, secondsAfter, type TxContext } from '../context.ts'
import { localeFor, orderMail } from '../delivery/outbox.ts'
import { assertNewPassword, assertPassword } from '../passwords/password.ts'
import { countAttempt, forgetFailures } from '../sign-in/throttle.ts'
import { assertEmail } from '../users/users.ts'

/** What `signUp` takes. */
export interface SignUpRequest {
  email: string
  password: string
}

/** What `signUp` gives: the same for a new address and, where answers are uniform, for a taken one. */
export interface SignUpResult {
  /** As entered, without the spaces around it, in Unicode NFC. */
  readonly email: string
}

/** Registers people who ask for an account, if registration is open. */
export async function signUp(ctx: Context, request: SignUpRequest, caller: Caller): Promise<SignUpResult> {
  if (ctx.options.registration === 'closed') throw new AuthError('registration_closed')
  const { email, password } = request
  assertEmail(email)
  assertPassword(password, 'password')
  await countAttempt(ctx, 'registration', request, caller)
  await assertNewPassword(ctx, password, { field: 'password', email })
  if (ctx.options.registrationAnswer === 'explicit') {
    await addAccount(ctx, request, caller)
  } else {
    // The same work for a new and a taken address, so that timing does not tell them apart.
    const hashedPassword = await ctx.hasher.hash(password)
    await inTransaction(ctx, (tx) => addOrTell(tx, request, hashedPassword, caller))
  }
  return { email: storedEmail(email) }
}

/** What `registerUser` may be told. */
export interface RegisterDetails {
  /** Whether the caller vouches for the address: nobody is asked to confirm it. */
  confirmed?: boolean
}

/** Registers a user, as the classic exercise spells it. */
export async function registerUser(
  ctx: Context,
  email: string,
  password: string,
  { confirmed = false }: RegisterDetails,
  caller: Caller,
): Promise<User> {
  assertEmail(email)
  await assertNewPassword(ctx, password, { field: 'password', email })
  return addAccount(ctx, { email, password, confirmed }, confirmed ? asOperator(caller) : caller)
}

async function addAccount(
  ctx: Context,
  request: SignUpRequest & { confirmed?: boolean },
  caller: Caller,
): Promise<User> {
  const { email } = request
  // Hashing is expensive, so look up first; the unique constraint settles races.
  if ((await store.findUserByEmail(ctx.db, email)) !== null) throw emailTaken(email)
  const hashedPassword = await ctx.hasher.hash(request.password)
  try {
    return await inTransaction(ctx, async (tx) => {
      // Failures counted before the account existed must not count against it. Not where answers are uniform: the
      // sign-in counter would then tell a stranger whether the address was free.
      await forgetFailures(tx, email)
      return addConfirmable(tx, request, hashedPassword, caller)
    })
  } catch (error) {
    throw error instanceof Conflict ? emailTaken(email, error) : error
  }
}

/** Adds an account, or tells the one that has the address. */
async function addOrTell(
  tx: TxContext,
  request: SignUpRequest,
  hashedPassword: string,
  caller: Caller,
): Promise<void> {
  try {
    await addConfirmable(tx, request, hashedPassword, caller)
  } catch (error) {
    const owner = error instanceof Conflict ? await store.findUserByEmail(tx.db, request.email) : null
    if (owner === null) throw error
    const event = {
      action: 'register',
      outcome: 'refused',
      reason: 'email_taken',
    } as const
    await record(tx, { ...event, userId: owner.id }, caller)
    await orderMail(tx, owner, 'account_exists', caller)
  }
}

/** Adds an account, and the mail by which its address is confirmed, where that is asked for. */
async function addConfirmable(
  tx: TxContext,
  request: SignUpRequest & { confirmed?: boolean },
  hashedPassword: string,
  caller: Caller,
): Promise<User> {
  const now = tx.now()
  const { emailVerification, unconfirmedAccountSeconds } = tx.options
  const hasToConfirm = emailVerification && request.confirmed !== true
  const user = await store.addUser(tx.db, request.email, hashedPassword, {
    createdAt: now,
    emailVerifiedAt: request.confirmed === true ? now : null,
    unconfirmedUntil: hasToConfirm ? secondsAfter(now, unconfirmedAccountSeconds) : null,
    locale: caller.acceptLanguage === undefined ? null : localeFor(caller),
  })
  await record(tx, { action: 'register', userId: user.id }, caller)
  if (hasToConfirm) await orderMail(tx, user, 'verify_email', caller)
  return user
}

function emailTaken(email: string, cause?: unknown): AuthError {
  return new AuthError('email_taken', { message: `User ${email} already exists`, cause })
}
