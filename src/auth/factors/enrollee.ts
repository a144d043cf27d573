/** Who may set up a second factor: a user with a strong session, or one whose sign-in waits for a set-up. */
import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import type { Factor } from '../../model/factors.ts'
import type { JsonObject } from '../../model/json.ts'
import type { User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import { asUser, type Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { enqueueMail } from '../delivery/enqueue.ts'
import { type LiveSession, requireStrongSession } from '../sessions/guards.ts'
import { revokeOthers } from '../sessions/revoke.ts'
import type { RenewedSession } from '../sessions/start.ts'
import { admit, type SignedIn } from '../sign-in/admit.ts'
import { resumption } from '../sign-in/continue.ts'
import { findLive, type LivePending } from '../sign-in/pending.ts'
import { renewSession } from '../sign-in/renew.ts'
import { UNCOUNTED } from '../sign-in/throttle.ts'
import { combined } from './proven.ts'
import { newRecoveryCodes } from './recovery-codes.ts'
import { factorsOf } from './state.ts'

/** A user who may set up a factor, with the session or the pending sign-in that allows it. */
export type Enrollee = {
  readonly user: User
  /** The caller, acting as the user. */
  readonly acting: Caller
} & (
  | { readonly live: LivePending; readonly session: null }
  | { readonly live: null; readonly session: LiveSession['session'] }
)

/** What setting up a factor leads to. */
export interface Enrolled<Metadata = JsonObject> {
  /** Ten recovery codes, if this enabled the second factor and the account has none yet. They are shown only once. */
  readonly recoveryCodes: readonly string[] | null
  /** The new session, if a sign-in waited for the factor. */
  readonly signedIn: SignedIn<Metadata> | null
  /** Otherwise the session with the new factor that replaces the caller's, whose token stops working. */
  readonly renewed: RenewedSession<Metadata> | null
}

/**
 * Finds the user who may set up a factor. A sign-in that waits for one takes precedence over a session: it began later.
 *
 * @throws {AuthError} `unauthenticated`; `second_factor_required` or `reauthentication_required`, with `accepts`.
 */
export async function requireEnrollee(ctx: Context, caller: Caller): Promise<Enrollee> {
  const live = await findLive(ctx, caller)
  if (live?.pending.next === 'enrol')
    return { user: live.user, acting: asUser(caller, live.user), live, session: null }
  const { user, session, acting } = await requireStrongSession(ctx, caller)
  return { user, acting, live: null, session }
}

/** A factor that is proven but not stored yet. */
interface NewFactor {
  readonly factor: Exclude<Factor, 'recovery_code'>
  /** The methods that the proof adds, as in RFC 8176. */
  readonly amr: readonly string[]
  readonly enables: boolean
  readonly details: Readonly<Record<string, string>>
  readonly mailDetails?: Readonly<Record<string, string>>
  store(tx: TxContext): Promise<void>
}

/**
 * Stores a new factor, with recovery codes if it is the first one. It counts at once: the sign-in that waited for it is
 * finished, or the caller's session is renewed. The other sessions of the user end. The owner gets a notice.
 *
 * @throws {AuthError} What storing the factor throws; what `admit` throws; `unauthenticated`: the session has ended.
 */
export async function enrol(
  ctx: Context,
  { user, acting, live, session }: Enrollee,
  added: NewFactor,
): Promise<Enrolled> {
  const { recoveryCodes } = await factorsOf(ctx, user.id)
  const needsCodes = recoveryCodes.length === 0 && (added.enables || live !== null)
  const codes = needsCodes ? await newRecoveryCodes(ctx) : null
  const change = async (tx: TxContext) => {
    await store.lockUser(tx.db, user.id)
    await added.store(tx)
    await codes?.save(tx, user.id)
    if (added.enables && user.secondFactorEnabledAt === null)
      await store.updateSecondFactor(tx.db, user.id, { enabledAt: tx.now() })
    await revokeOthers(tx, user.id, session)
    const { factor, details } = added
    await record(tx, { action: 'add_factor', reason: factor, userId: user.id, details }, acting)
    await enqueueMail(tx, user, `${factor}_added`, acting, { details: added.mailDetails ?? {} })
  }
  if (live === null) {
    const renewed = await inTransaction(ctx, async (tx) => {
      await change(tx)
      return renewSession(tx, { user, session }, added.amr, acting)
    })
    return { recoveryCodes: codes?.codes ?? null, signedIn: null, renewed }
  }
  const amr = combined(live.pending.amr, added.amr)
  const admission = {
    ...resumption(live, change, acting),
    amr,
    attempt: UNCOUNTED,
    reason: added.factor,
    details: added.details,
  } as const
  const result = await admit(ctx, admission, acting)
  // Not reached, or the recovery codes would be stored and never shown: the factor opens every gate. An app would not
  // under the policy `passkey`, but is refused before (`requireTotpEnrollee`).
  if (result.next !== 'signed_in') throw new AuthError('pending_login_required')
  return { recoveryCodes: codes?.codes ?? null, signedIn: result, renewed: null }
}
