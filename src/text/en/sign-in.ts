/** The pages that start and end a session. */
export const signIn = {
  heading: 'Sign in',
  remember: 'Keep me signed in on this device',
  submit: 'Sign in',
  forgot: 'Forgot your password?',
  noAccount: 'No account yet?',
  signUp: 'Create an account',
  /** The browser came back without the cookie of the new session. */
  cookiesRefused:
    'Your browser did not keep the cookie that signs you in. Allow cookies for this site, then sign in again.',
  /** After a reset. */
  passwordChanged: 'Your password has been changed. Sign in with the new one.',
  problems: {
    email: {
      missing_field: 'Enter your email address.',
      invalid_field: 'Enter a valid email address, such as name@example.com.',
    },
    password: {
      missing_field: 'Enter your password.',
      invalid_field: 'The email address or the password is wrong.',
      password_too_long: 'The email address or the password is wrong.',
    },
    form: {
      invalid_credentials:
        'The email address or the password is wrong, or the account is not active. Check both, or reset the password.',
      password_compromised: 'Others may know this password, so it can no longer be used. Reset it by email.',
      refused_by_application: 'This sign-in was refused. Contact the people who run this service.',
    },
  },
  /** Replaces `invalid_credentials` if addresses must be confirmed. */
  invalidOrUnconfirmed:
    'The email address or the password is wrong, or the account is not active. If you have not confirmed your address yet, look for our email, or request a new one.',
  /** The link below `invalidOrUnconfirmed`. */
  confirm: 'Confirm your email address',
}

/** The page on which users prove again who they are. */
export const stepUp = {
  heading: 'Confirm that it is you',
  why: 'Enter your password to continue. This protects your account if someone else uses your device.',
  /** The same for the other ways. */
  whyTotp:
    'Enter the code that your authenticator app shows now. This protects your account if someone else uses your device.',
  whyPasskey:
    'Use a passkey or a security key of your account. This protects your account if someone else uses your device.',
  whyProvider:
    'Sign in with the provider again to continue. This protects your account if someone else uses your device.',
  /** The user has no method that works within the session. */
  none: 'Sign out and sign in again to continue. This protects your account if someone else uses your device.',
  /** For example with a recovery code, which works only for sign-in. */
  lost: 'If you cannot do this now, sign out and sign in again another way.',
  signOut: 'Sign out',
  submit: 'Continue',
}

export const signOut = {
  heading: 'Sign out?',
  asked: 'You are signed in as {email}.',
  submit: 'Sign out',
  stay: 'Stay signed in',
  notSignedIn: 'You are not signed in',
  signIn: 'Sign in',
}
