/** Proof of access to a mailbox, by a mailed link or code, and the changes that it allows. */
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

/** A mailed secret that is valid and not used up yet. */
export interface MailboxProof {
  readonly purpose: store.TokenPurpose
  readonly userId: number
  /** The address that it was mailed to. */
  readonly email: string
  /** Whether it can only have come by mail, and so proves access to the mailbox. */
  readonly isMailed: boolean
  /** Uses it up. Of several concurrent callers, exactly one gets `true`. */
  take(tx: TxContext): Promise<boolean>
  /** The error if it is no longer valid. */
  refusal(cause?: unknown): AuthError
}

/** Makes a proof of a token. */
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
 * Confirms the address of a proof, and voids the other links and codes for the same purpose. If the address is a new
 * one, it replaces the old one, every token is void, and the old address gets a notice.
 *
 * @param seen - The user as read when the proof was found valid.
 */
export async function confirmAddress(
  tx: TxContext,
  proof: MailboxProof,
  seen: User,
  caller: Caller,
): Promise<User> {
  // An unconfirmed account with the new address is removed, because the caller has shown that they read its mail.
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
    await store.voidMailCodesOf(tx.db, user.id, ['confirm_email', 'registration'])
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
 * Sets a new password with a proof, which is used up in the same transaction. Every other token and code of the account
 * is void, and with `options.resetEndsSessions` every session ends. The address of the account gets a notice. Clears
 * the failed sign-ins.
 *
 * @param settle - What else the transaction does, as its last step.
 * @throws {AuthError} What {@link assertNewPassword} throws; `password_breached` also if a compromised password is set
 *   again; the refusal of the proof.
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
    // A mailed secret proves access to the mailbox, so it confirms the address too.
    if (proof.isMailed && locked.emailVerifiedAt === null) {
      await store.confirmEmail(tx.db, userId, locked.email, tx.now())
      // A stranger may have registered the address through a provider.
      await store.deleteIdentitiesOf(tx.db, userId)
    }
    if (tx.options.resetEndsSessions) await revokeSessionsAndTokens(tx, userId)
    else await revokeTokens(tx, userId)
    await record(tx, { action: 'reset_password', userId }, asUser(caller, locked))
    await enqueueMail(tx, locked, 'password_changed', caller)
    // The owner has proven themselves, so failed attempts by others must not lock them out.
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
