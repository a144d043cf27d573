import { z } from 'zod'
import { operation } from './contract.ts'
import { email, password, resetToken } from './fields.ts'

export const requestPasswordReset = operation({
  method: 'POST',
  path: '/reset_password',
  id: 'requestPasswordReset',
  summary: 'Ask for a token that sets a new password',
  tag: 'classic',
  body: z.strictObject({ email }),
  success: {
    status: 200,
    description: 'A token, good once; an earlier one is void.',
    body: z.strictObject({ email: z.string(), reset_token: z.string() }),
  },
  errors: ['unknown_email', 'too_many_attempts', 'invalid_email'],
})

export const resetPassword = operation({
  method: 'PUT',
  path: '/reset_password',
  id: 'resetPassword',
  summary: 'Set a new password with a token',
  tag: 'classic',
  body: z.strictObject({ email, reset_token: resetToken, new_password: password }),
  success: {
    status: 200,
    description: 'The password is changed and every session of the account ended.',
    body: z.strictObject({ email: z.string(), message: z.literal('Password updated') }),
  },
  errors: ['invalid_reset_token', 'invalid_email', 'password_too_short', 'password_too_long'],
})
