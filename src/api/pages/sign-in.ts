/** The pages that start and end a session. */
import { z } from 'zod'
import { ceremony, email, password, totpCode } from '../fields.ts'
import * as signInOperations from '../sign-in.ts'
import { credentialText, formText, returnTo, SIGNED_IN } from './fields.ts'
import { form, page } from './page.ts'

/** The answer of every form on `/confirm`. */
const STEPPED_UP = {
  status: 303,
  description: 'The session counts as fresh, and the user goes on to `return_to` or the account.',
  setsCookie: true,
} as const

export const showSignIn = page({
  path: '/sign_in',
  summary: 'Show the page that signs in; with a live session, go on to the account',
  needs: ['pages'],
  access: 'anyone',
  description: 'A page that asks for the address and the password.',
})

export const signIn = form({
  path: '/sign_in',
  summary: 'Sign in',
  needs: ['pages'],
  access: 'anyone',
  throttle: signInOperations.withPassword.throttle,
  audit: signInOperations.withPassword.audit,
  body: z.strictObject({ email, password, remember: formText.optional(), return_to: returnTo }),
  success: SIGNED_IN,
  errors: signInOperations.withPassword.errors,
})

export const signInWithPasskey = form({
  path: '/sign_in/passkey',
  summary: 'Sign in with a passkey',
  needs: ['pages', 'passkeys'],
  access: 'anyone',
  audit: signInOperations.withPasskey.audit,
  body: z.strictObject({
    ceremony,
    credential: credentialText,
    remember: formText.optional(),
    return_to: returnTo,
  }),
  success: SIGNED_IN,
  errors: signInOperations.withPasskey.errors,
})

export const showStepUp = page({
  path: '/confirm',
  summary: 'Show the page on which a signed-in user proves again who they are',
  needs: ['pages'],
  access: { session: true },
  description: 'A page that asks for the password, a code or a passkey.',
})

export const stepUp = form({
  path: '/confirm',
  summary: 'Prove again who you are with the password',
  needs: ['pages'],
  access: { session: true },
  throttle: ['login'],
  audit: ['reauthenticate', 'limit_reached'],
  body: z.strictObject({ password, return_to: returnTo }),
  success: STEPPED_UP,
  errors: ['invalid_credentials', 'password_too_long'],
})

export const stepUpWithTotp = form({
  path: '/confirm/totp',
  summary: 'Prove again who you are with a code from the authenticator app',
  needs: ['pages', 'totp'],
  access: { session: true },
  throttle: ['totp'],
  audit: ['reauthenticate', 'prove_second_factor', 'limit_reached'],
  body: z.strictObject({ code: totpCode, return_to: returnTo }),
  success: STEPPED_UP,
  errors: ['invalid_code'],
})

export const stepUpWithPasskey = form({
  path: '/confirm/passkey',
  summary: 'Prove again who you are with a passkey',
  needs: ['pages', 'passkeys'],
  access: { session: true },
  audit: ['reauthenticate', 'use_passkey'],
  body: z.strictObject({ ceremony, credential: credentialText, return_to: returnTo }),
  success: STEPPED_UP,
  errors: ['invalid_passkey', 'unknown_passkey'],
})

export const showSignOut = page({
  path: '/sign_out',
  summary: 'Show the page that asks whether to sign out',
  needs: ['pages'],
  access: 'anyone',
  description: 'A page with a button. Opening it changes nothing.',
})

export const signOut = form({
  path: '/sign_out',
  summary: 'Sign out',
  needs: ['pages'],
  access: 'anyone',
  audit: ['logout'],
  body: z.strictObject({ return_to: returnTo }),
  success: {
    status: 303,
    description: 'The session has ended, and the browser goes on to `return_to` or the sign-in page.',
    setsCookie: true,
  },
})
