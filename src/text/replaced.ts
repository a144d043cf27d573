/** The sentences that an operator replaces, by language and key. Keys of mails begin with `mail.`; all others belong to pages. */
import { nearestWord } from '../lib/nearest.ts'
import {
  byLocale,
  LOCALES,
  type Locale,
  PAGES,
  type PageTexts,
  placeholdersOf,
  sentencesOf,
  withSentences,
} from './index.ts'
import { mailSentencesIn } from './mail-sentences.ts'

export type PageTextsByLocale = Readonly<Record<Locale, PageTexts>>
/** By key without `mail.`, such as `verify_email.subject`. */
export type MailSentencesByLocale = Readonly<Record<Locale, ReadonlyMap<string, string>>>

/** The content of the file is invalid. The message says where. */
export class InvalidTexts extends Error {
  override readonly name = 'InvalidTexts'
}

/** The content of the file. */
export interface Replaced {
  /** All sentences of pages. Those in the file replace ours. */
  readonly pages: PageTextsByLocale
  /** Only the sentences of mails in the file. */
  readonly mail: MailSentencesByLocale
}

/** A longer file must be the wrong one: all sentences in all languages take 0.3 MB. */
export const REPLACED_MAX_BYTES = 1_048_576

const MAIL_KEY = 'mail.'

/**
 * Reads the content of the file.
 *
 * @param json - For example `{"en": {"signIn.heading": "Welcome back", "mail.greeting": "Dear customer,"}}`.
 * @throws {InvalidTexts} A language or key is unknown, or a sentence is not text or has an unknown placeholder.
 */
export function readReplaced(json: string): Replaced {
  const languages = objectIn(parsed(json), 'the file')
  const given = new Map(
    Object.entries(languages).map(([language, sentences]) => {
      const locale = LOCALES.find((known) => known === language)
      if (locale === undefined)
        throw new InvalidTexts(
          `the language "${language}" is unknown; did you mean "${nearestWord(language, LOCALES)}"?`,
        )
      return [locale, sentencesFor(locale, objectIn(sentences, `"${language}"`))]
    }),
  )
  const replacedIn = (locale: Locale) => given.get(locale) ?? new Map<string, string>()
  return {
    pages: byLocale((locale) => withSentences(PAGES[locale], replacedIn(locale))),
    mail: byLocale(
      (locale) =>
        new Map(
          [...replacedIn(locale)].flatMap(([key, sentence]) =>
            key.startsWith(MAIL_KEY) ? [[key.slice(MAIL_KEY.length), sentence]] : [],
          ),
        ),
    ),
  }
}

/** The sentences for one language by key. @throws {InvalidTexts} */
function sentencesFor(locale: Locale, given: object): Map<string, string> {
  const known = placeholdersByKey(locale)
  const checked = Object.entries(given).map(([key, sentence]: [string, unknown]): [string, string] => {
    const names = known.get(key)
    const name = `"${key}" of "${locale}"`
    if (names === undefined)
      throw new InvalidTexts(`${name} is unknown; did you mean "${nearestWord(key, [...known.keys()])}"?`)
    if (typeof sentence !== 'string' || sentence.trim() === '')
      throw new InvalidTexts(`${name} must be text and must not be empty`)
    // A line break in a subject could start another header.
    if (key.startsWith(MAIL_KEY) && /[\p{Cc}\p{Zl}\p{Zp}]/u.test(sentence))
      throw new InvalidTexts(`${name} must be on one line`)
    const unknown = placeholdersOf(sentence).find((placeholder) => !names.includes(placeholder))
    if (unknown !== undefined)
      throw new InvalidTexts(
        `${name} has no placeholder {${unknown}}${names.length === 0 ? '' : `, but {${names.join('}, {')}}`}`,
      )
    return [key, sentence]
  })
  return new Map(checked)
}

/** The placeholders that a sentence may have, by key. */
function placeholdersByKey(locale: Locale): ReadonlyMap<string, readonly string[]> {
  const ofPages = [...sentencesOf(PAGES[locale])].map(
    ([key, sentence]) => [key, placeholdersOf(sentence)] as const,
  )
  const ofMails = [...mailSentencesIn(locale)].map(([key, names]) => [`${MAIL_KEY}${key}`, names] as const)
  return new Map([...ofPages, ...ofMails])
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    // The message of the parser quotes the file.
    throw new InvalidTexts('it is not JSON')
  }
}

/** @throws {InvalidTexts} */
function objectIn(value: unknown, name: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new InvalidTexts(`${name} must be a JSON object`)
}
