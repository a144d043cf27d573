import { z } from 'zod'
import { operation } from './contract.ts'
import { email, mailedToken, password } from './fields.ts'

export const requestConfirmation = operation({
  method: 'POST',
  path: '/request_confirmation',
  id: 'requestConfirmation',
  summary: 'Ask for the mail that confirms an address once more',
  tag: 'account',
  needs: 'mail',
  body: z.strictObject({ email }),
  success: {
    status: 200,
    description: 'A mail is on its way, if an account with this address awaits its confirmation.',
    body: z.strictObject({ email: z.string(), message: z.literal('confirmation mail sent') }),
  },
  errors: ['too_many_attempts'],
})

export const confirmEmail = operation({
  method: 'POST',
  path: '/confirm_email',
  id: 'confirmEmail',
  summary: 'Confirm an address with the token of a mailed link and the password of the account',
  tag: 'account',
  needs: 'mail',
  body: z.strictObject({ token: mailedToken, password }),
  success: {
    status: 200,
    description: 'The address is confirmed, and the account’s.',
    body: z.strictObject({ email: z.string(), message: z.literal('Email confirmed') }),
  },
  errors: ['invalid_confirmation_token', 'invalid_credentials', 'too_many_attempts', 'password_too_long'],
})

export const confirmEmailPage = operation({
  method: 'GET',
  path: '/confirm_email',
  id: 'confirmEmailPage',
  summary: 'The page behind the link of a confirmation mail; it confirms nothing by itself',
  tag: 'page',
  needs: 'mail',
  success: { status: 200, description: 'A page that asks for the password.', page: true },
  errors: [],
})
