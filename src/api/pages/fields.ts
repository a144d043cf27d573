/** What only forms have: their fields, and the answer to a finished sign-in. */
import { z } from 'zod'
import { email } from '../fields.ts'

/** Text that a form sends even if it is empty. */
export const formText = z.string().refine((value) => value.isWellFormed())

export const returnTo = formText.optional().meta({
  description:
    'Where to go afterwards: a path of this service, or a URL on an origin of BIENVENUE_RETURN_ORIGINS. Anything else is ignored.',
})

/** The password that a mailed code may need. */
export const formPassword = formText.optional().meta({
  description: 'The password of the account. Required unless this browser registered the account.',
})

/** The name of the user. Empty: none. */
export const formName = formText.optional().meta({
  description: 'One line, at most 200 characters. Empty for none.',
})

/** The language of the user. Empty: none. */
export const formLocale = formText.optional().meta({
  description: 'A language tag, such as `fr`. Empty for none.',
})

/** The address of the account, typed again. */
export const ownEmail = email.meta({
  description: 'The address of the account, so that nobody deletes it by mistake.',
})

/** Names the sign-in that a form is for. */
export const waitingSignIn = formText.optional().meta({
  description: 'The id of the sign-in that the form was shown for. Another one that waits is not touched.',
})

/** Whose address the sign-in page shows if the sign-in has expired. */
export const waitingEmail = formText.optional().meta({
  description: 'The address that the sign-in page shows if the sign-in has expired.',
})

/** What a passkey answers, as a form sends it. */
export const credentialText = formText.meta({
  description: 'What `navigator.credentials` returned, in the JSON form of WebAuthn Level 3, as text.',
})

/** Names a passkey. */
export const passkeyField = z
  .string()
  .meta({ description: 'The id of a passkey of the account. It grants no access.' })

/** Whether the second factor is to be on. */
export const switchField = z.enum(['on', 'off']).meta({ description: 'Whether the second factor is on.' })

/** Names a session. */
export const sessionField = z
  .string()
  .meta({ description: 'The id of a session of the account. It grants no access.' })

/** How a form answers that finished a sign-in. */
export const SIGNED_IN = {
  status: 303,
  description: 'The user is signed in and goes on to `return_to` or the account.',
  setsCookie: true,
} as const

/** Names a way to another provider. */
export const flowField = formText.meta({
  description: 'The id of the sign-in at another provider that goes on. It grants no access.',
})

/** Names an identity at another provider. */
export const identityField = z
  .string()
  .meta({ description: 'The id of an identity of the account. It grants no access.' })
