/**
 * The tables as rows. Times are whole milliseconds since 1970, UTC; secrets are stored as SHA-256 only. The migrations
 * create these tables; a test compares both.
 */
import type { Kysely, Transaction } from 'kysely'
import type { AuditTable } from './audit.ts'
import type { OutboxTable } from './outbox.ts'
import type { SessionsTable } from './sessions.ts'
import type { ThrottlesTable } from './throttles.ts'
import type { TokensTable } from './tokens.ts'
import type { UsersTable } from './users.ts'

export interface Schema {
  outbox: OutboxTable
  audit: AuditTable
  users: UsersTable
  sessions: SessionsTable
  tokens: TokensTable
  throttles: ThrottlesTable
}

/** A connection pool or a transaction. Most functions of `db` take either. */
export type Database = Kysely<Schema>

/** A transaction, for several statements that have to succeed or fail together. */
export type Tx = Transaction<Schema>
