/** The browser or app that asks for a mail with a code, or for a passkey. Only it can answer. */
import { type AuthService, hasMailCodes, type SessionCaller } from '../auth/index.ts'
import { randomSecret } from '../lib/random.ts'
import { browserCookie } from './cookies.ts'

/** A caller that will answer, and the cookie by which its browser is recognized. */
interface WaitingBrowser {
  readonly caller: SessionCaller
  /** Values of `Set-Cookie` headers. None for a client that keeps a token of its own, or without codes. */
  readonly cookies: readonly string[] | undefined
}

/**
 * The caller of a request that mails a code. A browser keeps its token for one more day, or gets a new one. A client without
 * cookies sends its own.
 *
 * @param token - From the body.
 */
export function browserFor(
  { options, mailer }: Pick<AuthService, 'options' | 'mailer'>,
  caller: SessionCaller,
  token: string | undefined,
): WaitingBrowser {
  const hasCodes = hasMailCodes({ options, sendsMail: mailer !== null })
  return hasCodes
    ? recognizable(options, caller, token)
    : { caller: browserOf(caller, token), cookies: undefined }
}

/** The same for a request that does not depend on mailed codes. */
export function recognizable(
  options: AuthService['options'],
  caller: SessionCaller,
  token: string | undefined,
): WaitingBrowser {
  if (token !== undefined || caller.transport === 'bearer')
    return { caller: browserOf(caller, token), cookies: undefined }
  const browserToken = caller.browserToken ?? randomSecret()
  return { caller: { ...caller, browserToken }, cookies: [browserCookie(browserToken, options).header] }
}

/** The caller with the token of its browser: from the body, or from the cookie. */
export function browserOf(caller: SessionCaller, token: string | undefined): SessionCaller {
  return token === undefined ? caller : { ...caller, browserToken: token }
}
