/** Sign-ins that wait for a second factor. */
import * as store from '../../db/index.ts'
import { mintBearer, parseBearer } from '../../lib/bearer.ts'
import { equalInConstantTime } from '../../lib/digest.ts'
import { AuthError } from '../../model/errors.ts'
import { type Factor, type NextStep, PENDING_LIFETIME_SECONDS } from '../../model/factors.ts'
import type { ProviderSession } from '../../model/providers.ts'
import type { Transport } from '../../model/transport.ts'
import type { User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import { asUser, type Caller } from '../caller.ts'
import { type Context, secondsAfter, type TxContext } from '../context.ts'
import { enqueueSecondFactorNotice } from '../delivery/enqueue.ts'
import { recognizeDevice } from './devices.ts'
import type { Proof } from './gates.ts'

/** How many sign-ins of an account can wait at once. */
const PENDING_PER_USER = 5

/** How long after the end of a pending sign-in its owner gets a notice. */
const NOTICE_DELAY_SECONDS = 60

/** A sign-in that needs another step. Nobody is signed in yet, and the session that the caller presents stays. */
export interface AwaitedSignIn {
  readonly next: NextStep
  /** What can prove the second factor, last used first. Empty for `enrol`. */
  readonly methods: readonly Factor[]
  /** For the client to present with the next step. Opaque, 80 characters. It grants nothing else. */
  readonly loginToken: string
  /** When the sign-in must begin again. */
  readonly expiresAt: Date
  /** How the client will present the session token. */
  readonly transport: Transport
  readonly sessionToken: null
  readonly deviceToken: null
}

/** A sign-in that waits, with its user. */
export interface LivePending {
  readonly pending: store.PendingSignIn
  readonly user: User
}

/** What a sign-in remembers while it waits. */
interface Awaited {
  readonly proof: Proof
  readonly next: NextStep
  readonly methods: readonly Factor[]
  readonly transport: Transport
  readonly persistent: boolean
  readonly returnTo: string | null
  /** The session at the provider where the sign-in began. */
  readonly provider: ProviderSession | null
}

/**
 * Makes a sign-in wait. Its owner gets a notice if it is not finished, unless the device is known. Replaces a waiting
 * sign-in of the same user that the caller presents.
 *
 * @returns `null` if the account has changed since its user was read.
 */
export async function suspend(
  tx: TxContext,
  { proof, next, methods, transport, persistent, returnTo, provider }: Awaited,
  caller: Caller,
): Promise<AwaitedSignIn | null> {
  const { user, method, amr } = proof
  const locked = await store.lockUser(tx.db, user.id)
  if (locked === null || locked.passwordVersion !== user.passwordVersion || locked.email !== user.email)
    return null
  const earlier = await findLive(tx, caller)
  const replaced = earlier?.pending.userId === user.id ? earlier.pending : null
  if (replaced !== null) await store.takePendingSignIn(tx.db, replaced.id)
  const now = tx.now()
  const { value, id, secretHash } = mintBearer(now)
  const expiresAt = secondsAfter(now, PENDING_LIFETIME_SECONDS)
  const isKnown = recognizeDevice(tx, caller, user) !== null
  // Keep the notice of a replaced sign-in, or starting again and again would postpone it for ever.
  const noticeId = replaced?.noticeId ?? (isKnown ? null : await noticeOf(tx, user, { expiresAt }, caller))
  const { passwordVersion } = user
  const row = { id, secretHash, userId: user.id, next, method, amr, passwordVersion, persistent, transport }
  await store.addPendingSignIn(
    tx.db,
    { ...row, returnTo, noticeId, provider, createdAt: now, expiresAt },
    PENDING_PER_USER,
  )
  await record(tx, { action: 'begin_sign_in', reason: next, userId: user.id }, asUser(caller, user))
  return { next, methods, loginToken: value, expiresAt, transport, sessionToken: null, deviceToken: null }
}

/**
 * Removes a finished sign-in and its notice. Other pending sign-ins of the account still cause one.
 *
 * @returns `false` if it is gone.
 */
export async function finish(
  tx: TxContext,
  { pending, user }: LivePending,
  caller: Caller,
): Promise<boolean> {
  if (!(await store.takePendingSignIn(tx.db, pending.id))) return false
  if (pending.noticeId === null) return true
  await store.deleteMail(tx.db, pending.noticeId)
  // The notice was also for these.
  const [rest] = await store.listPendingSignIns(tx.db, user.id)
  if (rest !== undefined && rest.noticeId === null)
    await store.setPendingNotice(tx.db, rest.id, await noticeOf(tx, user, rest, caller))
  return true
}

function noticeOf(
  tx: TxContext,
  user: User,
  { expiresAt }: Pick<store.PendingSignIn, 'expiresAt'>,
  caller: Caller,
): Promise<string | null> {
  return enqueueSecondFactorNotice(tx, user, caller, { due: secondsAfter(expiresAt, NOTICE_DELAY_SECONDS) })
}

/**
 * Finds the pending sign-in of the caller.
 *
 * @param next - What it must wait for. Default: anything.
 * @throws {AuthError} `pending_login_required`: there is none, or it waits for something else.
 */
export async function requirePending(ctx: Context, caller: Caller, next?: NextStep): Promise<LivePending> {
  const found = await findLive(ctx, caller)
  if (found === null || (next !== undefined && found.pending.next !== next))
    throw new AuthError('pending_login_required')
  return found
}

/** Finds the pending sign-in of the caller, or `null`. */
export async function findLive(ctx: Context, { loginToken }: Caller): Promise<LivePending | null> {
  const bearer = typeof loginToken === 'string' ? parseBearer(loginToken) : null
  const pending = bearer && (await store.findPendingSignIn(ctx.db, bearer.id))
  if (!bearer || !pending || !equalInConstantTime(pending.secretHash, bearer.secretHash)) return null
  const user = await store.findUserById(ctx.db, pending.userId)
  if (user === null || pending.expiresAt <= ctx.now()) return null
  return user.passwordVersion === pending.passwordVersion && user.disabledAt === null
    ? { pending, user }
    : null
}
