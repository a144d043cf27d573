import type { z } from 'zod'
import type { ErrorCode } from '../errors.ts'

/** One operation of the HTTP contract: what goes in, what comes out, and every way it refuses. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly id: string
  readonly summary: string
  readonly tag: 'classic' | 'service'
  /** Whether a live session is demanded; without one the answer is `session_required`. */
  readonly session?: true
  /** The fields of the body, sent as form, multipart form or JSON. */
  readonly body?: z.ZodObject
  readonly success: {
    readonly status: 200 | 302
    /** Where a browser (Fetch Metadata) gets another status. */
    readonly statusForBrowsers?: 303
    readonly description: string
    readonly body?: z.ZodType
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

const ANY_BODY: readonly ErrorCode[] = [
  'missing_field',
  'invalid_field',
  'repeated_field',
  'unknown_field',
  'malformed_body',
  'body_too_large',
  'unsupported_media_type',
  'request_timeout',
]

/** Every way an operation refuses. */
export function errorsOf({ method, session, body, errors }: Operation): readonly ErrorCode[] {
  return [
    ...errors,
    ...(session ? (['session_required'] as const) : []),
    ...(method === 'GET' ? [] : (['foreign_origin'] as const)),
    ...(body ? ANY_BODY : []),
    ...ANY_REQUEST,
  ]
}
