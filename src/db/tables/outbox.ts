/** Table `outbox`: mail on its way. */
import { type RawBuilder, type Selectable, sql } from 'kysely'
import { leastUuidV7 } from '../../lib/random.ts'
import type { Database, Schema, Tx } from './index.ts'
import type { Columns, RowOf, Table } from './table.ts'

const COLUMNS = {
  id: {
    type: 'uuid',
    about: "The key, a UUID version 7; also the message's own id",
    class: 'technical',
    log: 'yes',
  },
  kind: { type: 'text', about: 'Which message it is', class: 'technical', log: 'yes' },
  user_id: {
    type: 'integer',
    nullable: true,
    about:
      'The account that the message is about; null once that is gone, for a farewell, and for a request that named an unknown address',
    class: 'pseudonym',
    kept: 'until the account is deleted',
    log: 'yes',
  },
  email: {
    type: 'text',
    nullable: true,
    about:
      "The address if it is fixed, as for every notice; otherwise the account's address at the time of sending",
    class: 'personal',
    log: 'masked',
  },
  locale: { type: 'text', about: 'The language of the message', class: 'personal', log: 'no' },
  details: {
    type: 'text',
    about: 'What else the message says, as JSON; tokens are made when it is sent',
    class: 'personal',
    protection: 'no secret; another address is masked',
    log: 'yes',
  },
  created_at: { type: 'time', about: 'When the message was queued', class: 'personal', log: 'no' },
  attempts: {
    type: 'integer',
    about: 'How often an instance took it for sending',
    class: 'technical',
    log: 'yes',
  },
  next_attempt_at: {
    type: 'time',
    about:
      'No instance takes it before this; an instance that takes it sets a later time, so that no other sends it too',
    class: 'technical',
    log: 'no',
  },
  priority: { type: 'integer', about: 'Lower numbers are sent first', class: 'technical', log: 'yes' },
  events: {
    type: 'integer',
    about: 'How many events the message covers',
    class: 'personal',
    log: 'no',
  },
  problem: {
    type: 'text',
    nullable: true,
    about: 'Why the last attempt failed',
    class: 'technical',
    protection: 'what the mail server answered last, without addresses and possible secrets',
    log: 'yes',
  },
} as const satisfies Columns

export type OutboxTable = RowOf<typeof COLUMNS>

export const outbox = {
  columns: COLUMNS,
  key: 'id',
  retention:
    'A row stays until the mail was sent or given up: three days at most, and then until the next clean-up. This also holds for a notice whose account is gone.',
  exportedBy: [],
  afterAccount:
    'gone, except notices that are waiting: they keep their address until they are sent or given up, 3 days at most. If the user deleted the account, one more notice says so',
  cleanUps: {
    mails: {
      what: 'mail that was not sent, with a record in the audit for each',
      when: '3 days and 5 minutes after it was queued',
      settings: [],
      deleteSome: null,
    },
  },
} satisfies Table

/** A mail that is to be sent. */
export interface OutboxMail {
  /** A UUID: the message's name for good. */
  readonly id: string
  /** Which message it is. */
  readonly kind: string
  /** The account it is about, or `null` where there is none, or none any more. */
  readonly userId: number | null
  /** The address it goes to. `null`: the one that the account has by then, or nobody without an account. */
  readonly email: string | null
  readonly locale: string
  /** What the message says beyond its kind. Never a secret. */
  readonly details: MailDetails
  readonly createdAt: Date
  /** The lower, the earlier it leaves. */
  readonly priority: Priority
  /** How many events it covers. */
  readonly events: number
  /** How often it was taken for sending. */
  readonly attempts: number
}

type Detail = string | number | null
/** Values, or lists of what has values. */
export type MailDetails = Readonly<Record<string, Detail | readonly Readonly<Record<string, Detail>>[]>>

/** Mail of the first priority leaves before any of the second. */
const PRIORITIES = [0, 1] as const
export type Priority = (typeof PRIORITIES)[number]

/** A mail that is not in the outbox yet. */
export type NewMail = Omit<OutboxMail, 'events' | 'attempts'>

/** Numbers of users begin with 1. */
const NOBODY = 0

/**
 * Adds a mail to the change it belongs to.
 *
 * @param details - `replaces`: one of the same kind to the same user that has not left yet gives way to it.
 *   `notBefore`: when it may leave. Default: at once.
 */
export async function addMail(
  db: Database,
  mail: NewMail,
  { replaces, notBefore = mail.createdAt }: { replaces: boolean; notBefore?: Date },
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
      next_attempt_at: notBefore.getTime(),
      priority: mail.priority,
      events: 1,
      problem: null,
    })
    .execute()
}

/** Which mail: of a kind, about a user, to an address. */
type MailTopic = Pick<NewMail, 'userId' | 'kind' | 'email'>

/** A mail that has not left, or `null`. It may be in hand. */
export async function findMail(tx: Tx, { userId, kind, email }: MailTopic): Promise<OutboxMail | null> {
  const row = await tx
    .selectFrom('outbox')
    .selectAll()
    .where('user_id', '=', userId)
    .where('kind', '=', kind)
    .where('email', '=', email)
    .orderBy('id', 'desc')
    .executeTakeFirst()
  return row === undefined ? null : mailOf(row)
}

/**
 * Lets a mail that has not left cover one more event. What {@link finishMail} ends at this moment is not extended.
 *
 * @param details - All of them from now on.
 * @returns Whether there was such a mail.
 */
export async function extendMail(
  tx: Tx,
  { userId, kind, email }: MailTopic,
  details: MailDetails,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('outbox')
    .set({ events: sql`events + 1`, details: JSON.stringify(details) })
    .where('user_id', '=', userId)
    .where('kind', '=', kind)
    .where('email', '=', email)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** How long whoever takes mail has it to themselves, and after what a wait is of another clock. */
export interface Lease {
  readonly leaseMs: number
  readonly longestWaitMs: number
}

/**
 * Takes due mail: the oldest of the first priority that has any. The lease keeps other instances from sending it too.
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
  for (const priority of PRIORITIES) {
    // One after the other: each is a range of the index, and what waits between the two is not read.
    const due = [
      ...(await findDue(db, priority, isOver, limit)),
      ...(await findDue(db, priority, isOfAnotherClock, limit)),
    ]
    if (due.length === 0) continue
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
  return []
}

async function findDue(
  db: Database,
  priority: Priority,
  condition: RawBuilder<boolean>,
  limit: number,
): Promise<string[]> {
  const query = db.selectFrom('outbox').select('id').where('priority', '=', priority).where(condition)
  const rows = await query.orderBy('next_attempt_at').limit(limit).execute()
  return rows.map(({ id }) => id)
}

/** Forgets a mail: it is in other hands, or for nobody. */
export async function deleteMail(db: Database, id: string): Promise<void> {
  await db.deleteFrom('outbox').where('id', '=', id).execute()
}

/**
 * Forgets a mail that told of so many events. What {@link extendMail} added while it was in hand becomes a mail of
 * its own.
 */
export async function finishMail(
  tx: Tx,
  { id, events }: Pick<OutboxMail, 'id' | 'events'>,
  rest: { readonly id: string; readonly createdAt: Date; readonly notBefore: Date },
): Promise<void> {
  await tx.deleteFrom('outbox').where('id', '=', id).where('events', '<=', events).execute()
  await tx
    .updateTable('outbox')
    .set({
      id: rest.id,
      events: sql`events - ${events}`,
      created_at: rest.createdAt.getTime(),
      attempts: 0,
      next_attempt_at: rest.notBefore.getTime(),
      problem: null,
    })
    .where('id', '=', id)
    .execute()
}

/**
 * Forgets mail that was ordered before a moment, so much at the most.
 *
 * @returns What it was; nothing when it is done.
 */
export async function deleteMailBefore(tx: Tx, before: Date, limit: number): Promise<OutboxMail[]> {
  // The id begins with the moment: so it is a range of the key.
  const stale = await tx
    .selectFrom('outbox')
    .select('id')
    .where('id', '<', leastUuidV7(before))
    .orderBy('id')
    .limit(limit)
    .execute()
  const last = stale.at(-1)
  if (last === undefined) return []
  const rows = await tx.deleteFrom('outbox').where('id', '<=', last.id).returningAll().execute()
  return rows.map(mailOf)
}

/**
 * Lets a mail wait for another try.
 *
 * @param problem - Why this one failed, where it did.
 */
export async function postponeMail(
  db: Database,
  mail: OutboxMail,
  until: Date,
  problem: string | null = null,
): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ next_attempt_at: until.getTime(), problem })
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

/** Why mail waits that was tried. */
export interface MailProblem {
  /** What the mail server answered, or what else went wrong. It names no address. */
  readonly problem: string
  /** How many mails wait because of it. */
  readonly mails: number
}

/** What the last try of the mail that waits came to, the most frequent first. */
export async function listMailProblems(db: Database): Promise<MailProblem[]> {
  const rows = await db
    .selectFrom('outbox')
    .select((query) => ['problem', query.fn.countAll<number>().as('mails')])
    .where('problem', 'is not', null)
    .groupBy('problem')
    .orderBy('mails', 'desc')
    .orderBy('problem')
    .execute()
  return rows.map(({ problem, mails }) => ({ problem: problem ?? '', mails: Number(mails) }))
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
    priority: row.priority as Priority,
    events: row.events,
    attempts: row.attempts,
  }
}
