import { TOPICS } from '../api/index.ts'
import type { PasswordPageWords } from '../text/index.ts'
import type { Page } from './layout.ts'
import type { Look } from './look.ts'
import { layOutPasswordPage } from './password-page.ts'

/**
 * The page that sets a new password, for `<basePath>/reset_password#email=…&token=…`.
 *
 * Opening the page changes nothing. Its form sends `PUT <basePath>/reset_password`.
 */
export function renderResetPassword(look: Look, view: { resetEndsSessions: boolean }): Page {
  const words = wordsOf(look, view)
  const hint = [...lengthHint(look), words.ask.hint].join(' ')
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
      codePages: look.canRecover ? [['/recover/code', look.texts.behindLink.resetPassword]] : [],
      resendPages: look.canRecover ? [['/recover', look.texts.recoveryCode.again]] : [],
    },
    look,
  )
}

function wordsOf({ texts }: Look, { resetEndsSessions }: { resetEndsSessions: boolean }): PasswordPageWords {
  const { resetPassword: words, resetKeepsSessions: kept } = texts
  if (resetEndsSessions) return words
  return {
    ...words,
    ask: { ...words.ask, paragraphs: kept.ask },
    done: { ...words.done, paragraphs: kept.done },
  }
}

/** The rule about the minimum length, as in the refusal. Empty if one character is enough. */
function lengthHint({ texts, minPasswordLength }: Look): string[] {
  const { password_too_short } = texts.resetPassword.passwordProblems
  return minPasswordLength === 1
    ? []
    : [password_too_short.replace('{min_length}', String(minPasswordLength))]
}
