/**
 * All sentences in mails and on hosted pages. Each language is a folder with a file for each topic. If a language lacks a
 * sentence, the build fails.
 *
 * @module
 */
import { errors as errorsInGerman } from './de/errors.ts'
import { topics as topicsInGerman } from './de/index.ts'
import { mail as mailInGerman } from './de/mail.ts'
import { notices as noticesInGerman } from './de/notices.ts'
import { pages as pagesInGerman } from './de/pages.ts'
import { errors as errorsInEnglish } from './en/errors.ts'
import { topics as topicsInEnglish } from './en/index.ts'
import { mail as mailInEnglish } from './en/mail.ts'
import { notices as noticesInEnglish } from './en/notices.ts'
import { pages as pagesInEnglish } from './en/pages.ts'
import type { ErrorTexts } from './errors.ts'
import { errors as errorsInSpanish } from './es/errors.ts'
import { topics as topicsInSpanish } from './es/index.ts'
import { mail as mailInSpanish } from './es/mail.ts'
import { notices as noticesInSpanish } from './es/notices.ts'
import { pages as pagesInSpanish } from './es/pages.ts'
import { errors as errorsInFrench } from './fr/errors.ts'
import { topics as topicsInFrench } from './fr/index.ts'
import { mail as mailInFrench } from './fr/mail.ts'
import { notices as noticesInFrench } from './fr/notices.ts'
import { pages as pagesInFrench } from './fr/pages.ts'
import type { Locale } from './locales.ts'
import type { PageTexts as LinkPageTexts } from './pages.ts'

export { fill, placeholdersOf, sentencesOf, withSentences } from './keys.ts'
export { LOCALES, type Locale } from './locales.ts'
export type { MailWords, SignInWords } from './mail.ts'
export type { PanelWords, PasswordPageWords } from './pages.ts'

/** The mails in one language. */
export type MailTexts = typeof mailInEnglish & typeof noticesInEnglish

/** The mails in every language. */
export const MAIL: Readonly<Record<Locale, MailTexts>> = {
  en: { ...mailInEnglish, ...noticesInEnglish },
  fr: { ...mailInFrench, ...noticesInFrench },
  de: { ...mailInGerman, ...noticesInGerman },
  es: { ...mailInSpanish, ...noticesInSpanish },
}

/** The hosted pages in one language. */
export type PageTexts = LinkPageTexts & { readonly errors: ErrorTexts } & typeof topicsInEnglish

/** The hosted pages in every language. */
export const PAGES: Readonly<Record<Locale, PageTexts>> = {
  en: { ...pagesInEnglish, ...topicsInEnglish, errors: errorsInEnglish },
  fr: { ...pagesInFrench, ...topicsInFrench, errors: errorsInFrench },
  de: { ...pagesInGerman, ...topicsInGerman, errors: errorsInGerman },
  es: { ...pagesInSpanish, ...topicsInSpanish, errors: errorsInSpanish },
}
