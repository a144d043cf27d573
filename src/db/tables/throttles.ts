/** Table `throttles`: counters of attempts, changed by atomic writes. */
import { type RawBuilder, sql } from 'kysely'
import { listed, skippingLocked } from '../dialect.ts'
import type { Database, Tx } from './index.ts'
import type { Columns, RowOf, Table } from './table.ts'

const COLUMNS = {
  key: {
    type: 'text',
    about: 'SHA-256 of what is counted, in hexadecimal',
    class: 'pseudonym',
    protection:
      'SHA-256 without a salt: anyone who guesses the address of a person or machine finds its counter',
    log: 'no',
  },
  failures: { type: 'integer', about: 'Attempts counted', class: 'pseudonym', log: 'yes' },
  blocked_until: { type: 'time', about: 'No attempt is allowed before this', class: 'technical', log: 'no' },
  expires_at: { type: 'time', about: 'When the counter is forgotten', class: 'technical', log: 'no' },
} as const satisfies Columns

export type ThrottlesTable = RowOf<typeof COLUMNS>

export const throttles = {
  columns: COLUMNS,
  key: 'key',
  retention:
    'A row stays until the next clean-up after its counter expired ([throttling.md](../security/throttling.md)). A password that is locked after 100 failures stays locked until it is reset or an operator unlocks it, for ten years at most.',
  exportedBy: [],
  afterAccount: 'stays until it expires; the password counters of the account are deleted at once',
  cleanUps: {
    throttles: {
      what: 'counters of attempts',
      when: '24 hours after the last wrong password or code; 1 hour after the last request or registration; at the end of the window in which sign-ins (10 minutes) or mails (1 hour) are counted; 10 minutes after a notice of a new device',
      settings: [],
      deleteSome: (tx, { now }, limit) => deleteExpiredThrottles(tx, now, limit),
    },
  },
} satisfies Table

/** Ten years, which is permanent for a counter. */
const LOCK_MS = 10 * 365 * 86_400_000

/** The columns of the stored row. In an upsert, the new row has columns of the same names. */
const STORED = {
  failures: sql.ref<number>('throttles.failures'),
  blocked_until: sql.ref<number>('throttles.blocked_until'),
  expires_at: sql.ref<number>('throttles.expires_at'),
}

/** How many attempts are free, and how the wait grows after them. */
export interface ThrottlePolicy {
  /** Attempts before the first wait, 2 or more. */
  readonly freeAttempts: number
  /** The first wait; each further attempt doubles it. */
  readonly firstWaitMs: number
  /** The longest wait. */
  readonly longestWaitMs: number
  /** A counter without attempts for this long starts again at 0. */
  readonly forgetAfterMs: number
  /** After this many attempts none is allowed until the counter is cleared. 0: never. */
  readonly lockAfter?: number
}

/** What {@link takeAttempt} decided. */
export type Attempt =
  | {
      readonly allowed: true
      readonly blockedUntil: number
      /** The attempts so far, including this one. */
      readonly count: number
    }
  | {
      readonly allowed: false
      readonly retryAfterMs: number
      /** Whether attempts stay refused until the counter is cleared. */
      readonly isLocked: boolean
    }

/**
 * Counts an attempt before it is made. One atomic statement, so that parallel attempts, even at different
 * instances, cannot exceed the policy. A refused attempt is not counted.
 */
export async function takeAttempt(
  db: Database,
  key: string,
  policy: ThrottlePolicy,
  now: Date,
): Promise<Attempt> {
  const time = now.getTime()
  const forgotten = sql<boolean>`${STORED.expires_at} <= ${int(time)}`
  const counted = await db
    .insertInto('throttles')
    .values({
      key,
      failures: 1,
      blocked_until: 0,
      expires_at: time + (lockAt(policy) === 1 ? LOCK_MS : policy.forgetAfterMs),
    })
    .onConflict((conflict) =>
      conflict
        .column('key')
        .doUpdateSet({
          failures: sql`case when ${forgotten} then 1 else ${STORED.failures} + 1 end`,
          blocked_until: sql`case when ${forgotten} then 0 else ${blockedUntil(policy, time)} end`,
          expires_at: expiresAt(policy, time),
        })
        .where(isOpen(policy, time)),
    )
    .returning(['blocked_until', 'failures'])
    .executeTakeFirst()
  if (counted !== undefined)
    return { allowed: true, blockedUntil: counted.blocked_until, count: counted.failures }
  const row = await db
    .selectFrom('throttles')
    .select(['blocked_until', 'expires_at', 'failures'])
    .where('key', '=', key)
    .executeTakeFirst()
  // The counter may be gone or the wait over by now. Then the next attempt is allowed at once.
  const isLocked = row !== undefined && row.failures >= lockAt(policy)
  const until = isLocked ? time + policy.longestWaitMs : (row?.blocked_until ?? 0)
  return { allowed: false, retryAfterMs: Math.max(until - time, 1), isLocked }
}

/** The number of attempts that locks. */
function lockAt({ lockAfter = 0 }: ThrottlePolicy): number {
  return lockAfter > 0 ? lockAfter : Number.MAX_SAFE_INTEGER
}

// A locked counter does not expire; it must be cleared.
function expiresAt(policy: ThrottlePolicy, time: number): RawBuilder<number> {
  return sql`case when ${STORED.failures} + 1 >= ${int(lockAt(policy))} and ${STORED.expires_at} > ${int(time)}
    then ${int(time + LOCK_MS)} else ${int(time + policy.forgetAfterMs)} end`
}

// Ignore a wait longer than the longest one: it was written by a wrong clock.
function isOpen(policy: ThrottlePolicy, time: number): RawBuilder<boolean> {
  const waits = sql`${STORED.blocked_until} > ${int(time)} and ${STORED.blocked_until} <= ${int(time + policy.longestWaitMs)}`
  const locked = sql`${STORED.failures} >= ${int(lockAt(policy))}`
  return sql<boolean>`(${STORED.expires_at} <= ${int(time)} or not (${waits} or ${locked}))`
}

/**
 * Takes one of `places` places in a fixed time window, atomically.
 *
 * @param key - Also identifies the window: the next window has another key.
 * @param details - `until`: the end of the window, after which the counter may be removed.
 * @returns How many places are taken, including this one. `null`: none was left.
 */
export async function takePlace(
  db: Database,
  key: string,
  { places, until }: { places: number; until: Date },
): Promise<number | null> {
  const taken = await db
    .insertInto('throttles')
    .values({ key, failures: 1, blocked_until: 0, expires_at: until.getTime() })
    .onConflict((conflict) =>
      conflict
        .column('key')
        .doUpdateSet({ failures: sql`${STORED.failures} + 1` })
        .where('throttles.failures', '<', places),
    )
    .returning('failures')
    .executeTakeFirst()
  return taken?.failures ?? null
}

/** The end of the pause that {@link startPause} started. It may have passed. `null` if there is no pause. */
export async function findPauseEnd(db: Database, key: string): Promise<Date | null> {
  const row = await db.selectFrom('throttles').select('expires_at').where('key', '=', key).executeTakeFirst()
  return row === undefined ? null : new Date(row.expires_at)
}

/** Starts a pause, or changes when it ends. */
export async function startPause(db: Database, key: string, until: Date): Promise<void> {
  const expires_at = until.getTime()
  await db
    .insertInto('throttles')
    .values({ key, failures: 1, blocked_until: 0, expires_at })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ expires_at }))
    .execute()
}

// `failures + 1` counts this attempt. The number of doublings is limited before the shift, which could overflow.
function blockedUntil(policy: ThrottlePolicy, time: number): RawBuilder<number> {
  const over = sql`(${STORED.failures} + 1 - ${int(policy.freeAttempts)})`
  const doublings = Math.ceil(Math.log2(policy.longestWaitMs / policy.firstWaitMs))
  return sql`case
    when ${over} < 0 then 0
    when ${over} >= ${int(doublings)} then ${int(time + policy.longestWaitMs)}
    else ${int(time)} + ${int(policy.firstWaitMs)} * (${int(1)} << cast(${over} as integer))
  end`
}

// PostgreSQL cannot infer the type of a bare parameter inside an expression.
function int(value: number): RawBuilder<number> {
  return sql`cast(${value} as bigint)`
}

/** Undoes one counted attempt that was not a failure. The waits that other attempts caused stay. */
export async function refundAttempt(
  db: Database,
  key: string,
  attempt: { blockedUntil: number },
): Promise<void> {
  await db
    .updateTable('throttles')
    .set({
      failures: sql`${STORED.failures} - 1`,
      blocked_until: sql`case when ${STORED.blocked_until} = ${int(attempt.blockedUntil)} then 0 else ${STORED.blocked_until} end`,
    })
    .where('key', '=', key)
    .where('failures', '>', 0)
    .execute()
}

/** Deletes a counter. */
export async function clearAttempts(db: Database, key: string): Promise<void> {
  await db.deleteFrom('throttles').where('key', '=', key).execute()
}

/** Deletes several counters. */
export async function clearManyAttempts(tx: Tx, keys: readonly string[]): Promise<void> {
  await tx
    .deleteFrom('throttles')
    .where('key', 'in', listed<string>(tx, 'text', keys))
    .execute()
}

/** Returns those of the given keys whose counter is locked until it is cleared. */
export async function findLocked(
  db: Database,
  keys: readonly string[],
  { lockAfter, now }: { lockAfter: number; now: Date },
): Promise<string[]> {
  const locked = db
    .selectFrom('throttles')
    .select('key')
    .where(sql`wanted.key`, '=', sql.ref('throttles.key'))
    .where('failures', '>=', lockAfter)
    .where('expires_at', '>', now.getTime())
  // One look-up by primary key each. PostgreSQL would read the whole table for `in`.
  const { rows } = await sql<{ key: string }>`
    with wanted(key) as ${listed(db, 'text', keys)} select key from wanted where ${locked} is not null
  `.execute(db)
  return rows.map(({ key }) => key)
}

/**
 * Removes up to `limit` expired counters. Leaves counters that another transaction has locked to the next clean-up: an
 * attempt locks several counters, and waiting for one of them could deadlock.
 *
 * @returns How many were removed; 0 when none is left.
 */
export async function deleteExpiredThrottles(db: Database, now: Date, limit: number): Promise<number> {
  const time = now.getTime()
  const { numDeletedRows } = await db
    .deleteFrom('throttles')
    .where('key', 'in', (query) =>
      skippingLocked(
        db,
        query.selectFrom('throttles').select('key').where('expires_at', '<=', time).limit(limit),
      ),
    )
    // Check again, because an attempt may have restarted the counter since.
    .where('expires_at', '<=', time)
    .executeTakeFirst()
  return Number(numDeletedRows)
}
