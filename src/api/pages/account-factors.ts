/** The pages of a signed-in user about passkeys and the second factor. */
import { z } from 'zod'
import { operation, STRONG } from '../contract.ts'
import * as factorOperations from '../factors.ts'
import { ceremony, passkeyName, totpCode } from '../fields.ts'
import * as passkeyOperations from '../passkeys.ts'
import { credentialText, passkeyField, switchField } from './fields.ts'
import { form, page } from './page.ts'

export const showPasskeys = page({
  path: '/account/passkeys',
  summary: 'Show the passkeys of the account',
  needs: ['pages', 'passkeys'],
  access: STRONG,
  description: 'A page with a card for each passkey.',
})

export const addPasskey = form({
  path: '/account/passkeys',
  summary: 'Add a passkey or security key',
  needs: ['pages', 'passkeys'],
  access: STRONG,
  audit: ['add_factor', 'use_passkey'],
  body: z.strictObject({ ceremony, credential: credentialText }),
  success: {
    status: 303,
    description: 'The passkey is added. The cookie has a new session token.',
    setsCookie: true,
  },
  errors: ['invalid_passkey', 'passkey_known', 'too_many_passkeys'],
})

export const renamePasskey = form({
  path: '/account/passkeys/rename',
  summary: 'Rename a passkey',
  needs: ['pages', 'passkeys'],
  access: STRONG,
  audit: passkeyOperations.rename.audit,
  body: z.strictObject({ name: passkeyName, passkey: passkeyField }),
  success: { status: 303, description: 'The passkey has the new name, or no longer exists.' },
})

export const removePasskey = form({
  path: '/account/passkeys/remove',
  summary: 'Remove a passkey',
  needs: ['pages', 'passkeys'],
  access: STRONG,
  audit: passkeyOperations.remove.audit,
  body: z.strictObject({ passkey: passkeyField }),
  success: { status: 303, description: 'The passkey is removed, or no longer existed.' },
  errors: ['last_factor', 'last_way_in'],
})

export const showFactors = page({
  path: '/account/factors',
  summary: 'Show the second factor, the authenticator app and the recovery codes of the account',
  needs: ['pages', 'factors'],
  access: STRONG,
  description: 'A page about the factors. It contains no secret.',
})

export const setSecondFactor = form({
  path: '/account/factors',
  summary: 'Enable or disable the second factor',
  needs: ['pages', 'factors'],
  access: STRONG,
  audit: factorOperations.setSecondFactor.audit,
  body: z.strictObject({ enabled: switchField }),
  success: {
    status: 303,
    description: 'The second factor is enabled or disabled for sign-ins with a password.',
  },
  errors: factorOperations.setSecondFactor.errors,
})

export const showApp = page({
  path: '/account/factors/app',
  summary: 'Show the page that sets up an authenticator app',
  needs: ['pages', 'totp'],
  access: STRONG,
  description:
    'A page with the key for the app. If this session has not started a set-up, the answer is 303 to `/account/factors`.',
})

export const startApp = form({
  path: '/account/factors/app/start',
  summary: 'Start to set up an authenticator app',
  needs: ['pages', 'totp'],
  access: STRONG,
  success: {
    status: 303,
    description: 'The set-up has started. The browser goes on to `/account/factors/app`.',
  },
})

export const confirmApp = form({
  path: '/account/factors/app',
  summary: 'Confirm an authenticator app',
  needs: ['pages', 'totp'],
  access: STRONG,
  throttle: factorOperations.confirmTotp.throttle,
  audit: ['add_factor', 'limit_reached'],
  body: z.strictObject({ code: totpCode }),
  success: {
    status: 200,
    description:
      'The app is set up. The cookie has a new session token. The page shows the recovery codes, once. If the account already has codes, the answer is 303.',
    page: true,
    setsCookie: true,
  },
  errors: ['invalid_code'],
})

export const removeApp = form({
  path: '/account/factors/app/remove',
  summary: 'Remove the authenticator app',
  needs: ['pages', 'factors'],
  access: STRONG,
  audit: factorOperations.removeTotp.audit,
  success: { status: 303, description: 'The app is removed, or no longer existed.' },
  errors: ['last_factor'],
})

export const renewRecoveryCodes = form({
  path: '/account/factors/recovery_codes',
  summary: 'Create new recovery codes',
  needs: ['pages', 'factors'],
  access: STRONG,
  audit: factorOperations.renewRecoveryCodes.audit,
  success: { status: 200, description: 'The page shows the new codes, once.', page: true },
  errors: factorOperations.renewRecoveryCodes.errors,
})

/** @see {@link https://w3c.github.io/webappsec-passkey-endpoints/passkey-endpoints.html A well-known URL for passkeys} */
export const passkeyEndpoints = operation({
  method: 'GET',
  path: '/.well-known/passkey-endpoints',
  summary: 'Tell password managers where users add and manage passkeys',
  tag: 'page',
  needs: ['pages', 'passkeys'],
  access: 'anyone',
  success: {
    status: 200,
    description: 'The URLs of the pages.',
    body: z.strictObject({ enroll: z.url(), manage: z.url() }),
  },
})

/** @see {@link https://www.w3.org/TR/webauthn-3/#sctn-related-origins WebAuthn Level 3, related origins} */
export const relatedOrigins = operation({
  method: 'GET',
  path: '/.well-known/webauthn',
  summary: 'Tell browsers which other origins may use the passkeys',
  tag: 'page',
  needs: ['related_origins'],
  access: 'anyone',
  success: {
    status: 200,
    description: 'The origins in BIENVENUE_PASSKEY_ORIGINS.',
    body: z.strictObject({ origins: z.array(z.url()) }),
  },
})
