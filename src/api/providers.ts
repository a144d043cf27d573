/** Sign-in with other providers, for programs. The callback is a page, because only browsers call it. */
import { z } from 'zod'
import { operation } from './contract.ts'
import { logoutToken, providerField, redirectTo, remember, returnTo } from './fields.ts'

const PROVIDER = 'The id of a provider, from `GET /login/providers`.'

/** The answer that starts a flow at a provider. */
const STARTED = {
  status: 200,
  description:
    'Send the browser to `redirect_to`. It comes back within 10 minutes, with the cookie that this answer sets.',
  body: z.strictObject({ redirect_to: redirectTo }),
  setsFlowCookie: true,
} as const

export const available = operation({
  method: 'GET',
  path: '/login/providers',
  summary: 'List the providers that people can sign in with',
  tag: 'account',
  needs: ['providers'],
  access: 'anyone',
  success: {
    status: 200,
    description: 'The providers, to show as buttons.',
    body: z.strictObject({
      providers: z.array(
        z.strictObject({
          id: z.string().meta({ description: 'Identifies the provider in paths.' }),
          name: z.string().meta({ description: 'The name to show on the button.' }),
        }),
      ),
    }),
  },
})

export const startSignIn = operation({
  method: 'POST',
  path: '/login/{provider}',
  summary: 'Start to sign in at another provider',
  tag: 'account',
  needs: ['providers'],
  access: 'anyone',
  params: { provider: PROVIDER },
  body: z.strictObject({ return_to: returnTo, remember: remember.optional() }),
  success: STARTED,
  errors: ['not_found', 'too_many_attempts', 'provider_failed'],
})

export const startReauthentication = operation({
  method: 'POST',
  path: '/reauthenticate/provider',
  summary: 'Start to prove again who you are, at a provider that your account is connected to',
  tag: 'account',
  needs: ['providers'],
  access: { session: true },
  body: z.strictObject({ provider: providerField, return_to: returnTo }),
  success: STARTED,
  errors: ['not_found', 'too_many_attempts', 'provider_failed'],
})

export const endSessionsFrom = operation({
  method: 'POST',
  path: '/login/{provider}/backchannel_logout',
  summary: 'Report that a user has signed out at a provider (OpenID Connect Back-Channel Logout 1.0)',
  tag: 'account',
  needs: ['providers'],
  access: 'anyone',
  audit: ['logout_at_provider'],
  params: { provider: PROVIDER },
  form: true,
  // Not strict: other fields must be ignored (OpenID Connect Back-Channel Logout 1.0 §2.5).
  body: z.object({ logout_token: logoutToken }),
  success: { status: 200, description: 'All sessions that began at the provider have ended.' },
  errors: ['not_found', 'too_many_attempts', 'invalid_logout_token'],
})
