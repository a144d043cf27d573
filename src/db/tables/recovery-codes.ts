/** Table `recovery_codes`: ten codes that stand in for a lost second factor. */
import type { Database, Tx } from './index.ts'
import { dateOf, USER_ID } from './rows.ts'
import type { Columns, RowOf, Table } from './table.ts'

const COLUMNS = {
  id: {
    type: 'uuid',
    about: 'The key, a UUID version 7',
    class: 'technical',
    log: 'no',
  },
  user_id: USER_ID,
  position: {
    type: 'integer',
    about: 'The first digit of the code, 0 to 9, by which its row is found',
    class: 'technical',
    log: 'no',
  },
  code_hash: {
    type: 'text',
    about: 'The hash of the code',
    class: 'secret',
    protection: 'argon2id, with its own salt, of 65 random bits',
    kept: 'until the code is used or renewed',
    log: 'no',
  },
  created_at: { type: 'time', about: 'When the code was made', class: 'personal', log: 'no' },
  used_at: {
    type: 'time',
    nullable: true,
    about: 'When the previous code at this position was used',
    class: 'personal',
    log: 'no',
  },
} as const satisfies Columns

export type RecoveryCodesTable = RowOf<typeof COLUMNS>

export const recovery_codes = {
  columns: COLUMNS,
  key: 'id',
  retention: 'Rows stay until a new set replaces them, or until the last second factor is removed.',
  exportedBy: [],
  afterAccount: 'gone',
  cleanUps: {},
} satisfies Table

/** A recovery code. */
export interface RecoveryCode {
  readonly id: string
  readonly userId: number
  readonly position: number
  readonly codeHash: string
}

/** Replaces all codes of a user. Lock the user first. */
export async function replaceRecoveryCodes(
  tx: Tx,
  userId: number,
  codes: readonly Omit<RecoveryCode, 'userId'>[],
  at: Date,
): Promise<void> {
  await deleteRecoveryCodes(tx, userId)
  const rows = codes.map(({ id, position, codeHash }) => ({
    id,
    user_id: userId,
    position,
    code_hash: codeHash,
    created_at: at.getTime(),
    used_at: null,
  }))
  await tx.insertInto('recovery_codes').values(rows).execute()
}

/** The code at a position, or `null`. */
export async function findRecoveryCode(
  db: Database,
  { userId, position }: Pick<RecoveryCode, 'userId' | 'position'>,
): Promise<RecoveryCode | null> {
  const row = await db
    .selectFrom('recovery_codes')
    .select(['id', 'code_hash'])
    .where('user_id', '=', userId)
    .where('position', '=', position)
    .executeTakeFirst()
  return row === undefined ? null : { id: row.id, userId, position, codeHash: row.code_hash }
}

/** Lists the codes of a user, each with the time at which the previous code at its position was used. */
export async function listRecoveryCodes(
  db: Database,
  userId: number,
): Promise<{ readonly usedAt: Date | null }[]> {
  const rows = await db.selectFrom('recovery_codes').select('used_at').where('user_id', '=', userId).execute()
  return rows.map((row) => ({ usedAt: dateOf(row.used_at) }))
}

/** Uses up a code and puts another in its place. Of any number of concurrent callers, exactly one gets `true`. */
export async function takeRecoveryCode(
  tx: Tx,
  { id, codeHash }: RecoveryCode,
  { newHash, at }: { readonly newHash: string; readonly at: Date },
): Promise<boolean> {
  const time = at.getTime()
  const { numUpdatedRows } = await tx
    .updateTable('recovery_codes')
    .set({ code_hash: newHash, created_at: time, used_at: time })
    .where('id', '=', id)
    .where('code_hash', '=', codeHash)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Deletes all codes of a user. Returns how many there were. */
export async function deleteRecoveryCodes(tx: Tx, userId: number): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('recovery_codes')
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return Number(numDeletedRows)
}
