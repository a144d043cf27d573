import { z } from 'zod'
import { operation } from './contract.ts'
import { bearerFields, deviceToken, email, password, remember, transport } from './fields.ts'

export const withPassword = operation({
  method: 'POST',
  path: '/sessions',
  summary: 'Sign in with a password',
  tag: 'classic',
  access: 'anyone',
  throttle: ['login'],
  audit: ['login', 'logout', 'limit_reached'],
  body: z.strictObject({
    email,
    password,
    transport: transport.optional(),
    remember: remember.optional(),
    device_token: deviceToken.optional(),
  }),
  success: {
    status: 200,
    description:
      'The user is signed in. The cookie `session_id` carries the session token, unless the client asked for a bearer token.',
    body: z.strictObject({
      email: z.string(),
      message: z.literal('logged in'),
      ...bearerFields,
      device_token: z.string().optional().meta({
        description: 'Only with `bearer`. Send it with the next sign-in of this device. It grants no access.',
      }),
    }),
    setsCookie: true,
  },
  errors: ['invalid_credentials', 'password_compromised', 'refused_by_application', 'password_too_long'],
})

export const reauthenticate = operation({
  method: 'POST',
  path: '/reauthenticate',
  summary: 'Confirm the password before a sensitive operation',
  tag: 'account',
  access: { session: true },
  throttle: ['login'],
  audit: ['reauthenticate', 'limit_reached'],
  body: z.strictObject({ password }),
  success: {
    status: 200,
    description:
      'The cookie or, for a bearer token, the body carries a new session token. The old one has stopped working.',
    body: z.strictObject({ email: z.string(), message: z.literal('reauthenticated'), ...bearerFields }),
    setsCookie: true,
  },
  errors: ['invalid_credentials', 'password_too_long'],
})
