import { z } from 'zod'
import { operation } from './contract.ts'
import {
  bearerFields,
  browserToken,
  ceremony,
  credential,
  deviceToken,
  email,
  loginToken,
  password,
  pendingSignIn,
  recoveryCode,
  remember,
  returnToFromPages,
  signedIn,
  stepUp,
  totpCode,
  transport,
} from './fields.ts'

export const withPassword = operation({
  method: 'POST',
  path: '/sessions',
  summary: 'Sign in with a password',
  tag: 'classic',
  access: 'anyone',
  throttle: ['login'],
  audit: ['login', 'begin_sign_in', 'logout', 'limit_reached'],
  body: z.strictObject({
    email,
    password,
    transport: transport.optional(),
    remember: remember.optional(),
    device_token: deviceToken.optional(),
    return_to: returnToFromPages,
  }),
  success: {
    status: 200,
    description:
      'The user is signed in. The cookie `session_id` carries the session token, unless the client asked for a bearer token.',
    body: z.strictObject(signedIn),
    mayWait: true,
    setsCookie: true,
  },
  errors: ['invalid_credentials', 'password_compromised', 'refused_by_application', 'password_too_long'],
})

export const withPasskey = operation({
  method: 'POST',
  path: '/sessions/passkey',
  summary: 'Sign in with a passkey, on its own or as the second factor',
  tag: 'account',
  needs: ['passkeys'],
  access: 'anyone',
  audit: ['login', 'use_passkey', 'logout'],
  body: z.strictObject({
    ceremony,
    credential,
    transport: transport.optional(),
    remember: remember.optional(),
    browser_token: browserToken,
    login_token: loginToken,
    device_token: deviceToken.optional(),
  }),
  success: {
    status: 200,
    description:
      'The user is signed in. The cookie `session_id` carries the session token, unless the client asked for a bearer token.',
    body: z.strictObject(signedIn),
    mayWait: true,
    setsCookie: true,
  },
  errors: [
    'invalid_passkey',
    'unknown_passkey',
    'user_verification_required',
    'pending_login_required',
    'refused_by_application',
  ],
})

export const pending = operation({
  method: 'GET',
  path: '/sessions/pending',
  summary: 'Get the pending sign-in',
  tag: 'account',
  needs: ['factors'],
  access: 'pending',
  success: {
    status: 200,
    description:
      'The next step of the sign-in. A client without cookies sends its `login_token` as the bearer token.',
    body: pendingSignIn.omit({ login_token: true }).extend({ email: z.string() }),
  },
})

export const cancel = operation({
  method: 'DELETE',
  path: '/sessions/pending',
  summary: 'Cancel the pending sign-in',
  tag: 'account',
  needs: ['factors'],
  access: 'anyone',
  success: {
    status: 204,
    description:
      'The sign-in is canceled. An existing session is kept. A client without cookies sends its `login_token` as the bearer token.',
    clearsLoginCookie: true,
  },
})

export const withTotp = operation({
  method: 'POST',
  path: '/sessions/totp',
  summary: 'Finish a sign-in with a code from the authenticator app',
  tag: 'account',
  needs: ['totp'],
  access: 'pending',
  throttle: ['totp'],
  audit: ['login', 'begin_sign_in', 'prove_second_factor', 'logout', 'limit_reached'],
  body: z.strictObject({ code: totpCode, login_token: loginToken, device_token: deviceToken.optional() }),
  success: {
    status: 200,
    description: 'The user is signed in, as with `POST /sessions`.',
    body: z.strictObject(signedIn),
    mayWait: true,
    setsCookie: true,
  },
  errors: ['invalid_code', 'second_factor_required', 'refused_by_application'],
})

export const withRecoveryCode = operation({
  method: 'POST',
  path: '/sessions/recovery_code',
  summary: 'Finish a sign-in with a recovery code',
  tag: 'account',
  needs: ['factors'],
  access: 'pending',
  throttle: ['recovery_code'],
  audit: ['login', 'begin_sign_in', 'prove_second_factor', 'logout', 'limit_reached'],
  body: z.strictObject({ code: recoveryCode, login_token: loginToken, device_token: deviceToken.optional() }),
  success: {
    status: 200,
    description: 'The user is signed in, as with `POST /sessions`. A new code replaces the used one.',
    body: z.strictObject({
      ...signedIn,
      new_recovery_code: z.string().meta({ description: 'The new code. It is not shown again.' }),
      recovery_codes_left: z
        .int()
        .meta({ description: 'The number of unused codes, including the new one.' }),
    }),
    mayWait: true,
    setsCookie: true,
  },
  errors: ['invalid_code', 'refused_by_application'],
})

export const reauthenticate = operation({
  method: 'POST',
  path: '/reauthenticate',
  summary: 'Prove again who you are before a sensitive operation: with the password, a code, or a passkey',
  tag: 'account',
  access: { session: true },
  throttle: ['login', 'totp'],
  audit: ['reauthenticate', 'prove_second_factor', 'use_passkey', 'limit_reached'],
  body: z.strictObject({
    ...stepUp,
    credential: credential.optional(),
    ceremony: ceremony.optional(),
    browser_token: browserToken,
  }),
  success: {
    status: 200,
    description:
      'The cookie or, for a bearer token, the body carries a new session token. The old one no longer works.',
    body: z.strictObject({ email: z.string(), message: z.literal('reauthenticated'), ...bearerFields }),
    setsCookie: true,
  },
  errors: ['invalid_credentials', 'invalid_code', 'invalid_passkey', 'unknown_passkey', 'password_too_long'],
})
