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
  errors: ['invalid_credentials', 'password_compromised', 'too_many_attempts', 'password_too_long'],
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

const sessionInfo = z.strictObject({
  id: z.uuid().meta({ description: 'Names the session and opens nothing.' }),
  current: z.boolean().meta({ description: 'Whether it is the one that asks.' }),
  created_at: z.iso.datetime(),
  authenticated_at: z.iso.datetime().meta({ description: 'When the password was typed last.' }),
  last_seen_at: z.iso.datetime().meta({ description: 'When it was used last, to the minute.' }),
  expires_at: z.iso.datetime().meta({ description: 'When it ends, whatever happens in it.' }),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
})

export const listSessions = operation({
  method: 'GET',
  path: '/sessions',
  id: 'listSessions',
  summary: 'The live sessions of the account, the one used last first',
  tag: 'account',
  session: true,
  success: {
    status: 200,
    description: 'Every device that is signed in.',
    body: z.strictObject({ sessions: z.array(sessionInfo) }),
  },
  errors: [],
})

export const endOtherSessions = operation({
  method: 'DELETE',
  path: '/sessions/others',
  id: 'endOtherSessions',
  summary: 'Sign out everywhere else',
  tag: 'account',
  session: true,
  success: {
    status: 200,
    description: 'Every other session of the account is over.',
    body: z.strictObject({ message: z.literal('other sessions ended'), ended: z.int() }),
  },
  errors: ['reauthentication_required'],
})

export const endSession = operation({
  method: 'DELETE',
  path: '/sessions/{id}',
  id: 'endSession',
  summary: 'Sign out one device',
  tag: 'account',
  session: true,
  params: { id: 'The id of a session of the account, from `GET /sessions`.' },
  success: {
    status: 200,
    description: 'The session is over.',
    body: z.strictObject({ message: z.literal('session ended') }),
  },
  errors: ['reauthentication_required', 'not_found'],
})

export const reauthenticate = operation({
  method: 'POST',
  path: '/reauthenticate',
  id: 'reauthenticate',
  summary: 'Type the password again, for what is sensitive',
  tag: 'account',
  session: true,
  body: z.strictObject({ password }),
  success: {
    status: 200,
    description: 'A new session is in the cookie, and the old one over.',
    body: z.strictObject({ email: z.string(), message: z.literal('reauthenticated') }),
    setsCookie: true,
  },
  errors: ['invalid_credentials', 'too_many_attempts', 'password_too_long'],
})
