import type { z } from 'zod'
import type { ErrorCode } from '../errors.ts'

/** One operation of the HTTP contract: what goes in, what comes out, and every way it refuses. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** With the names of its parameters in braces, as in `/sessions/{id}`. */
  readonly path: string
  readonly id: string
  readonly summary: string
  /** The classic contract takes forms too, and keeps its statuses; what came later takes JSON alone. */
  readonly tag: 'classic' | 'account' | 'page' | 'service'
  /** What has to be set for this operation to be there at all. */
  readonly needs?: 'mail' | 'public_api_docs'
  /** Whether a live session is demanded; without one it is `session_required`, or later `unauthenticated`. */
  readonly session?: true
  /** The parameters in the path, with what each is. */
  readonly params?: Readonly<Record<string, string>>
  /** The fields of the body. */
  readonly body?: z.ZodObject
  readonly success: {
    readonly status: 200 | 302
    /** Where a browser (Fetch Metadata) gets another status. */
    readonly statusForBrowsers?: 303
    readonly description: string
    readonly body?: z.ZodType
    /** Whether the answer is a page of HTML. */
    readonly page?: true
    readonly setsCookie?: true
  }
  /** Its own refusals; those that follow from the rest of it are added by {@link errorsOf}. */
  readonly errors: readonly ErrorCode[]
}

/** Keeps the types of an operation as they are written. */
export function operation<const Contract extends Operation>(contract: Contract): Contract {
  return contract
}

/** The fields of an operation's body. */
export type FieldsOf<Contract extends Operation> = Contract extends { body: infer Body extends z.ZodObject }
  ? z.infer<Body>
  : Record<never, never>

/** The parameters in an operation's path. */
export type ParamsOf<Contract extends Operation> = Contract extends { params: infer Params }
  ? { readonly [Name in keyof Params]: string }
  : Record<never, never>

/** The media types that an operation's body may have. */
export function bodyTypesOf({ tag }: Operation): readonly string[] {
  return tag === 'classic' ? [...FORM_TYPES, JSON_TYPE] : [JSON_TYPE]
}

const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data'] as const
const JSON_TYPE = 'application/json'

/** The body of an operation's success. */
export type SuccessOf<Contract extends Operation> = Contract extends {
  success: { body: infer Body extends z.ZodType }
}
  ? z.infer<Body>
  : never

const ANY_REQUEST: readonly ErrorCode[] = [
  'malformed_request',
  'unknown_host',
  'uri_too_long',
  'headers_too_large',
  'internal_error',
  'unavailable',
]

/** What a new password may be refused for. */
export const NEW_PASSWORD_ERRORS = [
  'password_too_short',
  'password_too_long',
  'password_guessable',
  'password_too_common',
  'password_breached',
] as const satisfies readonly ErrorCode[]

const ANY_BODY: readonly ErrorCode[] = [
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
]

/** Every way an operation refuses. */
export function errorsOf({ method, session, tag, body, errors }: Operation): readonly ErrorCode[] {
  return [
    ...errors,
    ...(session ? [tag === 'classic' ? ('session_required' as const) : ('unauthenticated' as const)] : []),
    ...(method === 'GET' ? [] : (['foreign_origin'] as const)),
    ...(method === 'POST' ? (['missing_origin'] as const) : []),
    ...(body ? ANY_BODY : []),
    ...ANY_REQUEST,
  ]
}
