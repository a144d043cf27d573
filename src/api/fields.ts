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

/** The password that an account has, if it has one. */
export const currentPassword = password.optional().meta({
  description:
    'The current password: any characters, at most 1,024 bytes of UTF-8. Required if the account has one (`password` in `GET /profile/factors`). Without one, the session must be fresh.',
})

/** A new password. OpenAPI adds the minimum length that is configured. */
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

/** What a mailed code will do. */
export const codePurpose = z.enum(['confirm_email', 'reset_password']).meta({
  description: 'What the code will do. A code for a change of address comes with the change itself.',
})

/** The password that a mailed code may need. */
export const passwordWithCode = password.optional().meta({
  description: 'The password of the account. Required unless this browser registered the account.',
})

/** Identifies a client without cookies as the one that asks for a code. */
export const browserToken = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/)
  .optional()
  .meta({
    description:
      'For clients without cookies: 32 random bytes in base64url, which the client makes, keeps for a day and sends with each request about codes. A code works only together with the token that asked for it.',
  })

/** The name of a user. The use case checks it. */
export const name = text.nullable().optional().meta({
  description:
    'The name that the user wants to be called by: one line, at most 200 characters, none of them invisible. `null` for none.',
  example: 'Guillaume',
})

/** What a user writes into the metadata. The use case checks it. Without user fields, no operation takes it. */
export const userMetadata = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
  .optional()
  .meta({
    description:
      'Only with user fields (option `userFields`): a value for some of them, by name. `null` clears one that is not required. In a form, each is a field of its own, such as `metadata.company`.',
  })

/** The picture of a user. The use case checks it. */
export const picture = text.nullable().optional().meta({
  description:
    'An absolute https URL of at most 2,048 characters. The service never loads it. `null` for none.',
  example: 'https://example.com/guillaume.png',
})

/** The language of a user. The use case checks it. */
export const locale = text.nullable().optional().meta({
  description: "A language tag, such as `fr-CA`: the language of the account's mail. `null` for none.",
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

/** A device token from an earlier sign-in. A wrong one is the same as none. */
export const deviceToken = text.meta({
  description: 'For clients without cookies: the `device_token` of an earlier sign-in on this device.',
})

/** What an answer carries in place of cookies if the transport is `bearer`. */
export const bearerFields = {
  session_token: z.string().optional().meta({
    description:
      'Only with `bearer`. Send it as `Authorization: Bearer`. Opaque. Keep it as you keep a password.',
  }),
  expires_at: z.iso.datetime().optional().meta({
    description: 'Only with `bearer`. When the session ends, even if it is in use.',
  }),
}

/** The token of a sign-in that waits, in place of the cookie `login`. */
export const loginToken = text.optional().meta({
  description: 'For clients without cookies: the `login_token` of the sign-in that waits.',
})

/** A code of an authenticator app. The use case checks its form. */
export const totpCode = text.meta({
  description:
    'The six digits that the authenticator app shows. Spaces and hyphens make no difference. Works once.',
  example: '123 456',
})

/** What `POST /reauthenticate` takes: exactly one of these. */
export const stepUp = {
  password: password
    .optional()
    .meta({ description: 'The password of the account: any characters, at most 1,024 bytes of UTF-8.' }),
  totp: totpCode.optional().meta({ description: 'A code of the authenticator app.' }),
}

/** Whether the second factor is enabled. */
export const enabled = z.boolean().meta({
  description: 'Whether a sign-in with a password needs a second factor.',
})

/** A recovery code. The use case checks its form. */
export const recoveryCode = text.meta({
  description: 'A recovery code. Case, spaces and hyphens make no difference. Works once.',
  example: '37KQ2M9-XTPA4B1',
})

/** Names a ceremony in its answer. */
export const ceremony = text.meta({
  description: 'The `ceremony` that `POST /ceremonies` returned. Works once.',
})

/** What a passkey answers. The use case checks its form. */
export const credential = z.record(z.string(), z.unknown()).meta({
  description:
    'What `navigator.credentials` returned, in the JSON form of WebAuthn Level 3 (`RegistrationResponseJSON` or `AuthenticationResponseJSON`).',
})

/** What a passkey is asked for. */
export const ceremonyPurpose = z.enum(CEREMONY_PURPOSES).meta({
  description:
    '`sign_in`; `second_factor` of a sign-in that waits; `step_up`, for `POST /reauthenticate`; `add_passkey`, which signs in on its own; `add_security_key`, which is a second factor only.',
})

/** The name of a passkey. */
export const passkeyName = text.meta({ description: '1 to 64 visible characters.', example: 'Phone' })

/** A passkey, as its owner sees it. */
export const passkey = z.strictObject({
  id: z.uuid(),
  credential_id: z.string().meta({ description: 'The id that browsers know, in base64url.' }),
  name: z.string(),
  provider: z.string().nullable().meta({
    description: 'The password manager or device that made it, or null. A claim, which is not verified.',
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
    description: 'Whether the account has a password. One that was made at another provider may have none.',
  }),
  totp: z
    .strictObject({ confirmed_at: z.iso.datetime(), disabled_at: z.iso.datetime().nullable() })
    .nullable()
    .meta({ description: 'The authenticator app. `disabled_at`: too many wrong codes disabled it.' }),
  passkeys: z.array(passkey),
  recovery_codes: z.int().meta({ description: 'How many recovery codes there are.' }),
  second_factor_enabled: z.boolean(),
  policy: z
    .enum(['off', 'optional', 'required', 'passkey'])
    .meta({ description: 'What the operator asks of this account.' }),
})

/** The recovery codes of a new set. */
export const recoveryCodes = z.array(z.string()).meta({
  description: 'Ten codes. They are shown only now.',
  example: ['37KQ2M9-XTPA4B1'],
})

/** What setting up a factor adds for a sign-in that waited for it. */
export const enrolled = {
  recovery_codes: recoveryCodes.optional(),
  ...bearerFields,
  device_token: z.string().optional().meta({
    description: 'Only with `bearer`, and if a sign-in waited for the factor.',
  }),
}

/** A sign-in that waits for another step. */
export const pendingSignIn = z.strictObject({
  next: z.enum(NEXT_STEPS).meta({
    description: '`second_factor`: prove one. `enrol`: set one up, because the account must have one.',
  }),
  methods: z.array(z.enum(FACTORS)).meta({
    description: 'What can prove the second factor, last used first. Empty with `enrol`.',
  }),
  expires_at: z.iso.datetime().meta({ description: 'When the sign-in must begin again.' }),
  login_token: z.string().optional().meta({
    description: 'Only with `bearer`. Send it with the next step. It grants nothing else.',
  }),
})

/** The only object in answers whose fields the contract does not list. */
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

/** A record of the audit log, as the user sees it whom it is about. */
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
    description: 'Whether sensitive actions are allowed. Otherwise `POST /reauthenticate` comes first.',
  }),
})

/** A session as its user sees it. */
export const sessionInfo = z.strictObject({
  id: z.uuid().meta({ description: 'Identifies the session. It grants no access.' }),
  current: z.boolean().meta({ description: 'Whether it is the session of this request.' }),
  created_at: z.iso.datetime(),
  authenticated_at: z.iso.datetime().meta({ description: 'When the user last entered the password.' }),
  last_seen_at: z.iso.datetime().meta({ description: 'When it was last used, accurate to a minute.' }),
  expires_at: z.iso.datetime().meta({ description: 'When it ends, even if it is in use.' }),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
})

export type AccountBody = z.infer<typeof account>
export type CurrentSessionBody = z.infer<typeof currentSession>

/** Names a provider in a body. */
export const providerField = text.meta({ description: 'The id of a provider, from `GET /login/providers`.' })

/** Where the browser goes from a provider. */
export const returnTo = text.optional().meta({
  description:
    'Where the browser goes afterwards: a path of this service, or a URL on an origin of BIENVENUE_RETURN_ORIGINS. Default: the account.',
})

/** The authorization endpoint of a provider, with its parameters. */
export const redirectTo = z.url().meta({ description: 'The page of the provider.' })

/** An account at another provider. */
export const identity = z.strictObject({
  id: z.uuid().meta({ description: 'It grants no access.' }),
  provider: z.string().meta({ description: 'The id of the provider.' }),
  provider_name: z.string(),
  email: z
    .string()
    .nullable()
    .meta({ description: 'The address there, at the last sign-in. It may differ from that of the account.' }),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime().nullable(),
})

/** What a provider sends when somebody has signed out there. */
export const logoutToken = z.string().meta({ description: 'A JWT, signed by the provider.' })

/** The same in an export, with what names it at the provider. */
export const identityDetails = identity.extend({
  issuer: z.string(),
  subject: z.string().meta({ description: 'The id of the person at the provider.' }),
  email_verified: z.boolean().meta({ description: 'Whether the provider has verified the address.' }),
})
