/** What the answers about factors have in common. */
import type { Enrolled, SessionCaller } from '../auth/index.ts'
import type { CookieOptions } from './cookies.ts'
import { delivery, endOfWait } from './signed-in.ts'

/** What setting up a factor adds to the answer: recovery codes, and the session that waited for it. */
export function enrolledAnswer(
  { recoveryCodes, signedIn }: Enrolled,
  caller: SessionCaller,
  options: CookieOptions,
) {
  const codes = recoveryCodes === null ? {} : { recovery_codes: [...recoveryCodes] }
  if (signedIn === null) return { fields: codes }
  const { cookies, fields } = delivery(signedIn, options)
  return { fields: { ...codes, ...fields }, cookies: [...cookies, ...endOfWait(signedIn, caller, options)] }
}
