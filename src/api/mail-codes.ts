import { z } from 'zod'
import { NEW_PASSWORD_ERRORS, operation } from './contract.ts'
import {
  browserToken,
  codePurpose,
  deviceToken,
  email,
  mailedCode,
  newPassword,
  passwordWithCode,
  returnToFromPages,
  signedIn,
  transport,
} from './fields.ts'

export const request = operation({
  method: 'POST',
  path: '/mail_codes',
  summary: 'Ask for a mailed code to confirm an address or set a new password',
  tag: 'account',
  needs: ['mail_codes'],
  access: 'anyone',
  throttle: ['confirmation_request', 'reset_request'],
  audit: ['request_confirmation', 'request_password_reset', 'limit_reached'],
  body: z.strictObject({
    purpose: codePurpose,
    email,
    browser_token: browserToken,
  }),
  success: {
    status: 200,
    description:
      'A mail is on its way if an account with this address can use the code. The answer is the same for every address.',
    body: z.strictObject({ email: z.string(), message: z.literal('code mailed') }),
    setsBrowserCookie: true,
  },
})

export const confirmEmail = operation({
  method: 'POST',
  path: '/mail_codes/confirm_email',
  summary: 'Confirm the address of a new account with a mailed code, and sign in',
  tag: 'account',
  needs: ['mail_codes'],
  access: 'anyone',
  throttle: ['mail_code', 'login'],
  audit: ['confirm_email', 'login', 'begin_sign_in', 'logout', 'limit_reached'],
  body: z.strictObject({
    code: mailedCode,
    password: passwordWithCode,
    transport: transport.optional(),
    browser_token: browserToken,
    device_token: deviceToken.optional(),
    return_to: returnToFromPages,
  }),
  success: {
    status: 200,
    description:
      'The address is confirmed and the user is signed in. The cookie `session_id` carries the session token, unless the client asked for a bearer token.',
    body: z.strictObject(signedIn),
    mayWait: true,
    setsCookie: true,
  },
  errors: [
    'invalid_code',
    'invalid_credentials',
    'password_compromised',
    'refused_by_application',
    'password_too_long',
  ],
})

export const resetPassword = operation({
  method: 'POST',
  path: '/mail_codes/reset_password',
  summary: 'Set a new password with a mailed code',
  tag: 'account',
  needs: ['mail_codes'],
  access: 'anyone',
  throttle: ['mail_code'],
  audit: ['reset_password', 'limit_reached'],
  body: z.strictObject({ code: mailedCode, new_password: newPassword, browser_token: browserToken }),
  success: {
    status: 200,
    description: 'The password is changed. Nobody is signed in.',
    body: z.strictObject({ email: z.string(), message: z.literal('Password updated') }),
  },
  errors: ['invalid_code', ...NEW_PASSWORD_ERRORS],
})

export const changeEmail = operation({
  method: 'POST',
  path: '/mail_codes/change_email',
  summary: 'Confirm a new address with a mailed code',
  tag: 'account',
  needs: ['mail_codes'],
  access: { session: true },
  throttle: ['mail_code'],
  audit: ['change_email', 'delete_account', 'limit_reached'],
  body: z.strictObject({ code: mailedCode, browser_token: browserToken }),
  success: {
    status: 200,
    description: 'The account has the new address. The session stays.',
    body: z.strictObject({ email: z.string(), message: z.literal('Email confirmed') }),
  },
  errors: ['invalid_code'],
})
