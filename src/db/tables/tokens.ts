/** Table `tokens`: single-use tokens, such as those in mailed links. */
import type { Database, Tx } from './index.ts'
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
    about: 'What the token is for; a user has one token for each purpose',
    class: 'technical',
    log: 'yes',
  },
  user_id: {
    type: 'integer',
    about: 'The user',
    class: 'pseudonym',
    protection: 'deleted with the user',
    log: 'yes',
  },
  email: {
    type: 'text',
    about: 'The normalised address that the token was made for',
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
export interface Token {
  readonly id: string
  readonly purpose: TokenPurpose
  readonly userId: number
  /** The normalised address that it was made for. */
  readonly email: string
  readonly secretHash: Uint8Array
  readonly createdAt: Date
  readonly expiresAt: Date
}

/**
 * Adds a token. It replaces the user's outstanding token for the same purpose.
 *
 * @returns `false`, with nothing added, if the account is gone or disabled.
 */
export async function addToken(tx: Tx, token: Token): Promise<boolean> {
  // Every transaction locks the user's row first, so that none deadlock.
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set((query) => ({
      reset_token: token.purpose === 'reset_password' ? token.id : query.ref('reset_token'),
    }))
    .where('id', '=', token.userId)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  const row = {
    id: token.id,
    email: token.email,
    secret_hash: token.secretHash,
    created_at: token.createdAt.getTime(),
    expires_at: token.expiresAt.getTime(),
  }
  await tx
    .insertInto('tokens')
    .values({ ...row, purpose: token.purpose, user_id: token.userId })
    .onConflict((conflict) => conflict.columns(['user_id', 'purpose']).doUpdateSet(row))
    .execute()
  return true
}

/** The token with this id and one of these purposes, or `null`. The caller must check whether it has expired. */
export async function findToken(
  db: Database,
  purposes: readonly TokenPurpose[],
  id: string,
): Promise<Token | null> {
  const row = await db
    .selectFrom('tokens')
    .selectAll()
    .where('id', '=', id)
    .where('purpose', 'in', purposes)
    .executeTakeFirst()
  if (row === undefined) return null
  return {
    id: row.id,
    purpose: row.purpose as TokenPurpose,
    userId: row.user_id,
    email: row.email,
    secretHash: row.secret_hash,
    createdAt: new Date(row.created_at),
    expiresAt: new Date(row.expires_at),
  }
}

/** Uses a token up by deleting it. Of any number of concurrent callers, exactly one gets `true`. */
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
  for (const { id, user_id } of expired.sort((a, b) => a.user_id - b.user_id)) {
    await tx
      .updateTable('users')
      .set((query) => ({
        reset_token: query
          .case()
          .when('reset_token', '=', id)
          .then(null)
          .else(query.ref('reset_token'))
          .end(),
      }))
      .where('id', '=', user_id)
      .execute()
    await tx.deleteFrom('tokens').where('id', '=', id).execute()
  }
  return expired.length
}
