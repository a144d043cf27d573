import { z } from 'zod'
import { operation, STRONG } from './contract.ts'
import {
  browserToken,
  ceremony,
  ceremonyPurpose,
  credential,
  enrolled,
  loginToken,
  passkey,
  passkeyName,
} from './fields.ts'

export const startCeremony = operation({
  method: 'POST',
  path: '/ceremonies',
  summary: 'Start to add or use a passkey',
  tag: 'account',
  needs: ['passkeys'],
  access: 'anyone',
  body: z.strictObject({ purpose: ceremonyPurpose, browser_token: browserToken, login_token: loginToken }),
  success: {
    status: 200,
    description:
      'The options for `navigator.credentials.get` or, to add a passkey, `create`. The cookie `browser` ties the answer to this browser.',
    body: z.strictObject({
      ceremony: z.uuid().meta({ description: 'Identifies the ceremony. Send it back with the credential.' }),
      options: z.record(z.string(), z.unknown()).meta({
        description:
          'In the JSON form of WebAuthn Level 3, for `PublicKeyCredential.parseRequestOptionsFromJSON` or `parseCreationOptionsFromJSON`.',
      }),
    }),
    setsBrowserCookie: true,
  },
  errors: [
    'too_many_attempts',
    'pending_login_required',
    'unauthenticated',
    'second_factor_required',
    'reauthentication_required',
    'too_many_passkeys',
  ],
})

export const add = operation({
  method: 'POST',
  path: '/profile/passkeys',
  summary: 'Add a passkey or security key',
  tag: 'account',
  needs: ['passkeys'],
  access: { ...STRONG, orEnrolling: true },
  audit: ['add_factor', 'use_passkey', 'login', 'logout'],
  body: z.strictObject({
    ceremony,
    credential,
    name: passkeyName.optional(),
    browser_token: browserToken,
    login_token: loginToken,
  }),
  success: {
    status: 200,
    description:
      'The passkey is added. If a sign-in waited for it, the user is signed in. Otherwise the session is replaced, as with `POST /reauthenticate`.',
    body: z.strictObject({ passkey, ...enrolled }),
    setsCookie: true,
  },
  errors: ['invalid_passkey', 'passkey_known', 'too_many_passkeys', 'refused_by_application'],
})

export const rename = operation({
  method: 'PUT',
  path: '/profile/passkeys/{id}',
  summary: 'Rename a passkey',
  tag: 'account',
  needs: ['passkeys'],
  access: { session: true },
  audit: ['rename_passkey'],
  params: { id: 'The id of a passkey of the account, from `GET /profile/factors`.' },
  body: z.strictObject({ name: passkeyName }),
  success: { status: 200, description: 'The passkey.', body: passkey },
  errors: ['not_found'],
})

export const remove = operation({
  method: 'DELETE',
  path: '/profile/passkeys/{id}',
  summary: 'Remove a passkey',
  tag: 'account',
  needs: ['factors'],
  access: STRONG,
  audit: ['remove_factor', 'disable_second_factor'],
  params: { id: 'The id of a passkey of the account, from `GET /profile/factors`.' },
  success: {
    status: 200,
    description: 'The passkey is removed. If it was the last factor, the second factor is disabled.',
    body: z.strictObject({ message: z.literal('passkey removed') }),
  },
  errors: ['not_found', 'last_factor', 'last_way_in'],
})
