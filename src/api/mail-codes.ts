import { z } from 'zod'
import { MAIL_CODE_PURPOSES } from '../model/mail-codes.ts'
import { NEW_PASSWORD_ERRORS, operation } from './contract.ts'
import {
  bearerFields,
  browserToken,
  deviceToken,
  email,
  mailedCode,
  newPassword,
  password,
  transport,
} from './fields.ts'

export const request = operation({
  method: 'POST',
  path: '/mail_codes',
  summary: 'Ask for a mail with a code that confirms an address or sets a new password',
  tag: 'account',
  needs: ['mail_codes'],
  access: 'anyone',
  throttle: ['confirmation_request', 'reset_request'],
  audit: ['request_confirmation', 'request_password_reset', 'limit_reached'],
  body: z.strictObject({
    purpose: z.enum(['confirm_email', 'reset_password']).meta({
      description: 'What the code will do. A code for a change of address comes with the change itself.',
    }),
    email,
    browser_token: browserToken,
  }),
  success: {
    status: 200,
    description:
      'A mail is on its way if there is an account with this address for which the code can do this. The answer is the same for every address.',
    body: z.strictObject({ email: z.string(), message: z.literal('code mailed') }),
    setsBrowserCookie: true,
  },
  errors: [],
})

export const redeem = operation({
  method: 'POST',
  path: '/mail_codes/redeem',
  summary: 'Use a mailed code, in the browser that asked for it',
  tag: 'account',
  needs: ['mail_codes'],
  access: 'anyone',
  throttle: ['mail_code', 'login'],
  audit: ['confirm_email', 'login', 'logout', 'reset_password', 'change_email', 'limit_reached'],
  body: z.strictObject({
    purpose: z.enum(MAIL_CODE_PURPOSES).meta({
      description:
        '`confirm_email` confirms the address of a new account and signs in. `reset_password` sets `new_password`. `change_email` gives the account of the session its new address.',
    }),
    code: mailedCode,
    new_password: newPassword.optional(),
    password: password.optional().meta({
      description:
        'With `confirm_email`: the password of the account. Required unless this browser registered the account.',
    }),
    transport: transport.optional(),
    browser_token: browserToken,
    device_token: deviceToken.optional(),
  }),
  success: {
    status: 200,
    description:
      'The code has done what it is for. With `confirm_email` the user is signed in: the cookie `session_id` carries the session token, unless the client asked for a bearer token.',
    body: z.strictObject({
      email: z.string(),
      message: z.enum(['logged in', 'Password updated', 'Email confirmed']),
      ...bearerFields,
      device_token: z.string().optional().meta({
        description: 'Only with `bearer`. Send it with the next sign-in of this device. It grants no access.',
      }),
    }),
    setsCookie: true,
  },
  errors: [
    'invalid_code',
    'invalid_credentials',
    'unauthenticated',
    'password_compromised',
    'refused_by_application',
    ...NEW_PASSWORD_ERRORS,
  ],
})
