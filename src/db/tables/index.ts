/**
 * The registry of all tables. Schema, clean-up, move, adoption, docs/reference/data.md and the tests read it. The
 * migrations create these tables; a test compares both.
 */
import type { Kysely, Transaction } from 'kysely'
import { type AuditTable, audit } from './audit.ts'
import { type CeremoniesTable, ceremonies } from './ceremonies.ts'
import { type IdentitiesTable, identities } from './identities.ts'
import { type LoginFlowsTable, login_flows } from './login-flows.ts'
import { type MailCodesTable, mail_codes } from './mail-codes.ts'
import { type OutboxTable, outbox } from './outbox.ts'
import { type PasskeysTable, passkeys } from './passkeys.ts'
import { type PendingSignInsTable, pending_sign_ins } from './pending-sign-ins.ts'
import { type ProviderSessionsTable, provider_sessions } from './provider-sessions.ts'
import { type ProvidersTable, providers } from './providers.ts'
import { type RecoveryCodesTable, recovery_codes } from './recovery-codes.ts'
import { type SessionsTable, sessions } from './sessions.ts'
import type { DeleteSome, Table } from './table.ts'
import { type ThrottlesTable, throttles } from './throttles.ts'
import { type TokensTable, tokens } from './tokens.ts'
import { type TotpTable, totp } from './totp.ts'
import { type UsersTable, users } from './users.ts'

export * from './audit.ts'
export * from './ceremonies.ts'
export * from './factors-bulk.ts'
export * from './identities.ts'
export * from './login-flows.ts'
export * from './mail-codes.ts'
export * from './outbox.ts'
export * from './passkeys.ts'
export * from './pending-sign-ins.ts'
export * from './provider-sessions.ts'
export * from './providers.ts'
export * from './recovery-codes.ts'
export * from './sessions.ts'
export * from './throttles.ts'
export * from './tokens.ts'
export * from './totp.ts'
export * from './users.ts'
export * from './users-bulk.ts'
export * from './users-removal.ts'

/** The rows of each table, for Kysely. Not derived from `TABLES`, whose functions have types that depend on it. */
export interface Schema {
  users: UsersTable
  sessions: SessionsTable
  tokens: TokensTable
  mail_codes: MailCodesTable
  totp: TotpTable
  recovery_codes: RecoveryCodesTable
  passkeys: PasskeysTable
  pending_sign_ins: PendingSignInsTable
  ceremonies: CeremoniesTable
  providers: ProvidersTable
  identities: IdentitiesTable
  login_flows: LoginFlowsTable
  provider_sessions: ProviderSessionsTable
  throttles: ThrottlesTable
  outbox: OutboxTable
  audit: AuditTable
}

/** Every table. A table comes after the tables that it refers to. */
export const TABLES = {
  users,
  sessions,
  tokens,
  mail_codes,
  totp,
  recovery_codes,
  passkeys,
  pending_sign_ins,
  ceremonies,
  providers,
  identities,
  login_flows,
  provider_sessions,
  throttles,
  outbox,
  audit,
} satisfies Record<keyof Schema, Table>

/** The name of every table, in the same order. */
export const TABLE_NAMES = Object.keys(TABLES) as readonly (keyof Schema)[]

/** A connection pool or a transaction. Most functions of `db` accept both. */
export type Database = Kysely<Schema>

/** A transaction, for statements that must succeed or fail together. */
export type Tx = Transaction<Schema>

type Registered = typeof TABLES
type CleanUpsOf<Name extends keyof Registered> = Registered[Name]['cleanUps']
type RecordedIn<CleanUps> = {
  [Name in keyof CleanUps]: CleanUps[Name] extends { deleteSome: null } ? Name : never
}[keyof CleanUps]

/** The names under which `deleteExpired` counts. */
export type CleanUpName = { [Name in keyof Registered]: keyof CleanUpsOf<Name> }[keyof Registered]

/** The clean-ups that also write to the audit. */
export type RecordedCleanUpName = {
  [Name in keyof Registered]: RecordedIn<CleanUpsOf<Name>>
}[keyof Registered]

/** Every clean-up, in the order of the tables. */
export const CLEAN_UPS = Object.values<Table>(TABLES).flatMap(({ cleanUps }) =>
  Object.entries(cleanUps).map(([name, { deleteSome }]) => ({ name, deleteSome })),
) as readonly (
  | { readonly name: CleanUpName; readonly deleteSome: DeleteSome }
  | { readonly name: RecordedCleanUpName; readonly deleteSome: null }
)[]
