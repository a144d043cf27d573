/** The pages that set a new password with a mailed code, and what the pages behind mailed links say about codes. */

const WRONG_CODE = 'This code is wrong or no longer valid. Check it, or ask for a new one.'

export const recovery = {
  heading: 'Reset your password',
  ask: 'Enter the address of your account. We will send you an email with a code and a link.',
  /** There are no codes. */
  askForLink: 'Enter the address of your account. We will send you an email with a link.',
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
    'If there is an account with this address, an email is on its way. Enter its code here within {time}, with a new password.',
  anyDevice: 'You can also open the link in the email, on any device.',
  /** There are no codes. */
  linkHeading: 'Check your email',
  linkOnly:
    'If there is an account with this address, an email is on its way. Open its link, on any device, to choose a new password.',
  /** The browser has asked for no code, or refuses cookies. */
  otherBrowser:
    'A code works only in the browser that asked for it. Ask for a new one here, or open the link in the email on any device.',
  cookiesRefused: 'If you have just asked for one here, allow cookies for this site and ask again.',
  submit: 'Set password',
  noEmail: 'No email? Look in your spam folder first.',
  again: 'Ask for a new email',
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
  useCode: 'You can also enter the code from the email, in the browser that asked for it:',
  confirmAccount: 'Confirm a new account',
  confirmAddress: 'Confirm a new address of your account',
  resetPassword: 'Choose a new password',
}
