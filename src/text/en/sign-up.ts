/** The pages that create an account and confirm its address. */
import { signIn } from './sign-in.ts'

const WRONG_CODE = 'This code is wrong or has expired. Check it, or request a new one.'
const WRONG_PASSWORD = 'This is not the password of the account. Check it, and enter the code again.'

export const signUp = {
  heading: 'Create an account',
  submit: 'Create account',
  haveAccount: 'Already have an account?',
  signIn: 'Sign in',
  /** `{link}` is a link with the text `terms`. */
  agreement: 'By creating an account, you agree to the {link}.',
  terms: 'terms',
  /** `{link}` is a link with the text `privacyPolicy`. */
  privacy: 'Our {link} explains how we use your data.',
  privacyPolicy: 'privacy policy',
  problems: {
    email: {
      missing_field: 'Enter your email address.',
      invalid_field: 'Enter a valid email address, such as name@example.com.',
      invalid_email: 'Enter a valid email address, such as name@example.com.',
      email_taken: 'There is already an account with this address. Sign in, or use another address.',
    },
    form: {
      refused_by_application:
        'This sign-up was refused. If you think that this is a mistake, contact the people who run this service.',
    },
  },
}

export const confirmCode = {
  heading: 'Confirm your email address',
  /** `{time}` is how long a code works. */
  enter: 'Check your inbox for our email. Enter the code from it within {time}.',
  anyDevice: 'You can also open the link in the email on any device.',
  /** There are no codes. */
  linkOnly:
    'Check your inbox for our email. Open the link in it, on any device, to confirm your address. Then sign in.',
  /** The browser has not asked for a code, or refuses cookies. */
  otherBrowser:
    'A code works only in the browser where you requested it. Request a new one here, or open the link in the email on any device.',
  cookiesRefused: 'If you have just requested one here, allow cookies for this site and request another.',
  submit: 'Confirm address',
  /** Whatever the address. */
  sent: 'If an account with this address is waiting to be confirmed, a new email is on its way.',
  /** Below `password` if the account was not created in this browser. */
  passwordHint: 'Needed because the account was not created in this browser.',
  noEmail: 'No email?',
  resendHint: 'Check your spam folder first. A new code replaces the previous one.',
  resendLinkHint: 'Check your spam folder first.',
  send: 'Send a code',
  resend: 'Send a new code',
  resendLink: 'Send a new link',
  resendHeading: 'Send a new email',
  back: 'Back to the code',
  problems: {
    code: {
      missing_field: 'Enter the code from the email.',
      invalid_field: WRONG_CODE,
      invalid_code: WRONG_CODE,
    },
    password: {
      missing_field: 'Enter the password of the account too, and the code again.',
      invalid_field: WRONG_PASSWORD,
      invalid_credentials: WRONG_PASSWORD,
      password_too_long: WRONG_PASSWORD,
    },
    form: signIn.problems.form,
  },
}
