import { z } from 'zod'

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

/** A new password. OpenAPI adds the minimum length that is configured. */
export const newPassword = text.meta({
  description: 'Any characters, at most 1,024 bytes of UTF-8.',
  example: 'seven green umbrellas',
})

/** A reset token from `POST /reset_password` or a mail. Any text is valid here; the use case refuses a wrong token. */
export const resetToken = text.meta({ description: 'Opaque. Works once.' })

/** A token from the link in a mail. Any text is valid here; the use case refuses a wrong token. */
export const mailedToken = text.meta({ description: 'From the link in the mail. Opaque. Works once.' })

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
