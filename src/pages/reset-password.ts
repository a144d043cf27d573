import { resetPassword } from '../api/index.ts'
import { PAGES, type PasswordPageWords } from '../text/index.ts'
import type { Page, Setting } from './layout.ts'
import { layOutPasswordPage } from './password-page.ts'

/**
 * The page that sets a new password, for `<basePath>/reset_password#email=…&token=…`.
 *
 * Opening it sends and changes nothing; its form sends `PUT <basePath>/reset_password`.
 */
export function renderResetPassword(setting: Setting): Page {
  const words = wordsOf(setting)
  const hint = [...lengthHint(setting), words.ask.hint].join(' ')
  return layOutPasswordPage(
    {
      words: { ...words, ask: { ...words.ask, hint } },
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

/** How long the password has to be, in the words of the refusal. Nothing where one character is enough. */
function lengthHint({ locale, minPasswordLength }: Setting): string[] {
  const { password_too_short } = PAGES[locale].resetPassword.passwordProblems
  return minPasswordLength === 1
    ? []
    : [password_too_short.replace('{min_length}', String(minPasswordLength))]
}
