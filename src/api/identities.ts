import { z } from 'zod'
import { operation, STRONG } from './contract.ts'
import { identity, providerField, redirectTo, returnTo } from './fields.ts'

export const list = operation({
  method: 'GET',
  path: '/profile/identities',
  summary: 'List the accounts at other providers that are connected to your account',
  tag: 'account',
  needs: ['providers'],
  access: { session: true },
  success: {
    status: 200,
    description: 'The identities, oldest first.',
    body: z.strictObject({ identities: z.array(identity) }),
  },
})

export const link = operation({
  method: 'POST',
  path: '/profile/identities',
  summary: 'Start to connect an account at another provider',
  tag: 'account',
  needs: ['providers'],
  access: STRONG,
  body: z.strictObject({ provider: providerField, return_to: returnTo }),
  success: {
    status: 200,
    description:
      'Send the browser to `redirect_to`. It comes back within 10 minutes, with the cookie that this answer sets and the same session.',
    body: z.strictObject({ redirect_to: redirectTo }),
    setsFlowCookie: true,
  },
  errors: ['not_found', 'too_many_attempts', 'provider_failed'],
})

export const unlink = operation({
  method: 'DELETE',
  path: '/profile/identities/{id}',
  summary: 'Disconnect an account at another provider',
  tag: 'account',
  needs: ['providers'],
  access: STRONG,
  audit: ['unlink_identity'],
  params: { id: 'The id of an identity of the account, from `GET /profile/identities`.' },
  success: {
    status: 200,
    description: 'The identity can no longer be used to sign in. The other sessions of the user have ended.',
    body: z.strictObject({ message: z.literal('identity disconnected') }),
  },
  errors: ['not_found', 'last_way_in'],
})
