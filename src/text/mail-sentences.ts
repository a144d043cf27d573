/** The sentences of mails that an operator can replace. The mails themselves are functions, because some depend on numbers. */
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
/** Those whose function takes only texts. */
type KindOfTexts = {
  [Each in Kind]: MailTexts[Each] extends (service: string, other: string) => MailWords ? Each : never
}[Kind]

const of = (kind: KindOfTexts, ...others: string[]): Sample => ({
  placeholders: ['service', ...others],
  words: (texts) => texts[kind]('', ''),
})

const NOT_KNOWN: SignInWords = { time: '', device: null, ip: null }

/** Every mail, by kind. A notice of several new devices has its own sentences: `new_devices`. */
const SAMPLES: Readonly<Record<Kind | 'new_devices', Sample>> = {
  verify_email: of('verify_email', 'duration'),
  account_exists: of('account_exists', 'duration'),
  reset_password: of('reset_password', 'duration'),
  set_password: of('set_password', 'duration'),
  confirm_new_email: of('confirm_new_email', 'duration'),
  email_change_requested: of('email_change_requested', 'newEmail'),
  email_changed: of('email_changed', 'newEmail'),
  password_changed: of('password_changed'),
  new_device: { placeholders: ['service'], words: (texts) => texts.new_device('', [], 1) },
  new_devices: { placeholders: ['service', 'count'], words: (texts) => texts.new_device('', [], 2) },
  signed_in_after_failures: {
    placeholders: ['service', 'failures'],
    words: (texts) => texts.signed_in_after_failures('', NOT_KNOWN, 2),
  },
  passkey_added: of('passkey_added'),
  passkey_removed: of('passkey_removed'),
  passkey_refused: of('passkey_refused'),
  identity_connected: of('identity_connected'),
  identity_disconnected: of('identity_disconnected'),
  totp_added: of('totp_added'),
  totp_removed: of('totp_removed'),
  second_factor_disabled: of('second_factor_disabled'),
  recovery_codes_renewed: of('recovery_codes_renewed'),
  recovery_code_used: of('recovery_code_used'),
  second_factor_failed: {
    placeholders: ['service'],
    words: (texts) => texts.second_factor_failed('', NOT_KNOWN),
  },
  factors_revoked: of('factors_revoked'),
  account_deleted: of('account_deleted'),
  test: of('test'),
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
