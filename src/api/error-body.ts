import { z } from 'zod'
import { ERRORS, type ErrorCode } from '../model/errors.ts'
import { STEP_UP_METHODS } from '../model/factors.ts'

/** The body of an error answer. */
export const errorBody = z.strictObject({
  message: z.string().meta({ description: 'For people to read. Its wording may change.' }),
  code: z
    .enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]])
    .meta({ description: 'For programs. Codes are stable.' }),
  field: z.string().optional().meta({ description: 'The invalid field of the request.' }),
  min_length: z.int().min(1).optional().meta({
    description: 'With `password_too_short`: the minimum length of a new password, in Unicode code points.',
  }),
  max_bytes: z.int().min(1).optional().meta({
    description: 'With `password_too_long`: the maximum length of a password, in bytes of UTF-8.',
  }),
  application_code: z.string().optional().meta({
    description: 'With `refused_by_application`: the code that the embedding application chose.',
  }),
  accepts: z.array(z.enum(STEP_UP_METHODS)).optional().meta({
    description:
      'With `reauthentication_required` and `second_factor_required`: what `POST /reauthenticate` takes from this user.',
  }),
  request_id: z.uuid().meta({ description: 'Identifies the request in the log, which has the details.' }),
})

/** The classic answer for a taken address has only a message. */
export const emailTakenBody = z.strictObject({ message: z.literal(ERRORS.email_taken.message) })

export type ErrorBody = z.infer<typeof errorBody>
