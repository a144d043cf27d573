import { z } from 'zod'
import { EMAIL_MAX_LENGTH, isEmailAddress } from '../user.ts'

/** Text that has a UTF-8 form: JSON can spell half a surrogate pair, which has none. */
const text = z.string().refine((value) => value.isWellFormed())

/** An email address as a person types it. */
export const email = text
  .min(1)
  // Spaces around it are no part of the address.
  .max(EMAIL_MAX_LENGTH + 64)
  .refine(isEmailAddress)
  .meta({
    description: 'An email address. Case and the spaces around it make no difference.',
    example: 'guillaume@holberton.io',
  })

/** A password, old or new. Its limits are the use case's. */
export const password = text
  .min(1)
  .max(1_024)
  .meta({ description: 'Any characters; 1,024 bytes of UTF-8 at most.', example: 'b4l0u' })

/** A reset token as `POST /reset_password` gave it. Any text passes: a wrong one is refused as such. */
export const resetToken = text.min(1).max(1_024).meta({ description: 'Opaque. Good once.' })
