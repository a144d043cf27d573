/** Single-use tokens: how they are issued and found. */
import * as store from '../db/index.ts'
import { type Bearer, mintBearer, parseBearer } from '../lib/bearer.ts'
import { equalInConstantTime } from '../lib/digest.ts'
import { normalizeEmail, type User } from '../model/user.ts'
import { type Context, secondsAfter, type TxContext } from './context.ts'

/**
 * How many tokens for one purpose an account may have. Anyone can request a mail with a link, so a request never voids an
 * earlier link (decision 0028). A mailbox gets that many mails in an hour by default.
 */
export const TOKENS_PER_PURPOSE = 20

/** The properties of a new token. */
export interface TokenRequest {
  readonly purpose: store.TokenPurpose
  /** The address that the token is for. The token is void once the account no longer has it. */
  readonly email: string
  readonly lifetimeSeconds: number
  /** Whether it voids the earlier tokens for the purpose. */
  readonly replaces: boolean
}

/** A new token, or why there is none. */
export type IssuedToken =
  /** `value` is `<uuid>.<secret>`. Only a hash of the secret is stored, under `id`. */
  { readonly id: string; readonly value: string; readonly reason?: never } | store.TokenRefusal

/** Creates a token that works once. Refuses as `gone` if the account has another address by now. */
export async function issueToken(
  tx: TxContext,
  user: Pick<User, 'id'>,
  request: TokenRequest,
): Promise<IssuedToken> {
  const locked = await store.lockUser(tx.db, user.id)
  // A change of address is confirmed at an address that is not the account's own yet.
  const isOwn = locked !== null && normalizeEmail(request.email) === normalizeEmail(locked.email)
  if (request.purpose !== 'change_email' && !isOwn) return { reason: 'gone' }
  const bearer = mintBearer(tx.now())
  const refusal = await addToken(tx, user.id, request, bearer)
  return refusal ?? { id: bearer.id, value: bearer.value }
}

/**
 * Does the work of {@link issueToken} for a mail without a recipient. The row of the mail is written in place of a token,
 * so that the transaction costs the same.
 */
export async function issueDecoyToken(tx: TxContext, mailId: string, request: TokenRequest): Promise<string> {
  await store.lockUser(tx.db, store.NO_USER_ID)
  const bearer = mintBearer(tx.now())
  await addToken(tx, store.NO_USER_ID, request, bearer)
  await store.touchMail(tx.db, mailId)
  return bearer.value
}

function addToken(
  tx: TxContext,
  userId: number,
  { purpose, email, lifetimeSeconds, replaces }: TokenRequest,
  { id, secretHash }: Bearer,
): Promise<store.TokenRefusal | null> {
  const createdAt = tx.now()
  const expiresAt = secondsAfter(createdAt, lifetimeSeconds)
  const token = { id, purpose, userId, email, secretHash, createdAt, expiresAt }
  return store.addToken(tx.db, token, { max: replaces ? 1 : TOKENS_PER_PURPOSE })
}

/** Finds a token by what the client presents, if it is valid for one of the purposes. Does not consume it. */
export async function findLiveToken(
  ctx: Context,
  purposes: readonly store.TokenPurpose[],
  presented: unknown,
): Promise<store.Token | null> {
  const bearer = typeof presented === 'string' ? parseBearer(presented) : null
  const token = bearer && (await store.findToken(ctx.db, purposes, bearer.id))
  if (!bearer || !token || !equalInConstantTime(token.secretHash, bearer.secretHash)) return null
  return token.expiresAt > ctx.now() ? token : null
}
