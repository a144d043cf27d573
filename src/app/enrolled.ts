/** The answer after a second factor was set up. */
import type { Enrolled, SessionCaller } from '../auth/index.ts'
import type { CookieOptions } from './cookies.ts'
import { delivery, endOfWait } from './signed-in.ts'

/** The fields and cookies to add to the answer: recovery codes, and the session that the factor was added to. */
export function enrolledAnswer(
  { recoveryCodes, signedIn, renewed }: Enrolled,
  caller: SessionCaller,
  options: CookieOptions,
) {
  const codes = recoveryCodes === null ? {} : { recovery_codes: [...recoveryCodes] }
  const session = signedIn ?? renewed
  if (session === null) return { fields: codes }
  const { cookies, fields } = delivery(session, options)
  const cleared = signedIn === null ? [] : endOfWait(signedIn, caller, options)
  return { fields: { ...codes, ...fields }, cookies: [...cookies, ...cleared] }
}
