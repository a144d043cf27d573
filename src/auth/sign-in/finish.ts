/** The end of every way to sign in: the last gate, then the session. */
import * as store from '../../db/index.ts'
import type { AuthError } from '../../model/errors.ts'
import type { Transport } from '../../model/transport.ts'
import { type Account, accountOf, type User } from '../../model/user.ts'
import { record, textOf } from '../audit/record.ts'
import { asUser, type Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { enqueueDeviceNotice, enqueueMail } from '../delivery/enqueue.ts'
import { NOTABLE_FAILURES } from '../delivery/kinds.ts'
import type { SignInAttempt } from '../hooks.ts'
import { findLiveSession } from '../sessions/guards.ts'
import { endReplacedSession, type StartedSession, startSession } from '../sessions/start.ts'
import { askApplication } from './application.ts'
import { recogniseDevice, rememberDevice } from './devices.ts'
import { orWithdraw } from './password-check.ts'
import type { CountedAttempt } from './throttle.ts'

/** What comes next after a step of a sign-in. Further steps will be further members of this union. */
export type SignInResult = StartedSession & {
  readonly next: 'signed_in'
  readonly user: Account
  /** For the client to keep and to present at its next sign-in. It grants no access. `null` without a secret key. */
  readonly deviceToken: string | null
}

/** A user who has proven who they are, behind every gate but the last. */
interface Proven {
  /** As the user will be once `change` is made. */
  readonly user: User
  readonly method: SignInAttempt['method']
  readonly attempt: CountedAttempt
  readonly transport?: Transport | undefined
  /** Whether the session outlives the browser. Default `true`. */
  readonly persistent?: boolean | undefined
  /** What else the sign-in changes, in the transaction that starts the session. */
  readonly change: (tx: TxContext) => Promise<void>
  /** The refusal if the account has changed since its user was read. */
  readonly refusal: () => AuthError
}

/** How the method is recorded in the audit log. */
const REASONS = { password: 'pwd', mail_code: 'mail_code' } as const

/**
 * Asks the application, and starts a session, which replaces the one that the caller presents.
 *
 * @throws {AuthError} `refused_by_application`; `internal_error` or `unavailable`: the hook failed; what `change` throws;
 *   `refusal`: the account was disabled, or its password was changed or marked as compromised since.
 */
export async function finishSignIn(ctx: Context, proven: Proven, caller: Caller): Promise<SignInResult> {
  const { user, method, attempt, transport = 'cookie', persistent = true } = proven
  await askApplication(ctx, { user, attempt, method }, caller)
  const device = recogniseDevice(ctx, caller, user)
  const session = await orWithdraw(attempt, async () => {
    const replaced = await findLiveSession(ctx, caller)
    return inTransaction(ctx, async (tx) => {
      // Before anything else, so that two sign-ins which replace each other's sessions cannot wait for each other for ever.
      if (replaced !== null && replaced.user.id !== user.id)
        await store.lockUsers(tx.db, [user.id, replaced.user.id])
      await proven.change(tx)
      // A code works only in the browser that knows the password, so the password is what the session is worth.
      const started = await startSession(tx, user, { amr: ['pwd'], aal: 1, transport, persistent }, caller)
      if (started === null) throw proven.refusal()
      await recordSignIn(tx, proven, device !== null, caller)
      if (replaced !== null) await endReplacedSession(tx, replaced.session, caller)
      await attempt.succeeded(tx)
      return started
    })
  })
  const deviceToken = rememberDevice(ctx, user, device)
  return { next: 'signed_in', user: accountOf(user), ...session, deviceToken }
}

/** Records a sign-in, and notifies the owner of what they should know about. */
async function recordSignIn(
  tx: TxContext,
  { user, method, attempt: { failuresBefore } }: Proven,
  isKnown: boolean,
  caller: Caller,
): Promise<void> {
  const details = { device: isKnown ? 'known' : 'new', failures: failuresBefore }
  const event = { action: 'login', reason: REASONS[method], userId: user.id, details } as const
  await record(tx, event, asUser(caller, user))
  const seen = { ip: caller.ip ?? null, device: textOf(caller.userAgent) }
  if (failuresBefore >= NOTABLE_FAILURES)
    await enqueueMail(tx, user, 'signed_in_after_failures', caller, {
      details: { ...seen, failures: failuresBefore },
    })
  else if (!isKnown && tx.keys !== null) await enqueueDeviceNotice(tx, user, caller, seen)
}
