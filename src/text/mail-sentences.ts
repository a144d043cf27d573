/** The sentences of mails that an operator can replace. Mails are functions, because some depend on numbers, so they are sampled here. */
import { type Locale, MAIL, type MailTexts, placeholdersOf, sentencesOf } from './index.ts'
import type { MailWords, SignInWords } from './mail.ts'

interface Sample {
  readonly placeholders: readonly string[]
  readonly words: (texts: MailTexts) => MailWords
}

/** The mails whose text is a function of what they report. */
type Kind = {
  [Each in keyof MailTexts]: MailTexts[Each] extends (...values: never[]) => MailWords ? Each : never
}[keyof MailTexts]
/** The kinds whose function takes only texts. */
type KindOfTexts = {
  [Each in Kind]: MailTexts[Each] extends (service: string, other: string) => MailWords ? Each : never
}[Kind]

/** The placeholders of mails that have more than the name of the service. */
const PLACEHOLDERS: { readonly [Each in KindOfTexts]?: readonly string[] } = {
  verify_email: ['duration'],
  account_exists: ['duration'],
  reset_password: ['duration'],
  set_password: ['duration'],
  confirm_new_email: ['duration'],
  email_change_requested: ['newEmail'],
  email_changed: ['newEmail'],
}

const NOT_KNOWN: SignInWords = { time: '', device: null, ip: null }

/** Mails whose text depends on more than texts. A notice of several new devices has its own sentences: `new_devices`. */
const OTHERS: Readonly<Record<Exclude<Kind, KindOfTexts> | 'new_devices', Sample>> = {
  new_device: { placeholders: ['service'], words: (texts) => texts.new_device('', [], 1) },
  new_devices: { placeholders: ['service', 'count'], words: (texts) => texts.new_device('', [], 2) },
  signed_in_after_failures: {
    placeholders: ['service', 'failures'],
    words: (texts) => texts.signed_in_after_failures('', NOT_KNOWN, 2),
  },
  second_factor_failed: {
    placeholders: ['service'],
    words: (texts) => texts.second_factor_failed('', NOT_KNOWN),
  },
}

/** Sentences that several mails share. */
export const SHARED = ['greeting', 'copyLink', 'support', 'enterCode', 'codeExpiry'] as const

/** The placeholders that a sentence may have, by key: `verify_email.subject`, `verify_email.before.0`. */
export function mailSentencesIn(locale: Locale): ReadonlyMap<string, readonly string[]> {
  const texts = MAIL[locale]
  const shared = SHARED.map((key) => [key, placeholdersOf(texts[key])] as const)
  const ofKinds = Object.entries({ ...samplesOf(texts), ...OTHERS }).flatMap(
    ([kind, { placeholders, words }]) =>
      [...sentencesOf({ ...words(texts), facts: [] }).keys()].map(
        (key) => [`${kind}.${key}`, placeholders] as const,
      ),
  )
  return new Map([...shared, ...ofKinds])
}

function samplesOf(texts: MailTexts): Record<string, Sample> {
  const kinds = Object.keys(texts).filter((key) => typeof texts[key as keyof MailTexts] === 'function')
  return Object.fromEntries(
    (kinds as KindOfTexts[]).map((kind) => [
      kind,
      { placeholders: ['service', ...(PLACEHOLDERS[kind] ?? [])], words: () => texts[kind]('', '') },
    ]),
  )
}
