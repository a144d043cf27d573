/** Fields that only forms have. */
import { z } from 'zod'

/** Text that a form sends even if it is empty. */
export const formText = z.string().refine((value) => value.isWellFormed())

export const returnTo = formText.optional().meta({
  description:
    'Where to go afterwards: a path of this service, or a URL on an origin of BIENVENUE_RETURN_ORIGINS. Anything else is ignored.',
})
