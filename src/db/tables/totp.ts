/** Table `totp`: the authenticator app of a user, and the one that is being set up. */
import type { Database, Tx } from './index.ts'
import { conversions, type ModelOf } from './model.ts'
import type { Columns, RowOf, Table } from './table.ts'

const COLUMNS = {
  user_id: {
    type: 'integer',
    about: 'The key, and the user',
    class: 'pseudonym',
    protection: 'deleted with the user',
    log: 'yes',
  },
  sealed_secret: {
    type: 'bytes',
    nullable: true,
    about: 'The secret of the app; null until the first app is confirmed',
    class: 'secret',
    protection: 'AES-256-GCM with a key that is not in the database, bound to this row',
    sealed: 'totp',
    log: 'no',
  },
  confirmed_at: {
    type: 'time',
    nullable: true,
    about: 'When the app was confirmed with a code',
    class: 'personal',
    log: 'no',
  },
  last_step: {
    type: 'integer',
    nullable: true,
    about:
      'The time step of the last accepted code, in units of 30 s since 1970. An equal or older one is refused',
    class: 'personal',
    log: 'no',
  },
  failures: {
    type: 'integer',
    about: 'The number of wrong codes since the last right one. Time does not reset it',
    class: 'technical',
    log: 'no',
  },
  disabled_at: {
    type: 'time',
    nullable: true,
    about: 'When too many wrong codes disabled the app. Setting up an app again clears it',
    class: 'personal',
    log: 'no',
  },
  pending_sealed_secret: {
    type: 'bytes',
    nullable: true,
    about: 'The secret of the app that is being set up',
    class: 'secret',
    protection: 'like `sealed_secret`',
    sealed: 'totp',
    kept: 'until it is confirmed, replaced or 15 minutes old',
    log: 'no',
  },
  pending_expires_at: {
    type: 'time',
    nullable: true,
    about: 'Until when the app that is being set up can be confirmed',
    class: 'technical',
    log: 'no',
  },
} as const satisfies Columns

export type TotpTable = RowOf<typeof COLUMNS>

export const totp = {
  columns: COLUMNS,
  key: 'user_id',
  retention:
    'A row stays until the user or an operator removes the app, or until the next clean-up if the first app was never confirmed.',
  exportedBy: ['user', 'operator'],
  afterAccount: 'gone',
  cleanUps: {
    totp: {
      what: 'authenticator apps that were never confirmed',
      when: '15 minutes after the set-up began',
      settings: [],
      deleteSome: (tx, { now }, limit) => deleteAbandonedTotp(tx, now, limit),
    },
  },
} satisfies Table

/** The authenticator app of a user. */
export type Totp = ModelOf<typeof COLUMNS>

export const { modelOf: totpOf } = conversions(COLUMNS)

export async function findTotp(db: Database, userId: number): Promise<Totp | null> {
  const row = await db.selectFrom('totp').selectAll().where('user_id', '=', userId).executeTakeFirst()
  return row === undefined ? null : totpOf(row)
}

/** Stores the app that is being set up. A confirmed app stays valid. Lock the user first. */
export async function savePendingTotp(
  tx: Tx,
  userId: number,
  { sealedSecret, expiresAt }: { readonly sealedSecret: Uint8Array; readonly expiresAt: Date },
): Promise<void> {
  const pending = { pending_sealed_secret: sealedSecret, pending_expires_at: expiresAt.getTime() }
  const empty = { sealed_secret: null, confirmed_at: null, last_step: null, failures: 0, disabled_at: null }
  await tx
    .insertInto('totp')
    .values({ user_id: userId, ...empty, ...pending })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(pending))
    .execute()
}

/**
 * Confirms the app that was set up. It replaces the app that was confirmed before, if there is one.
 *
 * @param details - `sealedSecret`: its secret, sealed again for this column. `step`: the time step of the code that
 *   confirmed it.
 * @returns `false` if the app that is being set up has changed since it was read.
 */
export async function confirmTotp(
  tx: Tx,
  { userId, pendingSealedSecret }: Totp,
  { sealedSecret, step, at }: { readonly sealedSecret: Uint8Array; readonly step: number; readonly at: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('totp')
    .set({
      sealed_secret: sealedSecret,
      confirmed_at: at.getTime(),
      last_step: step,
      failures: 0,
      disabled_at: null,
      pending_sealed_secret: null,
      pending_expires_at: null,
    })
    .where('user_id', '=', userId)
    .where('pending_sealed_secret', '=', pendingSealedSecret)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Uses up a time step. Of any number of concurrent callers with the same or an older step, exactly one gets `true`. */
export async function takeTotpStep(tx: Tx, { userId, sealedSecret }: Totp, step: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('totp')
    .set({ last_step: step, failures: 0 })
    .where('user_id', '=', userId)
    .where('sealed_secret', '=', sealedSecret)
    .where('disabled_at', 'is', null)
    .where('last_step', '<', step)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/**
 * Counts a wrong code.
 *
 * @param disableAfter - How many wrong codes in a row disable the app. 0 means never.
 * @returns Whether this one disabled it.
 */
export async function countTotpFailure(
  tx: Tx,
  userId: number,
  { disableAfter, at }: { readonly disableAfter: number; readonly at: Date },
): Promise<boolean> {
  const row = await tx
    .updateTable('totp')
    .set((query) => ({ failures: query('failures', '+', 1) }))
    .where('user_id', '=', userId)
    .where('disabled_at', 'is', null)
    .returning('failures')
    .executeTakeFirst()
  if (row === undefined || disableAfter === 0 || row.failures < disableAfter) return false
  await tx.updateTable('totp').set({ disabled_at: at.getTime() }).where('user_id', '=', userId).execute()
  return true
}

/** Removes the app. `false` if none was confirmed. */
export async function deleteTotp(tx: Tx, userId: number): Promise<boolean> {
  const deleted = await tx
    .deleteFrom('totp')
    .where('user_id', '=', userId)
    .returning('confirmed_at')
    .execute()
  return deleted.some(({ confirmed_at }) => confirmed_at !== null)
}

async function deleteAbandonedTotp(tx: Tx, now: Date, limit: number): Promise<number> {
  const rows = tx
    .selectFrom('totp')
    .select('user_id')
    .where('confirmed_at', 'is', null)
    .where('pending_expires_at', '<=', now.getTime())
    .limit(limit)
  const { numDeletedRows } = await tx
    .deleteFrom('totp')
    .where('user_id', 'in', rows)
    // Check again, because the set-up may have been started anew.
    .where('pending_expires_at', '<=', now.getTime())
    .where('confirmed_at', 'is', null)
    .executeTakeFirst()
  return Number(numDeletedRows)
}
