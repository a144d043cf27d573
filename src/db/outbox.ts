/** Table `outbox`: mail on its way. */
import { type RawBuilder, type Selectable, sql } from 'kysely'
import type { Database, Schema, Tx } from './schema.ts'

/** A mail that is to be sent. */
export interface OutboxMail {
  /** A UUID: the message's name for good. */
  readonly id: string
  /** Which message it is. */
  readonly kind: string
  /** Whose present address it goes to. */
  readonly userId: number | null
  /** Or an address that is no account's. Both `null`: nobody gets it. */
  readonly email: string | null
  readonly locale: string
  /** What the message says beyond its kind. Never a secret. */
  readonly details: Readonly<Record<string, string | number | null>>
  readonly createdAt: Date
  /** How often it was taken for sending. */
  readonly attempts: number
}

/** Numbers of users begin with 1. */
const NOBODY = 0

/**
 * Adds a mail to the change it belongs to.
 *
 * @param details - `replaces`: one of the same kind to the same user that has not left yet gives way to it.
 */
export async function addMail(
  db: Database,
  mail: Omit<OutboxMail, 'attempts'>,
  { replaces }: { replaces: boolean },
): Promise<void> {
  if (replaces) {
    // Also where there is no user, whom no number names: an unknown address costs what a known one does.
    await db
      .deleteFrom('outbox')
      .where('user_id', '=', mail.userId ?? NOBODY)
      .where('kind', '=', mail.kind)
      .execute()
  }
  await db
    .insertInto('outbox')
    .values({
      id: mail.id,
      kind: mail.kind,
      user_id: mail.userId,
      email: mail.email,
      locale: mail.locale,
      details: JSON.stringify(mail.details),
      created_at: mail.createdAt.getTime(),
      attempts: 0,
      next_attempt_at: mail.createdAt.getTime(),
    })
    .execute()
}

/** How long whoever takes mail has it to themselves, and after what a wait is of another clock. */
export interface Lease {
  readonly leaseMs: number
  readonly longestWaitMs: number
}

/**
 * Takes mail that is due, the oldest first. Nobody else gets it until the lease is over, so that of several
 * instances one sends it.
 */
export async function takeDueMail(
  db: Database,
  now: Date,
  { leaseMs, longestWaitMs }: Lease,
  limit: number,
): Promise<OutboxMail[]> {
  const time = now.getTime()
  const isOver = sql<boolean>`next_attempt_at <= ${time}`
  const isOfAnotherClock = sql<boolean>`next_attempt_at > ${time + longestWaitMs}`
  // One after the other: each is a range of the index, and what waits between the two is not read.
  const due = [...(await findDue(db, isOver, limit)), ...(await findDue(db, isOfAnotherClock, limit))]
  if (due.length === 0) return []
  const rows = await db
    .updateTable('outbox')
    .set({ attempts: sql`attempts + 1`, next_attempt_at: time + leaseMs })
    .where('id', 'in', due.slice(0, limit))
    // Again, since another instance may have taken some between the look and the change.
    .where((query) => query.or([isOver, isOfAnotherClock]))
    .returningAll()
    .execute()
  return rows.map(mailOf)
}

async function findDue(db: Database, condition: RawBuilder<boolean>, limit: number): Promise<string[]> {
  const query = db.selectFrom('outbox').select('id').where(condition)
  const rows = await query.orderBy('next_attempt_at').limit(limit).execute()
  return rows.map(({ id }) => id)
}

/** Forgets a mail: it is in other hands, or for nobody. */
export async function deleteMail(db: Database, id: string): Promise<void> {
  await db.deleteFrom('outbox').where('id', '=', id).execute()
}

/** Lets a mail wait for another try. */
export async function postponeMail(db: Database, mail: OutboxMail, until: Date): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ next_attempt_at: until.getTime() })
    .where('id', '=', mail.id)
    // Where the lease ran out somebody else has it by now.
    .where('attempts', '=', mail.attempts)
    .execute()
}

/** How many mails wait. */
export async function countMail(db: Database): Promise<number> {
  const { count } = await db
    .selectFrom('outbox')
    .select((query) => query.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Forgets mail of these kinds that has not left. */
export async function deleteMailOf(tx: Tx, userId: number, kinds: readonly string[]): Promise<void> {
  await tx.deleteFrom('outbox').where('user_id', '=', userId).where('kind', 'in', kinds).execute()
}

function mailOf(row: Selectable<Schema['outbox']>): OutboxMail {
  return {
    id: row.id,
    kind: row.kind,
    userId: row.user_id,
    email: row.email,
    locale: row.locale,
    details: JSON.parse(row.details),
    createdAt: new Date(row.created_at),
    attempts: row.attempts,
  }
}
