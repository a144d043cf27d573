/**
 * Every way Bienvenue says no, in one table, and the classes that carry it.
 * Callers switch on `code`; it never changes once released. `docs/reference/errors.md` is made from this table.
 *
 * @module
 */

interface Row {
  readonly status: number
  readonly message: string
  readonly confirmationHint?: string
  readonly cause: string
}

/**
 * Each refusal: its HTTP status, the sentence a client reads, and what causes it. A name in braces stands for a value
 * of the answer. `confirmationHint` is a second sentence, for sign-in where addresses have to be confirmed.
 */
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
    cause:
      'A new address is not of the form local@domain, has more than 254 characters, or has characters that an address cannot have: invisible ones, or letters such as full-width ones that stand for others. An address that is only looked up counts as an unknown one instead.',
  },
  password_too_short: {
    status: 400,
    message: 'Use at least {min_length} characters.',
    cause:
      'A new password has fewer characters than BIENVENUE_MIN_PASSWORD_LENGTH. `min_length` is that number.',
  },
  password_too_long: {
    status: 400,
    message: 'Use at most {max_bytes} bytes of UTF-8.',
    cause: 'A password is longer than `max_bytes`. A plain letter is one byte, most others are two to four.',
  },
  password_too_common: {
    status: 400,
    message: 'This password is among the commonest or simplest ones, which are guessed first.',
    cause:
      'A new password stands on the list of the commonest ones that we carry, or is little but characters in a row or one piece repeated.',
  },
  password_breached: {
    status: 400,
    message: 'This password has been seen in a breach of another service. Choose another one.',
    cause: 'The breach service of BIENVENUE_BREACH_CHECK_URL knows the hash of a new password.',
  },
  password_guessable: {
    status: 400,
    message: 'The password is made of the address or of the name of the service, and little else.',
    cause:
      'Without the address of the account, the name of the service and BIENVENUE_CONTEXT_WORDS, fewer than 8 characters of a new password are left.',
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
    cause:
      'Broken JSON, form, multipart, percent-encoding or UTF-8, or a multipart part with a transfer encoding.',
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
    message: 'The email address or the password is wrong, or the account is not open.',
    confirmationHint: 'If the address is not confirmed yet, POST /request_confirmation sends the mail again.',
    cause:
      'Unknown or malformed address, wrong password, or an account that is disabled or whose address is not confirmed. It never says which. With BIENVENUE_EMAIL_VERIFICATION a failed sign-in adds, whatever the cause: “If the address is not confirmed yet, POST /request_confirmation sends the mail again.”',
  },
  unauthenticated: {
    status: 401,
    message: 'A valid session cookie is required.',
    cause:
      'As `session_required`, on the routes that the classic contract does not have: they answer with the status that HTTP has for it.',
  },
  session_required: {
    status: 403,
    message: 'A valid session cookie is required.',
    cause: 'No session cookie, more than one, or one that is malformed, unknown, expired or ended.',
  },
  registration_closed: {
    status: 403,
    message: 'Registration is closed. Ask the operator of this service for an account.',
    cause:
      'Somebody registered while BIENVENUE_REGISTRATION is `closed`. The same for known and unknown addresses; `bienvenue users add` still works.',
  },
  unknown_email: {
    status: 403,
    message: 'There is no account with this email address.',
    cause:
      'A reset was asked for an address that nobody registered, for text that is not an address, or for a disabled account.',
  },
  invalid_reset_token: {
    status: 403,
    message: 'The reset token is not valid.',
    cause: 'Unknown, used, expired or replaced token, or one of another account. It never says which.',
  },
  invalid_confirmation_token: {
    status: 403,
    message: 'This link is not valid any more. Ask for another one.',
    cause:
      'Unknown, used, expired or replaced token of a mail that confirms an address, or one for an address that is no longer the account’s. It never says which.',
  },
  password_compromised: {
    status: 403,
    message: 'This password has to be replaced, because others may know it. Reset it by mail.',
    cause: 'The right password of an account whose password an operator has marked as compromised.',
  },
  reauthentication_required: {
    status: 403,
    message: 'Type your password again first.',
    cause:
      'The session is older than BIENVENUE_REAUTHENTICATION_SECONDS, for something sensitive. `POST /reauthenticate` renews it.',
  },
  foreign_origin: {
    status: 403,
    message: 'Requests from other sites are refused.',
    cause:
      'The Origin or Sec-Fetch-Site header says that another site made this request (CSRF). `Origin: null` counts as another site unless Sec-Fetch-Site is `same-origin`. The origin has to be that of BASE_URL, or without it that of the Host header.',
  },
  missing_origin: {
    status: 403,
    message: 'A form with a session cookie must say where it comes from. Send JSON, or an Origin header.',
    cause:
      'Outside classic mode: a POST with the session cookie that is a form, text or of no type, and has neither an Origin nor a Sec-Fetch-Site header, so that any site could have made a browser send it (CSRF). Programs send JSON, or `Origin` with the origin of BASE_URL.',
  },
  not_found: {
    status: 404,
    message: 'There is nothing here.',
    cause: 'No route has this path, or nothing of yours has this id.',
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
    message: 'The body is too large: send at most 64 KiB.',
    cause: 'More than 64 KiB.',
  },
  uri_too_long: {
    status: 414,
    message: 'The address of the request is too long: use at most 2,048 characters.',
    cause: 'More than 2,048 characters (and less than the 16 KiB of all headers).',
  },
  unsupported_media_type: {
    status: 415,
    message: 'Send the body as form, multipart form or JSON, in UTF-8 and not compressed.',
    cause: 'Content-Type is another one, missing or malformed, or the body has a Content-Encoding.',
  },
  unsupported_charset: {
    status: 415,
    message: 'Send the body in UTF-8. Its Content-Type names another charset.',
    cause:
      'The charset is not UTF-8 and the body, or a part of it, has characters beyond ASCII (percent-encoded ones included), or the charset is unknown or not a superset of ASCII.',
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
      'Too many failed logins, registrations or mails asked for, for one account or from one address. Retry-After says when.',
  },
  headers_too_large: {
    status: 431,
    message: 'The headers are too large: send at most 16 KiB.',
    cause: 'More than 16 KiB.',
  },
  internal_error: {
    status: 500,
    message: 'Something went wrong here. It has been logged under the request id.',
    cause: 'A fault of the service.',
  },
  body_already_read: {
    status: 500,
    message:
      'The service cannot read this body, because the program around it has already done so. Mount the service before body parsers.',
    cause:
      'In an embedding program only: something in front of the service has read the request body and left no parsed body in `request.body`.',
  },
  unavailable: {
    status: 503,
    message: 'The service is not ready. Try again shortly.',
    cause: 'The database cannot be reached, read or written, or the service is stopping.',
  },
} as const satisfies Record<string, Row>

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
  /** The fewest characters of a new password, in Unicode code points. */
  minLength?: number
  /** The most bytes of a password, in UTF-8. */
  maxBytes?: number
  /** Whether to add where to ask for the mail that confirms an address. It must not depend on the account. */
  withConfirmationHint?: boolean
  /** The reason: logged, never sent. */
  cause?: unknown
}

/** A refusal, with a stable `code` to switch on. */
export class AuthError extends Error {
  override readonly name = 'AuthError'
  /** Which refusal it is: stable, for programs to switch on. */
  readonly code: ErrorCode
  /** The parameter at fault, where there is one. */
  readonly field: string | undefined
  /** Whole seconds, 1 or more, until another try is worth it; with `too_many_attempts`. */
  readonly retryAfterSeconds: number | undefined
  /** The fewest characters of a new password, in Unicode code points; with `password_too_short`. */
  readonly minLength: number | undefined
  /** The most bytes of a password, in UTF-8; with `password_too_long`. */
  readonly maxBytes: number | undefined
  /** The sentence of the table, with its values: what HTTP says as `message`. */
  readonly sentence: string

  constructor(code: ErrorCode, details: AuthErrorDetails = {}) {
    const sentence = sentenceOf(code, details)
    super(details.message ?? sentence, { cause: details.cause })
    this.code = code
    this.field = details.field
    this.retryAfterSeconds = details.retryAfterSeconds
    this.minLength = details.minLength
    this.maxBytes = details.maxBytes
    this.sentence = sentence
  }
}

function sentenceOf(
  code: ErrorCode,
  { minLength, maxBytes, withConfirmationHint }: AuthErrorDetails,
): string {
  const { message, confirmationHint }: Row = ERRORS[code]
  const sentence = message
    .replace('{min_length}', () => String(minLength))
    .replace('{max_bytes}', () => String(maxBytes))
  return withConfirmationHint && confirmationHint !== undefined ? `${sentence} ${confirmationHint}` : sentence
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

/** What an operator asked for cannot be done; nothing was changed. */
export class MaintenanceError extends Error {
  override readonly name = 'MaintenanceError'
}

/** What is wrong with an option. */
export interface OptionProblem {
  /** Its name in `AuthOptions`. */
  readonly option: string
  /** What is wrong with it, without its name. Never holds a secret. */
  readonly problem: string
}

/** One option or setting, or several, cannot be used. */
export class OptionError extends TypeError {
  override readonly name = 'OptionError'
  /** The first problem's option, by its name in `AuthOptions`. */
  readonly option: string
  /** Every problem that was found, the first one first. */
  readonly problems: readonly OptionProblem[]

  /**
   * @param option - The option's name in `AuthOptions`.
   * @param problem - What is wrong with it, without its name. Never holds a secret.
   */
  constructor(
    option: string,
    problem: string,
    { others = [], ...details }: { cause?: unknown; others?: readonly OptionProblem[] } = {},
  ) {
    const problems = [{ option, problem }, ...others]
    super(problems.map((found) => `${found.option}: ${found.problem}`).join('\n'), details)
    this.option = option
    this.problems = problems
  }
}
