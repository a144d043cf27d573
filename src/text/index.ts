/**
 * All sentences in mails and on hosted pages. Each language is a folder with a file for each topic. If a language lacks a
 * sentence, the build fails.
 *
 * @module
 */
import * as german from './de/index.ts'
import * as english from './en/index.ts'
import * as spanish from './es/index.ts'
import * as french from './fr/index.ts'
import { byLocale, type Locale } from './locales.ts'

export { fill, placeholdersOf, sentencesOf, withSentences } from './keys.ts'
export { byLocale, LOCALES, type Locale } from './locales.ts'
export type { MailWords, SignInWords } from './mail.ts'
export type { PanelWords, PasswordPageWords } from './pages.ts'

type Texts = typeof english

const TEXTS: Readonly<Record<Locale, Texts>> = { en: english, fr: french, de: german, es: spanish }

/** The mails in one language. */
export type MailTexts = Texts['mail'] & Texts['notices']

/** The mails in every language. */
export const MAIL = byLocale((locale): MailTexts => ({ ...TEXTS[locale].mail, ...TEXTS[locale].notices }))

/** The hosted pages in one language. */
export type PageTexts = Omit<Texts, 'mail' | 'notices' | 'pages'> & Texts['pages']

/** The hosted pages in every language. */
export const PAGES = byLocale((locale): PageTexts => {
  const { mail, notices, pages, ...topics } = TEXTS[locale]
  return { ...pages, ...topics }
})
