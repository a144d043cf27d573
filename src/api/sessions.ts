import { z } from 'zod'
import { operation } from './contract.ts'
import { email, password } from './fields.ts'

export const logIn = operation({
  method: 'POST',
  path: '/sessions',
  id: 'logIn',
  summary: 'Log in',
  tag: 'classic',
  body: z.strictObject({ email, password }),
  success: {
    status: 200,
    description: 'Logged in: the cookie `session_id` carries the session.',
    body: z.strictObject({ email: z.string(), message: z.literal('logged in') }),
    setsCookie: true,
  },
  errors: ['invalid_credentials', 'too_many_attempts', 'invalid_email', 'password_too_long'],
})

export const logOut = operation({
  method: 'DELETE',
  path: '/sessions',
  id: 'logOut',
  summary: 'Log out',
  tag: 'classic',
  session: true,
  success: {
    status: 302,
    statusForBrowsers: 303,
    description: 'The session is over and the cookie cleared; go to `GET /`.',
    setsCookie: true,
  },
  errors: [],
})
