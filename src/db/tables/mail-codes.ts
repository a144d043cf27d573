/** Table `mail_codes`: short codes in mail, each bound to the browser that asked for it. */
import type { MailCodePurpose } from '../../model/mail-codes.ts'
import { locking } from '../dialect.ts'
import type { Database, Tx } from './index.ts'
import { conversions, type ModelOf } from './model.ts'
import { deleteExpiredRows } from './rows.ts'
import type { Columns, RowOf, Table } from './table.ts'

const COLUMNS = {
  id: {
    type: 'uuid',
    about: 'The key, a UUID version 7',
    class: 'technical',
    protection: 'identifies the code but gives no access',
    log: 'no',
  },
  secret_hash: {
    type: 'text',
    nullable: true,
    about:
      'HMAC-SHA256 of the code, with the id of the key; null until the mail is sent, and if the code is void',
    class: 'secret',
    protection: 'a key that is not in the database',
    log: 'no',
  },
  user_id: {
    type: 'integer',
    nullable: true,
    about: 'The user; null for a request for an address that gets no code',
    class: 'pseudonym',
    protection: 'deleted with the user',
    log: 'yes',
  },
  email: {
    type: 'text',
    about: 'The requested address; wrong codes are counted under it',
    class: 'personal',
    log: 'masked',
  },
  purpose: {
    type: 'text',
    about:
      'What the code is for. A row for `registration` has no code: it remembers for a day that this browser registered the account',
    class: 'technical',
    log: 'yes',
  },
  browser_hash: {
    type: 'bytes',
    about: 'SHA-256 of the token of the browser that asked',
    class: 'secret',
    protection: 'SHA-256 of 256 random bits',
    log: 'no',
  },
  expires_at: { type: 'time', about: 'When the code expires', class: 'technical', log: 'no' },
} as const satisfies Columns

export type MailCodesTable = RowOf<typeof COLUMNS>

export const mail_codes = {
  columns: COLUMNS,
  key: 'id',
  retention:
    'A row stays until the code is used or replaced, or until the next clean-up after it expired: 10 minutes after it was asked for or sent, or a day for `registration`.',
  exportedBy: [],
  afterAccount:
    'gone, except a row whose code is void: its address had no account, or the account was changed',
  cleanUps: {
    mailCodes: {
      what: 'codes in mail',
      when: '10 minutes after they were asked for or sent; a day after a registration',
      settings: [],
      deleteSome: (tx, { now }, limit) => deleteExpiredRows(tx, 'mail_codes', now, limit),
    },
  },
} satisfies Table

/** A code, or a note that a browser registered an account. */
export type MailCode = ModelOf<typeof COLUMNS, { purpose: MailCodePurpose | 'registration' }>

const { modelOf: mailCodeOf } = conversions<typeof COLUMNS, MailCode>(COLUMNS)

/** Adds a row without a code. It replaces the row of the same browser for the same purpose. Lock the user first. */
export async function reserveMailCode(tx: Tx, code: Omit<MailCode, 'secretHash'>): Promise<void> {
  const values = {
    id: code.id,
    secret_hash: null,
    user_id: code.userId,
    email: code.email,
    expires_at: code.expiresAt.getTime(),
  }
  await tx
    .insertInto('mail_codes')
    .values({ ...values, purpose: code.purpose, browser_hash: code.browserHash })
    .onConflict((conflict) => conflict.columns(['browser_hash', 'purpose']).doUpdateSet(values))
    .execute()
}

/** Sets the code of a row. The row may be gone by now. */
export async function setMailCode(
  tx: Tx,
  { id, secretHash, expiresAt }: Pick<MailCode, 'id' | 'secretHash' | 'expiresAt'>,
): Promise<void> {
  await tx
    .updateTable('mail_codes')
    .set({ secret_hash: secretHash, expires_at: expiresAt.getTime() })
    .where('id', '=', id)
    .execute()
}

/** Voids a code. Its row stays until it expires, so that wrong codes still count under its address. */
export async function voidMailCode(db: Database, id: string): Promise<void> {
  await db.updateTable('mail_codes').set({ secret_hash: null }).where('id', '=', id).execute()
}

/** The row with this id, or `null`. */
export async function findMailCodeById(db: Database, id: string): Promise<MailCode | null> {
  const row = await db.selectFrom('mail_codes').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? null : mailCodeOf(row)
}

/** The row of a browser for a purpose, or `null`. The caller must check whether it has expired. */
export async function findMailCode(
  db: Database,
  { browserHash, purpose }: Pick<MailCode, 'browserHash' | 'purpose'>,
): Promise<MailCode | null> {
  const row = await db
    .selectFrom('mail_codes')
    .selectAll()
    .where('browser_hash', '=', browserHash)
    .where('purpose', '=', purpose)
    .executeTakeFirst()
  return row === undefined ? null : mailCodeOf(row)
}

/** Uses up a code by deleting it. Of any number of concurrent callers, exactly one gets `true`. */
export async function takeMailCode(tx: Tx, { id, secretHash }: MailCode, now: Date): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('mail_codes')
    .where('id', '=', id)
    .where('secret_hash', '=', secretHash)
    .where('expires_at', '>', now.getTime())
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Deletes a user's rows for these purposes. Lock the user first. */
export async function deleteMailCodesFor(
  tx: Tx,
  userId: number,
  purposes: readonly MailCode['purpose'][],
): Promise<void> {
  await tx
    .deleteFrom('mail_codes')
    .where('id', 'in', locking(tx, ofUser(tx, userId, purposes)))
    .execute()
}

/** Deletes all rows of a user. Lock the user first. */
export async function deleteMailCodesOf(tx: Tx, userId: number): Promise<void> {
  await tx
    .deleteFrom('mail_codes')
    .where('id', 'in', locking(tx, ofUser(tx, userId)))
    .execute()
}

/**
 * Voids all codes of a user, or those for these purposes. The rows stay until they expire, like those of an address without an
 * account. Otherwise a browser that waits for a code could tell them apart. Lock the user first.
 */
export async function voidMailCodesOf(
  tx: Tx,
  userId: number,
  purposes?: readonly MailCode['purpose'][],
): Promise<void> {
  await tx
    .updateTable('mail_codes')
    .set({ user_id: null, secret_hash: null })
    .where('id', 'in', locking(tx, ofUser(tx, userId, purposes)))
    .execute()
}

/** Deletes every row. */
export async function deleteEveryMailCode(tx: Tx): Promise<void> {
  await tx
    .deleteFrom('mail_codes')
    .where('id', 'in', locking(tx, inOrder(tx)))
    .execute()
}

/**
 * Rows in the order in which every transaction locks them. A registration reserves two: `confirm_email`, then `registration`.
 * Deletions in any other order could deadlock with it.
 */
function inOrder(tx: Tx) {
  return tx.selectFrom('mail_codes').select('id').orderBy('browser_hash').orderBy('purpose')
}

function ofUser(tx: Tx, userId: number, purposes?: readonly MailCode['purpose'][]) {
  const rows = inOrder(tx).where('user_id', '=', userId)
  return purposes === undefined ? rows : rows.where('purpose', 'in', purposes)
}
