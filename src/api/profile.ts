import { z } from 'zod'
import { operation } from './contract.ts'
import { email } from './fields.ts'

export const getProfile = operation({
  method: 'GET',
  path: '/profile',
  id: 'getProfile',
  summary: 'Who the session belongs to',
  tag: 'classic',
  session: true,
  success: {
    status: 200,
    description: 'The user of the session.',
    body: z.strictObject({ email: z.string() }),
  },
  errors: [],
})

export const changeEmail = operation({
  method: 'PUT',
  path: '/profile/email',
  id: 'changeEmail',
  summary: 'Ask for another address; it is the account’s once its mailbox has confirmed it',
  tag: 'account',
  needs: 'mail',
  session: true,
  body: z.strictObject({ email }),
  success: {
    status: 200,
    description: 'A link is on its way to the new address, and a word to the present one.',
    body: z.strictObject({ email: z.string(), message: z.literal('confirmation mail sent') }),
  },
  errors: ['reauthentication_required', 'too_many_attempts', 'invalid_email'],
})

export const exportProfile = operation({
  method: 'GET',
  path: '/profile/export',
  id: 'exportProfile',
  summary: 'All that is stored about the account, but what opens it',
  tag: 'account',
  session: true,
  success: {
    status: 200,
    description: 'The account, its sessions and its lines of the audit.',
    body: z.looseObject({
      account: z.looseObject({ id: z.int(), email: z.string() }),
      sessions: z.array(z.looseObject({ id: z.string() })),
      audit: z.array(z.looseObject({ action: z.string() })),
    }),
  },
  errors: ['reauthentication_required', 'too_many_attempts'],
})

export const deleteProfile = operation({
  method: 'DELETE',
  path: '/profile',
  id: 'deleteProfile',
  summary: 'Delete the account with all that is its own, for good',
  tag: 'account',
  session: true,
  success: {
    status: 200,
    description: 'The account is gone and the cookie cleared.',
    body: z.strictObject({ email: z.string(), message: z.literal('account deleted') }),
    setsCookie: true,
  },
  errors: ['reauthentication_required'],
})
