/** Starts sign-in flows at providers, for programs, and checks where they lead. */
import type { StartedFlow } from '../auth/index.ts'
import { AuthError } from '../model/errors.ts'
import type { Options } from '../options/index.ts'
import { type CookieOptions, flowCookies } from './cookies.ts'
import { createReturnTargets } from './pages/return-to.ts'

/** The answer to the start of a flow. */
export function startedFlow(
  { redirectTo, flowToken }: StartedFlow,
  cookieHeader: string | null,
  options: CookieOptions,
) {
  return {
    body: { redirect_to: redirectTo },
    cookies: flowCookies(flowToken, cookieHeader, options).map(({ header }) => header),
  }
}

/**
 * Where the browser goes afterwards, or `null` if the program did not say.
 *
 * @throws {AuthError} `invalid_field`: browsers may not be sent there.
 */
export function returnTargetIn(options: Options, text: string | undefined): string | null {
  if (text === undefined) return null
  const target = createReturnTargets(options)(text)
  if (target === null) throw new AuthError('invalid_field', { field: 'returnTo' })
  return target
}
