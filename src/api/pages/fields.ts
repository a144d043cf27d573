/** Fields that only forms have. */
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

/** The address of the account, typed again. */
export const ownEmail = email.meta({
  description: 'The address of the account, so that nobody deletes it by mistake.',
})

/** Names a session. */
export const sessionField = z
  .string()
  .meta({ description: 'The id of a session of the account. It grants no access.' })
