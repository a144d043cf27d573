/** Table `throttles`: counters of failed attempts, moved by atomic writes. */
import { type RawBuilder, sql } from 'kysely'
import type { Database } from './schema.ts'

/** How many attempts are free, and how the wait grows behind them. */
export interface ThrottlePolicy {
  /** Attempts before the first wait, 2 or more. */
  readonly freeAttempts: number
  /** The first wait; each further attempt doubles it. */
  readonly firstWaitMs: number
  /** The longest wait: at most so long is anybody kept out. */
  readonly longestWaitMs: number
  /** A counter that has not moved for so long starts again at nothing. */
  readonly forgetAfterMs: number
}

/** What {@link takeAttempt} decided. */
export type Attempt =
  | { readonly allowed: true; readonly blockedUntil: number }
  | { readonly allowed: false; readonly retryAfterMs: number }

/**
 * Counts an attempt before it is made, in one statement, so that of parallel attempts no more get through
 * than the policy says, whichever instance they reach. An attempt that waits is not counted.
 */
export async function takeAttempt(
  db: Database,
  key: string,
  policy: ThrottlePolicy,
  now: Date,
): Promise<Attempt> {
  const time = now.getTime()
  const forgotten = sql<boolean>`throttles.expires_at <= ${int(time)}`
  const counted = await db
    .insertInto('throttles')
    .values({ key, failures: 1, blocked_until: 0, expires_at: time + policy.forgetAfterMs })
    .onConflict((conflict) =>
      conflict
        .column('key')
        .doUpdateSet({
          failures: sql`case when ${forgotten} then 1 else throttles.failures + 1 end`,
          blocked_until: sql`case when ${forgotten} then 0 else ${blockedUntil(policy, time)} end`,
          expires_at: time + policy.forgetAfterMs,
        })
        .where('throttles.blocked_until', '<=', time),
    )
    .returning('blocked_until')
    .executeTakeFirst()
  if (counted !== undefined) return { allowed: true, blockedUntil: counted.blocked_until }
  const row = await db
    .selectFrom('throttles')
    .select('blocked_until')
    .where('key', '=', key)
    .executeTakeFirst()
  // Gone or over by now: another try is welcome at once.
  return { allowed: false, retryAfterMs: Math.max((row?.blocked_until ?? 0) - time, 1) }
}

// With this attempt there are `failures + 1`. The shift is bounded before it is made.
function blockedUntil(policy: ThrottlePolicy, time: number): RawBuilder<number> {
  const over = sql`(throttles.failures + 1 - ${int(policy.freeAttempts)})`
  const doublings = Math.ceil(Math.log2(policy.longestWaitMs / policy.firstWaitMs))
  return sql`case
    when ${over} < 0 then 0
    when ${over} >= ${int(doublings)} then ${int(time + policy.longestWaitMs)}
    else ${int(time)} + ${int(policy.firstWaitMs)} * (${int(1)} << cast(${over} as integer))
  end`
}

// PostgreSQL cannot tell the type of a bare parameter inside an expression.
function int(value: number): RawBuilder<number> {
  return sql`cast(${value} as bigint)`
}

/** Takes one counted attempt back: it was no failure. Other attempts keep the wait they caused. */
export async function refundAttempt(
  db: Database,
  key: string,
  attempt: { blockedUntil: number },
): Promise<void> {
  await db
    .updateTable('throttles')
    .set({
      failures: sql`throttles.failures - 1`,
      blocked_until: sql`case when throttles.blocked_until = ${int(attempt.blockedUntil)} then 0 else throttles.blocked_until end`,
    })
    .where('key', '=', key)
    .where('failures', '>', 0)
    .execute()
}

/** Forgets what was counted under a key. */
export async function clearAttempts(db: Database, key: string): Promise<void> {
  await db.deleteFrom('throttles').where('key', '=', key).execute()
}

/** Removes the counters that have not moved for long. */
export async function deleteExpiredThrottles(db: Database, now: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('throttles')
    .where('expires_at', '<=', now.getTime())
    .executeTakeFirst()
  return Number(numDeletedRows)
}
