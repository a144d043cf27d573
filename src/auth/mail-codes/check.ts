/** The steps that all uses of a code share: find the code that a browser waits for, and check the typed one. */
import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import type { MailCodePurpose } from '../../model/mail-codes.ts'
import { normalizeEmail, type User } from '../../model/user.ts'
import type { MailboxProof } from '../account/mailbox-proof.ts'
import { record } from '../audit/record.ts'
import type { Caller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { orWithdraw } from '../sign-in/password-check.ts'
import { type CountedAttempt, countAttempt } from '../sign-in/throttle.ts'
import { browserHashOf, isCodeOf } from './issue.ts'

/** A code that somebody typed, with the row that it must match. */
export interface TypedCode {
  readonly purpose: MailCodePurpose
  readonly code: string
  readonly row: store.MailCode
}

/** A right code, not used up yet. */
export interface RightCode {
  readonly user: User
  readonly proof: MailboxProof
  /** The caller settles it with `succeeded` or `withdraw`. */
  readonly attempt: CountedAttempt
}

/**
 * Reads a code, and finds the row of the browser that types it.
 *
 * @throws {AuthError} `missing_field` or `invalid_field` with `field`; `invalid_code`: malformed, or the browser waits
 *   for no code. Neither counts as a guess.
 */
export async function findCode(
  ctx: Context,
  purpose: MailCodePurpose,
  typed: unknown,
  caller: Caller,
): Promise<TypedCode> {
  const code = digitsIn(typed)
  const browserHash = browserHashOf(ctx, caller)
  const row = browserHash && (await store.findMailCode(ctx.db, { browserHash, purpose }))
  if (row === null || code === null) throw new AuthError('invalid_code')
  return { purpose, code, row }
}

/** `MAIL_CODE_DIGITS` digits. */
const CODE = /^\d{8}$/

/** The code without spaces, or `null` if it is malformed. */
function digitsIn(typed: unknown): string | null {
  if (typed === undefined || typed === '') throw new AuthError('missing_field', { field: 'code' })
  if (typeof typed !== 'string') throw new AuthError('invalid_field', { field: 'code' })
  const digits = typed.replace(/\s/g, '')
  return CODE.test(digits) ? digits : null
}

/**
 * Counts an attempt, then checks the code. A wrong one stays counted, and the last one allowed also voids the code.
 *
 * @param isAllowed - Whether the account can still use the code.
 * @throws {AuthError} `too_many_attempts`; `invalid_code`.
 */
export async function checkCode(
  ctx: Context,
  { purpose, code, row }: TypedCode,
  isAllowed: (user: User) => boolean,
  caller: Caller,
): Promise<RightCode> {
  const user = await store.findUserById(ctx.db, row.userId ?? store.NO_USER_ID)
  const attempt = await countAttempt(ctx, 'mail_code', attempterOf(row, user), caller)
  const isRight = await orWithdraw(attempt, async () => isCodeOf(ctx, row, code))
  if (!isRight || user === null || !isAllowed(user)) return refuse(ctx, purpose, row, attempt, caller)
  return { user, proof: proofOf(purpose, row, user), attempt }
}

/** Whether a code was mailed to the address that the account still has. */
export function isMailedTo({ row }: TypedCode, user: User): boolean {
  return normalizeEmail(row.email) === normalizeEmail(user.email)
}

/** Wrong codes are counted by address, whether or not it has an account, or by browser if the address was malformed. */
function attempterOf({ email, browserHash }: store.MailCode, account: User | null) {
  return { email: email || Buffer.from(browserHash).toString('hex'), account }
}

async function refuse(
  ctx: Context,
  action: MailCodePurpose,
  { id, userId }: store.MailCode,
  { failuresBefore }: CountedAttempt,
  caller: Caller,
): Promise<never> {
  await inTransaction(ctx, async (tx) => {
    if (failuresBefore + 1 >= tx.options.mailCodeFailuresPerAccount) await store.voidMailCode(tx.db, id)
    await record(tx, { action, outcome: 'refused', reason: 'wrong_code', userId }, caller)
  })
  throw new AuthError('invalid_code')
}

function proofOf(purpose: MailCodePurpose, row: store.MailCode, user: User): MailboxProof {
  return {
    purpose,
    userId: user.id,
    // A new address as it was entered. The account's own address keeps its spelling.
    email: purpose === 'change_email' ? row.email : user.email,
    isMailed: true,
    take: (tx) => store.takeMailCode(tx.db, row, tx.now()),
    refusal: (cause) => new AuthError('invalid_code', { cause }),
  }
}
