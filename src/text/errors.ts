/** The sentences about refused requests that every language must have, by error code. Names in braces stand for values of the error. */
export interface ErrorTexts {
  /** About a new password. */
  readonly newPassword: Readonly<
    Record<
      | 'missing_field'
      | 'invalid_field'
      | 'password_too_short'
      | 'password_too_long'
      | 'password_too_common'
      | 'password_breached'
      | 'password_guessable',
      string
    >
  >
  /** About the current password of the account. */
  readonly currentPassword: Readonly<
    Record<'missing_field' | 'invalid_field' | 'invalid_credentials' | 'password_too_long', string>
  >
  /**
   * About the request. `too_many_attempts_until` replaces `too_many_attempts` if the wait, `{time}`, is known. `no_answer`: the
   * service cannot be reached. `internal_error`: every code without a sentence.
   */
  readonly request: Readonly<
    Record<
      'too_many_attempts' | 'too_many_attempts_until' | 'unavailable' | 'no_answer' | 'internal_error',
      string
    >
  >
}
