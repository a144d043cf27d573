import { z } from 'zod'
import { operation } from './contract.ts'
import { email, password } from './fields.ts'

export const registerUser = operation({
  method: 'POST',
  path: '/users',
  id: 'registerUser',
  summary: 'Register a user',
  tag: 'classic',
  body: z.strictObject({ email, password }),
  success: {
    status: 200,
    description: 'The account exists now.',
    body: z.strictObject({ email: z.string(), message: z.literal('user created') }),
  },
  errors: ['email_taken', 'invalid_email', 'password_too_short', 'password_too_long'],
})
