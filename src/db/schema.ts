/**
 * The tables as rows. Times are whole milliseconds since 1970, UTC; secrets are present as SHA-256 only.
 * The migrations make these tables; a test compares both.
 */
import type { Generated, Kysely, Transaction } from 'kysely'

export interface UsersTable {
  id: Generated<number>
  email: string
  hashed_password: string
  /** UUID of the newest session, or null. */
  session_id: string | null
  /** UUID of the outstanding reset token, or null. */
  reset_token: string | null
  /** `normalizeEmail(email)`; unique. */
  normalized_email: string
  created_at: number
  /** Counts the passwords that were set: a clock could show the same moment twice. */
  password_version: number
  disabled_at: number | null
  /** When somebody proved to read the mail of this address; null where nobody has. */
  email_verified_at: number | null
  /** A new account that nobody confirms goes away after this; null where none has to be confirmed. */
  unconfirmed_until: number | null
  /** Since when the password opens nothing until it is reset, because others may know it. */
  password_compromised_at: number | null
  /** The language of the account's mail. */
  locale: string | null
}

interface SessionsTable {
  id: string
  user_id: number
  secret_hash: Uint8Array
  created_at: number
  /** When the user last proved who they are. */
  authenticated_at: number
  last_seen_at: number
  /** Not later than this without use; null where only `expires_at` ends the session. */
  idle_expires_at: number | null
  expires_at: number
  /** How the user proved who they are: RFC 8176 names, separated by spaces. */
  methods: string
  /** Authentication assurance level (NIST SP 800-63B): 1 for one factor, 2 for two. */
  level: number
  ip_address: string | null
  user_agent: string | null
}

interface TokensTable {
  id: string
  /** What the token opens; one outstanding token for each user and purpose. */
  purpose: string
  user_id: number
  /** The normalised email address the token was made for. */
  email: string
  secret_hash: Uint8Array
  created_at: number
  expires_at: number
}

interface ThrottlesTable {
  /** SHA-256 of what is counted, in hexadecimal: no address stands here in the clear. */
  key: string
  failures: number
  /** No attempt before this. */
  blocked_until: number
  /** Forgotten after this. */
  expires_at: number
}

interface OutboxTable {
  id: string
  /** Which message it is. */
  kind: string
  /**
   * The account it is about. A mail with a link goes to the address that this account has when the mail leaves. Null
   * once the account is gone, for a farewell, and for a request that named an unknown address.
   */
  user_id: number | null
  /** The address it goes to, where that is fixed: of every notice, whatever becomes of the account. */
  email: string | null
  locale: string
  /** What the message says beyond its kind, as JSON. No secret: tokens are made when the mail leaves. */
  details: string
  created_at: number
  attempts: number
  /** Not before this. Whoever takes the mail moves it, so that nobody else does meanwhile. */
  next_attempt_at: number
  /** The lower, the earlier it leaves. */
  priority: number
  /** How many events the message covers. */
  events: number
  /** Why the last try failed; null where none did. */
  problem: string | null
}

interface AuditTable {
  id: string
  at: number
  /** The process that wrote the line. */
  instance: string
  actor: string
  /** The id of the acting user, or what names the operator; null if unknown. */
  actor_id: string | null
  /** The user that somebody else acted for. */
  on_behalf_of: number | null
  action: string
  outcome: string
  reason: string | null
  /** The account it is about. No foreign key: the line outlives the account. */
  user_id: number | null
  ip_address: string | null
  user_agent: string | null
  request_id: string | null
  /** JSON. */
  details: string
  expires_at: number
}

export interface Schema {
  outbox: OutboxTable
  audit: AuditTable
  users: UsersTable
  sessions: SessionsTable
  tokens: TokensTable
  throttles: ThrottlesTable
}

/** A connection pool or a transaction: most functions of this room take either. */
export type Database = Kysely<Schema>

/** A transaction, for what is several statements and has to be all or nothing. */
export type Tx = Transaction<Schema>
