import { TOPICS } from '../api/index.ts'
import { PAGES } from '../text/index.ts'
import type { Page, PageContext } from './layout.ts'
import { layOutPasswordPage } from './password-page.ts'

/**
 * The page that confirms an email address, for `<basePath>/confirm_email#token=…`.
 *
 * Opening the page changes nothing. Its form sends `POST <basePath>/confirm_email`.
 */
export function renderConfirmEmail(context: PageContext): Page {
  return layOutPasswordPage(
    {
      words: PAGES[context.locale].confirmEmail,
      icon: 'envelope',
      operation: TOPICS.account.confirmEmail,
      tokenField: 'token',
      passwordField: 'password',
      hasEmail: false,
      autocomplete: 'current-password',
      invalidLink: 'invalid_confirmation_token',
    },
    context,
  )
}
