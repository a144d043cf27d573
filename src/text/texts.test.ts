import { describe, expect, it } from 'vitest'
import { MESSAGES } from '../../test/support/messages.ts'
import { compose, type Message } from '../mail/compose.ts'
import { LOCALES, type Locale, PAGES, placeholdersOf, sentencesOf } from './index.ts'

const TRANSLATIONS = LOCALES.filter((locale) => locale !== 'en')

/** Sentences that are the same in English and in another language. */
const SAME_AS_ENGLISH: Readonly<Partial<Record<Locale, readonly string[]>>> = {
  de: ['Passkeys', 'Name'],
  es: ['Error: {title}'],
}

/** Everything that people read in a language: the pages by key, and one mail of each kind. */
function readIn(locale: Locale): ReadonlyMap<string, string> {
  const mails = (Object.values(MESSAGES) as Message[]).flatMap((message) => {
    const { subject, text } = compose(message, { service: 'auth.example.com', locale })
    return [[`${message.kind}.subject`, subject] as const, [`${message.kind}.text`, text] as const]
  })
  return new Map([...sentencesOf(PAGES[locale]), ...mails])
}

/** The keys of the sentences that match. */
function keysOf(locale: Locale, pattern: RegExp): string[] {
  return [...readIn(locale)].filter(([, sentence]) => pattern.test(sentence)).map(([key]) => key)
}

describe.each(TRANSLATIONS)('the texts in %s', (locale) => {
  const english = sentencesOf(PAGES.en)
  const translated = sentencesOf(PAGES[locale])

  it('have the keys and the placeholders of the English ones', () => {
    const placeholders = (sentences: ReadonlyMap<string, string>) =>
      Object.fromEntries([...sentences].map(([key, text]) => [key, placeholdersOf(text).toSorted()]))
    expect(placeholders(translated)).toEqual(placeholders(english))
  })

  it('are translated', () => {
    const same = [...translated].filter(([key, text]) => text !== '' && text === english.get(key))
    expect([...new Set(same.map(([, text]) => text))]).toEqual(SAME_AS_ENGLISH[locale] ?? [])
  })
})

describe.each(LOCALES)('the texts in %s', (locale) => {
  it('have typographic apostrophes, quotation marks and ellipses', () => {
    expect(keysOf(locale, /['"]|\.\.\./)).toEqual([])
  })

  it('have no double, leading or trailing spaces', () => {
    expect(keysOf(locale, /[ \u00a0]{2}|^[ \u00a0]|[ \u00a0]$/m)).toEqual([])
  })

  it('name the button of a device with the label that is shown', () => {
    const { end, endNamed } = PAGES[locale].account.sessions
    expect(endNamed.startsWith(end)).toBe(true)
  })
})

describe('French', () => {
  it('has a no-break space before : ; ? ! and inside « »', () => {
    const addresses = /\b\d\d:\d\d\b|https?:\S+/g
    const wrong = [...readIn('fr')].filter(([, sentence]) =>
      /(?<!\u00a0)[:;?!»]|«(?!\u00a0)/.test(sentence.replace(addresses, '')),
    )
    expect(wrong).toEqual([])
  })

  it('addresses the reader as vous', () => {
    expect(keysOf('fr', /(?<![\p{L}’])(?:tu|te|toi|ton|ta|tes)(?!\p{L})/iu)).toEqual([])
  })
})

it('the reader is addressed formally in German and Spanish', () => {
  const familiar = { de: /\b(?:du|dich|dir|dein\w*)\b/iu, es: /\b(?:tú|tu|tus|ti|te|vuestr\w*)\b/iu }
  for (const locale of ['de', 'es'] as const) expect(keysOf(locale, familiar[locale])).toEqual([])
})
