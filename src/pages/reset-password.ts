import { resetPassword } from '../api/index.ts'
import { PAGES, type PasswordPageWords } from '../text.ts'
import type { Page, Setting } from './layout.ts'
import { layOutPasswordPage } from './password-page.ts'

/**
 * The page that sets a new password, for `<basePath>/reset_password#email=…&token=…`.
 *
 * Opening it sends and changes nothing; its form sends `PUT <basePath>/reset_password`.
 */
export function renderResetPassword(setting: Setting): Page {
  return layOutPasswordPage(
    {
      words: wordsOf(setting),
      icon: 'key',
      operation: resetPassword,
      tokenField: 'reset_token',
      passwordField: 'new_password',
      hasEmail: true,
      autocomplete: 'new-password',
      invalidLink: 'invalid_reset_token',
    },
    setting,
  )
}

function wordsOf({ locale, resetEndsSessions }: Setting): PasswordPageWords {
  const { resetPassword: words, resetKeepsSessions: kept } = PAGES[locale]
  if (resetEndsSessions) return words
  return {
    ...words,
    ask: { ...words.ask, paragraphs: kept.ask },
    done: { ...words.done, paragraphs: kept.done },
  }
}
