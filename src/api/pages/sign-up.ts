/** The pages that create an account and confirm its address. */
import { z } from 'zod'
import * as accountOperations from '../account.ts'
import { email, mailedCode, newPassword, userMetadata } from '../fields.ts'
import * as mailCodeOperations from '../mail-codes.ts'
import * as signInOperations from '../sign-in.ts'
import { formPassword, formText, mailedEmail, returnTo } from './fields.ts'
import { form, page } from './page.ts'

export const showSignUp = page({
  path: '/sign_up',
  summary: 'Show the page that creates an account; with a live session, go on to the account',
  needs: ['pages', 'open_registration'],
  access: 'anyone',
  description: 'A page that asks for an address and a password.',
})

export const signUp = form({
  path: '/sign_up',
  summary: 'Create an account',
  needs: ['pages', 'open_registration'],
  access: 'anyone',
  throttle: accountOperations.register.throttle,
  // If addresses need no confirmation, a sign-in follows.
  audit: [...accountOperations.register.audit, 'login', 'begin_sign_in', 'logout'],
  body: z.strictObject({ email, password: newPassword, metadata: userMetadata, return_to: returnTo }),
  success: {
    status: 303,
    description:
      'If addresses must be confirmed, the browser goes on to `/sign_up/code`, for taken addresses too. Otherwise the user is signed in.',
    setsCookie: true,
    setsBrowserCookie: true,
  },
  errors: [...accountOperations.register.errors, 'invalid_credentials', 'password_compromised'],
})

export const showConfirmCode = page({
  path: '/sign_up/code',
  summary: 'Show the page that takes the code of a confirmation mail',
  needs: ['pages', 'mail', 'confirmation'],
  access: 'anyone',
  description: 'A page that asks for the code.',
})

export const confirmCode = form({
  path: '/sign_up/code',
  summary: 'Confirm the address of a new account with a mailed code',
  needs: ['pages', 'mail_codes', 'confirmation'],
  access: 'anyone',
  throttle: mailCodeOperations.confirmEmail.throttle,
  audit: mailCodeOperations.confirmEmail.audit,
  body: z.strictObject({
    email: mailedEmail,
    code: mailedCode,
    password: formPassword,
    asks: formText.optional().meta({ description: 'Sent if the form has a field `password`.' }),
    return_to: returnTo,
  }),
  success: {
    status: 303,
    description: 'The address is confirmed. The user is signed in and goes on to `return_to` or the account.',
    setsCookie: true,
  },
  errors: ['invalid_code', ...signInOperations.withPassword.errors],
})

export const showConfirmMail = page({
  path: '/sign_up/resend',
  summary: 'Show the page that sends the confirmation mail again',
  needs: ['pages', 'mail', 'confirmation'],
  access: 'anyone',
  description: 'A page that asks for the address.',
})

export const confirmMail = form({
  path: '/sign_up/resend',
  summary: 'Send the confirmation mail again',
  needs: ['pages', 'mail', 'confirmation'],
  access: 'anyone',
  throttle: accountOperations.requestConfirmation.throttle,
  audit: accountOperations.requestConfirmation.audit,
  body: z.strictObject({ email, return_to: returnTo }),
  success: {
    status: 303,
    description: 'The browser goes on to `/sign_up/code`, whatever the address.',
    setsBrowserCookie: true,
  },
})
