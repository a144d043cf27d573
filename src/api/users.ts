import { z } from 'zod'
import { NEW_PASSWORD_ERRORS, operation } from './contract.ts'
import { email, newPassword } from './fields.ts'

export const registerUser = operation({
  method: 'POST',
  path: '/users',
  id: 'registerUser',
  summary: 'Register a user',
  tag: 'classic',
  body: z.strictObject({ email, password: newPassword }),
  success: {
    status: 200,
    description:
      'The account exists now. Where registration answers are uniform, a taken address gets this answer too, and its mailbox a mail.',
    body: z.strictObject({ email: z.string(), message: z.literal('user created') }),
  },
  errors: [
    'registration_closed',
    'email_taken',
    'invalid_email',
    ...NEW_PASSWORD_ERRORS,
    'too_many_attempts',
  ],
})
