/** Table `outbox`: the mail queue. */
import { type RawBuilder, type Selectable, sql } from 'kysely'
import { leastUuidV7 } from '../../lib/random.ts'
import { skippingLocked } from '../dialect.ts'
import type { Database, Schema, Tx } from './index.ts'
import { conversions, type ModelOf } from './model.ts'
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
      'The account that the message is about; null once that is gone, for the notice that it was deleted, and for a request for an unknown address',
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
    as: 'json',
    about:
      'What else the message says, as JSON; tokens are made when it is sent. For a message with a link also the IPv6 /48 network that asked for it. With links or templates of an embedding application, a decoy also has the requested address',
    class: 'personal',
    protection: 'no secret; another address is masked',
    log: 'no',
  },
  created_at: { type: 'time', about: 'When the message was queued', class: 'personal', log: 'no' },
  attempts: {
    type: 'integer',
    about: 'How many times an instance took it to send it',
    class: 'technical',
    log: 'yes',
  },
  next_attempt_at: {
    type: 'time',
    about:
      'When it is next due. An instance that takes it sets a later time, so that no other instance sends it too',
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
    protection: 'the last answer of the mail server, without addresses and possible secrets',
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
    'gone, except waiting notices, which keep their address until they are sent or given up, 3 days at most. If the user deleted the account, one more notice says so',
  cleanUps: {
    mails: {
      what: 'mail that was not sent, with a record in the audit for each',
      when: '3 days and 5 minutes after it was queued',
      settings: [],
      deleteSome: null,
    },
  },
} satisfies Table

type Detail = string | number | null
/** Values, and lists of objects with values. */
export type MailDetails = Readonly<Record<string, Detail | readonly Readonly<Record<string, Detail>>[]>>

/** All due mail of one priority is sent before any of the next. */
const PRIORITIES = [0, 1] as const
export type Priority = (typeof PRIORITIES)[number]

type Mail = ModelOf<typeof COLUMNS, { details: MailDetails; priority: Priority }>

const { modelOf, rowOf } = conversions<typeof COLUMNS, Mail>(COLUMNS)

/** A queued mail. */
export type OutboxMail = Omit<Mail, 'nextAttemptAt' | 'problem'>

/** A mail that is not queued yet. */
export type NewMail = Omit<OutboxMail, 'events' | 'attempts'>

/** Matches no user: ids begin at 1. */
export const NO_USER_ID = 0

/**
 * Enqueues a mail. Call it in the transaction of the change that the mail is about.
 *
 * @param details - `replaces`: delete a queued mail of the same kind to the same user. `notBefore`: the earliest
 *   time of sending. Default: at once.
 */
export async function addMail(
  db: Database,
  mail: NewMail,
  { replaces, notBefore = mail.createdAt }: { replaces: boolean; notBefore?: Date },
): Promise<void> {
  if (replaces) {
    // Also without a user, so that an unknown address takes the same time as a known one.
    await db
      .deleteFrom('outbox')
      .where('user_id', '=', mail.userId ?? NO_USER_ID)
      .where('kind', '=', mail.kind)
      .execute()
  }
  const row = rowOf({ ...mail, attempts: 0, nextAttemptAt: notBefore, events: 1, problem: null })
  await db.insertInto('outbox').values(row).execute()
}

/** Identifies queued mail: its kind, the user it is about, and its address. */
type MailTopic = Pick<NewMail, 'userId' | 'kind' | 'email'>

/** The newest queued mail on a topic, or `null`. An instance may be sending it at this moment. */
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
 * Makes a queued mail cover one more event.
 *
 * @param details - Replaces the details of the mail.
 * @returns Whether there was such a mail. If {@link finishMail} removes it at this moment, there was none.
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

/** The times that {@link takeDueMail} uses. */
export interface Lease {
  /** How long other instances leave the mail alone. */
  readonly leaseMs: number
  /** A mail that would wait longer than this was postponed by a wrong clock, and is due now. */
  readonly longestWaitMs: number
}

/** How much mail {@link takeDueMail} takes. */
export interface MailSelection {
  readonly limit: number
  /** Leaves mail to these domains and their subdomains. In lower case. */
  readonly notTo: readonly string[]
}

/**
 * Takes up to `limit` due mails of the first priority that has any, longest due first. The lease keeps other
 * instances from sending them too. Leaves mail that another transaction has locked to the next call: waiting for it
 * could deadlock, because the deletion of an account changes several mails.
 */
export async function takeDueMail(
  db: Database,
  now: Date,
  { leaseMs, longestWaitMs }: Lease,
  selection: MailSelection,
): Promise<OutboxMail[]> {
  const time = now.getTime()
  const isDue = sql<boolean>`next_attempt_at <= ${time}`
  const isFromWrongClock = sql<boolean>`next_attempt_at > ${time + longestWaitMs}`
  for (const priority of PRIORITIES) {
    // Two queries, because each is a range of the index. Rows that wait between them are not read.
    const due = [
      ...(await findDue(db, priority, isDue, selection)),
      ...(await findDue(db, priority, isFromWrongClock, selection)),
    ]
    if (due.length === 0) continue
    const rows = await db
      .updateTable('outbox')
      .set({ attempts: sql`attempts + 1`, next_attempt_at: time + leaseMs })
      .where('id', 'in', (query) =>
        skippingLocked(
          db,
          query.selectFrom('outbox').select('id').where('id', 'in', due.slice(0, selection.limit)),
        ),
      )
      // Check again, because another instance may have taken some since.
      .where((query) => query.or([isDue, isFromWrongClock]))
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
  { limit, notTo }: MailSelection,
): Promise<string[]> {
  let query = db.selectFrom('outbox').select('id').where('priority', '=', priority).where(condition)
  for (const domain of notTo) query = query.where(isNotTo(domain))
  const rows = await query.orderBy('next_attempt_at').limit(limit).execute()
  return rows.map(({ id }) => id)
}

function isNotTo(domain: string): RawBuilder<boolean> {
  const ofAccount = sql`select normalized_email from ${sql.table('users')}
    where ${sql.ref('users.id')} = ${sql.ref('outbox.user_id')}`
  const address = sql`coalesce(lower(email), (${ofAccount}), '')`
  return sql<boolean>`${address} not like ${`%@${domain}`} and ${address} not like ${`%.${domain}`}`
}

/** Writes a row without changing it, so that doing nothing takes as long as a change. */
export async function touchMail(db: Database, id: string): Promise<void> {
  await db
    .updateTable('outbox')
    .set((query) => ({ attempts: query.ref('attempts') }))
    .where('id', '=', id)
    .execute()
}

/** Deletes a mail that was sent, or that has no recipient. */
export async function deleteMail(db: Database, id: string): Promise<void> {
  await db.deleteFrom('outbox').where('id', '=', id).execute()
}

/**
 * Deletes a mail that was sent with `events` events. If {@link extendMail} added more while it was being sent, they
 * stay queued as a new mail.
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
 * Deletes up to `limit` mails that were enqueued before a time. Like {@link takeDueMail}, leaves locked mail to the next
 * call.
 *
 * @returns The deleted mails; empty when none is left.
 */
export async function deleteMailBefore(tx: Tx, before: Date, limit: number): Promise<OutboxMail[]> {
  // The id begins with the time, so this is a range of the primary key.
  const end = leastUuidV7(before)
  const stale = tx.selectFrom('outbox').select('id').where('id', '<', end).orderBy('id').limit(limit)
  const rows = await tx
    .deleteFrom('outbox')
    .where('id', 'in', skippingLocked(tx, stale))
    // The same range, so that PostgreSQL does not scan the table.
    .where('id', '<', end)
    .returningAll()
    .execute()
  return rows.map(mailOf)
}

/**
 * Postpones a mail. Does nothing if its lease ran out and another instance has taken it.
 *
 * @param problem - Why the attempt failed, or `null` if it did not fail.
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
    .where('attempts', '=', mail.attempts)
    .execute()
}

/** How many mails are queued. */
export async function countMail(db: Database): Promise<number> {
  const { count } = await db
    .selectFrom('outbox')
    .select((query) => query.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}

/** Why queued mail was not sent. */
export interface MailProblem {
  /** The answer of the mail server, or what else went wrong. Contains no address. */
  readonly problem: string
  /** How many mails it holds up. */
  readonly mails: number
}

/** Lists why the last attempts failed, the most frequent problem first. */
export async function listMailProblems(db: Database): Promise<MailProblem[]> {
  const rows = await db
    .selectFrom('outbox')
    .select((query) => ['problem', query.fn.countAll<number>().as('mails')])
    .where('problem', 'is not', null)
    .groupBy('problem')
    .orderBy('mails', 'desc')
    .orderBy('problem')
    .execute()
  return rows.map(({ problem, mails }) => ({ problem: problem ?? '', mails }))
}

/** Deletes a user's queued mail of these kinds. */
export async function deleteMailOf(tx: Tx, userId: number, kinds: readonly string[]): Promise<void> {
  await tx.deleteFrom('outbox').where('user_id', '=', userId).where('kind', 'in', kinds).execute()
}

function mailOf(row: Selectable<Schema['outbox']>): OutboxMail {
  const { nextAttemptAt: _, problem: __, ...mail } = modelOf(row)
  return mail
}
