import type { AuditRecord } from '../db/index.ts'
import type { Transport } from '../model/transport.ts'

/** Where a request comes from. Every field is optional. */
export interface Client {
  /**
   * The IP address of the client. Without it, the limits per IP address do not apply. Invalid text is a `TypeError`.
   */
  readonly ip?: string | undefined
  readonly userAgent?: string | undefined
  /** Identifies the request in the log, the answer and the audit log. */
  readonly requestId?: string | undefined
  /** The `Accept-Language` header. It sets the language of mail to an account without a locale. */
  readonly acceptLanguage?: string | undefined
  /** The device token that an earlier sign-in returned. */
  readonly deviceToken?: string | undefined
  /**
   * 32 random bytes in base64url that identify the browser or app for a day: the value of the cookie `browser`. A code in mail
   * can be redeemed only with the token of the request that caused the mail. Without it, mail has no code.
   */
  readonly browserToken?: string | undefined
  /** The token of a sign-in that waits for a second factor: the value of the cookie `login`. */
  readonly loginToken?: string | undefined
  /** The token of a sign-in at another provider: the value of the cookie `login_…` that its start has set. */
  readonly flowToken?: string | undefined
}

/** Who acts. */
export interface Actor {
  /** `anonymous` until a use case has found a live session or verified a password; from then on `user`. */
  readonly kind: AuditRecord['actor']
  /** The id of the user, or the name of the operator. */
  readonly id?: string | undefined
}

/**
 * Who is calling a use case, and from where. The transport builds it, so that no field of a request body can change it.
 */
export interface Caller extends Client {
  /** Default: `anonymous` for use cases of visitors, `operator` for use cases of operators. */
  readonly actor?: Actor | undefined
  /** The session token that the client presents. It may be stale, malformed or missing. */
  readonly sessionToken?: string | null | undefined
  /** How the client presents the token. A session of another transport is refused. Default: any transport is accepted. */
  readonly transport?: Transport | undefined
}

/** What a caller presents as its session. */
export type Presented = Pick<Caller, 'sessionToken' | 'transport'>

/** The caller of a use case that needs a session. */
export interface SessionCaller extends Caller {
  readonly sessionToken: string | null | undefined
}

/** The caller, acting as this user. */
export function asUser(caller: Caller, { id }: { readonly id: number }): Caller {
  return { ...caller, actor: { kind: 'user', id: String(id) } }
}

/** The caller, acting as an operator unless it says otherwise. */
export function asOperator(caller: Caller): Caller {
  return { ...caller, actor: caller.actor ?? { kind: 'operator' } }
}

/** A caller about whom nothing is known. */
export const UNKNOWN_CALLER: Caller = {}

/**
 * A request or a caller that plain JavaScript left out. As a request, it has no fields. As a caller, it is refused.
 */
export const ABSENT: object = Object.freeze({})

/**
 * Refuses a caller that is missing or not an object. Plain JavaScript may pass a bare session token instead, which must not count
 * as a caller without a session.
 *
 * @throws {TypeError} The caller is missing or not an object.
 */
export function assertCaller(caller: unknown): asserts caller is Caller {
  if (typeof caller !== 'object' || caller === null || caller === ABSENT)
    throw new TypeError('the caller must be an object, such as { sessionToken }')
}

/** The service itself, such as when it deletes expired rows. */
export const SYSTEM: Caller = { actor: { kind: 'system' } }
