/** Table `users`: how users are deleted. Their sessions end first, because the foreign key would delete them unnoticed. */
import type { Database, Tx } from './index.ts'
import { endSessions } from './sessions.ts'

/** Deletes a user with their sessions and tokens. `false` if there is no such user. */
export async function deleteUser(db: Database, userId: number): Promise<boolean> {
  await endSessions(db, { userId })
  const { numDeletedRows } = await db.deleteFrom('users').where('id', '=', userId).executeTakeFirst()
  return numDeletedRows > 0n
}

/**
 * Deletes up to `limit` accounts whose address was not confirmed in time.
 *
 * @returns How many were deleted; 0 when none is left.
 */
export async function deleteUnconfirmedUsers(tx: Tx, now: Date, limit: number): Promise<number> {
  const stale = await tx
    .selectFrom('users')
    .select('id')
    .where('unconfirmed_until', '<=', now.getTime())
    .limit(limit)
    .execute()
  let removed = 0
  // Sorted by id, so that concurrent clean-ups lock rows in the same order.
  for (const { id } of stale.sort((a, b) => a.id - b.id)) {
    // Check again: the address may have been confirmed since. The update locks the row.
    const { numUpdatedRows } = await tx
      .updateTable('users')
      .set({ session_id: null })
      .where('id', '=', id)
      .where('unconfirmed_until', '<=', now.getTime())
      .executeTakeFirst()
    if (numUpdatedRows > 0n && (await deleteUser(tx, id))) removed++
  }
  return removed
}
