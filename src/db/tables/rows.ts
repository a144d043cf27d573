/** What the files of the tables share. */
import { Conflict } from '../../model/errors.ts'
import { isUniqueViolation, skippingLocked } from '../dialect.ts'
import type { Schema, Tx } from './index.ts'
import type { Column } from './table.ts'

/** The column that names the user to whom a row belongs. */
export const USER_ID = {
  type: 'integer',
  about: 'The user',
  class: 'pseudonym',
  protection: 'deleted with the user',
  log: 'yes',
} as const satisfies Column

/** A time as a date. */
export function dateOf(time: number | null): Date | null {
  return time === null ? null : new Date(time)
}

/** The words of a text, which are separated by single spaces. */
export function wordsOf(text: string): string[] {
  return text === '' ? [] : text.split(' ')
}

/** The result of a write. @throws {Conflict} The write failed because a unique value already exists. */
export async function orConflict<Result>(problem: string, write: Promise<Result>): Promise<Result> {
  try {
    return await write
  } catch (error) {
    throw isUniqueViolation(error) ? new Conflict(problem, { cause: error }) : error
  }
}

/** The tables whose rows have an id and expire. */
type Expiring = {
  [Name in keyof Schema]: Schema[Name] extends { id: string; expires_at: number } ? Name : never
}[keyof Schema]

/**
 * Deletes up to `limit` rows that have expired. Leaves rows that another transaction has locked to the next clean-up.
 *
 * @returns How many were deleted; 0 when none is left.
 */
export async function deleteExpiredRows(tx: Tx, table: Expiring, now: Date, limit: number): Promise<number> {
  const time = now.getTime()
  const rows = tx.selectFrom(table).select('id').where('expires_at', '<=', time).limit(limit)
  const { numDeletedRows } = await tx
    .deleteFrom(table)
    .where('id', 'in', skippingLocked(tx, rows))
    // Check again, because a row may have been renewed since.
    .where('expires_at', '<=', time)
    .executeTakeFirst()
  return Number(numDeletedRows)
}
