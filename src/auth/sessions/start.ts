import * as store from '../../db/index.ts'
import { mintBearer } from '../../lib/bearer.ts'
import { AuthError } from '../../model/errors.ts'
import type { JsonObject } from '../../model/json.ts'
import type { ProviderSession } from '../../model/providers.ts'
import { TRANSPORTS, type Transport } from '../../model/transport.ts'
import type { Account, User } from '../../model/user.ts'
import { record, textOf } from '../audit/record.ts'
import { asUser, type Caller } from '../caller.ts'
import { type Context, secondsAfter, type TxContext } from '../context.ts'

/** How the user of a new session was authenticated, and how its token will be presented. */
interface Authentication {
  /** Authentication method references (RFC 8176), such as `pwd`. */
  readonly amr: readonly string[]
  /**
   * Authentication assurance level (NIST SP 800-63B); 0 if the program that embeds the library vouched for the user.
   */
  readonly aal: number
  /** When the replaced session started, if level 2 was proven there. Default: now. */
  readonly since?: Date
  readonly transport: Transport
  /** Whether the session outlives the browser. */
  readonly persistent: boolean
  /** The session at the provider where it began. Default: none. */
  readonly provider?: ProviderSession | null
}

/** The lifetime of a session that should end with the browser: browsers that restore their tabs keep its cookie. */
const BROWSER_SESSION_SECONDS = 12 * 3_600

/** A new session. */
export interface StartedSession {
  /** Opaque, 80 characters: `<uuid>.<secret>`. Only the SHA-256 of the secret is stored. */
  readonly sessionToken: string
  /** When the session ends, even if it is in use. */
  readonly expiresAt: Date
  /** How the client presents the token. */
  readonly transport: Transport
  /** Whether the session outlives the browser. If not, its cookie has no `Max-Age` and no `Expires`. */
  readonly persistent: boolean
}

/** A new session, which replaces that of the caller. */
export interface RenewedSession<Metadata = JsonObject> extends StartedSession {
  readonly user: Account<Metadata>
}

/**
 * Refuses values that plain JavaScript may pass: no request could use a session of another transport.
 *
 * @throws {AuthError} `invalid_field` with `field`.
 */
export function assertKind(transport: unknown, remember: unknown = true): void {
  if (!TRANSPORTS.some((each) => each === transport))
    throw new AuthError('invalid_field', { field: 'transport' })
  if (typeof remember !== 'boolean') throw new AuthError('invalid_field', { field: 'remember' })
}

/**
 * Starts a session. Every way to sign in ends here, after its gates. If the user has more than
 * `options.sessionsPerUser` sessions, the least recently used one ends.
 *
 * @returns `null` if since `user` was read the account was disabled, or its password was changed or marked as
 *   compromised.
 */
export async function startSession(
  tx: TxContext,
  user: User,
  { amr, aal, since, transport, persistent, provider = null }: Authentication,
  { ip, userAgent }: Caller,
): Promise<StartedSession | null> {
  const now = tx.now()
  const longest = persistent ? Infinity : BROWSER_SESSION_SECONDS
  const expiresAt = secondsAfter(now, Math.min(tx.options.sessionLifetimeSeconds, longest))
  const { value, id, secretHash } = mintBearer(now)
  const added = await store.addSession(tx.db, user, {
    id,
    userId: user.id,
    secretHash,
    createdAt: since ?? now,
    authenticatedAt: now,
    lastSeenAt: now,
    idleExpiresAt: idleExpiry(tx, now),
    expiresAt,
    amr,
    aal,
    ip: ip ?? null,
    userAgent: textOf(userAgent),
    transport,
    persistent,
  })
  if (!added) return null
  if (provider !== null) await store.addProviderSession(tx.db, id, provider)
  await store.trimSessions(tx.db, { id, userId: user.id }, tx.options.sessionsPerUser)
  return { sessionToken: value, expiresAt, transport, persistent }
}

/** What a session takes over from the one that it replaces. Call it before that one is deleted. */
export async function inherited(
  tx: TxContext,
  { id, amr, transport, persistent }: store.SessionState,
): Promise<Pick<Authentication, 'transport' | 'persistent' | 'provider'>> {
  const provider = amr.includes('fed') ? await store.findProviderSession(tx.db, id) : null
  return { transport, persistent, provider }
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
