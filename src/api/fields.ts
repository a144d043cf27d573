import { z } from 'zod'
import { CEREMONY_PURPOSES, FACTORS, NEXT_STEPS } from '../model/factors.ts'
import { TRANSPORTS } from '../model/transport.ts'

/** Well-formed Unicode: a JSON string can contain a lone surrogate, which has no UTF-8 form. */
const text = z
  .string()
  .min(1)
  .refine((value) => value.isWellFormed())

/** An email address as a person types it. The use case validates it. */
export const email = text.meta({
  description: 'An email address. Case and surrounding spaces make no difference.',
  example: 'guillaume@holberton.io',
})

/** A password. The use case checks its length. */
export const password = text.meta({
  description: 'Any characters, at most 1,024 bytes of UTF-8.',
  example: 'b4l0u',
})

/** The current password. Accounts made at another provider may have none. */
export const currentPassword = password.optional().meta({
  description:
    'The current password: any characters, at most 1,024 bytes of UTF-8. Required if the account has one (`password` in `GET /profile/factors`). Without one, the session must be fresh.',
})

/** A new password. The OpenAPI document adds the configured minimum length. */
export const newPassword = text.meta({
  description: 'Any characters, at most 1,024 bytes of UTF-8.',
  example: 'seven green umbrellas',
})

/** A reset token from `POST /reset_password` or a mail. Any text is valid here; the use case refuses a wrong token. */
export const resetToken = text.meta({ description: 'Opaque. Works once.' })

/** A token from the link in a mail. Any text is valid here; the use case refuses a wrong token. */
export const mailedToken = text.meta({ description: 'From the link in the mail. Opaque. Works once.' })

/** A code from a mail. Any text is valid here; the use case refuses a wrong code. */
export const mailedCode = text.meta({
  description: 'The eight digits from the mail. Spaces make no difference. Works once.',
  example: '1234 5678',
})

/** What a mailed code is for. */
export const codePurpose = z.enum(['confirm_email', 'reset_password']).meta({
  description: 'What the code is for. To get a code for a new address, call `PUT /profile/email`.',
})

/** The password that must accompany some mailed codes. */
export const passwordWithCode = password.optional().meta({
  description: 'The password of the account. Required unless this browser registered the account.',
})

/** Identifies a client without cookies, so that only the client that asked for a code can use it. */
export const browserToken = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/)
  .optional()
  .meta({
    description:
      'For clients without cookies: 32 random bytes in base64url. The client generates them, keeps them for a day and sends them with each request about codes. A code works only with the token of the request that asked for it.',
  })

/** The name of a user. The use case checks it. */
export const name = text.nullable().optional().meta({
  description: 'The name of the user: one line of at most 200 visible characters. `null` for none.',
  example: 'Guillaume',
})

/** The metadata that a user may write. The use case checks it. Not accepted if the service has no user fields. */
export const userMetadata = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
  .optional()
  .meta({
    description:
      'Values of user fields (option `userFields`), by name. `null` clears a field that is not required. In a form, each is a field of its own, such as `metadata.company`.',
  })

/** The picture of a user. The use case checks it. */
export const picture = text.nullable().optional().meta({
  description:
    'An absolute https URL of at most 2,048 characters. The service never loads it. `null` for none.',
  example: 'https://example.com/guillaume.png',
})

/** The language of a user. The use case checks it. */
export const locale = text.nullable().optional().meta({
  description: "The language of the account's mail: a language tag, such as `fr-CA`. `null` for none.",
  example: 'fr',
})

/** How the client will present the session token. */
export const transport = z.enum(TRANSPORTS).meta({
  description:
    '`cookie`, the default: the answer sets our cookie. `bearer`: the answer carries the session token in its body and sets no cookie.',
})

/** Whether the session outlives the browser. */
export const remember = z.boolean().meta({
  description:
    'Only in JSON. Default true. With false, the session lasts at most 12 hours, and its cookie ends with the browser: it has no `Max-Age` and no `Expires`.',
})

/** A device token from an earlier sign-in. A wrong one is ignored. */
export const deviceToken = text.meta({
  description: 'For clients without cookies: the `device_token` of an earlier sign-in on this device.',
})

/** With the transport `bearer`, answers have these fields instead of cookies. */
export const bearerFields = {
  session_token: z.string().optional().meta({
    description:
      'Only with `bearer`. Send it as `Authorization: Bearer`. Opaque. Keep it as safe as a password.',
  }),
  expires_at: z.iso.datetime().optional().meta({
    description: 'Only with `bearer`. When the session ends, even if it is in use.',
  }),
}

/** The fields of an answer that signs in. */
export const signedIn = {
  email: z.string(),
  message: z.literal('logged in'),
  ...bearerFields,
  device_token: z.string().optional().meta({
    description: 'Only with `bearer`. Send it with the next sign-in of this device. It grants no access.',
  }),
}

/** The token of a pending sign-in, instead of the cookie `login`. */
export const loginToken = text.optional().meta({
  description: 'For clients without cookies: the `login_token` of the pending sign-in.',
})

/** A code from an authenticator app. The use case checks its format. */
export const totpCode = text.meta({
  description:
    'The six digits that the authenticator app shows. Spaces and hyphens make no difference. Works once.',
  example: '123 456',
})

/** `POST /reauthenticate` takes exactly one of these. */
export const stepUp = {
  password: password
    .optional()
    .meta({ description: 'The password of the account: any characters, at most 1,024 bytes of UTF-8.' }),
  totp: totpCode.optional().meta({ description: 'A code from the authenticator app.' }),
}

/** Whether the second factor is enabled. */
export const enabled = z.boolean().meta({
  description: 'Whether a sign-in with a password needs a second factor.',
})

/** A recovery code. The use case checks its format. */
export const recoveryCode = text.meta({
  description: 'A recovery code. Case, spaces and hyphens make no difference. Works once.',
  example: '37KQ2M9-XTPA4B1',
})

/** The id of a passkey ceremony. */
export const ceremony = text.meta({
  description: 'The `ceremony` that `POST /ceremonies` returned. Works once.',
})

/** The response of an authenticator. The use case checks its format. */
export const credential = z.record(z.string(), z.unknown()).meta({
  description:
    'What `navigator.credentials` returned, in the JSON form of WebAuthn Level 3 (`RegistrationResponseJSON` or `AuthenticationResponseJSON`).',
})

/** What a passkey ceremony is for. */
export const ceremonyPurpose = z.enum(CEREMONY_PURPOSES).meta({
  description:
    '`sign_in`; `second_factor` of a pending sign-in; `step_up`, for `POST /reauthenticate`; `add_passkey`, which signs in on its own; `add_security_key`, which is a second factor only.',
})

/** The name of a passkey. */
export const passkeyName = text.meta({ description: '1 to 64 visible characters.', example: 'Phone' })

/** A passkey, as its owner sees it. */
export const passkey = z.strictObject({
  id: z.uuid(),
  credential_id: z.string().meta({ description: 'The WebAuthn credential id, in base64url.' }),
  name: z.string(),
  provider: z.string().nullable().meta({
    description: 'The password manager or device that made it, or null. This is not verified.',
  }),
  discoverable: z.boolean().meta({ description: 'False for a security key, which is a second factor only.' }),
  backed_up: z.boolean().meta({ description: 'Whether it is synced to other devices.' }),
  usable: z.boolean().meta({ description: 'Whether it works on the host of this service.' }),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime().nullable(),
})

/** The second factors of an account. */
export const factors = z.strictObject({
  password: z.boolean().meta({
    description: 'Whether the account has a password. An account made at another provider may have none.',
  }),
  totp: z
    .strictObject({ confirmed_at: z.iso.datetime(), disabled_at: z.iso.datetime().nullable() })
    .nullable()
    .meta({ description: 'The authenticator app. `disabled_at`: when too many wrong codes disabled it.' }),
  passkeys: z.array(passkey),
  recovery_codes: z.int().meta({ description: 'The number of unused recovery codes.' }),
  second_factor_enabled: z.boolean(),
  policy: z
    .enum(['off', 'optional', 'required', 'passkey'])
    .meta({ description: 'The second-factor policy that applies to this account.' }),
})

/** The recovery codes of a new set. */
export const recoveryCodes = z.array(z.string()).meta({
  description: 'Ten codes. They are not shown again.',
  example: ['37KQ2M9-XTPA4B1'],
})

/** Added to the answer after a factor is set up. */
export const enrolled = {
  recovery_codes: recoveryCodes.optional(),
  ...bearerFields,
  device_token: z.string().optional().meta({
    description: 'Only with `bearer`, if a sign-in waited for the factor.',
  }),
}

/** A sign-in that needs another step. */
export const pendingSignIn = z.strictObject({
  next: z.enum(NEXT_STEPS).meta({
    description:
      '`second_factor`: prove a second factor. `enrol`: set one up, because the account must have one.',
  }),
  methods: z.array(z.enum(FACTORS)).meta({
    description: 'The factors that the user can prove, last used first. Empty with `enrol`.',
  }),
  expires_at: z.iso
    .datetime()
    .meta({ description: 'When the sign-in expires. The user must then start again.' }),
  login_token: z.string().optional().meta({
    description: 'Only with `bearer`. Send it with the next step. It grants no other access.',
  }),
})

/** The metadata of a user. No other object in an answer has fields that the contract does not list. */
export const metadata = z
  .record(z.string(), z.unknown())
  .meta({ description: 'What the application stores about the user, for the user to read.' })

/** The account of a session, for the client and for other services. */
export const account = z.strictObject({
  id: z.int(),
  email: z.string(),
  email_verified_at: z.iso.datetime().nullable(),
  created_at: z.iso.datetime(),
  locale: z.string().nullable(),
  name: z.string().nullable(),
  picture: z.string().nullable(),
  metadata,
})

/** A record of the audit log, as shown to the user of the account. */
export const auditRecord = z.strictObject({
  at: z.iso.datetime(),
  action: z.string(),
  outcome: z.string(),
  reason: z.string().nullable(),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
})

/** The session of a request. */
export const currentSession = z.strictObject({
  id: z.uuid().meta({ description: 'Identifies the session. It grants no access.' }),
  created_at: z.iso.datetime(),
  authenticated_at: z.iso.datetime().meta({ description: 'When the user last proved who they are.' }),
  expires_at: z.iso.datetime().meta({ description: 'When it ends, even if it is in use.' }),
  amr: z.array(z.string()).meta({
    description:
      'How the user proved who they are: names of RFC 8176, such as `pwd`. Empty if your own program vouched for the user.',
  }),
  aal: z.int().min(0).max(3).meta({
    description:
      'The authentication assurance level of NIST SP 800-63B. 0 if your own program vouched for the user.',
  }),
  fresh: z.boolean().meta({
    description: 'Whether sensitive operations are allowed. If not, call `POST /reauthenticate` first.',
  }),
})

/** A session as its user sees it. */
export const sessionInfo = z.strictObject({
  id: z.uuid().meta({ description: 'Identifies the session. It grants no access.' }),
  current: z.boolean().meta({ description: 'Whether it is the session of this request.' }),
  created_at: z.iso.datetime(),
  authenticated_at: z.iso.datetime().meta({ description: 'When the user last proved who they are.' }),
  last_seen_at: z.iso.datetime().meta({ description: 'When it was last used, accurate to a minute.' }),
  expires_at: z.iso.datetime().meta({ description: 'When it ends, even if it is in use.' }),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
})

export type AccountBody = z.infer<typeof account>
export type CurrentSessionBody = z.infer<typeof currentSession>

/** The provider that a request is for. */
export const providerField = text.meta({ description: 'The id of a provider, from `GET /login/providers`.' })

/** Where the browser goes when it comes back from a provider. */
export const returnTo = text.optional().meta({
  description:
    'Where the browser goes afterwards: a path of this service, or a URL on an origin in BIENVENUE_RETURN_ORIGINS. Default: the account page.',
})

/** Where a browser goes once the hosted pages have finished the sign-in. */
export const returnToFromPages = returnTo.meta({
  description:
    'Where the browser goes if the sign-in needs another step and the hosted pages finish it: a path of this service, or a URL on an origin in BIENVENUE_RETURN_ORIGINS. Default: the account page.',
})

/** The authorization endpoint of a provider, with its parameters. */
export const redirectTo = z.url().meta({ description: 'The sign-in page of the provider.' })

/** An account at another provider. */
export const identity = z.strictObject({
  id: z.uuid().meta({ description: 'It grants no access.' }),
  provider: z.string().meta({ description: 'The id of the provider.' }),
  provider_name: z.string(),
  email: z.string().nullable().meta({
    description:
      "The address at the provider, as of the last sign-in. It may differ from the account's address.",
  }),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime().nullable(),
})

/** A logout token, which a provider sends when a user signs out there. */
export const logoutToken = z.string().meta({ description: 'A JWT, signed by the provider.' })

/** An identity in an export, with its identifiers at the provider. */
export const identityDetails = identity.extend({
  issuer: z.string(),
  subject: z.string().meta({ description: "The user's id at the provider." }),
  email_verified: z.boolean().meta({ description: 'Whether the provider has verified the address.' }),
})
