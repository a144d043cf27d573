/** Table `audit`: one record per event. Records are added, read, and removed once they expire. */
import { type Selectable, sql } from 'kysely'
import { leastUuidV7 } from '../../lib/random.ts'
import { isUserId } from '../../model/user.ts'
import { clockOf } from '../dialect.ts'
import type { Database, Schema, Tx } from './index.ts'
import { conversions, type ModelOf } from './model.ts'
import type { Columns, RowOf, Table } from './table.ts'

const COLUMNS = {
  id: { type: 'uuid', about: 'The key, a UUID version 7', class: 'technical', log: 'yes' },
  at: { type: 'time', about: 'When it happened', class: 'personal', log: 'yes' },
  instance: { type: 'text', about: 'Host name and process id', class: 'technical', log: 'yes' },
  actor: {
    type: 'text',
    about: '`user`, `anonymous`, `operator` or `system`',
    class: 'technical',
    log: 'yes',
  },
  action: { type: 'text', about: 'What was done', class: 'personal', log: 'yes' },
  outcome: { type: 'text', about: '`success` or `refused`', class: 'personal', log: 'yes' },
  reason: {
    type: 'text',
    nullable: true,
    about: 'Why it was refused, or how it was done',
    class: 'personal',
    log: 'yes',
  },
  user_id: {
    type: 'integer',
    nullable: true,
    about: 'The account that the record is about; no foreign key, because the record outlives the account',
    class: 'pseudonym',
    protection: 'refers to no one once the account is gone',
    log: 'yes',
  },
  ip_address: {
    type: 'text',
    property: 'ip',
    nullable: true,
    about: 'The IP address of the client',
    class: 'personal',
    kept: '`BIENVENUE_IP_RETENTION_DAYS`, or until the account is deleted',
    log: 'yes',
  },
  user_agent: {
    type: 'text',
    nullable: true,
    about: 'The user agent of the client',
    class: 'personal',
    protection: 'cut after 256 characters',
    kept: '`BIENVENUE_IP_RETENTION_DAYS`, or until the account is deleted',
    log: 'yes',
  },
  request_id: {
    type: 'text',
    nullable: true,
    about: 'The same as in the log and the response',
    class: 'technical',
    log: 'yes',
  },
  details: {
    type: 'text',
    as: 'json',
    about: 'Anything else, as JSON',
    class: 'personal',
    protection: 'no secret; addresses are masked',
    log: 'yes',
  },
  expires_at: {
    type: 'time',
    about: 'The database itself keeps the record until then',
    class: 'technical',
    log: 'no',
  },
  actor_id: {
    type: 'text',
    nullable: true,
    about: 'The id of the acting user, or the name of the operator; null if unknown',
    class: 'personal',
    log: 'yes',
  },
  on_behalf_of: {
    type: 'integer',
    nullable: true,
    about: 'The account on whose behalf someone else acted',
    class: 'pseudonym',
    protection: 'refers to no one once the account is gone',
    log: 'yes',
  },
  origin_expires_at: {
    type: 'time',
    nullable: true,
    about:
      'The database itself keeps IP address and user agent until then, or until the account is deleted; null in records of older versions',
    class: 'technical',
    log: 'no',
  },
} as const satisfies Columns

export type AuditTable = RowOf<typeof COLUMNS>

export const audit = {
  columns: COLUMNS,
  key: 'id',
  retention:
    'A row stays for `BIENVENUE_AUDIT_RETENTION_DAYS`, even after its account is gone. The database itself refuses to change or delete it earlier ([decision 0016](../decisions/0016-audit-guarded-by-the-database.md)).',
  exportedBy: ['user'],
  afterAccount: 'stays until it expires, without IP address and user agent; its account id refers to no one',
  cleanUps: {
    auditRecords: {
      what: 'expired audit records',
      when: 'after the retention time that applied when they were written',
      settings: ['BIENVENUE_AUDIT_RETENTION_DAYS'],
      deleteSome: (tx, { now }, limit) => deleteExpiredAuditRecords(tx, now, limit),
    },
    auditOrigins: {
      what: 'IP addresses and user agents in the audit',
      when: 'after their retention time',
      settings: ['BIENVENUE_IP_RETENTION_DAYS'],
      deleteSome: (tx, { forgetBefore }, limit) => forgetAuditOrigins(tx, forgetBefore, limit),
    },
  },
} satisfies Table

/** A record of the audit log. */
export interface AuditRecord {
  /** A time-ordered UUID. */
  readonly id: string
  readonly at: Date
  /** The process that wrote it: host name and process id. */
  readonly instance: string
  /** Who acted: the user, a client without a session, the operator of the service, or the service itself. */
  readonly actor: 'user' | 'anonymous' | 'operator' | 'system'
  /** The id of the acting user or the name of the operator; `null` if unknown, as in records before 0.2. */
  readonly actorId: string | null
  /** The user for whom someone else acted, or `null`. */
  readonly onBehalfOf: number | null
  readonly action: string
  readonly outcome: 'success' | 'refused'
  /** Why it was refused, or how it was done. */
  readonly reason: string | null
  /** The account that the event is about, or `null`. */
  readonly userId: number | null
  readonly ip: string | null
  readonly userAgent: string | null
  /** The same as in the log and the response. */
  readonly requestId: string | null
  /** Further facts. Never a secret; addresses are masked. */
  readonly details: Readonly<Record<string, string | number | boolean>>
}

/** How long the database keeps a record, and its IP address and user agent. */
export interface AuditTimes {
  readonly expiresAt: Date
  readonly originExpiresAt: Date
}

const { modelOf, rowOf } = conversions<typeof COLUMNS, ModelOf<typeof COLUMNS, AuditRecord>>(COLUMNS)

/** Adds a record. */
export async function addAuditRecord(
  db: Database,
  record: AuditRecord,
  { expiresAt, originExpiresAt }: AuditTimes,
): Promise<void> {
  const row = rowOf({ ...record, expiresAt, originExpiresAt })
  await db.insertInto('audit').values(row).execute()
}

/** A record as {@link listAuditRecords} returns it. */
export interface AuditEntry extends AuditRecord {
  /** The current address of the account, or `null` if there is no account or it is gone. */
  readonly email: string | null
}

/** Which records to read. */
export interface AuditQuery {
  readonly userId?: number | undefined
  readonly action?: string | undefined
  readonly since?: Date | undefined
}

/** Lists records, newest first. Pass the id of the last record as `beforeId` to get the next page. */
export async function listAuditRecords(
  db: Database,
  { userId, action, since }: AuditQuery,
  page: { beforeId: string | null; limit: number },
): Promise<AuditEntry[]> {
  // A subquery, because PostgreSQL might read all users for a join.
  let query = db
    .selectFrom('audit')
    .selectAll()
    .select((records) =>
      records.selectFrom('users').select('email').whereRef('users.id', '=', 'audit.user_id').as('email'),
    )
  if (userId !== undefined) query = query.where('user_id', '=', isUserId(userId) ? userId : null)
  if (action !== undefined) query = query.where('action', '=', action)
  // The id begins with the time, so this is a range of the primary key.
  if (since !== undefined) query = query.where('id', '>=', leastUuidV7(since))
  if (page.beforeId !== null) query = query.where('id', '<', page.beforeId)
  const rows = await query.orderBy('id', 'desc').limit(page.limit).execute()
  return rows.map((row) => ({ ...recordOf(row), email: row.email }))
}

/**
 * Removes up to `limit` expired records.
 *
 * @returns How many were removed; 0 when none is left.
 */
export async function deleteExpiredAuditRecords(tx: Tx, now: Date, limit: number): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('audit')
    .where('id', 'in', (query) =>
      query
        .selectFrom('audit')
        .select('id')
        .where('expires_at', '<=', now.getTime())
        // The trigger that guards records uses the clock of the database, and ours may be ahead of it.
        .where(sql<boolean>`expires_at <= ${clockOf(tx)}`)
        .limit(limit),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}

/** The database keeps IP address and user agent this long in records of older versions (migration 0011). */
const DAY_MS = 86_400_000

/**
 * Removes the IP address and user agent from up to `limit` records written before a time, except where the database still
 * keeps them: {@link AuditTimes.originExpiresAt}.
 *
 * @returns How many were changed; 0 when none is left.
 */
export async function forgetAuditOrigins(tx: Tx, before: Date, limit: number): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('audit')
    .set({ ip_address: null, user_agent: null })
    .where('id', 'in', (query) =>
      query
        .selectFrom('audit')
        .select('id')
        .where('at', '<', before.getTime())
        .where(sql<boolean>`coalesce(origin_expires_at, at + ${sql.lit(DAY_MS)}) <= ${clockOf(tx)}`)
        .where(sql<boolean>`(ip_address is not null or user_agent is not null)`)
        .limit(limit),
    )
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

/** Removes IP addresses and user agents from all records about an account. */
export async function forgetAuditOriginsOf(tx: Tx, userId: number): Promise<void> {
  await tx
    .updateTable('audit')
    .set({ ip_address: null, user_agent: null })
    .where('user_id', '=', userId)
    .execute()
}

function recordOf(row: Selectable<Schema['audit']>): AuditRecord {
  const { expiresAt: _, originExpiresAt: __, ...record } = modelOf(row)
  return record
}
