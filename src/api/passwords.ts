import { z } from 'zod'
import { NEW_PASSWORD_ERRORS, operation } from './contract.ts'
import { email, newPassword, password, resetToken } from './fields.ts'

export const requestPasswordReset = operation({
  method: 'POST',
  path: '/reset_password',
  id: 'requestPasswordReset',
  summary: 'Ask for a token that sets a new password',
  tag: 'classic',
  body: z.strictObject({ email }),
  success: {
    status: 200,
    description:
      'A token, good once; an earlier one is void. Where tokens are mailed there is none in the answer, which is the same for every address.',
    body: z.union([
      z.strictObject({ email: z.string(), reset_token: z.string() }),
      z.strictObject({ email: z.string(), message: z.literal('reset mail sent') }),
    ]),
  },
  errors: ['unknown_email', 'too_many_attempts'],
})

export const resetPassword = operation({
  method: 'PUT',
  path: '/reset_password',
  id: 'resetPassword',
  summary: 'Set a new password with a token',
  tag: 'classic',
  body: z.strictObject({ email, reset_token: resetToken, new_password: newPassword }),
  success: {
    status: 200,
    description:
      'The password is changed. Every session of the account has ended, except in classic mode, where they stay.',
    body: z.strictObject({ email: z.string(), message: z.literal('Password updated') }),
  },
  errors: ['invalid_reset_token', ...NEW_PASSWORD_ERRORS],
})

export const resetPasswordPage = operation({
  method: 'GET',
  path: '/reset_password',
  id: 'resetPasswordPage',
  summary: 'The page behind the link of a reset mail; it opens nothing by itself',
  tag: 'page',
  needs: 'mail',
  success: { status: 200, description: 'A page that asks for the new password.', page: true },
  errors: [],
})

export const changePassword = operation({
  method: 'PUT',
  path: '/profile/password',
  id: 'changePassword',
  summary: 'Set another password, with the present one',
  tag: 'account',
  session: true,
  body: z.strictObject({ current_password: password, new_password: newPassword }),
  success: {
    status: 200,
    description: 'The password is changed, every session ended, and a new one is in the cookie.',
    body: z.strictObject({ email: z.string(), message: z.literal('Password updated') }),
    setsCookie: true,
  },
  errors: ['invalid_credentials', 'too_many_attempts', ...NEW_PASSWORD_ERRORS],
})
