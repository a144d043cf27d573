import { type AuditRecord, type Database, type Tx, transactionWithoutSync } from '../db/index.ts'
import type { Keyring } from '../lib/keyring.ts'
import type { MailWriter } from '../mail/application.ts'
import { AuthError } from '../model/errors.ts'
import type { MetadataSchemas } from '../model/standard-schema.ts'
import type { OpenedUserField } from '../model/user-fields.ts'
import type { Hasher, Options } from '../options/index.ts'
import type { HookRunner } from './hooks.ts'
import type { PasswordPolicy } from './passwords/policy/index.ts'
import type { SharedProviders } from './providers/shared.ts'

/** The first parameter of every use case: the store, the clock, the hasher and the options. */
export interface Context {
  readonly db: Database
  readonly now: () => Date
  readonly hasher: Hasher
  /** Hashes recovery codes with argon2id, whatever the password hash is. Shares the queue of {@link hasher}. */
  readonly recoveryHasher: Hasher
  readonly policy: PasswordPolicy
  readonly options: Options
  readonly metadataSchema: MetadataSchemas
  /** The members of the public metadata that users write. */
  readonly userFields: readonly OpenedUserField[]
  /** Signs device tokens, and seals secrets. `null` without a secret key. */
  readonly keys: Keyring | null
  /** The list of providers, and the way to reach them. */
  readonly providers: SharedProviders
  readonly hooks: HookRunner
  /** Writes mail, with the links and templates of the application. */
  readonly mail: MailWriter
  /** Whether there is a mailer. Without one, no mail is enqueued. */
  readonly sendsMail: boolean
  /** Identifies this process in the audit log. */
  readonly instance: string
  /** Called for each audit record once it is committed. */
  readonly onAudit: (record: AuditRecord) => void
  /** Called when mail was enqueued and committed. */
  readonly onMail: () => void
  /** Runs a callback after the transaction of this context commits, or at once outside of a transaction. */
  readonly afterCommit: (callback: () => void) => void
}

/**
 * The delay of work that follows a commit, such as sending mail. The answer is sent first, so that its timing does not
 * reveal whether there is work to do.
 */
export const AFTER_ANSWER_MS = 100

/** A context inside a transaction. */
export interface TxContext extends Context {
  readonly db: Tx
}

/**
 * Runs several steps in one transaction. Hash passwords before it, because SQLite has a single writer.
 *
 * @param details - `sync`: whether to wait for the disk. Default `true`. `false` is for counters, which a power cut may
 *   reset.
 */
export async function inTransaction<Result>(
  ctx: Context,
  work: (ctx: TxContext) => Promise<Result>,
  { sync = true }: { sync?: boolean } = {},
): Promise<Result> {
  const callbacks: (() => void)[] = []
  const afterCommit = (callback: () => void) => void callbacks.push(callback)
  const execute = (tx: Tx) => work({ ...ctx, db: tx, afterCommit })
  const result = sync
    ? await ctx.db.transaction().execute(execute)
    : await transactionWithoutSync(ctx.db, execute)
  for (const callback of callbacks) callback()
  return result
}

/** The time plus a number of seconds, which may be negative. */
export function secondsAfter(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1_000)
}

/** What {@link assertOptional} can require. */
const TESTS = {
  boolean: (value: unknown) => typeof value === 'boolean',
  number: (value: unknown) => typeof value === 'number',
  text: (value: unknown) => typeof value === 'string',
  date: (value: unknown) => value instanceof Date && !Number.isNaN(value.getTime()),
}

/** @throws {AuthError} `invalid_field` with `field`: plain JavaScript passes a value of another type. `undefined` passes. */
export function assertOptional(value: unknown, field: string, type: keyof typeof TESTS): void {
  if (value !== undefined && !TESTS[type](value)) throw new AuthError('invalid_field', { field })
}
