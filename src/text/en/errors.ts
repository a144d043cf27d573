const WRONG_PASSWORD = 'This is not the password of your account. Check it and try again.'

/** The sentences about refused requests, by error code. Names in braces stand for values of the error. */
export const errors = {
  /** About a new password. */
  newPassword: {
    missing_field: 'Enter a new password.',
    invalid_field: 'This password contains characters that are not allowed. Choose a different one.',
    password_too_short: 'Use at least {min_length} characters.',
    password_too_long:
      'Use at most {max_bytes} characters. Accented letters and emoji count as more than one.',
    password_too_common: 'This password is easy to guess. Choose a less common one.',
    password_breached:
      'This password has appeared in a data breach at another service. Choose a different one.',
    password_guessable:
      'This password is too similar to your email address or the name of this service. Choose a different one.',
  },
  /** About the current password of the account. */
  currentPassword: {
    missing_field: 'Enter the password of your account.',
    invalid_field: WRONG_PASSWORD,
    invalid_credentials: WRONG_PASSWORD,
    password_too_long: WRONG_PASSWORD,
  },
  /** About the request. */
  request: {
    too_many_attempts: 'Too many attempts. Try again later.',
    /** If the wait is known. */
    too_many_attempts_until: 'Too many attempts. Try again in {time}.',
    unavailable: 'The service is temporarily unavailable. Try again in a moment.',
    /** The service cannot be reached. */
    no_answer: 'The service cannot be reached. Check your connection and try again.',
    /** Every code without a sentence. */
    internal_error: 'Something went wrong. Try again later.',
  },
}
