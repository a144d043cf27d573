/** Recognizes the browser or app that asks for a mailed code or starts a passkey ceremony. Only that client can use the result. */
import { type AuthService, hasMailCodes, type SessionCaller } from '../auth/index.ts'
import { randomSecret } from '../lib/random.ts'
import { browserCookie } from './cookies.ts'
import { withTokens } from './signed-in.ts'

/** A caller, and the cookie that recognizes its browser. */
interface WaitingBrowser {
  readonly caller: SessionCaller
  /** Values of `Set-Cookie` headers. `undefined` for a client that sends its own token, or if the service mails no codes. */
  readonly cookies: readonly string[] | undefined
}

/**
 * The caller of a request that mails a code. The cookie of a browser is renewed for a day, or set. A client without cookies sends
 * its own token.
 *
 * @param token - `browser_token` in the body.
 */
export function browserFor(
  { options, mailer }: Pick<AuthService, 'options' | 'mailer'>,
  caller: SessionCaller,
  token: string | undefined,
): WaitingBrowser {
  return hasMailCodes({ options, sendsMail: mailer !== null })
    ? recognizable(options, caller, token)
    : { caller: withTokens(caller, { browser_token: token }), cookies: undefined }
}

/** Like {@link browserFor}, for a request that does not depend on mailed codes. */
export function recognizable(
  options: AuthService['options'],
  caller: SessionCaller,
  token: string | undefined,
): WaitingBrowser {
  if (token !== undefined || caller.transport === 'bearer')
    return { caller: withTokens(caller, { browser_token: token }), cookies: undefined }
  const browserToken = caller.browserToken ?? randomSecret()
  return { caller: { ...caller, browserToken }, cookies: [browserCookie(browserToken, options).header] }
}
