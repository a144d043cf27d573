import { TOPICS } from '../api/index.ts'
import type { Page } from './layout.ts'
import type { Look } from './look.ts'
import { layOutPasswordPage } from './password-page.ts'

/**
 * The page that confirms an email address, for `<basePath>/confirm_email#token=…`.
 *
 * Opening the page changes nothing. Its form sends `POST <basePath>/confirm_email`.
 */
export function renderConfirmEmail(look: Look): Page {
  const { confirmEmail, behindLink } = look.texts
  const pages = [
    ...(look.mustConfirm ? [['/sign_up/code', behindLink.confirmAccount] as const] : []),
    ['/account/email', behindLink.confirmAddress] as const,
  ]
  return layOutPasswordPage(
    {
      words: confirmEmail,
      icon: 'envelope',
      operation: TOPICS.account.confirmEmail,
      tokenField: 'token',
      passwordField: 'password',
      hasEmail: false,
      autocomplete: 'current-password',
      invalidLink: 'invalid_confirmation_token',
      codePages: pages,
      // These also send another mail.
      resendPages: pages,
    },
    look,
  )
}
