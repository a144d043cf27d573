/** The fields that only forms have, and the answer of a form that signs in. */
import { z } from 'zod'
import { email } from '../fields.ts'

/** A text field. A form sends it even if it is empty. */
export const formText = z.string().refine((value) => value.isWellFormed())

export const returnTo = formText.optional().meta({
  description:
    'Where to go afterwards: a path of this service, or a URL on an origin in BIENVENUE_RETURN_ORIGINS. Anything else is ignored.',
})

/** The address of the mail whose code a form takes. */
export const mailedEmail = formText.optional().meta({
  description: 'The address that the page shows again if the form is refused. It decides nothing.',
})

/** The password that must accompany some mailed codes. */
export const formPassword = formText.optional().meta({
  description: 'The password of the account. Required unless this browser registered the account.',
})

/** The name of the user. */
export const formName = formText.optional().meta({
  description: 'One line, at most 200 characters. Empty for none.',
})

/** The language of the user. */
export const formLocale = formText.optional().meta({
  description: 'A language tag, such as `fr`. Empty for none.',
})

/** The address of the account, typed again. */
export const ownEmail = email.meta({
  description: 'The address of the account, to prevent deletion by mistake.',
})

/** The pending sign-in that a form is for. */
export const waitingSignIn = formText.optional().meta({
  description: 'The id of the sign-in that the form was shown for. The form does not affect any other.',
})

/** The address to fill in on the sign-in page if the pending sign-in has expired. */
export const waitingEmail = formText.optional().meta({
  description: 'The address that the sign-in page shows if the sign-in has expired.',
})

/** The response of an authenticator, as a form sends it. */
export const credentialText = formText.meta({
  description: 'What `navigator.credentials` returned, in the JSON form of WebAuthn Level 3, as text.',
})

/** The passkey that a form is for. */
export const passkeyField = z
  .string()
  .meta({ description: 'The id of a passkey of the account. It grants no access.' })

/** The switch for the second factor. */
export const switchField = z.enum(['on', 'off']).meta({ description: 'Whether the second factor is on.' })

/** The session that a form is for. */
export const sessionField = z
  .string()
  .meta({ description: 'The id of a session of the account. It grants no access.' })

/** The answer of a form that finishes a sign-in. */
export const SIGNED_IN = {
  status: 303,
  description: 'The user is signed in and goes on to `return_to` or the account.',
  setsCookie: true,
} as const

/** The sign-in flow that a form continues. */
export const flowField = formText.meta({
  description: 'The id of the sign-in flow at another provider. It grants no access.',
})

/** The identity that a form is for. */
export const identityField = z
  .string()
  .meta({ description: 'The id of an identity of the account. It grants no access.' })
