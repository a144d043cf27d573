import type { AuditRecord } from '../db/index.ts'

/** Where a request comes from. Every field may be missing; nothing then depends on it. */
export interface Client {
  /** The IP address of the client, as the connection reports it. Anything else is a `TypeError`. */
  readonly ip?: string | undefined
  readonly userAgent?: string | undefined
  /** Identifies the request in the log, the answer and the audit log. */
  readonly requestId?: string | undefined
  /** The `Accept-Language` header, which decides the language of mail to an account without a locale. */
  readonly acceptLanguage?: string | undefined
  /** The device token that an earlier sign-in returned. */
  readonly deviceToken?: string | undefined
}

/** Who acts. */
export interface Actor {
  /** `anonymous` until a use case has found a live session or verified a password; from then on `user`. */
  readonly kind: AuditRecord['actor']
  /** The id of the user, or the name of the operator. */
  readonly id?: string | undefined
}

/** Who calls a use case, and from where. The transport builds it; no field of a request body can set any of it. */
export interface Caller extends Client {
  /** Default: `anonymous` for what visitors do, `operator` for what operators do to an account. */
  readonly actor?: Actor | undefined
  /** The session token that the client presents. It may be stale, malformed or missing. */
  readonly sessionToken?: string | null | undefined
}

/** The caller of a use case that needs a session. */
export interface SessionCaller extends Caller {
  readonly sessionToken: string | null | undefined
}

/** The caller, acting as this user. */
export function asUser(caller: Caller, { id }: { readonly id: number }): Caller {
  return { ...caller, actor: { kind: 'user', id: String(id) } }
}

/** The caller of an operator's act. An operator who is not named stays unnamed. */
export function asOperator(caller: Caller): Caller {
  return { ...caller, actor: caller.actor ?? { kind: 'operator' } }
}

/** A caller that nothing is known about. */
export const UNKNOWN_CALLER: Caller = {}

/**
 * Plain JavaScript may pass a bare session token in place of the caller. It must not count as a caller without a session.
 *
 * @throws {TypeError} The caller is not an object.
 */
export function assertCaller(caller: unknown): asserts caller is Caller {
  if (typeof caller !== 'object' || caller === null)
    throw new TypeError('the caller must be an object, such as { sessionToken }')
}

/** The service itself. */
export const SYSTEM: Caller = { actor: { kind: 'system' } }
