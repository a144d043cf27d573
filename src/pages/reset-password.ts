import { TOPICS } from '../api/index.ts'
import { PAGES, type PasswordPageWords } from '../text/index.ts'
import type { Page, PageContext } from './layout.ts'
import { layOutPasswordPage } from './password-page.ts'

/**
 * The page that sets a new password, for `<basePath>/reset_password#email=…&token=…`.
 *
 * Opening the page changes nothing. Its form sends `PUT <basePath>/reset_password`.
 */
export function renderResetPassword(context: PageContext): Page {
  const words = wordsOf(context)
  const hint = [...lengthHint(context), words.ask.hint].join(' ')
  return layOutPasswordPage(
    {
      words: { ...words, ask: { ...words.ask, hint } },
      icon: 'key',
      operation: TOPICS.account.resetPassword,
      tokenField: 'reset_token',
      passwordField: 'new_password',
      hasEmail: true,
      autocomplete: 'new-password',
      invalidLink: 'invalid_reset_token',
    },
    context,
  )
}

function wordsOf({ locale, resetEndsSessions }: PageContext): PasswordPageWords {
  const { resetPassword: words, resetKeepsSessions: kept } = PAGES[locale]
  if (resetEndsSessions) return words
  return {
    ...words,
    ask: { ...words.ask, paragraphs: kept.ask },
    done: { ...words.done, paragraphs: kept.done },
  }
}

/** The minimum length, in the words of the refusal. Empty if one character is enough. */
function lengthHint({ locale, minPasswordLength }: PageContext): string[] {
  const { password_too_short } = PAGES[locale].resetPassword.passwordProblems
  return minPasswordLength === 1
    ? []
    : [password_too_short.replace('{min_length}', String(minPasswordLength))]
}
