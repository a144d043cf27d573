/** What proves access to a mailbox, a link or a code, and what it does. */
import * as store from '../../db/index.ts'
import { AuthError, Conflict } from '../../model/errors.ts'
import { type Account, accountOf, maskEmail, normalizeEmail, type User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import { asUser, type Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { assertNewPassword } from '../passwords/password.ts'
import { revokeSessionsAndTokens, revokeTokens } from '../sessions/revoke.ts'
import { forgetAttempts } from '../sign-in/throttle.ts'
import { removeAccount } from './removal.ts'

/** A mailed secret that was found valid, and is not used up yet. */
export interface MailboxProof {
  readonly purpose: store.TokenPurpose
  readonly userId: number
  /** The address that it was mailed to. */
  readonly email: string
  /** Whether it certainly came by mail. */
  readonly isMailed: boolean
  /** Uses it up. Of several concurrent callers, exactly one gets `true`. */
  take(tx: TxContext): Promise<boolean>
  /** The refusal if it is no longer valid. */
  refusal(cause?: unknown): AuthError
}

/** The proof that a token is. */
export function proofOf(
  token: store.Token,
  code: 'invalid_confirmation_token' | 'invalid_reset_token',
  isMailed = true,
): MailboxProof {
  const { purpose, userId, email } = token
  return {
    purpose,
    userId,
    email,
    isMailed,
    take: (tx) => store.takeToken(tx.db, token, tx.now()),
    refusal: (cause) => new AuthError(code, { cause }),
  }
}

/**
 * Confirms the address of a proof. Voids the other links and codes for the same purpose, or, if the address is a new one,
 * every token, and notifies the old address.
 *
 * @param seen - The user as it was when the proof was found valid.
 */
export async function confirmAddress(
  tx: TxContext,
  proof: MailboxProof,
  seen: User,
  caller: Caller,
): Promise<User> {
  // An account that never confirmed a new address gives way to the person who reads its mail.
  const other = proof.purpose === 'change_email' ? await store.findUserByEmail(tx.db, proof.email) : null
  if (other !== null) await store.lockUsers(tx.db, [seen.id, other.id])
  const user = await store.lockUser(tx.db, seen.id)
  const isAsSeen = user?.passwordVersion === seen.passwordVersion && user.disabledAt === null
  if (!isAsSeen || !(await proof.take(tx))) throw proof.refusal()
  const isOwn = normalizeEmail(proof.email) === normalizeEmail(user.email)
  if (proof.purpose === 'confirm_email' && !isOwn) throw proof.refusal()
  const unconfirmed = other === null || isOwn ? null : await store.lockUnconfirmedUser(tx.db, proof.email)
  if (unconfirmed !== null) await removeAccount(tx, unconfirmed, caller, 'address_confirmed')
  try {
    await store.confirmEmail(tx.db, user.id, proof.email, tx.now())
  } catch (error) {
    throw error instanceof Conflict ? proof.refusal(error) : error
  }
  if (proof.purpose === 'confirm_email') {
    // Other links and codes that confirm the same address have served their purpose.
    await store.deleteTokensFor(tx.db, user.id, 'confirm_email')
    await store.deleteMailCodesFor(tx.db, user.id, ['confirm_email', 'registration'])
    await record(tx, { action: 'confirm_email', userId: user.id }, caller)
  } else {
    // Links sent to the old address must stop working.
    await revokeTokens(tx, user.id)
    await record(tx, { action: 'change_email', userId: user.id }, caller)
    const details = { newEmail: maskEmail(proof.email) }
    await enqueueMail(tx, user, 'email_changed', caller, { email: user.email, details })
  }
  return { ...user, email: proof.email, emailVerifiedAt: tx.now() }
}

/**
 * Sets a new password with a proof, which is used up in the same transaction. Every other token and code of the account is
 * void, and with `options.resetEndsSessions` every session ends. Its address gets a notice. Clears the failed sign-ins.
 *
 * @param settle - What else the transaction does, as its last step.
 * @throws {AuthError} What the password policy refuses; `password_breached` also if a compromised password is set again;
 *   the refusal of the proof.
 */
export async function replacePassword(
  ctx: Context,
  proof: MailboxProof,
  newPassword: string,
  caller: Caller,
  settle: (tx: TxContext) => Promise<void> = async () => {},
): Promise<Account> {
  await assertNewPassword(ctx, newPassword, { field: 'newPassword', email: proof.email })
  await assertReplaced(ctx, proof, newPassword)
  const hashedPassword = await ctx.hasher.hash(newPassword)
  const user = await inTransaction(ctx, async (tx) => {
    const { userId } = proof
    const locked = await store.lockUser(tx.db, userId)
    const isSame = locked !== null && normalizeEmail(locked.email) === normalizeEmail(proof.email)
    const isTaken = isSame && locked.disabledAt === null && (await proof.take(tx))
    if (!isTaken) throw proof.refusal()
    await store.updateUser(tx.db, userId, { hashedPassword })
    // What came by mail proves access to the mailbox.
    if (proof.isMailed && locked.emailVerifiedAt === null) {
      await store.confirmEmail(tx.db, userId, locked.email, tx.now())
      // A stranger may have registered the address with an account at a provider.
      await store.deleteIdentitiesOf(tx.db, userId)
    }
    if (tx.options.resetEndsSessions) await revokeSessionsAndTokens(tx, userId)
    else await revokeTokens(tx, userId)
    await record(tx, { action: 'reset_password', userId }, asUser(caller, locked))
    await enqueueMail(tx, locked, 'password_changed', caller)
    // The proof shows ownership, so attempts of others must not lock the owner out.
    await forgetAttempts(tx, locked.email)
    await settle(tx)
    return store.findUserBy(tx.db, { id: userId })
  })
  return accountOf(user)
}

/** A compromised password must not be reset to itself. */
async function assertReplaced(ctx: Context, { userId }: MailboxProof, newPassword: string): Promise<void> {
  const user = await store.findUserById(ctx.db, userId)
  if (user === null || user.passwordCompromisedAt === null) return
  if (await ctx.hasher.verify(newPassword, user.hashedPassword))
    throw new AuthError('password_breached', { field: 'newPassword' })
}
