/** Table `tokens`: single-use tokens, such as those in mailed links. */
import { type RawBuilder, sql } from 'kysely'
import type { Database, Tx } from './index.ts'
import { conversions, type ModelOf } from './model.ts'
import { USER_ID } from './rows.ts'
import type { Columns, RowOf, Table } from './table.ts'

const COLUMNS = {
  id: {
    type: 'uuid',
    about: 'The key, a UUID version 7',
    class: 'technical',
    protection: 'identifies the token but gives no access',
    log: 'no',
  },
  purpose: {
    type: 'text',
    about:
      "What the token is for; in an earlier token that still works, followed by a colon and the token's id",
    class: 'technical',
    log: 'yes',
  },
  user_id: USER_ID,
  email: {
    type: 'text',
    about: 'The normalized address that the token was made for',
    class: 'personal',
    log: 'masked',
  },
  secret_hash: {
    type: 'bytes',
    about: 'SHA-256 of the secret',
    class: 'secret',
    protection: 'SHA-256 of 256 random bits',
    log: 'no',
  },
  created_at: { type: 'time', about: 'When the token was made', class: 'personal', log: 'no' },
  expires_at: { type: 'time', about: 'When the token expires', class: 'technical', log: 'no' },
} as const satisfies Columns

export type TokensTable = RowOf<typeof COLUMNS>

export const tokens = {
  columns: COLUMNS,
  key: 'id',
  retention:
    'A row stays until the token is used, replaced or voided, or until the next clean-up after it expired.',
  exportedBy: [],
  afterAccount: 'gone',
  cleanUps: {
    tokens: {
      what: 'tokens',
      when: 'expired',
      settings: ['BIENVENUE_RESET_TOKEN_LIFETIME_SECONDS', 'BIENVENUE_EMAIL_TOKEN_LIFETIME_SECONDS'],
      deleteSome: (tx, { now }, limit) => deleteExpiredTokens(tx, now, limit),
    },
  },
} satisfies Table

/** What a token is for. */
export type TokenPurpose = 'reset_password' | 'confirm_email' | 'change_email'

/** A single-use token. */
export type Token = ModelOf<typeof COLUMNS, { purpose: TokenPurpose }>

const { modelOf, rowOf } = conversions<typeof COLUMNS, Token>(COLUMNS)

/** Why a token was not added. */
export type TokenRefusal =
  /** The account is deleted or disabled. */
  | { readonly reason: 'gone' }
  /** The user has `max` tokens for the purpose. The first of them expires at `until`. */
  | { readonly reason: 'full'; readonly until: Date }

/**
 * Adds a token, and deletes the user's expired tokens for the same purpose. Lock the user first.
 *
 * @param details - `max`: how many tokens for the purpose a user may have. If it is 1, the new token replaces the earlier
 *   one. Otherwise earlier tokens keep working, and the new one is refused if there are already `max`.
 * @returns `null`, or why nothing was added.
 */
export async function addToken(
  tx: Tx,
  token: Token,
  { max }: { readonly max: number },
): Promise<TokenRefusal | null> {
  let voided = tx.deleteFrom('tokens').where(isFor(token))
  if (max > 1) voided = voided.where('expires_at', '<=', token.createdAt.getTime())
  await voided.execute()
  const live = await tx
    .selectFrom('tokens')
    .select('expires_at')
    .where(isFor(token))
    .orderBy('expires_at')
    .limit(max)
    .execute()
  const [first] = live
  if (first !== undefined && live.length === max) return { reason: 'full', until: new Date(first.expires_at) }
  // A unique constraint allows one row for each user and purpose, and instances of an older version rely on it.
  await tx
    .updateTable('tokens')
    .set({ purpose: sql`purpose || ':' || id` })
    .where('user_id', '=', token.userId)
    .where('purpose', '=', token.purpose)
    .execute()
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set((query) => ({
      reset_token: token.purpose === 'reset_password' ? token.id : query.ref('reset_token'),
    }))
    .where('id', '=', token.userId)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return { reason: 'gone' }
  await tx.insertInto('tokens').values(rowOf(token)).execute()
  return null
}

/** Matches all tokens of a user for a purpose, the newest and the earlier ones. */
function isFor({ userId, purpose }: Pick<Token, 'userId' | 'purpose'>): RawBuilder<boolean> {
  return sql<boolean>`user_id = ${userId} and purpose like ${`${purpose}%`}`
}

/** The token with this id and one of these purposes, or `null`. The caller must check whether it has expired. */
export async function findToken(
  db: Database,
  purposes: readonly TokenPurpose[],
  id: string,
): Promise<Token | null> {
  const row = await db.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst()
  const purpose = purposes.find((each) => row?.purpose.split(':', 1)[0] === each)
  if (row === undefined || purpose === undefined) return null
  return { ...modelOf(row), purpose }
}

/** Uses up a token by deleting it. Of any number of concurrent callers, exactly one gets `true`. */
export async function takeToken(db: Database, token: Token, now: Date): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('tokens')
    .where('id', '=', token.id)
    .where('purpose', 'like', `${token.purpose}%`)
    .where('secret_hash', '=', token.secretHash)
    .where('expires_at', '>', now.getTime())
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Voids a user's tokens for a purpose other than `reset_password`. */
export async function deleteTokensFor(
  tx: Tx,
  userId: number,
  purpose: Exclude<TokenPurpose, 'reset_password'>,
): Promise<void> {
  await tx.deleteFrom('tokens').where(isFor({ userId, purpose })).execute()
}

/** Voids a token. If the user's row names it, it then names the newest reset token that is left. */
export async function deleteToken(tx: Tx, { id, userId }: Pick<Token, 'id' | 'userId'>): Promise<void> {
  // The user's row is locked first, as everywhere, so that no transactions deadlock.
  const newestLeft = tx
    .selectFrom('tokens')
    .select(sql`cast(id as text)`.as('id'))
    .where(isFor({ userId, purpose: 'reset_password' }))
    .where('id', '!=', id)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
  await tx
    .updateTable('users')
    .set({ reset_token: sql`case when reset_token = ${id} then ${newestLeft} else reset_token end` })
    .where('id', '=', userId)
    .execute()
  await tx.deleteFrom('tokens').where('id', '=', id).execute()
}

/** Voids all tokens of a user. */
export async function deleteTokensOf(tx: Tx, userId: number): Promise<void> {
  await tx.updateTable('users').set({ reset_token: null }).where('id', '=', userId).execute()
  await tx.deleteFrom('tokens').where('user_id', '=', userId).execute()
}

/**
 * Voids all tokens of all users.
 *
 * @returns How many it voided.
 */
export async function deleteEveryToken(tx: Tx): Promise<number> {
  await tx.updateTable('users').set({ reset_token: null }).where('reset_token', 'is not', null).execute()
  const { numDeletedRows } = await tx.deleteFrom('tokens').executeTakeFirst()
  return Number(numDeletedRows)
}

/**
 * Removes up to `limit` expired tokens.
 *
 * @returns How many were removed; 0 when none is left.
 */
export async function deleteExpiredTokens(tx: Tx, now: Date, limit: number): Promise<number> {
  const expired = await tx
    .selectFrom('tokens')
    .select(['id', 'user_id'])
    .where('expires_at', '<=', now.getTime())
    .limit(limit)
    .execute()
  // Sorted by user, so that concurrent clean-ups lock rows in the same order.
  for (const { id, user_id } of expired.sort((a, b) => a.user_id - b.user_id))
    await deleteToken(tx, { id, userId: user_id })
  return expired.length
}
