import { z } from 'zod'
import { operation } from './contract.ts'
import { sessionInfo } from './fields.ts'

export const signOut = operation({
  method: 'DELETE',
  path: '/sessions',
  summary: 'Sign out',
  tag: 'classic',
  access: { session: true },
  audit: ['logout'],
  success: {
    status: 302,
    statusForBrowsers: 303,
    description: 'The session has ended and the cookie is cleared. Go to `GET /`.',
    setsCookie: true,
  },
  errors: [],
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
  errors: [],
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
  errors: [],
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
