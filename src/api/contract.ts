import type { z } from 'zod'
import type { ErrorCode } from '../errors.ts'

/** One operation of the HTTP contract: what goes in, what comes out, and every way it refuses. */
export interface Operation<Body extends z.ZodObject = z.ZodObject> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly id: string
  readonly summary: string
  readonly tag: 'classic' | 'service'
  /** Whether the session cookie decides. */
  readonly session?: true
  /** The fields of the body, sent as form, multipart form or JSON. */
  readonly body?: Body
  readonly success: {
    readonly status: 200 | 302
    readonly description: string
    readonly body?: z.ZodType
    readonly setsCookie?: true
  }
  /** Its own refusals; those that any request may meet are in {@link COMMON_ERRORS}. */
  readonly errors: readonly ErrorCode[]
}

/** Keeps the type of the body's fields. */
export function operation<Body extends z.ZodObject>(contract: Operation<Body>): Operation<Body> {
  return contract
}

/** What any request may be refused with. */
export const COMMON_ERRORS = [
  'malformed_request',
  'unknown_host',
  'uri_too_long',
  'headers_too_large',
  'internal_error',
  'unavailable',
] as const satisfies readonly ErrorCode[]

/** What any request with a body may be refused with. */
export const BODY_ERRORS = [
  'missing_field',
  'invalid_field',
  'repeated_field',
  'unknown_field',
  'malformed_body',
  'body_too_large',
  'unsupported_media_type',
  'request_timeout',
] as const satisfies readonly ErrorCode[]
