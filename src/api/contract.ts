import type { z } from 'zod'
import type { AuditAction } from '../model/audit-actions.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { Throttled } from '../model/throttled.ts'
import type { pendingSignIn } from './fields.ts'

/**
 * Who may call an operation: `anyone`; a client with a pending sign-in (`pending`); or a user with a live session. `fresh`: the
 * user must have authenticated recently. `aal`: if the account has a second factor, the session must have been started with it.
 * `orEnrolling`: a client whose sign-in waits for a second factor to be set up may call it too.
 */
type Access =
  | 'anyone'
  | 'pending'
  | {
      readonly session: true
      readonly fresh?: true
      readonly aal?: 'strongest'
      readonly orEnrolling?: true
    }

/** A part of the configuration that some operations need. */
export type Need =
  | 'mail'
  | 'mail_codes'
  | 'mailed_resets'
  | 'confirmation'
  | 'open_registration'
  | 'pages'
  | 'public_api_docs'
  | 'totp'
  | 'passkeys'
  | 'related_origins'
  | 'providers'
  | 'factors'

/** One operation of the HTTP contract: its input, its answer and all its errors. */
export interface Contract {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Parameters are in braces: `/sessions/{id}`. */
  readonly path: string
  readonly summary: string
  /**
   * `classic` operations accept JSON and forms, and keep the statuses of the exercise. `page` operations show a hosted page
   * or accept its form. The others accept only JSON.
   */
  readonly tag: 'classic' | 'account' | 'page' | 'service'
  /** What must be configured. Otherwise the operation is not served. */
  readonly needs?: readonly Need[]
  readonly access: Access
  /** The limits that a call counts towards. */
  readonly throttle?: readonly Throttled[]
  /** The actions that it may record in the audit log. */
  readonly audit?: readonly AuditAction[]
  /** The parameters in the path, each with its description. */
  readonly params?: Readonly<Record<string, string>>
  /** The fields of the body. */
  readonly body?: z.ZodObject
  /** Accepts only a form, because a standard requires it. */
  readonly form?: true
  /** Forms on other sites may call it. It reads no cookie and changes nothing that depends on who is signed in. */
  readonly fromOtherSites?: true
  /** Its URL may be long, because a provider chooses the query. */
  readonly longUrl?: true
  readonly success: {
    readonly status: 200 | 204 | 302 | 303
    /** The status for browsers (Fetch Metadata), if it differs. */
    readonly statusForBrowsers?: 303
    readonly description: string
    readonly body?: z.ZodType
    /** Whether the sign-in may need another step. Then the answer is 202 with {@link pendingSignIn}. */
    readonly mayWait?: true
    /** Whether the answer is an HTML page. */
    readonly page?: true
    /** Whether the answer is a file that never changes. */
    readonly file?: true
    /** Whether it sets or clears the session cookie. */
    readonly setsCookie?: true
    /** Whether it sets the cookie `browser`, which ties mailed codes and passkey ceremonies to the browser that asked. */
    readonly setsBrowserCookie?: true
    /** Whether it clears the cookie `login`, although it does not finish the pending sign-in. See {@link clearsLoginCookie}. */
    readonly clearsLoginCookie?: true
    /** Whether it sets a cookie `login_…`, which the browser needs when it comes back from a provider. */
    readonly setsFlowCookie?: true
  }
  /** Its specific errors, if it has any. {@link errorsOf} adds those that follow from the rest of the contract. */
  readonly errors?: readonly ErrorCode[]
}

/** A contract with its id, `<topic>.<useCase>`. */
export interface Operation extends Contract {
  readonly id: string
}

/** Declares an operation and keeps its literal types. */
export function operation<const Given extends Contract>(contract: Given): Given {
  return contract
}

/** Whether an operation clears the cookie `login`, because it finishes the pending sign-in or cancels it. */
export function clearsLoginCookie({ access, success }: Contract): boolean {
  return success.clearsLoginCookie ?? (access === 'pending' && success.setsCookie === true)
}

/** The fields of an operation's body. */
export type FieldsOf<Given extends Contract> = Given extends { body: infer Body extends z.ZodObject }
  ? z.infer<Body>
  : Record<never, never>

/** The parameters in an operation's path. */
export type ParamsOf<Given extends Contract> = Given extends { params: infer Params }
  ? { readonly [Name in keyof Params]: string }
  : Record<never, never>

/** The media types that an operation's body may have. */
export function bodyTypesOf({ tag, form }: Contract): readonly string[] {
  if (tag === 'page' || form) return [FORM_TYPE]
  return tag === 'classic' ? [FORM_TYPE, 'multipart/form-data', JSON_TYPE] : [JSON_TYPE]
}

const FORM_TYPE = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

/** The body of a successful answer. */
export type SuccessOf<Given extends Contract> = Given extends {
  success: { body: infer Body extends z.ZodType }
}
  ? z.infer<Body> | (Given extends { success: { mayWait: true } } ? z.infer<typeof pendingSignIn> : never)
  : never

const ANY_REQUEST = [
  'malformed_request',
  'unknown_host',
  'conflicting_credentials',
  'uri_too_long',
  'headers_too_large',
  'internal_error',
  'unavailable',
] as const satisfies readonly ErrorCode[]

/** The errors about a new password. */
export const NEW_PASSWORD_ERRORS = [
  'password_too_short',
  'password_too_long',
  'password_guessable',
  'password_too_common',
  'password_breached',
] as const satisfies readonly ErrorCode[]

const ANY_BODY = [
  'missing_field',
  'invalid_field',
  'repeated_field',
  'unknown_field',
  'malformed_body',
  'body_too_large',
  'unsupported_media_type',
  'unsupported_charset',
  'body_already_read',
  'request_timeout',
] as const satisfies readonly ErrorCode[]

/** The codes that any operation may answer with: about HTTP, the format of the body or the state of the service. */
export type RequestErrorCode =
  | (typeof ANY_REQUEST)[number]
  | (typeof ANY_BODY)[number]
  | 'foreign_origin'
  | 'missing_origin'

/** Every error code that an operation may answer with. */
export function errorsOf(contract: Contract): readonly ErrorCode[] {
  const { method, body } = contract
  return [
    ...refusalsOf(contract),
    ...(method === 'GET' ? [] : (['foreign_origin'] as const)),
    ...(method === 'POST' ? (['missing_origin'] as const) : []),
    ...(body ? ANY_BODY : []),
    ...ANY_REQUEST,
  ]
}

/** The errors that are specific to an operation: its own, and those that follow from its throttling and access. */
export function refusalsOf({ access, tag, throttle, errors = [] }: Contract): readonly ErrorCode[] {
  return [...errors, ...(throttle ? (['too_many_attempts'] as const) : []), ...accessErrors(access, tag)]
}

/** {@link refusalsOf} as a type. */
export type RefusalOf<Given extends Contract> =
  | (Given extends { errors: readonly (infer Code extends ErrorCode)[] } ? Code : never)
  | (Given extends { throttle: readonly Throttled[] } ? 'too_many_attempts' : never)
  | (Given extends { access: { session: true } }
      ? Given['tag'] extends 'classic'
        ? 'session_required'
        : 'unauthenticated'
      : never)
  | (Given extends { access: 'pending' } ? 'pending_login_required' : never)
  | (Given extends { access: { session: true } } ? 'second_factor_required' : never)
  | (Given extends { access: { fresh: true } } ? 'reauthentication_required' : never)

function accessErrors(access: Access, tag: Contract['tag']): readonly ErrorCode[] {
  if (access === 'anyone') return []
  if (access === 'pending') return ['pending_login_required']
  return [
    tag === 'classic' ? 'session_required' : 'unauthenticated',
    'second_factor_required',
    ...(access.fresh ? (['reauthentication_required'] as const) : []),
  ]
}

/** For operations that an attacker could use to take over the account: a recent authentication, with the second factor if there is one. */
export const STRONG = { session: true, fresh: true, aal: 'strongest' } as const
