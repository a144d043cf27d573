import { z } from 'zod'

/** Text that has a UTF-8 form: JSON can spell half a surrogate pair, which has none. */
const text = z
  .string()
  .min(1)
  .refine((value) => value.isWellFormed())

/** An email address as a person types it. What is one, the use case knows. */
export const email = text.meta({
  description: 'An email address. Case and the spaces around it make no difference.',
  example: 'guillaume@holberton.io',
})

/** A password, old or new. Its limits are the use case's. */
export const password = text.meta({
  description: 'Any characters; 1,024 bytes of UTF-8 at most.',
  example: 'b4l0u',
})

/** A new password. OpenAPI adds the fewest characters that the service takes. */
export const newPassword = text.meta({
  description: 'Any characters; 1,024 bytes of UTF-8 at most.',
  example: 'seven green umbrellas',
})

/** A reset token as `POST /reset_password` gave it. Any text passes: a wrong one is refused as such. */
export const resetToken = text.meta({ description: 'Opaque. Good once.' })

/** A token from the link in a mail. Any text passes: a wrong one is refused as such. */
export const mailedToken = text.meta({ description: 'From the link in the mail. Opaque, good once.' })

/** A session as its user sees it. */
export const sessionInfo = z.strictObject({
  id: z.uuid().meta({ description: 'Identifies the session. It grants no access.' }),
  current: z.boolean().meta({ description: 'Whether it is the session of this request.' }),
  created_at: z.iso.datetime(),
  authenticated_at: z.iso.datetime().meta({ description: 'When the user last entered the password.' }),
  last_seen_at: z.iso.datetime().meta({ description: 'When it was last used, to the minute.' }),
  expires_at: z.iso.datetime().meta({ description: 'When it ends at the latest.' }),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
})
