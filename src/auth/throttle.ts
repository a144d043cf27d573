import * as store from '../db/index.ts'
import { AuthError } from '../errors.ts'
import { sha256 } from '../lib/digest.ts'
import { networkOf } from '../lib/network.ts'
import { normalizeEmail } from '../user.ts'
import type { Context } from './context.ts'

/** What is limited. */
export type Throttled = 'login' | 'reset_request'

/** Whose attempt it is. Either limit alone refuses. */
export interface Attempter {
  /** The account as it was named, whether it exists or not. */
  readonly email: string
  /** Absent where the caller does not know it: then the account's limit acts alone. */
  readonly ip?: string | undefined
}

/** An attempt that was counted before it was made. */
export interface CountedAttempt {
  /** It was right: the account starts again at nothing, the address gets this one attempt back. */
  succeeded(): Promise<void>
}

const SECOND_MS = 1_000
const FIRST_WAIT_MS = SECOND_MS
/** The longest wait. (Who gets the one attempt behind it is whoever asks first: docs/throttling.md.) */
const LONGEST_WAIT_MS = 15 * 60 * SECOND_MS
const HOUR_MS = 60 * 60 * SECOND_MS

/** The options with the free attempts, and how long a counter that rests is kept. */
const LIMITS = {
  login: {
    account: 'loginFailuresPerAccount',
    ip: 'loginFailuresPerIp',
    forgetAfterMs: 24 * HOUR_MS,
  },
  reset_request: {
    account: 'resetRequestsPerAccount',
    ip: 'resetRequestsPerIp',
    forgetAfterMs: HOUR_MS,
  },
} as const satisfies Record<Throttled, object>

/**
 * Counts an attempt, before it is made, under its account and under its IP address. Counting first is what
 * keeps parallel guesses within the limit (CVE-2024-4629); whoever was right is given it back.
 *
 * @throws {AuthError} `too_many_attempts` with `retryAfterSeconds`, whether the account exists or not.
 */
export async function countAttempt(ctx: Context, what: Throttled, who: Attempter): Promise<CountedAttempt> {
  if (!ctx.options.throttle) return { succeeded: async () => {} }
  const now = ctx.now()
  const policies = policiesOf(ctx, what)
  const ipKey = ipKeyOf(what, who.ip)

  const byIp = ipKey && (await store.takeAttempt(ctx.db, ipKey, policies.ip, now))
  if (byIp && !byIp.allowed) throw tooManyAttempts(byIp.retryAfterMs)

  const accountKey = accountKeyOf(what, who.email)
  const byAccount = await store.takeAttempt(ctx.db, accountKey, policies.account, now)
  if (!byAccount.allowed) {
    // Nothing was guessed: an account under attack must not use up what its address may try elsewhere.
    if (byIp) await store.refundAttempt(ctx.db, ipKey, byIp)
    throw tooManyAttempts(byAccount.retryAfterMs)
  }

  return {
    async succeeded() {
      await store.clearAttempts(ctx.db, accountKey)
      if (byIp) await store.refundAttempt(ctx.db, ipKey, byIp)
    },
  }
}

/** Lets an account start again at nothing: its owner has proven themselves in another way. */
export async function forgetFailures(ctx: Context, email: string): Promise<void> {
  await store.clearAttempts(ctx.db, accountKeyOf('login', email))
}

function policiesOf(ctx: Context, what: Throttled): Record<'account' | 'ip', store.ThrottlePolicy> {
  const { account, ip, forgetAfterMs } = LIMITS[what]
  const waits = { firstWaitMs: FIRST_WAIT_MS, longestWaitMs: LONGEST_WAIT_MS, forgetAfterMs }
  return {
    account: { freeAttempts: ctx.options[account], ...waits },
    ip: { freeAttempts: ctx.options[ip], ...waits },
  }
}

function accountKeyOf(what: Throttled, email: string): string {
  return keyOf(what, 'account', normalizeEmail(email))
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

function tooManyAttempts(retryAfterMs: number): AuthError {
  return new AuthError('too_many_attempts', { retryAfterSeconds: Math.ceil(retryAfterMs / 1_000) })
}
