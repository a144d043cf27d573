import * as store from '../../db/index.ts'
import { sha256 } from '../../lib/digest.ts'
import { networksOf } from '../../lib/network.ts'
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
   * The password was right: deletes the account's failures and refunds the attempt to the IP address. The sign-in stays
   * counted. The last step of the transaction that the attempt was for, because everywhere the user's row is locked
   * before the counters.
   */
  succeeded(tx: TxContext): Promise<void>
  /** Nobody signed in: refunds the sign-in. A failure stays counted. Also a last step of its transaction. */
  refundSignIn(tx: TxContext): Promise<void>
  /** The attempt was not made: refunds everything. */
  withdraw(): Promise<void>
}

const HOUR_MS = 60 * 60_000
/** Right passwords are counted in windows of this length. */
export const SIGN_IN_WINDOW_MS = 10 * 60_000

/**
 * How often the limit of an IP address holds for its IPv6 networks /64, /56 and /48. The wider ones get more, because they
 * can also hold several customers of a provider.
 */
const NETWORK_FACTORS = [1, 2, 4] as const

const UNCOUNTED: CountedAttempt = {
  failuresBefore: 0,
  succeeded: async () => {},
  refundSignIn: async () => {},
  withdraw: async () => {},
}

/**
 * Counts an attempt, before it is made, under its account and under its IP address, in one transaction. Counting first
 * keeps parallel guesses within the limit (CVE-2024-4629); a right one is refunded. The transaction does not wait for
 * the disk. The next one that does, such as the end of a sign-in, makes it durable too.
 *
 * A password is counted twice: as a failure until it turns out right, and as a sign-in until it turns out wrong. The
 * limit on sign-ins must refuse before the password is checked, or the refusal would tell that it is right.
 *
 * A device that has signed in to the account before has its own counter of failures instead of both, so that strangers
 * cannot keep the owner out. Its sign-ins are counted apart from those of other devices, under the account and the IP
 * address. Not per device: every sign-in can make another known device.
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
  const count = async (tx: TxContext) => {
    const onDevice = device === null ? null : await countOnDevice(tx, device, policies.account)
    const attempt = onDevice ?? (await countOnAccount(tx, { what, who, policies }, caller))
    const isKnown = onDevice !== null
    return {
      attempt,
      signIn: what === 'login' ? await countSignIn(tx, who, { isKnown }, caller) : NO_SIGN_IN,
    }
  }
  const { attempt, signIn } = await inTransaction(ctx, count, { sync: false })
  return {
    failuresBefore: attempt.failuresBefore,
    async succeeded(tx) {
      await signIn.stays(tx)
      await attempt.succeeded(tx)
    },
    refundSignIn: signIn.refund,
    withdraw: () =>
      inTransaction(
        ctx,
        async (tx) => {
          await attempt.refund(tx)
          await signIn.refund(tx)
        },
        { sync: false },
      ),
  }
}

/** A counted attempt, before its transaction is committed. */
interface Counted extends Pick<CountedAttempt, 'failuresBefore' | 'succeeded'> {
  refund(tx: TxContext): Promise<void>
}

// Counters are locked in one order everywhere: first failures, then sign-ins; of each the device, the IP address with
// its wider networks, the account. Otherwise two attempts at once could deadlock.
async function countOnAccount(
  tx: TxContext,
  { what, who, policies }: { what: Throttled; who: Attempter; policies: Policies },
  caller: Caller,
): Promise<Counted> {
  const now = tx.now()
  const byIp: { key: string; attempt: store.Attempt & { allowed: true }; isLast: boolean }[] = []
  for (const { network, factor } of networksIn(caller)) {
    const key = keyOf(what, 'ip', network)
    const policy = { ...policies.ip, freeAttempts: policies.ip.freeAttempts * factor }
    const attempt = await store.takeAttempt(tx.db, key, policy, now)
    if (!attempt.allowed) throw tooManyAttempts(attempt.retryAfterMs)
    byIp.push({ key, attempt, isLast: attempt.count === policy.freeAttempts })
  }

  const accountKey = accountKeyOf(what, who.email)
  const byAccount = await store.takeAttempt(tx.db, accountKey, policies.account, now)
  // Nothing was guessed, so the rollback also uncounts it for the IP address: an account under attack must not use
  // up what its address may try elsewhere.
  if (!byAccount.allowed) throw tooManyAttempts(byAccount.retryAfterMs)
  if (byAccount.count === policies.account.freeAttempts) await recordLimit(tx, what, 'account', who, caller)
  if (byIp.some(({ isLast }) => isLast)) await recordLimit(tx, what, 'address', who, caller)

  const refundIp = async ({ db }: TxContext) => {
    for (const { key, attempt } of byIp) await store.refundAttempt(db, key, attempt)
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

/** A sign-in that was counted before the password was checked. */
interface CountedSignIn {
  /** Somebody signed in. */
  stays(tx: TxContext): Promise<void>
  refund(tx: TxContext): Promise<void>
}

const NO_SIGN_IN: CountedSignIn = { stays: async () => {}, refund: async () => {} }

async function countSignIn(
  tx: TxContext,
  who: Attempter,
  { isKnown }: { isKnown: boolean },
  caller: Caller,
): Promise<CountedSignIn> {
  const { signInsPerAccount, signInsPerIp } = tx.options
  const counters = [
    ...networksIn(caller).map(({ network, factor }) => ({
      of: ['ip', network] as const,
      places: signInsPerIp * factor,
    })),
    { of: ['account', accountIn(who.email)] as const, places: signInsPerAccount },
  ]
  const window = windowOf(tx, SIGN_IN_WINDOW_MS)
  const taken: { key: string; isLast: boolean }[] = []
  for (const { of, places } of counters) {
    const key = signInKeyOf(of, { isKnown, window })
    const count = await store.takePlace(tx.db, key, { places, until: window.end })
    if (count === null) throw tooManyAttempts(window.end.getTime() - tx.now().getTime())
    taken.push({ key, isLast: count === places })
  }
  const ofAccount = taken.at(-1)
  return {
    async stays(ctx) {
      if (ofAccount?.isLast === true) await recordLimit(ctx, 'sign_in', 'account', who, caller)
      if (taken.some((each) => each.isLast && each !== ofAccount))
        await recordLimit(ctx, 'sign_in', 'address', who, caller)
    },
    async refund({ db }) {
      for (const { key } of taken) await store.refundAttempt(db, key, { blockedUntil: 0 })
    },
  }
}

function signInKeyOf(
  of: readonly ['account' | 'ip', string],
  { isKnown, window }: { isKnown: boolean; window: Window },
): string {
  return keyOf('sign_in', isKnown ? 'known' : 'new', String(window.index), ...of)
}

// Once, when it is reached: a line for each attempt behind it would fill the disk at the attacker's speed.
function recordLimit(
  ctx: Context,
  what: Throttled | 'sign_in',
  of: 'account' | 'address',
  who: Attempter,
  caller: Caller,
): Promise<void> {
  const details = { limit: what, of, email: maskEmail(who.email) }
  return record(ctx, { action: 'limit_reached', outcome: 'refused', userId: null, details }, caller)
}

/**
 * Forgets the failures and sign-ins of an account: its owner has proven themselves in another way, or it is another
 * account.
 */
export async function forgetAttempts(ctx: Context, email: string): Promise<void> {
  await store.clearAttempts(ctx.db, accountKeyOf('login', email))
  const window = windowOf(ctx, SIGN_IN_WINDOW_MS)
  for (const isKnown of [true, false])
    await store.clearAttempts(ctx.db, signInKeyOf(['account', accountIn(email)], { isKnown, window }))
}

/** Forgets the failures of many accounts at once. */
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
  const { index, end } = windowOf(ctx, HOUR_MS)
  const key = keyOf('hourly', what, String(index))
  if ((await store.takePlace(ctx.db, key, { places, until: end })) === null) return null
  return { release: () => store.refundAttempt(ctx.db, key, { blockedUntil: 0 }) }
}

/** When the next hour of the clock begins, and with it new places. */
export function nextHour(ctx: Context): Date {
  return windowOf(ctx, HOUR_MS).end
}

/** A fixed span of the clock: the first begins in 1970. */
interface Window {
  readonly index: number
  readonly end: Date
}

function windowOf(ctx: Context, lengthMs: number): Window {
  const index = Math.floor(ctx.now().getTime() / lengthMs)
  return { index, end: new Date((index + 1) * lengthMs) }
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
  return keyOf(what, 'account', accountIn(email))
}

function accountIn(email: string): string {
  // Text that is not an address is counted as it stands: it may be long, and normalising it would be slow.
  return isEmailAddress(email) ? normalizeEmail(email) : email
}

/** The networks of the caller's IP address, each with its {@link NETWORK_FACTORS}. */
function networksIn({ ip }: Caller): { network: string; factor: number }[] {
  if (ip === undefined) return []
  const networks = networksOf(ip)
  // Left out, the limit would not act, and nobody would notice.
  if (networks === null) throw new TypeError('ip is no IP address')
  return networks.map((network, index) => ({ network, factor: NETWORK_FACTORS[index] ?? 1 }))
}

function keyOf(...parts: string[]): string {
  return Buffer.from(sha256(parts.join('\n'))).toString('hex')
}

/** The refusal of an attempt that may be repeated later. */
export function tooManyAttempts(retryAfterMs: number): AuthError {
  return new AuthError('too_many_attempts', { retryAfterSeconds: Math.ceil(retryAfterMs / 1_000) })
}
