/**
 * Every way Bienvenue says no, in one table, and the classes that carry it.
 * Callers switch on `code`; it never changes once released. `docs/errors.md` is made from this table.
 *
 * @module
 */

/** Each refusal: its HTTP status, the sentence a client reads, and what causes it. */
export const ERRORS = {
  missing_field: {
    status: 400,
    message: 'A required field is missing or empty.',
    cause: 'A field is absent or has no characters. `field` names it.',
  },
  invalid_field: {
    status: 400,
    message: 'A field has a value that is not allowed.',
    cause: 'A field is not text, not well-formed Unicode, or too long. `field` names it.',
  },
  invalid_email: {
    status: 400,
    message: 'This is not an email address.',
    cause: 'Not of the form local@domain, over 254 characters, or with characters that no address has.',
  },
  password_too_short: {
    status: 400,
    message: 'The password is too short.',
    cause: 'A new password has fewer characters than BIENVENUE_MIN_PASSWORD_LENGTH.',
  },
  password_too_long: {
    status: 400,
    message: 'The password is too long.',
    cause: 'More than 1,024 bytes of UTF-8.',
  },
  repeated_field: {
    status: 400,
    message: 'A field may be sent only once.',
    cause: 'The same field occurs twice, so that two parsers could read two different requests.',
  },
  unknown_field: {
    status: 400,
    message: 'This field is not known here.',
    cause: 'The request carries a field that its route does not list.',
  },
  malformed_body: {
    status: 400,
    message: 'The body could not be read in the format it claims.',
    cause: 'Broken JSON, form, multipart, percent-encoding or UTF-8.',
  },
  malformed_request: {
    status: 400,
    message: 'The request could not be read.',
    cause: 'The request line, a header or the length framing breaks the rules of HTTP/1.1 (RFC 9112).',
  },
  email_taken: {
    status: 400,
    message: 'email already registered',
    cause:
      'An account with this address, in any spelling of it, exists. The classic answer: its body is only the message.',
  },
  invalid_credentials: {
    status: 401,
    message: 'The email address or the password is wrong.',
    cause: 'Unknown address, wrong password, or a disabled account. It never says which.',
  },
  session_required: {
    status: 403,
    message: 'A valid session cookie is required.',
    cause: 'No session cookie, more than one, or one that is malformed, unknown, expired or ended.',
  },
  unknown_email: {
    status: 403,
    message: 'There is no account with this email address.',
    cause: 'A reset was asked for an address that nobody registered, or whose account is disabled.',
  },
  invalid_reset_token: {
    status: 403,
    message: 'The reset token is not valid.',
    cause: 'Unknown, used, expired or replaced token, or one of another account. It never says which.',
  },
  foreign_origin: {
    status: 403,
    message: 'Requests from other sites are refused.',
    cause: 'The Origin or Sec-Fetch-Site header says that another site made this request (CSRF).',
  },
  not_found: {
    status: 404,
    message: 'There is nothing here.',
    cause: 'No route has this path.',
  },
  method_not_allowed: {
    status: 405,
    message: 'This method is not allowed here.',
    cause: 'The path exists, the method does not. The Allow header lists those that do.',
  },
  request_timeout: {
    status: 408,
    message: 'The request took too long to arrive.',
    cause: 'The headers or the body did not arrive in time.',
  },
  body_too_large: {
    status: 413,
    message: 'The body is too large.',
    cause: 'More than 64 KiB.',
  },
  uri_too_long: {
    status: 414,
    message: 'The address of the request is too long.',
    cause: 'More than 2,048 characters (and less than the 16 KiB of all headers).',
  },
  unsupported_media_type: {
    status: 415,
    message: 'Send the body as form, multipart form or JSON, in UTF-8 and not compressed.',
    cause: 'Another Content-Type, charset or Content-Encoding.',
  },
  unknown_host: {
    status: 421,
    message: 'This host name is not served here.',
    cause: 'The Host header is none of the names this service answers to (DNS rebinding).',
  },
  too_many_attempts: {
    status: 429,
    message: 'Too many attempts. Try again later.',
    cause:
      'Too many failed logins or reset requests for one account or from one address. Retry-After says when.',
  },
  headers_too_large: {
    status: 431,
    message: 'The headers are too large.',
    cause: 'More than 16 KiB.',
  },
  internal_error: {
    status: 500,
    message: 'Something went wrong here. It has been logged under the request id.',
    cause: 'A fault of the service.',
  },
  unavailable: {
    status: 503,
    message: 'The service is not ready. Try again shortly.',
    cause: 'The database cannot be reached, or the service is stopping.',
  },
} as const satisfies Record<string, { status: number; message: string; cause: string }>

/** The stable name of a refusal. */
export type ErrorCode = keyof typeof ERRORS

/** What an {@link AuthError} may say beside its code. */
export interface AuthErrorDetails {
  /** Overrides the table's sentence for library callers; over HTTP the table's sentence is sent. */
  message?: string
  /** The parameter at fault, under its TypeScript name. */
  field?: string
  /** Whole seconds, 1 or more, until another try is worth it. */
  retryAfterSeconds?: number
  /** The reason: logged, never sent. */
  cause?: unknown
}

/** A refusal, with a stable `code` to switch on. */
export class AuthError extends Error {
  override readonly name = 'AuthError'
  /** Which refusal it is: stable, for programs to switch on. */
  readonly code: ErrorCode
  /** The HTTP status that the code stands for. */
  readonly status: number
  /** The parameter at fault, where there is one. */
  readonly field: string | undefined
  /** Whole seconds, 1 or more, until another try is worth it; with `too_many_attempts`. */
  readonly retryAfterSeconds: number | undefined

  constructor(code: ErrorCode, details: AuthErrorDetails = {}) {
    super(details.message ?? ERRORS[code].message, { cause: details.cause })
    this.code = code
    this.status = ERRORS[code].status
    this.field = details.field
    this.retryAfterSeconds = details.retryAfterSeconds
  }
}

/** The store has no row that matches. */
export class NoResultFound extends Error {
  override readonly name = 'NoResultFound'
}

/** A look-up or a change names a column that does not exist, or gives it a value it cannot hold. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError'
}

/** A write breaks a constraint of the database: the address is taken. */
export class Conflict extends Error {
  override readonly name = 'Conflict'
}

/** An option or setting cannot be used. `option` is its name in `AuthOptions`. */
export class OptionError extends TypeError {
  override readonly name = 'OptionError'
  readonly option: string

  /**
   * @param option - The option's name in `AuthOptions`.
   * @param problem - What is wrong with it, without its name. Never holds a secret.
   */
  constructor(option: string, problem: string, details: { cause?: unknown } = {}) {
    super(`${option}: ${problem}`, details)
    this.option = option
    this.problem = problem
  }

  readonly problem: string
}
