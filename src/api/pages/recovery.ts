/** The pages that set a new password by mail. */
import { z } from 'zod'
import * as accountOperations from '../account.ts'
import { NEW_PASSWORD_ERRORS, operation } from '../contract.ts'
import { email, mailedCode, newPassword } from '../fields.ts'
import { mailedEmail, returnTo } from './fields.ts'
import { form, page } from './page.ts'

export const showRecover = page({
  path: '/recover',
  summary: 'Show the page that mails a code and a link to set a new password',
  needs: ['pages', 'mail', 'mailed_resets'],
  access: 'anyone',
  description: 'A page that asks for the address.',
})

export const recover = form({
  path: '/recover',
  summary: 'Ask for the mail that sets a new password',
  needs: ['pages', 'mail', 'mailed_resets'],
  access: 'anyone',
  throttle: accountOperations.requestPasswordReset.throttle,
  audit: accountOperations.requestPasswordReset.audit,
  body: z.strictObject({ email, return_to: returnTo }),
  success: {
    status: 303,
    description: 'The browser goes on to `/recover/code`, whatever the address.',
    setsBrowserCookie: true,
  },
})

export const showRecoverCode = page({
  path: '/recover/code',
  summary: 'Show the page that takes the code of a reset mail and a new password',
  needs: ['pages', 'mail', 'mailed_resets'],
  access: 'anyone',
  description: 'A page that asks for the code and the new password.',
})

export const recoverCode = form({
  path: '/recover/code',
  summary: 'Set a new password with a mailed code',
  needs: ['pages', 'mail_codes', 'mailed_resets'],
  access: 'anyone',
  throttle: ['mail_code'],
  audit: ['reset_password', 'limit_reached'],
  body: z.strictObject({
    email: mailedEmail,
    code: mailedCode,
    new_password: newPassword,
    return_to: returnTo,
  }),
  success: {
    status: 303,
    description: 'The password is changed. Nobody is signed in: the browser goes on to `/sign_in`.',
  },
  errors: ['invalid_code', ...NEW_PASSWORD_ERRORS],
})

/** @see {@link https://w3c.github.io/webappsec-change-password-url/ A well-known URL for changing passwords} */
export const changePasswordAddress = operation({
  method: 'GET',
  path: '/.well-known/change-password',
  summary: 'Redirect password managers to the page that changes the password',
  tag: 'page',
  needs: ['pages'],
  access: 'anyone',
  success: { status: 303, description: 'The browser goes on to `/account/password`.' },
})
