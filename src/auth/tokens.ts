/** Single-use secrets: made here, and found again by whoever presents one. */
import * as store from '../db/index.ts'
import { mintBearer, parseBearer } from '../lib/bearer.ts'
import { equalInConstantTime } from '../lib/digest.ts'
import { normalizeEmail, type User } from '../model/user.ts'
import { type Context, secondsAfter, type TxContext } from './context.ts'

/** What a token is for. */
export interface TokenOrder {
  readonly purpose: store.TokenPurpose
  /** The address it is made for, and dies with. */
  readonly email: string
  readonly lifetimeSeconds: number
}

/**
 * Makes a token that is good once; an earlier one of the same account and purpose is void from now on.
 *
 * @returns `<uuid>.<secret>`, of which only a hash is stored; `null` where the account was shut, or got another
 *   address, meanwhile.
 */
export async function issueToken(tx: TxContext, user: User, order: TokenOrder): Promise<string | null> {
  const now = tx.now()
  const { value, id, secretHash } = mintBearer(now)
  const { purpose, email } = order
  const expiresAt = secondsAfter(now, order.lifetimeSeconds)
  const locked = await store.lockUser(tx.db, user.id)
  // Of another account’s address there is only the one that is to become its own.
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

/** The token that a client presents, if it is one of these purposes and good still. Reading uses nothing up. */
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
