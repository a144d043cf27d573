import { z } from 'zod'
import { ERRORS, type ErrorCode } from '../model/errors.ts'

/** The one shape of a refusal. */
export const errorBody = z.strictObject({
  message: z.string().meta({ description: 'For a person to read. It may be reworded.' }),
  code: z
    .enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]])
    .meta({ description: 'For a program to switch on.' }),
  field: z.string().optional().meta({ description: 'The field of the request at fault.' }),
  min_length: z.int().min(1).optional().meta({
    description:
      'With `password_too_short`: the fewest characters of a new password, in Unicode code points.',
  }),
  max_bytes: z.int().min(1).optional().meta({
    description: 'With `password_too_long`: the most bytes of a password, in UTF-8.',
  }),
  request_id: z.uuid().meta({ description: 'Stands beside the reason in the log.' }),
})

/** The classic refusal of a taken address: its body is only the message. */
export const emailTakenBody = z.strictObject({ message: z.literal(ERRORS.email_taken.message) })

export type ErrorBody = z.infer<typeof errorBody>
