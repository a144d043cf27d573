/** Connects identities at providers to accounts. */
import * as store from '../../db/index.ts'
import { uuidV7 } from '../../lib/random.ts'
import { AuthError, Conflict } from '../../model/errors.ts'
import type { Identification } from '../../model/providers.ts'
import type { User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { type ActingSession, lockUserOf } from '../sessions/guards.ts'

/** An identity, and the provider that vouches for it. */
export interface Vouched {
  readonly provider: store.Provider
  readonly identification: Identification
}

/**
 * Connects an identity to the account of a session. Does nothing if it is connected to it already.
 *
 * @param finish - What else the transaction does, in either case.
 * @throws {AuthError} `identity_taken`: another account has it; `unauthenticated`: the session has ended.
 */
export async function connect(
  ctx: Context,
  { user, session, acting }: ActingSession,
  vouched: Vouched,
  finish: (tx: TxContext) => Promise<void> = async () => {},
): Promise<void> {
  const known = await store.findIdentity(ctx.db, vouched.identification)
  if (known !== null && known.userId !== user.id) throw new AuthError('identity_taken')
  try {
    await inTransaction(ctx, async (tx) => {
      await lockUserOf(tx, session)
      if (known === null) await addIdentityOf(tx, user, vouched, acting)
      await finish(tx)
    })
  } catch (error) {
    // A concurrent request came first.
    throw error instanceof Conflict ? new AuthError('identity_taken', { cause: error }) : error
  }
}

/**
 * Adds an identity to an account. Lock the user first.
 *
 * @param details - `notifies`: whether the owner gets a notice. Default `true`.
 * @throws {Conflict} An account has it.
 */
export async function addIdentityOf(
  tx: TxContext,
  user: User,
  { provider, identification }: Vouched,
  acting: Caller,
  { notifies = true }: { readonly notifies?: boolean } = {},
): Promise<store.Identity> {
  const now = tx.now()
  const { issuer, subject, email, emailVerified } = identification
  const identity = {
    id: uuidV7(now),
    userId: user.id,
    providerId: provider.id,
    issuer,
    subject,
    email,
    emailVerified,
    createdAt: now,
    lastUsedAt: null,
  }
  await store.addIdentity(tx.db, identity)
  const details = { provider: provider.id }
  await record(tx, { action: 'link_identity', userId: user.id, details }, acting)
  if (notifies)
    await enqueueMail(tx, user, 'identity_connected', acting, { details: { name: provider.name } })
  return identity
}
