/** The pages that set a new password with a mailed code, and the sentences about codes on the pages that mailed links open. */

const WRONG_CODE = 'This code is wrong or has expired. Check it, or request a new one.'

export const recovery = {
  heading: 'Reset your password',
  ask: 'Enter the email address of your account. We will send you a code and a link.',
  /** There are no codes. */
  askForLink: 'Enter the email address of your account. We will send you a link.',
  submit: 'Send email',
  signIn: 'Back to sign in',
  problems: {
    email: {
      missing_field: 'Enter your email address.',
      invalid_field: 'Enter a valid email address, such as name@example.com.',
    },
  },
}

export const recoveryCode = {
  heading: 'Choose a new password',
  /** Whatever the address. `{time}` is how long a code works. */
  enter:
    'If there is an account with this address, an email is on its way. Enter the code from it within {time}, and choose a new password.',
  anyDevice: 'You can also open the link in the email on any device.',
  /** There are no codes. */
  linkHeading: 'Check your email',
  linkOnly:
    'If there is an account with this address, an email is on its way. Open the link in it, on any device, to choose a new password.',
  /** The browser has not asked for a code, or refuses cookies. */
  otherBrowser:
    'A code works only in the browser where you requested it. Request a new one here, or open the link in the email on any device.',
  cookiesRefused: 'If you have just requested one here, allow cookies for this site and request another.',
  submit: 'Set password',
  noEmail: 'No email? Check your spam folder first.',
  again: 'Request a new email',
  problems: {
    code: {
      missing_field: 'Enter the code from the email.',
      invalid_field: WRONG_CODE,
      invalid_code: WRONG_CODE,
    },
  },
}

export const behindLink = {
  signIn: 'Sign in',
  /** Without script. */
  useCode: 'You can also enter the code from the email in the browser where you requested it:',
  confirmAccount: 'Confirm a new account',
  confirmAddress: 'Confirm a new email address',
  resetPassword: 'Choose a new password',
}
