import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import { MAIL_CODE_PURPOSES, type MailCodePurpose } from '../../model/mail-codes.ts'
import type { Transport } from '../../model/transport.ts'
import { type Account, accountOf, normalizeEmail, type User } from '../../model/user.ts'
import { confirmAddress, type MailboxProof, replacePassword } from '../account/mailbox-proof.ts'
import { record } from '../audit/record.ts'
import { asUser, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { assertPassword } from '../passwords/password.ts'
import { requireSession } from '../sessions/guards.ts'
import { finishSignIn, type SignInResult } from '../sign-in/finish.ts'
import { checkPassword, orWithdraw, refused } from '../sign-in/password-check.ts'
import { type CountedAttempt, countAttempt } from '../sign-in/throttle.ts'
import { browserHashOf, isCodeOf } from './issue.ts'

/** What {@link redeem} takes. */
export interface RedeemCodeRequest {
  purpose: MailCodePurpose
  /** The code from the mail. Spaces make no difference. */
  code: string
  /** With `reset_password`: `options.minPasswordLength` code points or more, and at most 1,024 bytes of UTF-8. */
  newPassword?: string | undefined
  /** With `confirm_email`: the password of the account. Required unless this browser registered the account. */
  password?: string | undefined
  /** With `confirm_email`: how the client will present the session token. Default `cookie`. */
  transport?: Transport | undefined
}

/** What a code has done. `next` says what comes next. */
export type RedeemedCode =
  /** `confirm_email`: the address is confirmed, and the user is signed in. */
  | SignInResult
  /** `reset_password`: the password is changed, and the user signs in with it. */
  | { readonly next: 'sign_in'; readonly user: Account }
  /** `change_email`: the account has the new address. The session stays. */
  | { readonly next: 'email_changed'; readonly user: Account }

/**
 * Redeems a code from a mail, with the `browserToken` of the request that caused the mail. It works once, within 10 minutes, and
 * voids the link in the mail.
 *
 * - `confirm_email` confirms the address of a new account and signs the user in, through the gates of `signIn.withPassword`. In
 *   the browser that registered the account, the code is enough. Elsewhere it needs the password too, because anyone can
 *   register the address of another person.
 * - `reset_password` sets a new password, as `account.resetPassword` does. Signs nobody in.
 * - `change_email` makes the change that `account.changeEmail` asked for. Needs a session of the account.
 *
 * Counts as an attempt of the address that was named, across all codes that it was mailed. After
 * `options.mailCodeFailuresPerAccount` wrong codes each further one must wait and voids the code of its browser.
 *
 * @throws {AuthError} `invalid_code`: the code is wrong, expired, used, replaced, void or of another browser or account, without
 *   saying which; `unauthenticated`: `change_email` without a live session; `invalid_credentials`: the password is wrong;
 *   `password_compromised`: the code is right, but the password must be reset first; `refused_by_application` with
 *   `applicationCode`; `password_too_short` with `minLength`, `password_too_long` with `maxBytes`, `password_too_common`,
 *   `password_guessable` or `password_breached`, each with `field`; `too_many_attempts` with `retryAfterSeconds`;
 *   `missing_field` or `invalid_field` with `field`. After a refusal other than `invalid_code`, the code still works.
 */
export async function redeem(
  ctx: Context,
  request: RedeemCodeRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<RedeemedCode> {
  const { purpose, newPassword, password } = request
  assertPurpose(purpose)
  const code = digitsIn(request.code)
  if (purpose === 'reset_password') assertPassword(newPassword, 'newPassword')
  if (purpose === 'confirm_email' && password !== undefined) assertPassword(password, 'password')
  const session = purpose === 'change_email' ? await requireSession(ctx, caller) : null
  const acting = session?.acting ?? caller

  const row = await findRow(ctx, purpose, caller)
  // Without eight digits, or without a code to compare them with, it is no guess.
  if (row === null || code === null) throw new AuthError('invalid_code')
  // Before the code is checked, so that the answer does not depend on it.
  const registration = purpose === 'confirm_email' ? await findRegistration(ctx, row) : null
  const isAlone = purpose === 'confirm_email' && password === undefined
  if (isAlone && registration === null) throw new AuthError('missing_field', { field: 'password' })
  const user = await store.findUserById(ctx.db, row.userId ?? store.NO_USER_ID)
  const attempt = await countAttempt(ctx, 'mail_code', attempterOf(row, user), acting)
  const isOwn = !isAlone || registration?.userId === row.userId
  const isRight = await orWithdraw(
    attempt,
    async () => isCodeOf(ctx, row, code) && mayRedeem(row, user, session) && isOwn,
  )
  if (!isRight || user === null) return refuse(ctx, row, attempt, acting)

  const redeeming = { row, user, proof: proofOf(row, user), attempt }
  if (purpose === 'confirm_email') return confirmAndSignIn(ctx, redeeming, request, caller)
  if (purpose === 'reset_password') return reset(ctx, redeeming, newPassword ?? '', caller)
  const changed = await orWithdraw(attempt, () =>
    inTransaction(ctx, async (tx) => {
      const confirmed = await confirmAddress(tx, redeeming.proof, user, acting)
      await attempt.succeeded(tx)
      return confirmed
    }),
  )
  return { next: 'email_changed', user: accountOf(changed) }
}

/** A right code, before it is used up. */
interface Redeeming {
  readonly row: store.MailCode
  readonly user: User
  readonly proof: MailboxProof
  readonly attempt: CountedAttempt
}

function assertPurpose(purpose: unknown): asserts purpose is MailCodePurpose {
  if (purpose === undefined) throw new AuthError('missing_field', { field: 'purpose' })
  if (!MAIL_CODE_PURPOSES.some((each) => each === purpose))
    throw new AuthError('invalid_field', { field: 'purpose' })
}

/** `MAIL_CODE_DIGITS` digits. */
const CODE = /^\d{8}$/

/** The code without spaces, or `null` if it is no code. */
function digitsIn(code: unknown): string | null {
  if (code === undefined || code === '') throw new AuthError('missing_field', { field: 'code' })
  if (typeof code !== 'string') throw new AuthError('invalid_field', { field: 'code' })
  const digits = code.replace(/\s/g, '')
  return CODE.test(digits) ? digits : null
}

async function findRow(
  ctx: Context,
  purpose: store.MailCode['purpose'],
  caller: Caller,
): Promise<store.MailCode | null> {
  const browserHash = browserHashOf(ctx, caller)
  return browserHash && store.findMailCode(ctx.db, { browserHash, purpose })
}

/**
 * The registration of the address in the browser of a code, or `null`. If the address was taken, it names no user: that must not
 * show before the code is checked.
 */
async function findRegistration(
  ctx: Context,
  { browserHash, email }: store.MailCode,
): Promise<store.MailCode | null> {
  const found = await store.findMailCode(ctx.db, { browserHash, purpose: 'registration' })
  if (found === null || found.expiresAt <= ctx.now()) return null
  return normalizeEmail(found.email) === normalizeEmail(email) ? found : null
}

/** Wrong codes are counted under the address, also if it has no account. Text that is no address counts for its browser. */
function attempterOf({ email, browserHash }: store.MailCode, account: User | null) {
  return { email: email || Buffer.from(browserHash).toString('hex'), account }
}

/** Whether the account of a code can still use it. */
function mayRedeem(
  { purpose, email }: store.MailCode,
  user: User | null,
  session: { readonly user: User } | null,
): boolean {
  if (user === null) return false
  if (purpose === 'change_email') return session?.user.id === user.id
  const isSame = normalizeEmail(email) === normalizeEmail(user.email)
  // A confirmed address has nothing to confirm, and a code alone must not sign in.
  return isSame && (purpose === 'reset_password' || user.emailVerifiedAt === null)
}

/** A wrong code. It stays counted. */
async function refuse(
  ctx: Context,
  { id, purpose, userId }: store.MailCode,
  { failuresBefore }: CountedAttempt,
  caller: Caller,
): Promise<never> {
  await inTransaction(ctx, async (tx) => {
    if (failuresBefore + 1 >= tx.options.mailCodeFailuresPerAccount) await store.voidMailCode(tx.db, id)
    const action = purpose as MailCodePurpose
    await record(tx, { action, outcome: 'refused', reason: 'wrong_code', userId }, caller)
  })
  throw new AuthError('invalid_code')
}

function proofOf(row: store.MailCode, user: User): MailboxProof {
  return {
    purpose: row.purpose as MailCodePurpose,
    userId: user.id,
    // A new address as it was entered. The address of the account keeps its spelling, whatever the request had.
    email: row.purpose === 'change_email' ? row.email : user.email,
    isMailed: true,
    take: (tx) => store.takeMailCode(tx.db, row, tx.now()),
    refusal: (cause) => new AuthError('invalid_code', { cause }),
  }
}

async function reset(
  ctx: Context,
  { proof, attempt }: Redeeming,
  newPassword: string,
  caller: Caller,
): Promise<RedeemedCode> {
  const user = await orWithdraw(attempt, () =>
    replacePassword(ctx, proof, newPassword, caller, attempt.succeeded),
  )
  return { next: 'sign_in', user }
}

async function confirmAndSignIn(
  ctx: Context,
  { user, proof, attempt: codeAttempt }: Redeeming,
  { password, transport }: RedeemCodeRequest,
  caller: Caller,
): Promise<SignInResult> {
  const attempt =
    password === undefined
      ? // Refusals of the application stay counted, which limits how often a code can make its hook run.
        { ...codeAttempt, refundFailure: async () => {} }
      : await withPasswordToo(ctx, user, password, codeAttempt, caller)
  if (user.disabledAt !== null || user.passwordCompromisedAt !== null) {
    const reason = user.disabledAt !== null ? 'disabled' : 'password_compromised'
    const event = { action: 'login', outcome: 'refused', reason, userId: user.id } as const
    await refused(ctx, attempt, (tx) => record(tx, event, caller))
    throw reason === 'disabled' ? proof.refusal() : new AuthError(reason)
  }
  const proven = {
    // As the account will be, because the hook of the application sees it before.
    user: { ...user, emailVerifiedAt: ctx.now() },
    method: 'mail_code',
    attempt,
    transport,
    change: async (tx) => void (await confirmAddress(tx, proof, user, asUser(caller, user))),
    refusal: proof.refusal,
  } as const satisfies Parameters<typeof finishSignIn>[1]
  return finishSignIn(ctx, proven, caller)
}

/**
 * Checks the password that a right code needs.
 *
 * @returns One attempt for both.
 * @throws {AuthError} `invalid_credentials`: it is wrong, and the code still works; what `checkPassword` throws.
 */
async function withPasswordToo(
  ctx: Context,
  user: User,
  password: string,
  code: CountedAttempt,
  caller: Caller,
): Promise<CountedAttempt> {
  const check = await orWithdraw(code, () =>
    checkPassword(ctx, { password, email: user.email, account: user }, caller),
  )
  if (!check.isRight) {
    await code.withdraw()
    const event = { action: 'confirm_email', outcome: 'refused', reason: 'wrong_password' } as const
    await refused(ctx, check, (tx) => record(tx, { ...event, userId: user.id }, caller))
    throw new AuthError('invalid_credentials')
  }
  return {
    failuresBefore: check.failuresBefore,
    async succeeded(tx) {
      await code.succeeded(tx)
      await check.succeeded(tx)
    },
    async refundFailure(tx) {
      await code.refundFailure(tx)
      await check.refundFailure(tx)
    },
    refundSignIn: check.refundSignIn,
    keepSignIn: check.keepSignIn,
    async withdraw() {
      await code.withdraw()
      await check.withdraw()
    },
  }
}
