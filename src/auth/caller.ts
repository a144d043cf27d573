import type { AuditRecord } from '../db/index.ts'

/** From where a request comes. All of it may be absent: then nothing depends on it. */
export interface Client {
  /** Its IP address, as the connection tells it. Text that is not an IP address is a `TypeError`. */
  readonly ip?: string | undefined
  readonly userAgent?: string | undefined
  /** Names the request in the log, the answer and the audit. */
  readonly requestId?: string | undefined
  /** The `Accept-Language` header: in which language to write to them. */
  readonly acceptLanguage?: string | undefined
  /** What an earlier sign-in gave this device, to be recognised by. */
  readonly deviceToken?: string | undefined
}

/** Who acts. */
export interface Actor {
  /** `anonymous` until a use case has found a live session or checked a password; then it acts as that `user`. */
  readonly kind: AuditRecord['actor']
  /** The id of the user, or what names the operator. */
  readonly id?: string | undefined
}

/**
 * Who calls a use case, and from where. The transport builds it, and it is an argument of its own: no field of a
 * request can set any of it.
 */
export interface Caller extends Client {
  /** Default: `anonymous` for what a visitor does, `operator` for what is done to an account. */
  readonly actor?: Actor | undefined
  /** The session token that the client presents, whether it is live or not. */
  readonly sessionToken?: string | null | undefined
}

/** The caller, once it is known which user acts. */
export function asUser(caller: Caller, { id }: { readonly id: number }): Caller {
  return { ...caller, actor: { kind: 'user', id: String(id) } }
}

/** The caller of an operator's act. Without a named actor, the operator is not known by name. */
export function asOperator(caller: Caller): Caller {
  return { ...caller, actor: caller.actor ?? { kind: 'operator' } }
}

/** The service by itself. */
export const SYSTEM: Caller = { actor: { kind: 'system' } }
