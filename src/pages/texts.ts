/** The sentences that an operator replaces, by language and key. */
import { nearestWord } from '../lib/nearest.ts'
import {
  LOCALES,
  type Locale,
  PAGES,
  type PageTexts,
  placeholdersOf,
  sentencesOf,
  withSentences,
} from '../text/index.ts'

export type PageTextsByLocale = Readonly<Record<Locale, PageTexts>>

/** The content of the file is wrong. The message says where. */
export class InvalidTexts extends Error {
  override readonly name = 'InvalidTexts'
}

/**
 * The sentences of all pages, with those of the file in place of ours.
 *
 * @param json - For example `{"en": {"resetPassword.ask.heading": "Pick a password"}}`.
 * @throws {InvalidTexts} A language or key is unknown, or a sentence is not text or has a placeholder that ours lacks.
 */
export function replaceTexts(json: string): PageTextsByLocale {
  const languages = objectIn(parsed(json), 'the file')
  const replaced = new Map(
    Object.entries(languages).map(([language, sentences]) => {
      const locale = LOCALES.find((known) => known === language)
      if (locale === undefined)
        throw new InvalidTexts(
          `the language "${language}" is unknown; did you mean "${nearestWord(language, LOCALES)}"?`,
        )
      return [locale, sentencesFor(locale, objectIn(sentences, `"${language}"`))]
    }),
  )
  const textsFor = (locale: Locale) => withSentences(PAGES[locale], replaced.get(locale) ?? new Map())
  return Object.fromEntries(
    LOCALES.map((locale) => [locale, textsFor(locale)]),
  ) as unknown as PageTextsByLocale
}

/** The sentences for one language by key. @throws {InvalidTexts} */
function sentencesFor(locale: Locale, given: object): Map<string, string> {
  const ours = sentencesOf(PAGES[locale])
  const checked = Object.entries(given).map(([key, sentence]: [string, unknown]): [string, string] => {
    const original = ours.get(key)
    const name = `"${key}" of "${locale}"`
    if (original === undefined)
      throw new InvalidTexts(`${name} is unknown; did you mean "${nearestWord(key, [...ours.keys()])}"?`)
    if (typeof sentence !== 'string' || sentence.trim() === '')
      throw new InvalidTexts(`${name} must be text, and not empty`)
    const known = placeholdersOf(original)
    const unknown = placeholdersOf(sentence).find((placeholder) => !known.includes(placeholder))
    if (unknown !== undefined)
      throw new InvalidTexts(
        `${name} has no placeholder {${unknown}}${known.length === 0 ? '' : `, but {${known.join('}, {')}}`}`,
      )
    return [key, sentence]
  })
  return new Map(checked)
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
