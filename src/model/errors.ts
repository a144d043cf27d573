/**
 * The table of all refusals, and the error classes. Callers switch on `code`, which never changes once released.
 * `npm run docs` writes `docs/reference/errors.md` from the table.
 *
 * @module
 */

import type { StepUpMethod } from './factors.ts'

interface Row {
  readonly status: number
  readonly message: string
  readonly confirmationHint?: string
  readonly cause: string
}

/**
 * Each refusal with its HTTP status, its message for clients and its cause. A name in braces stands for a value of the
 * response. `confirmationHint` is added to the message of a failed sign-in if addresses must be confirmed.
 */
export const ERRORS = {
  missing_field: {
    status: 400,
    message: 'A required field is missing or empty.',
    cause: 'The field is absent or empty. `field` names it.',
  },
  invalid_field: {
    status: 400,
    message: 'The value of a field is not allowed. Check it and try again.',
    cause:
      'The value is not text, is not well-formed Unicode, is too long, or has the wrong form for the field, such as a language or the URL of a picture. `field` names the field.',
  },
  invalid_email: {
    status: 400,
    message: 'Enter a valid email address, such as name@example.com.',
    cause:
      'A new address is not of the form local@domain, has more than 254 characters, or contains characters that are not allowed in an address: invisible ones, or compatibility characters such as full-width letters. Where an address is only looked up, a malformed one counts as unknown instead.',
  },
  password_too_short: {
    status: 400,
    message: 'Use at least {min_length} characters.',
    cause: 'A new password is shorter than BIENVENUE_MIN_PASSWORD_LENGTH. `min_length` is the minimum.',
  },
  password_too_long: {
    status: 400,
    message: 'Use at most {max_bytes} bytes of UTF-8.',
    cause:
      'A password is longer than `max_bytes`. An ASCII letter is one byte; most other characters are two to four.',
  },
  password_too_common: {
    status: 400,
    message: 'This password is easy to guess. Choose a less common one.',
    cause:
      'A new password is on our list of very common passwords, or is little more than a sequence of characters or a repeated piece.',
  },
  password_breached: {
    status: 400,
    message: 'This password has appeared in a data breach at another service. Choose a different one.',
    cause: 'The breach service of BIENVENUE_BREACH_CHECK_URL knows the hash of a new password.',
  },
  password_guessable: {
    status: 400,
    message:
      'This password is too similar to your email address or the name of this service. Choose a different one.',
    cause:
      'If the address of the account, the name of the service and BIENVENUE_CONTEXT_WORDS are removed from a new password, fewer than 8 characters remain.',
  },
  repeated_field: {
    status: 400,
    message: 'Send each field only once.',
    cause:
      'A field occurs more than once, so two parsers could read the request differently. `field` names it.',
  },
  unknown_field: {
    status: 400,
    message: 'The request contains an unknown field. Remove it, or check its name.',
    cause: 'The request contains a field that its route does not accept. `field` names it.',
  },
  malformed_body: {
    status: 400,
    message: 'The body does not have the format that its Content-Type claims. Check its syntax and encoding.',
    cause:
      'The JSON, form, multipart, percent-encoding or UTF-8 is malformed, or a multipart part has a transfer encoding.',
  },
  invalid_logout_token: {
    status: 400,
    message: 'The logout token is not valid.',
    cause:
      'A provider sent a logout token that it did not sign, that is for another service, that has the wrong form, that is older than five minutes or that was already used. The answer does not say which; the log does.',
  },
  malformed_request: {
    status: 400,
    message: 'The request is not valid HTTP. Check the request line and the headers.',
    cause: 'The request line, a header or the message framing violates HTTP/1.1 (RFC 9112).',
  },
  conflicting_credentials: {
    status: 400,
    message: 'Send either the session cookie or a bearer token, not both.',
    cause:
      'The request has both our session cookie and `Authorization: Bearer`, or a sign-in asks for one while the request presents the other.',
  },
  email_taken: {
    status: 400,
    message: 'email already registered',
    cause:
      'An account with this address, in any spelling, already exists. The body of this classic answer has only the message.',
  },
  invalid_credentials: {
    status: 401,
    message:
      'The email address or the password is wrong, or the account is not active. Check both, or reset the password.',
    confirmationHint:
      'If the address is not confirmed yet, POST /request_confirmation sends the email again.',
    cause:
      'The address is unknown or malformed, the password is wrong, or the account is disabled or its address is not confirmed. The answer does not say which. With BIENVENUE_EMAIL_VERIFICATION, every failed sign-in adds, whatever the cause: “If the address is not confirmed yet, POST /request_confirmation sends the email again.”',
  },
  invalid_code: {
    status: 401,
    message: 'The code is wrong or no longer works. Check it, or use a new one.',
    cause:
      'The code from a mail, an authenticator app or the list of recovery codes is wrong, expired, used, replaced, or void after too many wrong attempts, or another browser asked for it. The answer does not say which.',
  },
  invalid_passkey: {
    status: 401,
    message: 'The passkey could not be verified. Try again, or sign in another way.',
    cause:
      'A check of the passkey failed, or its challenge has expired, was already used, or belongs to another purpose or browser. The answer does not say which; the audit log does.',
  },
  unknown_passkey: {
    status: 401,
    message: 'This passkey is not registered here. Sign in another way.',
    cause:
      'No account has this passkey. Everything else that can be checked without its key is right, so a page may tell the browser to forget it.',
  },
  pending_login_required: {
    status: 401,
    message: 'The sign-in has expired. Start again with your email address and password.',
    cause:
      'The request proves a second factor, but no sign-in waits for one: it expired after 10 minutes, was canceled or finished, or belongs to another browser; or the password, the address or a factor of the account has changed since.',
  },
  login_flow_required: {
    status: 401,
    message: 'The sign-in has expired or was started in another browser. Start again.',
    cause:
      'There is no sign-in at another provider that this browser could finish: it expired after 10 minutes, was finished, or belongs to another browser or provider.',
  },
  unauthenticated: {
    status: 401,
    message: 'A valid session is required. Sign in first.',
    cause:
      'Like `session_required`, on routes that are not part of the classic contract. They use the standard status. Also: the bearer token is malformed, unknown or expired, its session has ended, or it is the value of a cookie.',
  },
  session_required: {
    status: 403,
    message: 'A valid session cookie is required. Sign in first.',
    cause:
      'The request has no session cookie or more than one, or the session is malformed, unknown, expired or ended.',
  },
  registration_closed: {
    status: 403,
    message: 'Registration is closed. Ask the operator of this service for an account.',
    cause:
      'Someone tried to register while BIENVENUE_REGISTRATION is `closed`. Known and unknown addresses get the same answer. Operators can still add accounts with `bienvenue users add`.',
  },
  refused_by_application: {
    status: 403,
    message: 'This request was refused. Contact the operator of this service.',
    cause:
      'A hook of the embedding application refused a registration or a sign-in. `application_code` is the code of the hook, which can also set the message. The stand-alone service never sends this.',
  },
  unknown_email: {
    status: 403,
    message: 'There is no account with this email address. Check the address.',
    cause:
      'A reset was requested for an address without an account, for text that is not an address, or for a disabled account.',
  },
  invalid_reset_token: {
    status: 403,
    message: 'The reset token is not valid. Request a new one.',
    cause:
      'The token is unknown, used, expired or replaced, or belongs to another account. The answer does not say which.',
  },
  invalid_confirmation_token: {
    status: 403,
    message: 'This link is no longer valid. Request a new one.',
    cause:
      'The token from a confirmation email is unknown, used, expired or replaced, or is for an address that the account no longer has. The answer does not say which.',
  },
  password_compromised: {
    status: 403,
    message: 'Others may know this password, so it can no longer be used. Reset it by email.',
    cause: 'The password is right, but an operator has marked it as compromised.',
  },
  reauthentication_required: {
    status: 403,
    message: 'Confirm that it is you first.',
    cause:
      'The action is sensitive, and the user last authenticated more than BIENVENUE_REAUTHENTICATION_SECONDS ago. `POST /reauthenticate` starts a new session. `accepts` lists what the user can authenticate with: `passkey`, `totp`, `password`, `provider`.',
  },
  second_factor_required: {
    status: 403,
    message: 'Confirm that it is you with your second factor first.',
    cause:
      'The account has a second factor, but the session was not started with it, or that was too long ago (BIENVENUE_AAL2_LIFETIME_SECONDS, BIENVENUE_AAL2_IDLE_SECONDS). `POST /reauthenticate` with the second factor starts a new session. `accepts` lists what the user can authenticate with: `passkey`, `totp`.',
  },
  provider_refused: {
    status: 403,
    message: 'The sign-in was canceled or refused at the other provider. Try again, or sign in another way.',
    cause:
      'The provider answered with an error, such as `access_denied` when the person cancels. The log has its code.',
  },
  user_verification_required: {
    status: 403,
    message: 'This security key works only after a password. Sign in with your password first.',
    cause:
      'A passkey was used as the only factor, but the authenticator did not verify the user, such as with a PIN or a fingerprint.',
  },
  sign_in_refused: {
    status: 403,
    message: 'You cannot sign in to this account. Contact the operator of this service.',
    cause:
      'A sign-in at another provider succeeded, but the account here is disabled, or its address is not confirmed.',
  },
  foreign_origin: {
    status: 403,
    message: 'Requests from other sites are refused. Send the request from the site of this service.',
    cause:
      'The Origin or Sec-Fetch-Site header shows that another site made this request (CSRF). The origin must match BASE_URL, or the Host header if BASE_URL is not set. `Origin: null` counts as another site unless Sec-Fetch-Site is `same-origin`.',
  },
  missing_origin: {
    status: 403,
    message:
      'A form with a session cookie must say which site it comes from. Send JSON, or add an Origin header.',
    cause:
      'Outside classic mode, a POST with the session cookie has a form, text or untyped body and neither an Origin nor a Sec-Fetch-Site header. Any site can make a browser send such a request (CSRF). Programs send JSON, or `Origin` with the origin of BASE_URL.',
  },
  not_found: {
    status: 404,
    message: 'Not found. Check the path and the id.',
    cause: 'No route has this path, or none of your resources has this id.',
  },
  method_not_allowed: {
    status: 405,
    message: 'This path does not accept this method. See the Allow header.',
    cause: 'The path exists, but not with this method. The Allow header lists the methods that it accepts.',
  },
  request_timeout: {
    status: 408,
    message: 'The request took too long to arrive. Send it again.',
    cause: 'The headers or the body did not arrive in time.',
  },
  passkey_known: {
    status: 409,
    message: 'This passkey is already registered.',
    cause: 'The passkey that should be added belongs to this account or to another one.',
  },
  identity_taken: {
    status: 409,
    message:
      'Your account at the other provider is already connected to a different account here. Sign in to that account and disconnect it first.',
    cause:
      'The identity at a provider that a user tried to connect belongs to another account. Nothing moves.',
  },
  last_way_in: {
    status: 409,
    message: 'This is your only way to sign in. Set a password or add a passkey first.',
    cause:
      'The user tried to disconnect an identity or to remove a passkey, but has no password, no other passkey and no other identity.',
  },
  last_factor: {
    status: 409,
    message: 'This is your last second factor, and you must have one. Add another one first.',
    cause:
      'The user tried to remove the last second factor or to turn it off, but BIENVENUE_SECOND_FACTOR or an operator requires one.',
  },
  no_second_factor: {
    status: 409,
    message: 'Set up an authenticator app or a passkey first.',
    cause: 'The user tried to enable the second factor without having one, or asked for recovery codes.',
  },
  too_many_passkeys: {
    status: 409,
    message: 'The account has the maximum number of passkeys. Remove one first.',
    cause: 'The account has BIENVENUE_PASSKEYS_PER_USER passkeys.',
  },
  body_too_large: {
    status: 413,
    message: 'The body is too large. Send at most 64 KiB.',
    cause: 'The body has more than 64 KiB.',
  },
  uri_too_long: {
    status: 414,
    message: 'The URL is too long. Use at most 2,048 characters.',
    cause:
      'The path and query have more than 2,048 characters, or 8,192 in a return from a provider. Beyond 16 KiB, the answer is `headers_too_large`.',
  },
  unsupported_media_type: {
    status: 415,
    message: 'Send the body as a form, a multipart form or JSON, in UTF-8 and uncompressed.',
    cause:
      'The Content-Type is missing, malformed or not supported, or the body has a Content-Encoding. The Accept header lists the media types that the operation takes.',
  },
  unsupported_charset: {
    status: 415,
    message: 'The Content-Type names a charset other than UTF-8. Send the body in UTF-8.',
    cause:
      'The charset is unknown or is not a superset of ASCII; or it is not UTF-8 and the body, or a part of it, contains non-ASCII characters, percent-encoded ones included.',
  },
  unknown_host: {
    status: 421,
    message: 'This service does not answer to this host name. Use its public address.',
    cause: 'The Host header does not name this service. Refusing it prevents DNS rebinding.',
  },
  too_many_attempts: {
    status: 429,
    message: 'Too many attempts. Try again later.',
    cause:
      'Too many sign-ins, registrations or requests for mail, for one account or from one address. Retry-After says when to try again.',
  },
  headers_too_large: {
    status: 431,
    message: 'The headers are too large. Send at most 16 KiB.',
    cause: 'The headers have more than 16 KiB.',
  },
  internal_error: {
    status: 500,
    message: 'Something went wrong. Try again later, or report the request id to the operator.',
    cause: 'A fault of the service. The log has the details under the request id.',
  },
  body_already_read: {
    status: 500,
    message: 'The body was read before it reached the service. Mount the service before body parsers.',
    cause:
      'Only when embedded: something in front of the service has read the request body and left no parsed body in `request.body`.',
  },
  provider_failed: {
    status: 502,
    message: 'The other provider gave no usable answer. Try again later, or sign in another way.',
    cause:
      'The provider cannot be reached, or its metadata or its answer about the person is invalid or fails verification. The log has the reason. `bienvenue providers check` finds permanent problems.',
  },
  unavailable: {
    status: 503,
    message: 'The service is temporarily unavailable. Try again in a moment.',
    cause:
      'The database cannot be reached, read or written, too many passwords are waiting to be hashed, a hook of the embedding application took longer than 5 seconds, or the service is stopping.',
  },
} as const satisfies Record<string, Row>

/** The stable code of a refusal. */
export type ErrorCode = keyof typeof ERRORS

/** The optional details of an {@link AuthError}. */
export interface AuthErrorDetails {
  /** Overrides the message for library callers. HTTP clients always get the message of the table. */
  message?: string
  /** The TypeScript name of the invalid parameter. */
  field?: string
  /** When to try again, in whole seconds from now, 1 or more. */
  retryAfterSeconds?: number
  /** The minimum length of a new password, in Unicode code points. */
  minLength?: number
  /** The maximum length of a password, in bytes of UTF-8. */
  maxBytes?: number
  /** What `signIn.reauthenticate` takes from this user now. */
  accepts?: readonly StepUpMethod[]
  /** The media types that the operation takes. */
  mediaTypes?: readonly string[]
  /** Where the browser was to go afterwards. */
  returnTo?: string | null
  /** The refusal of a hook. Its message replaces that of the table, for HTTP clients too. */
  refusal?: HookRefusal
  /** Whether to add the confirmation hint. Must not depend on the account, or the message would reveal it. */
  withConfirmationHint?: boolean
  /** The underlying error. Logged, never sent to a client. */
  cause?: unknown
}

/** A refusal. Switch on its `code`. */
export class AuthError extends Error {
  override readonly name = 'AuthError'
  /** Which refusal this is. Codes are stable. */
  readonly code: ErrorCode
  /** The invalid parameter, if a single one is at fault. */
  readonly field: string | undefined
  /** When to try again, in whole seconds from now, 1 or more. Set with `too_many_attempts`. */
  readonly retryAfterSeconds: number | undefined
  /** The minimum length of a new password, in Unicode code points. Set with `password_too_short`. */
  readonly minLength: number | undefined
  /** The maximum length of a password, in bytes of UTF-8. Set with `password_too_long`. */
  readonly maxBytes: number | undefined
  /** What `signIn.reauthenticate` takes from this user. Set with `reauthentication_required` and `second_factor_required`. */
  readonly accepts: readonly StepUpMethod[] | undefined
  /** The media types that the operation takes. Set with `unsupported_media_type`. */
  readonly mediaTypes: readonly string[] | undefined
  /** Where the browser was to go after the sign-in at a provider that failed. Not sent to clients. */
  readonly returnTo: string | null
  /** The code of a {@link HookRefusal}. Set with `refused_by_application`. */
  readonly applicationCode: string | undefined
  /** The message of the table with its values filled in, or that of a {@link HookRefusal}. HTTP clients get it. */
  readonly sentence: string

  constructor(code: ErrorCode, details: AuthErrorDetails = {}) {
    const sentence = details.refusal?.message ?? sentenceOf(code, details)
    super(details.message ?? sentence, { cause: details.cause ?? details.refusal })
    this.code = code
    this.field = details.field
    this.retryAfterSeconds = details.retryAfterSeconds
    this.minLength = details.minLength
    this.maxBytes = details.maxBytes
    this.accepts = details.accepts
    this.mediaTypes = details.mediaTypes
    this.returnTo = details.returnTo ?? null
    this.applicationCode = details.refusal?.code
    this.sentence = sentence
  }
}

const APPLICATION_CODE = /^[a-z][a-z0-9_]*$/
export const APPLICATION_CODE_MAX_LENGTH = 64
export const REFUSAL_MAX_LENGTH = 500

/**
 * What a `before…` hook throws to refuse. The client gets 403 `refused_by_application` with both values.
 *
 * @example
 * ```ts
 * throw new HookRefusal('invitation_required', 'Ask your team for an invitation.')
 * ```
 */
export class HookRefusal extends Error {
  override readonly name = 'HookRefusal'
  /** The application's own code, for its clients. */
  readonly code: string

  /**
   * @param code - 1 to 64 lower-case letters, digits and underscores, beginning with a letter.
   * @param message - For people: 1 to 500 characters without line breaks. Default: a general sentence.
   * @throws {TypeError} The code or the message has another form.
   */
  constructor(code: string, message: string = ERRORS.refused_by_application.message) {
    super(message)
    const isCode = typeof code === 'string' && code.length <= APPLICATION_CODE_MAX_LENGTH
    if (!isCode || !APPLICATION_CODE.test(code))
      throw new TypeError('the code of a refusal must be like invitation_required')
    const isSentence = typeof message === 'string' && message !== '' && message.length <= REFUSAL_MAX_LENGTH
    if (!isSentence || !message.isWellFormed() || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(message))
      throw new TypeError('the message of a refusal must be 1 to 500 characters without line breaks')
    this.code = code
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

/** No row of the database matches. */
export class NoResultFound extends Error {
  override readonly name = 'NoResultFound'
}

/** A lookup or update names an unknown column, or a value that the column cannot hold. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError'
}

/** A write violates a unique constraint: the address is taken. */
export class Conflict extends Error {
  override readonly name = 'Conflict'
}

/** An operator's command cannot be carried out. Nothing was changed. */
export class MaintenanceError extends Error {
  override readonly name = 'MaintenanceError'
}

/** Why an option cannot be used. */
export interface OptionProblem {
  /** The name of the option in `AuthOptions`. */
  readonly option: string
  /** What is wrong, without the name of the option. Never contains a secret. */
  readonly problem: string
}

/** One or more options cannot be used. The message has a line for each problem. */
export class OptionError extends TypeError {
  override readonly name = 'OptionError'
  /** The option of the first problem. */
  readonly option: string
  /** All problems. */
  readonly problems: readonly OptionProblem[]

  /**
   * @param option - The name of the option in `AuthOptions`.
   * @param problem - What is wrong, without the name of the option. Must not contain a secret.
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
