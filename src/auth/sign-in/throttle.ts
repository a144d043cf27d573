import * as store from '../../db/index.ts'
import { networksOf } from '../../lib/network.ts'
import { THROTTLED, type Throttled, WAITS } from '../../model/throttled.ts'
import { isEmailAddress, maskEmail, normalizeEmail, type User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { keyOf, tooManyAttempts, type Window, windowOf } from '../quotas.ts'
import { recognizeDevice } from './devices.ts'

/** The account that an attempt is for. */
export interface Attempter {
  /** The address as it was entered, whether or not it has an account. */
  readonly email: string
  /** The account with this address, by which its devices are recognized. */
  readonly account?: Pick<User, 'id' | 'email' | 'passwordVersion'> | null
}

/**
 * An attempt that was counted before it was made. What takes a transaction must be its last step, because the user's
 * row is always locked before the counters.
 */
export interface CountedAttempt {
  /** How many failures came before it. */
  readonly failuresBefore: number
  /** The password was right: deletes the account's failures and refunds the IP address. The sign-in stays counted. */
  succeeded(tx: TxContext): Promise<void>
  /** The password was right, but nobody signed in: refunds the failure. The sign-in stays counted. */
  refundFailure(tx: TxContext): Promise<void>
  /** Nobody signed in: refunds the sign-in. A failure stays counted. */
  refundSignIn(tx: TxContext): Promise<void>
  /** Nobody signed in, but both the failure and the sign-in stay counted. */
  keepSignIn(tx: TxContext): Promise<void>
  /** The attempt was not made: refunds everything. */
  withdraw(): Promise<void>
}

/** Right passwords are counted in windows of this length. */
export const SIGN_IN_WINDOW_MS = 10 * 60_000

/**
 * The limit per IP address is multiplied by these for the IPv6 networks /64, /56 and /48. The wider ones get more,
 * because they can contain several customers of a provider.
 */
const NETWORK_FACTORS = [1, 2, 4] as const

/** The attempts that are guesses: known devices have counters of their own for them. The others send mail. */
const ON_DEVICES: ReadonlySet<Throttled> = new Set(['login', 'mail_code', 'totp', 'recovery_code'])

/** An attempt that nothing limits. */
export const UNCOUNTED: CountedAttempt = {
  failuresBefore: 0,
  succeeded: async () => {},
  refundFailure: async () => {},
  refundSignIn: async () => {},
  keepSignIn: async () => {},
  withdraw: async () => {},
}

/**
 * Counts an attempt, before it is made, under its account and under its IP address, in one transaction. Counting first
 * keeps parallel guesses within the limit (CVE-2024-4629); a right one is refunded. The transaction does not wait for
 * the disk. The next one that does, such as the end of a sign-in, makes it durable too.
 *
 * A password is counted twice: as a failure until it turns out right, and as a sign-in until it turns out wrong. The
 * limit on sign-ins must refuse before the password is checked, or the refusal would reveal that it is right.
 *
 * A device that has signed in to the account before has its own counter of failures, in place of those of the account
 * and the IP address, so that strangers cannot lock the owner out. Sign-ins of known devices are counted separately
 * from others, under the account and the IP address. Not per device, because every sign-in can create another known
 * device.
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
  const device = ON_DEVICES.has(what) ? recognizeDevice(ctx, caller, who.account ?? null) : null
  const count = async (tx: TxContext) => {
    const onDevice = device === null ? null : await countOnDevice(tx, { what, device }, policies.account)
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
    async refundFailure(tx) {
      await signIn.stays(tx)
      await attempt.refund(tx)
    },
    refundSignIn: signIn.refund,
    keepSignIn: signIn.stays,
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
  // No password was checked, so the rollback also refunds the IP address: an account under attack must not use up its
  // attempts at other accounts.
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

/** `null` if the device has failed often enough to lock an account. From then on, it counts as unknown. */
async function countOnDevice(
  tx: TxContext,
  { what, device }: { readonly what: Throttled; readonly device: string },
  policy: store.ThrottlePolicy,
): Promise<Counted | null> {
  const key = keyOf(what, 'device', device)
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
  /** Stays counted. Records that a limit was reached. */
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

// Recorded once, when the limit is reached. A record for each later attempt would let an attacker fill the disk.
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
 * Clears the failures and sign-ins that count against an account. For an owner who has proven themselves in another
 * way, and for an account that did not exist when they were counted.
 */
export async function forgetAttempts(ctx: Context, email: string): Promise<void> {
  await store.clearAttempts(ctx.db, accountKeyOf('login', email))
  const window = windowOf(ctx, SIGN_IN_WINDOW_MS)
  for (const isKnown of [true, false])
    await store.clearAttempts(ctx.db, signInKeyOf(['account', accountIn(email)], { isKnown, window }))
}

/** Clears the failures that count against many accounts. */
export async function forgetFailuresOfAll(tx: TxContext, emails: readonly string[]): Promise<void> {
  await store.clearManyAttempts(
    tx.db,
    emails.map((email) => accountKeyOf('login', email)),
  )
}

/** Which of these addresses have a locked account, each in its normalized form. */
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
  // Text that is not an address is counted unchanged, because normalizing long text is slow.
  return isEmailAddress(email) ? normalizeEmail(email) : email
}

/** The networks of the caller's IP address, each with its {@link NETWORK_FACTORS}. */
function networksIn({ ip }: Caller): { network: string; factor: number }[] {
  if (ip === undefined) return []
  const networks = networksOf(ip)
  // Ignoring it would silently turn the limit off.
  if (networks === null) throw new TypeError('ip is not an IP address')
  return networks.map((network, index) => ({ network, factor: NETWORK_FACTORS[index] ?? 1 }))
}
