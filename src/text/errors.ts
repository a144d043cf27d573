/** What the hosted pages of every language must say when a request is refused. */

/** The sentences by error code. A name in braces stands for a number that the refusal carries. */
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
  /** About the password that the account has. */
  readonly currentPassword: Readonly<
    Record<'missing_field' | 'invalid_field' | 'invalid_credentials' | 'password_too_long', string>
  >
  /**
   * About the request. `too_many_attempts_until` replaces `too_many_attempts` if the wait is known, which stands for
   * `{time}`. `no_answer` is for a service that cannot be reached, `internal_error` for every code without a sentence.
   */
  readonly request: Readonly<
    Record<
      'too_many_attempts' | 'too_many_attempts_until' | 'unavailable' | 'no_answer' | 'internal_error',
      string
    >
  >
}
