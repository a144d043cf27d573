import * as store from '../../db/index.ts'
import { sha256 } from '../../lib/digest.ts'
import { networkOf } from '../../lib/network.ts'
import { AuthError } from '../../model/errors.ts'
import { THROTTLED, type Throttled, WAITS } from '../../model/throttled.ts'
import { isEmailAddress, maskEmail, normalizeEmail, type User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { recogniseDevice } from './devices.ts'

/** Whose attempt it is. Either limit alone refuses. */
export interface Attempter {
  /** The account as it was named, whether it exists or not. */
  readonly email: string
  /** The account that it is, where there is one: to know its devices by. */
  readonly account?: Pick<User, 'id' | 'email' | 'passwordVersion'> | null
}

/** An attempt that was counted before it was made. */
export interface CountedAttempt {
  /** How many failures came before it. */
  readonly failuresBefore: number
  /**
   * It was right: the account starts again at nothing, the address gets this one attempt back. The last step of the
   * transaction that the attempt was for, because everywhere the user's row is locked before the counters.
   */
  succeeded(tx: TxContext): Promise<void>
  /** It was not made: both get it back. */
  withdraw(): Promise<void>
}

const HOUR_MS = 60 * 60_000

const UNCOUNTED: CountedAttempt = {
  failuresBefore: 0,
  succeeded: async () => {},
  withdraw: async () => {},
}

/**
 * Counts an attempt, before it is made, under its account and under its IP address, in one transaction. Counting
 * first is what keeps parallel guesses within the limit (CVE-2024-4629); whoever was right is given it back. The
 * transaction does not wait for the disk. The next one that does, such as the end of a sign-in, makes it durable too.
 *
 * A device that the account was signed in to before has a counter of its own in place of both, so that
 * strangers cannot keep the owner out.
 *
 * @throws {AuthError} `too_many_attempts` with `retryAfterSeconds`, whether the account exists or not.
 */
export async function countAttempt(
  ctx: Context,
  what: Throttled,
  who: Attempter,
  caller: Caller,
): Promise<CountedAttempt> {
  const policies = policiesOf(ctx, what)
  if (!ctx.options.throttle || policies.ip.freeAttempts === 0) return UNCOUNTED
  const device = what === 'login' ? recogniseDevice(ctx, caller, who.account ?? null) : null
  const count = async (tx: TxContext) =>
    (device === null ? null : await countOnDevice(tx, device, policies.account)) ??
    (await countOnAccount(tx, { what, who, policies }, caller))
  const attempt = await inTransaction(ctx, count, { sync: false })
  return {
    failuresBefore: attempt.failuresBefore,
    succeeded: attempt.succeeded,
    withdraw: () => inTransaction(ctx, (tx) => attempt.refund(tx), { sync: false }),
  }
}

/** A counted attempt, before its transaction is committed. */
interface Counted extends Pick<CountedAttempt, 'failuresBefore' | 'succeeded'> {
  refund(tx: TxContext): Promise<void>
}

// Counters are locked in one order everywhere: device, IP address, account. Otherwise two attempts at once could wait
// for each other.
async function countOnAccount(
  tx: TxContext,
  { what, who, policies }: { what: Throttled; who: Attempter; policies: Policies },
  caller: Caller,
): Promise<Counted> {
  const now = tx.now()
  const ipKey = ipKeyOf(what, caller.ip)
  const byIp = ipKey && (await store.takeAttempt(tx.db, ipKey, policies.ip, now))
  if (byIp && !byIp.allowed) throw tooManyAttempts(byIp.retryAfterMs)

  const accountKey = accountKeyOf(what, who.email)
  const byAccount = await store.takeAttempt(tx.db, accountKey, policies.account, now)
  // Nothing was guessed, so the rollback also uncounts it for the IP address: an account under attack must not use
  // up what its address may try elsewhere.
  if (!byAccount.allowed) throw tooManyAttempts(byAccount.retryAfterMs)
  if (byAccount.count === policies.account.freeAttempts) await recordLimit(tx, what, 'account', who, caller)
  if (byIp && byIp.count === policies.ip.freeAttempts) await recordLimit(tx, what, 'address', who, caller)

  const refundIp = async ({ db }: TxContext) => {
    if (byIp) await store.refundAttempt(db, ipKey, byIp)
  }
  return {
    failuresBefore: byAccount.count - 1,
    async succeeded(tx) {
      await refundIp(tx)
      await store.clearAttempts(tx.db, accountKey)
    },
    async refund(tx) {
      await refundIp(tx)
      await store.refundAttempt(tx.db, accountKey, byAccount)
    },
  }
}

/** `null` where the device has failed as often as an account may: it is like any other from then on. */
async function countOnDevice(
  tx: TxContext,
  device: string,
  policy: store.ThrottlePolicy,
): Promise<Counted | null> {
  const key = keyOf('login', 'device', device)
  const attempt = await store.takeAttempt(tx.db, key, policy, tx.now())
  if (attempt.allowed) {
    return {
      failuresBefore: attempt.count - 1,
      succeeded: ({ db }) => store.clearAttempts(db, key),
      refund: ({ db }) => store.refundAttempt(db, key, attempt),
    }
  }
  if (attempt.isLocked) return null
  throw tooManyAttempts(attempt.retryAfterMs)
}

// Once, when it is reached: a line for each attempt behind it would fill the disk at the attacker's speed.
function recordLimit(
  ctx: Context,
  what: Throttled,
  of: 'account' | 'address',
  who: Attempter,
  caller: Caller,
): Promise<void> {
  const details = { limit: what, of, email: maskEmail(who.email) }
  return record(ctx, { action: 'limit_reached', outcome: 'refused', userId: null, details }, caller)
}

/** Lets an account start again at nothing: its owner has proven themselves in another way, or it is another account. */
export async function forgetFailures(ctx: Context, email: string): Promise<void> {
  await store.clearAttempts(ctx.db, accountKeyOf('login', email))
}

/** The same for many accounts at once. */
export async function forgetFailuresOfAll(tx: TxContext, emails: readonly string[]): Promise<void> {
  await store.clearManyAttempts(
    tx.db,
    emails.map((email) => accountKeyOf('login', email)),
  )
}

/** Those of these addresses whose account is locked, each in its normal form. */
export async function findLockedAccounts(
  ctx: Context,
  emails: readonly string[],
): Promise<ReadonlySet<string>> {
  const lockAfter = ctx.options.loginFailuresUntilLock
  if (!ctx.options.throttle || lockAfter === 0) return new Set()
  const byKey = new Map(emails.map((email) => [accountKeyOf('login', email), normalizeEmail(email)]))
  const locked = await store.findLocked(ctx.db, [...byKey.keys()], { lockAfter, now: ctx.now() })
  return new Set(locked.flatMap((key) => byKey.get(key) ?? []))
}

/** A place among those that an hour has. */
export interface Place {
  /** Gives it back. */
  release(): Promise<void>
}

/**
 * Takes one of the places that something has in each hour of the clock, or `null` where none is left.
 *
 * @param what - Names what is counted.
 */
export async function takeHourlyPlace(ctx: Context, what: string, places: number): Promise<Place | null> {
  if (!ctx.options.throttle) return { release: async () => {} }
  const hour = Math.floor(ctx.now().getTime() / HOUR_MS)
  const key = keyOf('hourly', what, String(hour))
  const until = new Date((hour + 1) * HOUR_MS)
  if (!(await store.takePlace(ctx.db, key, { places, until }))) return null
  return { release: () => store.refundAttempt(ctx.db, key, { blockedUntil: 0 }) }
}

/** When the next hour of the clock begins, and with it new places. */
export function nextHour(ctx: Context): Date {
  return new Date((Math.floor(ctx.now().getTime() / HOUR_MS) + 1) * HOUR_MS)
}

/**
 * When something that happens once in a while may happen again: now, or at the end of the pause.
 *
 * @param what - Names what happens.
 */
export async function endOfPause(ctx: Context, what: string, pauseMs: number): Promise<Date> {
  const now = ctx.now()
  const end = await store.findPauseEnd(ctx.db, keyOf('pause', what))
  // A pause that lies further ahead than any we start was started under another clock: it does not count.
  return end !== null && end > now && end.getTime() <= now.getTime() + pauseMs ? end : now
}

/** Starts the pause. Gives its end. */
export async function startPause(ctx: Context, what: string, pauseMs: number): Promise<Date> {
  const end = new Date(ctx.now().getTime() + pauseMs)
  await store.startPause(ctx.db, keyOf('pause', what), end)
  return end
}

type Policies = Readonly<Record<'account' | 'ip', store.ThrottlePolicy>>

function policiesOf(ctx: Context, what: Throttled): Policies {
  const { account, ip, forgetAfterMs } = THROTTLED[what]
  const waits = { firstWaitMs: WAITS.firstMs, longestWaitMs: WAITS.longestMs, forgetAfterMs }
  const lockAfter = what === 'login' ? ctx.options.loginFailuresUntilLock : 0
  return {
    account: { freeAttempts: ctx.options[account], lockAfter, ...waits },
    ip: { freeAttempts: ctx.options[ip], ...waits },
  }
}

function accountKeyOf(what: Throttled, email: string): string {
  // Text that is not an address is counted as it stands: it may be long, and normalising it would be slow.
  return keyOf(what, 'account', isEmailAddress(email) ? normalizeEmail(email) : email)
}

function ipKeyOf(what: Throttled, ip: string | undefined): string | null {
  if (ip === undefined) return null
  const network = networkOf(ip)
  // Left out, the limit would not act, and nobody would notice.
  if (network === null) throw new TypeError('ip is no IP address')
  return keyOf(what, 'ip', network)
}

function keyOf(...parts: string[]): string {
  return Buffer.from(sha256(parts.join('\n'))).toString('hex')
}

/** The refusal of an attempt that may be repeated later. */
export function tooManyAttempts(retryAfterMs: number): AuthError {
  return new AuthError('too_many_attempts', { retryAfterSeconds: Math.ceil(retryAfterMs / 1_000) })
}
