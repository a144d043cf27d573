/** The last part of every way to sign in: the gates, then the session. */
import * as store from '../../db/index.ts'
import type { AuthError } from '../../model/errors.ts'
import type { NextStep } from '../../model/factors.ts'
import type { JsonObject } from '../../model/json.ts'
import type { ProviderSession } from '../../model/providers.ts'
import type { Transport } from '../../model/transport.ts'
import { type Account, accountOf } from '../../model/user.ts'
import { record, textOf } from '../audit/record.ts'
import { asUser, type Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { enqueueDeviceNotice, enqueueMail } from '../delivery/enqueue.ts'
import { NOTABLE_FAILURES } from '../delivery/kinds.ts'
import { findLiveSession } from '../sessions/guards.ts'
import { assertKind, endReplacedSession, type StartedSession, startSession } from '../sessions/start.ts'
import { askApplication } from './application.ts'
import { recognizeDevice, rememberDevice } from './devices.ts'
import { aalOf, firstStop, type GateRefusal, type Proof, type Stop } from './gates.ts'
import { orWithdraw } from './password-check.ts'
import { type AwaitedSignIn, suspend } from './pending.ts'
import type { CountedAttempt } from './throttle.ts'

/** A user who is signed in. */
export type SignedIn<Metadata = JsonObject> = StartedSession & {
  readonly next: 'signed_in'
  readonly user: Account<Metadata>
  /** For the client to keep and to present at its next sign-in. It grants no access. `null` without a secret key. */
  readonly deviceToken: string | null
}

/**
 * What comes next after a step of a sign-in. Check `next`: with `second_factor` and `enrol` nobody is signed in yet, and
 * `sessionToken` is `null`.
 */
export type SignInResult<Metadata = JsonObject> = SignedIn<Metadata> | AwaitedSignIn

/** A proof, and what happens once it is accepted. */
export interface Admission extends Proof {
  readonly attempt: CountedAttempt
  /** How the last factor was proven, for the audit log. */
  readonly reason: 'pwd' | 'mail_code' | 'totp' | 'recovery_code' | 'passkey' | 'fed'
  /** Further details for the audit log. */
  readonly details?: Readonly<Record<string, string>>
  readonly transport?: Transport | undefined
  /** Whether the session outlives the browser. Default `true`. */
  readonly persistent?: boolean | undefined
  /** Where the pages go afterwards, kept while the sign-in waits. */
  readonly returnTo?: string | null | undefined
  /** The session at the provider where the sign-in began. */
  readonly provider?: ProviderSession | null
  /**
   * Prepares what else the sign-in changes. Called unless a gate refuses.
   *
   * @returns The change, in the transaction that starts the session or lets the sign-in wait.
   */
  readonly prepare?: (() => Promise<(tx: TxContext) => Promise<void>>) | undefined
  /** Records the reason, and throws. */
  readonly refuse: (reason: GateRefusal) => Promise<never>
  /** The refusal if the account has changed since its user was read. */
  readonly outdated: () => AuthError
}

const NO_CHANGE = async () => {}

/**
 * Takes a proof through the gates. If it passes all of them, a session starts and replaces the one that the caller
 * presents. If a step is missing, the sign-in waits for it.
 *
 * @throws {AuthError} `refused_by_application`; `internal_error` or `unavailable`: the hook failed; what `refuse` and
 *   the change throw; `outdated`.
 */
export async function admit(ctx: Context, admission: Admission, caller: Caller): Promise<SignInResult> {
  const { user, method, attempt, amr, transport = 'cookie', persistent = true } = admission
  const { returnTo = null, provider = null } = admission
  await orWithdraw(attempt, async () => assertKind(transport, persistent))
  const stop = await orWithdraw(attempt, () => firstStop(ctx, admission))
  if (stop !== null && 'refusal' in stop) return admission.refuse(stop.refusal)
  const change = await orWithdraw(attempt, async () => (await admission.prepare?.()) ?? NO_CHANGE)
  if (stop !== null)
    return orWithdraw(attempt, () =>
      inTransaction(ctx, async (tx) => {
        await change(tx)
        await assertSameStop(tx, admission, stop)
        const awaited = { proof: admission, ...stop, transport, persistent, returnTo, provider }
        const waiting = await suspend(tx, awaited, caller)
        if (waiting === null) throw admission.outdated()
        await attempt.succeeded(tx)
        return waiting
      }),
    )
  await askApplication(ctx, { user, attempt, method }, caller)
  const device = recognizeDevice(ctx, caller, user)
  const session = await orWithdraw(attempt, async () => {
    const replaced = await findLiveSession(ctx, caller)
    return inTransaction(ctx, async (tx) => {
      // Lock both users first: two sign-ins that replace each other's sessions would otherwise deadlock.
      if (replaced !== null && replaced.user.id !== user.id)
        await store.lockUsers(tx.db, [user.id, replaced.user.id])
      await change(tx)
      await assertSameStop(tx, admission, stop)
      const authentication = { amr, aal: aalOf(amr), transport, persistent, provider }
      const started = await startSession(tx, user, authentication, caller)
      if (started === null) throw admission.outdated()
      await recordSignIn(tx, admission, device !== null, caller)
      if (replaced !== null) await endReplacedSession(tx, replaced.session, caller)
      await attempt.succeeded(tx)
      return started
    })
  })
  const deviceToken = rememberDevice(ctx, user, device)
  return { next: 'signed_in', user: accountOf(user), ...session, deviceToken }
}

/**
 * Runs the gates again, on the locked account. It may have changed since: its owner may have set up a second factor, which ended
 * the sessions and the pending sign-ins that existed then.
 */
async function assertSameStop(tx: TxContext, admission: Admission, stop: Stop | null): Promise<void> {
  const user = await store.lockUser(tx.db, admission.user.id)
  const isSame = user !== null && stepOf(await firstStop(tx, { ...admission, user })) === stepOf(stop)
  if (!isSame) throw admission.outdated()
}

function stepOf(stop: Stop | null): GateRefusal | NextStep | null {
  if (stop === null) return null
  return 'refusal' in stop ? stop.refusal : stop.next
}

/** Records a sign-in, and notifies the owner if it follows many failures or comes from a new device. */
async function recordSignIn(
  tx: TxContext,
  { user, reason, details, attempt: { failuresBefore } }: Admission,
  isKnown: boolean,
  caller: Caller,
): Promise<void> {
  const about = { device: isKnown ? 'known' : 'new', failures: failuresBefore, ...details }
  const event = { action: 'login', reason, userId: user.id, details: about } as const
  await record(tx, event, asUser(caller, user))
  const seen = { ip: caller.ip ?? null, device: textOf(caller.userAgent) }
  if (failuresBefore >= NOTABLE_FAILURES)
    await enqueueMail(tx, user, 'signed_in_after_failures', caller, {
      details: { ...seen, failures: failuresBefore },
    })
  else if (!isKnown && tx.keys !== null) await enqueueDeviceNotice(tx, user, caller, seen)
}
