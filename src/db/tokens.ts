/** Table `tokens`: single-use secrets of every purpose. */
import type { Database } from './schema.ts'

/** What a token opens. */
export type TokenPurpose = 'reset_password'

/** A single-use secret that was handed out. */
export interface Token {
  readonly id: string
  readonly purpose: TokenPurpose
  readonly userId: number
  /** The normalised address it was made for. */
  readonly email: string
  readonly secretHash: Uint8Array
  readonly createdAt: Date
  readonly expiresAt: Date
}

/** Adds a token; an outstanding one of the same user and purpose is void from now on. */
export async function addToken(db: Database, token: Token): Promise<void> {
  const row = {
    id: token.id,
    email: token.email,
    secret_hash: token.secretHash,
    created_at: token.createdAt.getTime(),
    expires_at: token.expiresAt.getTime(),
  }
  await db
    .insertInto('tokens')
    .values({ ...row, purpose: token.purpose, user_id: token.userId })
    .onConflict((conflict) => conflict.columns(['user_id', 'purpose']).doUpdateSet(row))
    .execute()
}

/** The token with this id, or `null`. It may have expired: the caller looks. */
export async function findToken(db: Database, purpose: TokenPurpose, id: string): Promise<Token | null> {
  const row = await db
    .selectFrom('tokens')
    .selectAll()
    .where('id', '=', id)
    .where('purpose', '=', purpose)
    .executeTakeFirst()
  if (row === undefined) return null
  return {
    id: row.id,
    purpose,
    userId: row.user_id,
    email: row.email,
    secretHash: row.secret_hash,
    createdAt: new Date(row.created_at),
    expiresAt: new Date(row.expires_at),
  }
}

/**
 * Uses a token up. Of any number of callers at once, one gets `true`: the delete is the decision.
 */
export async function takeToken(db: Database, token: Token, now: Date): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('tokens')
    .where('id', '=', token.id)
    .where('purpose', '=', token.purpose)
    .where('secret_hash', '=', token.secretHash)
    .where('expires_at', '>', now.getTime())
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Voids every token of a user. */
export async function deleteTokensOf(db: Database, userId: number): Promise<void> {
  await db.deleteFrom('tokens').where('user_id', '=', userId).execute()
}

/**
 * Removes tokens that nobody used in time, so many at the most; run it in a transaction.
 *
 * @returns How many there were: fewer than `limit` when it is done.
 */
export async function deleteExpiredTokens(db: Database, now: Date, limit: number): Promise<number> {
  const expired = db.selectFrom('tokens').select('id').where('expires_at', '<=', now.getTime()).limit(limit)
  const ended = await db
    .deleteFrom('tokens')
    .where('id', 'in', expired)
    .returning(['id', 'user_id'])
    .execute()
  for (const { id, user_id } of ended) {
    await db
      .updateTable('users')
      .set({ reset_token: null })
      .where('id', '=', user_id)
      .where('reset_token', '=', id)
      .execute()
  }
  return ended.length
}
