import { z } from 'zod'
import { operation, STRONG } from './contract.ts'
import { enabled, enrolled, factors, loginToken, recoveryCodes, totpCode } from './fields.ts'

const ENROLLEE = { ...STRONG, orEnrolling: true } as const

export const list = operation({
  method: 'GET',
  path: '/profile/factors',
  summary: 'List the second factors of the account',
  tag: 'account',
  needs: ['factors'],
  access: { session: true },
  success: {
    status: 200,
    description: 'The factors. They contain no secret.',
    body: factors.extend({
      aal: z.int().meta({ description: 'The assurance level of the session now (NIST SP 800-63B).' }),
    }),
  },
})

export const setSecondFactor = operation({
  method: 'PUT',
  path: '/profile/second_factor',
  summary: 'Enable or disable the second factor',
  tag: 'account',
  needs: ['factors'],
  access: STRONG,
  audit: ['enable_second_factor', 'disable_second_factor'],
  body: z.strictObject({ enabled }),
  success: {
    status: 200,
    description: 'The second factor is enabled or disabled for sign-ins with a password.',
    body: z.strictObject({ second_factor_enabled: z.boolean() }),
  },
  errors: ['no_second_factor', 'last_factor'],
})

export const startTotp = operation({
  method: 'POST',
  path: '/profile/totp',
  summary: 'Start to set up an authenticator app',
  tag: 'account',
  needs: ['totp'],
  access: ENROLLEE,
  body: z.strictObject({ login_token: loginToken }),
  success: {
    status: 200,
    description: 'The secret for the app. Nothing changes until a code confirms it.',
    body: z.strictObject({
      secret: z.string().meta({ description: 'In base32, to type in.' }),
      uri: z.string().meta({ description: 'An `otpauth:` link with the secret.' }),
      qr: z.string().meta({ description: 'The link as a QR code: an SVG element.' }),
      expires_at: z.iso.datetime(),
    }),
  },
})

export const confirmTotp = operation({
  method: 'PUT',
  path: '/profile/totp',
  summary: 'Confirm an authenticator app with a code',
  tag: 'account',
  needs: ['totp'],
  access: ENROLLEE,
  throttle: ['totp'],
  audit: ['add_factor', 'login', 'logout', 'limit_reached'],
  body: z.strictObject({ code: totpCode, login_token: loginToken }),
  success: {
    status: 200,
    description:
      'The app is set up, and the second factor is enabled. If a sign-in waited for it, the user is signed in. Otherwise the session is replaced, as with `POST /reauthenticate`.',
    body: z.strictObject({ message: z.literal('authenticator app added'), ...enrolled }),
    setsCookie: true,
  },
  errors: ['invalid_code', 'refused_by_application'],
})

export const removeTotp = operation({
  method: 'DELETE',
  path: '/profile/totp',
  summary: 'Remove the authenticator app',
  tag: 'account',
  needs: ['factors'],
  access: STRONG,
  audit: ['remove_factor', 'disable_second_factor'],
  success: {
    status: 200,
    description: 'The app is removed. If it was the last factor, the second factor is disabled.',
    body: z.strictObject({ message: z.literal('authenticator app removed') }),
  },
  errors: ['not_found', 'last_factor'],
})

export const renewRecoveryCodes = operation({
  method: 'POST',
  path: '/profile/recovery_codes',
  summary: 'Create new recovery codes',
  tag: 'account',
  needs: ['factors'],
  access: STRONG,
  audit: ['renew_recovery_codes'],
  success: {
    status: 200,
    description: 'Ten new codes. The old ones no longer work.',
    body: z.strictObject({ recovery_codes: recoveryCodes }),
  },
  errors: ['no_second_factor'],
})
