/** What the answers about factors have in common. */
import type { Enrolled, SessionCaller } from '../auth/index.ts'
import type { CookieOptions } from './cookies.ts'
import { delivery, endOfWait } from './signed-in.ts'

/** What setting up a factor adds to the answer: recovery codes, and the session that has the factor. */
export function enrolledAnswer(
  { recoveryCodes, signedIn, renewed }: Enrolled,
  caller: SessionCaller,
  options: CookieOptions,
) {
  const codes = recoveryCodes === null ? {} : { recovery_codes: [...recoveryCodes] }
  const session = signedIn ?? renewed
  if (session === null) return { fields: codes }
  const { cookies, fields } = delivery(session, options)
  const ended = signedIn === null ? [] : endOfWait(signedIn, caller, options)
  return { fields: { ...codes, ...fields }, cookies: [...cookies, ...ended] }
}
