/** Single-use tokens: how they are issued and found. */
import * as store from '../db/index.ts'
import { mintBearer, parseBearer } from '../lib/bearer.ts'
import { equalInConstantTime } from '../lib/digest.ts'
import { normalizeEmail, type User } from '../model/user.ts'
import { type Context, secondsAfter, type TxContext } from './context.ts'

/** The properties of a new token. */
export interface TokenRequest {
  readonly purpose: store.TokenPurpose
  /** The address that the token is for. The token is void once the account no longer has it. */
  readonly email: string
  readonly lifetimeSeconds: number
}

/**
 * Issues a single-use token. Earlier tokens of the account for the same purpose are void.
 *
 * @returns `<uuid>.<secret>`. Only the SHA-256 of the secret is stored. `null` if the account was deleted or disabled,
 *   or got another address, since `user` was read.
 */
export async function issueToken(tx: TxContext, user: User, request: TokenRequest): Promise<string | null> {
  const now = tx.now()
  const { value, id, secretHash } = mintBearer(now)
  const { purpose, email } = request
  const expiresAt = secondsAfter(now, request.lifetimeSeconds)
  const locked = await store.lockUser(tx.db, user.id)
  // Only the token for an address change is for an address that the account does not have yet.
  const isOwn = locked !== null && normalizeEmail(email) === normalizeEmail(locked.email)
  if (purpose !== 'change_email' && !isOwn) return null
  const added = await store.addToken(tx.db, {
    id,
    purpose,
    userId: user.id,
    email,
    secretHash,
    createdAt: now,
    expiresAt,
  })
  return added ? value : null
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
