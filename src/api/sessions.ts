import { z } from 'zod'
import { operation } from './contract.ts'
import { account, currentSession, sessionInfo } from './fields.ts'

export const current = operation({
  method: 'GET',
  path: '/session',
  summary: 'Get the signed-in user and the session, or null for both',
  tag: 'account',
  access: 'anyone',
  success: {
    status: 200,
    description: 'The user and the session. Both are null if nobody is signed in.',
    body: z.strictObject({ user: account.nullable(), session: currentSession.nullable() }),
  },
})

export const signOut = operation({
  method: 'DELETE',
  path: '/session',
  summary: 'Sign out',
  tag: 'account',
  access: 'anyone',
  audit: ['logout'],
  success: {
    status: 204,
    description: 'The session has ended, if there was one, and the cookie is cleared.',
    setsCookie: true,
  },
})

export const signOutClassic = operation({
  method: 'DELETE',
  path: '/sessions',
  summary: 'Sign out with a redirect, as in the exercise',
  tag: 'classic',
  access: { session: true },
  audit: ['logout'],
  success: {
    status: 302,
    statusForBrowsers: 303,
    description: 'The session has ended and the cookie is cleared. Go to `GET /`.',
    setsCookie: true,
  },
})

export const list = operation({
  method: 'GET',
  path: '/sessions',
  summary: 'List the live sessions of the account, most recently used first',
  tag: 'account',
  access: { session: true },
  success: {
    status: 200,
    description: 'The live sessions of the account.',
    body: z.strictObject({ sessions: z.array(sessionInfo) }),
  },
})

export const endOthers = operation({
  method: 'DELETE',
  path: '/sessions/others',
  summary: 'Sign out everywhere else',
  tag: 'account',
  access: { session: true, fresh: true },
  audit: ['end_other_sessions'],
  success: {
    status: 200,
    description: 'Every other session of the account has ended.',
    body: z.strictObject({ message: z.literal('other sessions ended'), ended: z.int() }),
  },
})

export const end = operation({
  method: 'DELETE',
  path: '/sessions/{id}',
  summary: 'Sign out one device',
  tag: 'account',
  access: { session: true, fresh: true },
  audit: ['end_session'],
  params: { id: 'The id of a session of the account, from `GET /sessions`.' },
  success: {
    status: 200,
    description: 'The session has ended.',
    body: z.strictObject({ message: z.literal('session ended') }),
  },
  errors: ['not_found'],
})
