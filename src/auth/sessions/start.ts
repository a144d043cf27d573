import * as store from '../../db/index.ts'
import { mintBearer } from '../../lib/bearer.ts'
import type { Account, User } from '../../model/user.ts'
import { record, textOf } from '../audit/record.ts'
import { asUser, type Caller } from '../caller.ts'
import { type Context, secondsAfter, type TxContext } from '../context.ts'

/** How the user of a new session was authenticated. */
interface Authentication {
  /** Authentication method references (RFC 8176), such as `pwd`. */
  readonly amr: readonly string[]
  /**
   * Authentication assurance level (NIST SP 800-63B); 0 if the program that embeds the library vouched for the user.
   */
  readonly aal: number
}

/** A new session, which replaces that of the caller. */
export interface RenewedSession {
  readonly user: Account
  /** Opaque, 80 characters: `<uuid>.<secret>`. Only the SHA-256 of the secret is stored. */
  readonly sessionToken: string
}

/**
 * Starts a session. Every way to sign in ends here, after its gates. If the user has more than
 * `options.sessionsPerUser` sessions, the least recently used one ends.
 *
 * @returns The session token. `null` if since `user` was read the account was disabled, or its password was changed or
 *   marked as compromised.
 */
export async function startSession(
  tx: TxContext,
  user: User,
  { amr, aal }: Authentication,
  { ip, userAgent }: Caller,
): Promise<string | null> {
  const now = tx.now()
  const { value, id, secretHash } = mintBearer(now)
  const added = await store.addSession(tx.db, user, {
    id,
    userId: user.id,
    secretHash,
    createdAt: now,
    authenticatedAt: now,
    lastSeenAt: now,
    idleExpiresAt: idleExpiry(tx, now),
    expiresAt: secondsAfter(now, tx.options.sessionLifetimeSeconds),
    amr,
    aal,
    ip: ip ?? null,
    userAgent: textOf(userAgent),
  })
  if (!added) return null
  await store.trimSessions(tx.db, { id, userId: user.id }, tx.options.sessionsPerUser)
  return value
}

/** Ends the session that a new one replaces. It may belong to another user. */
export async function endReplacedSession(
  tx: TxContext,
  session: { readonly id: string; readonly userId: number },
  caller: Caller,
): Promise<void> {
  const { userId } = session
  if (await store.deleteSession(tx.db, session))
    await record(tx, { action: 'logout', userId }, asUser(caller, { id: userId }))
}

/** When a session that is used now expires if it stays idle, or `null` without an idle limit. */
export function idleExpiry({ options }: Context, now: Date): Date | null {
  return options.sessionIdleSeconds === 0 ? null : secondsAfter(now, options.sessionIdleSeconds)
}
