/** The sentences of mails that an operator can replace. The mails themselves are functions, because some depend on numbers. */
import { type Locale, MAIL, type MailTexts, placeholdersOf, sentencesOf } from './index.ts'
import type { MailWords } from './mail.ts'

interface Sample {
  readonly placeholders: readonly string[]
  readonly words: (texts: MailTexts) => MailWords
}

const linked = (
  kind: 'verify_email' | 'account_exists' | 'reset_password' | 'set_password' | 'confirm_new_email',
) => ({
  [kind]: { placeholders: ['service', 'duration'], words: (texts: MailTexts) => texts[kind]('', '') },
})
const plain = (kind: 'password_changed' | 'account_deleted' | 'test') => ({
  [kind]: { placeholders: ['service'], words: (texts: MailTexts) => texts[kind]('') },
})
const aboutAddress = (kind: 'email_change_requested' | 'email_changed') => ({
  [kind]: { placeholders: ['service', 'newEmail'], words: (texts: MailTexts) => texts[kind]('', '') },
})

/** Every mail, by kind. A notice of several new devices has its own sentences: `new_devices`. */
const SAMPLES: Readonly<Record<string, Sample>> = {
  ...linked('verify_email'),
  ...linked('account_exists'),
  ...linked('reset_password'),
  ...linked('set_password'),
  ...linked('confirm_new_email'),
  ...aboutAddress('email_change_requested'),
  ...aboutAddress('email_changed'),
  ...plain('password_changed'),
  ...plain('account_deleted'),
  ...plain('test'),
  new_device: { placeholders: ['service'], words: (texts) => texts.new_device('', [], 1) },
  new_devices: { placeholders: ['service', 'count'], words: (texts) => texts.new_device('', [], 2) },
  signed_in_after_failures: {
    placeholders: ['service', 'failures'],
    words: (texts) => texts.signed_in_after_failures('', { time: '', device: null, ip: null }, 2),
  },
}

/** Sentences that several mails share. */
export const SHARED = ['greeting', 'copyLink', 'support', 'enterCode', 'codeExpiry'] as const

/** The placeholders that a sentence may have, by key: `verify_email.subject`, `verify_email.before.0`. */
export function mailSentencesIn(locale: Locale): ReadonlyMap<string, readonly string[]> {
  const texts = MAIL[locale]
  const shared = SHARED.map((key) => [key, placeholdersOf(texts[key])] as const)
  const ofKinds = Object.entries(SAMPLES).flatMap(([kind, { placeholders, words }]) =>
    [...sentencesOf({ ...words(texts), facts: [] }).keys()].map(
      (key) => [`${kind}.${key}`, placeholders] as const,
    ),
  )
  return new Map([...shared, ...ofKinds])
}
