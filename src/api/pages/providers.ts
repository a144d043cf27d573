/** The pages of sign-in with other providers. */
import { z } from 'zod'
import { operation, STRONG } from '../contract.ts'
import { email } from '../fields.ts'
import { flowField, formText, identityField, returnTo } from './fields.ts'
import { form, page } from './page.ts'

const PROVIDER = 'The id of a provider.'
/** The audit actions and errors of the callback. */
const COMPLETED = {
  audit: ['login', 'begin_sign_in', 'register', 'link_identity', 'reauthenticate', 'logout'],
  errors: [
    'login_flow_required',
    'provider_refused',
    'provider_failed',
    'sign_in_refused',
    'password_compromised',
    'registration_closed',
    'refused_by_application',
    'identity_taken',
    'unauthenticated',
    'second_factor_required',
    'reauthentication_required',
    'not_found',
  ],
} as const

/** The answer that sends the browser on to a provider. */
const LEADS_ON = {
  status: 200,
  description:
    'A page that sends the browser on to the provider. It is not a redirect, because browsers apply `form-action` to the redirects of a form.',
  page: true,
  setsFlowCookie: true,
} as const

export const signInAtProvider = form({
  path: '/sign_in/with/{provider}',
  summary: 'Go to another provider to sign in',
  needs: ['pages', 'providers'],
  access: 'anyone',
  params: { provider: PROVIDER },
  body: z.strictObject({ remember: formText.optional(), return_to: returnTo }),
  success: LEADS_ON,
  errors: ['not_found', 'too_many_attempts', 'provider_failed'],
})

export const stepUpAtProvider = form({
  path: '/confirm/with/{provider}',
  summary: 'Go to another provider to prove again who you are',
  needs: ['pages', 'providers'],
  access: { session: true },
  params: { provider: PROVIDER },
  body: z.strictObject({ return_to: returnTo }),
  success: LEADS_ON,
  errors: ['not_found', 'too_many_attempts', 'provider_failed'],
})

export const completeAtCallback = operation({
  method: 'GET',
  path: '/login/{provider}/callback',
  summary: 'Come back from a provider',
  tag: 'page',
  needs: ['providers'],
  access: 'anyone',
  audit: COMPLETED.audit,
  params: { provider: PROVIDER },
  longUrl: true,
  success: {
    status: 303,
    description:
      'The user is signed in, has connected the identity or has proved who they are, and goes on to `return_to`. If another step is needed, the browser goes on to its page.',
    setsCookie: true,
  },
  errors: COMPLETED.errors,
})

export const postToCallback = operation({
  method: 'POST',
  path: '/login/{provider}/callback',
  summary: 'Come back from a provider that posts its answer, as Apple does',
  tag: 'page',
  needs: ['providers'],
  access: 'anyone',
  params: { provider: PROVIDER },
  fromOtherSites: true,
  // Not strict: other fields must be ignored (RFC 6749 §4.1.2).
  body: z.object({
    state: formText.optional(),
    code: formText.optional(),
    iss: formText.optional(),
    error: formText.optional(),
    user: formText.optional(),
  }),
  success: {
    status: 303,
    description:
      'The browser goes on to `GET` of the same path, because it sends our cookies only then. Other fields are ignored.',
  },
})

export const showContinue = page({
  path: '/login/continue',
  summary: 'Show the next step after a sign-in at another provider',
  needs: ['pages', 'providers'],
  access: 'anyone',
  description: 'A page that asks for an address, or whether to connect the identity.',
  errors: ['login_flow_required'],
})

export const connectIdentity = form({
  path: '/login/continue',
  summary: 'Connect the identity to the account that is signed in',
  needs: ['pages', 'providers'],
  access: STRONG,
  audit: ['link_identity'],
  body: z.strictObject({ flow: flowField }),
  success: { status: 303, description: 'The identity is connected.' },
  errors: ['login_flow_required', 'identity_taken'],
})

export const enterAddress = form({
  path: '/login/continue/address',
  summary: 'Enter the address of the new account',
  needs: ['pages', 'providers'],
  access: 'anyone',
  throttle: ['registration'],
  audit: ['register', 'link_identity', 'login', 'delete_account', 'limit_reached'],
  body: z.strictObject({ flow: flowField, email }),
  success: {
    status: 303,
    description: 'A code is mailed. If addresses need no confirmation, the user is signed in instead.',
    setsCookie: true,
    setsBrowserCookie: true,
  },
  errors: [
    'login_flow_required',
    'registration_closed',
    'refused_by_application',
    'email_taken',
    'invalid_email',
    'sign_in_refused',
  ],
})

export const showIdentities = page({
  path: '/account/identities',
  summary: 'Show the accounts at other providers that are connected to the account',
  needs: ['pages', 'providers'],
  access: STRONG,
  description: 'A list with a form for each identity and provider.',
})

export const linkIdentity = form({
  path: '/account/identities/link/{provider}',
  summary: 'Go to another provider to connect an identity',
  needs: ['pages', 'providers'],
  access: STRONG,
  params: { provider: PROVIDER },
  success: LEADS_ON,
  errors: ['not_found', 'too_many_attempts', 'provider_failed'],
})

export const unlinkIdentity = form({
  path: '/account/identities/unlink',
  summary: 'Disconnect an identity',
  needs: ['pages', 'providers'],
  access: STRONG,
  audit: ['unlink_identity'],
  body: z.strictObject({ identity: identityField }),
  success: { status: 303, description: 'The identity is disconnected, or no longer existed.' },
  errors: ['last_way_in'],
})
