import { isIP } from 'node:net'
import { type Locale, MAIL, type MailTexts, type MailWords, type SignInWords } from '../text/index.ts'
import type { Mail } from './index.ts'
import { htmlOf, textOf } from './layout.ts'

/** A link that redeems a token. */
interface WithLink {
  /** An http or https URL in ASCII, as `URL.href` returns it. */
  readonly link: string
  /** How long the link works, in whole seconds, 1 or more. */
  readonly lifetimeSeconds: number
}

/** A sign-in to report to the owner of the account. */
export interface SignIn {
  readonly at: Date
  readonly ip: string | null
  /** A short description such as `Firefox on Windows`. It is derived from client input and not trusted. */
  readonly device: string | null
}

/** The mails that the service sends, by kind. */
export type Message =
  /**
   * `verify_email` goes to the address of a new account, `account_exists` to a registered address that someone tried to
   * register again, `set_password` to the address of an account that was created without a password, `confirm_new_email`
   * to the address that an account will change to.
   */
  | (WithLink & {
      readonly kind:
        | 'verify_email'
        | 'account_exists'
        | 'reset_password'
        | 'set_password'
        | 'confirm_new_email'
    })
  /** To the current address of the account, then to the previous one. `newEmail` is masked. */
  | { readonly kind: 'email_change_requested' | 'email_changed'; readonly newEmail: string }
  /** Sign-ins from new devices. `signIns` holds the most recent of `count`, at least one. */
  | { readonly kind: 'new_device'; readonly count: number; readonly signIns: readonly SignIn[] }
  /** A sign-in after failed attempts, at least one. */
  | (SignIn & { readonly kind: 'signed_in_after_failures'; readonly failures: number })
  | { readonly kind: PlainKind }

/** The mails whose text needs only the name of the service. */
type PlainKind = {
  [Kind in keyof MailTexts]: MailTexts[Kind] extends (service: string) => MailWords ? Kind : never
}[keyof MailTexts]

/** What a mail depends on besides its message. */
interface MailContext {
  /** The host name of the service, such as `auth.example.com`. */
  readonly service: string
  readonly locale: Locale
}

/**
 * Writes the subject, text and HTML of a message. The link of a message is its only secret.
 *
 * Line breaks and other control characters in values become spaces. `device`, which clients control, is cut to 80
 * characters and cannot contain anything that mail programs turn into a link.
 *
 * @throws {TypeError} `link` is not an http or https URL in ASCII, or `lifetimeSeconds` is not a whole number above 0.
 * @throws {RangeError} `at` is an invalid date.
 */
export function compose(message: Message, { service, locale }: MailContext): Omit<Mail, 'id' | 'to'> {
  const texts = MAIL[locale]
  const content = {
    words: wordsOf(message, oneLine(service), texts),
    greeting: texts.greeting,
    copyLink: texts.copyLink,
    link: 'link' in message ? checkedLink(message.link) : null,
    service: oneLine(service),
    language: locale,
  }
  return {
    subject: content.words.subject,
    text: textOf(content),
    html: htmlOf(content),
    language: locale,
  }
}

function wordsOf(message: Message, service: string, texts: MailTexts): MailWords {
  switch (message.kind) {
    case 'verify_email':
    case 'account_exists':
    case 'reset_password':
    case 'set_password':
    case 'confirm_new_email':
      return texts[message.kind](service, duration(message.lifetimeSeconds, texts))
    case 'email_change_requested':
    case 'email_changed':
      return texts[message.kind](service, oneLine(message.newEmail))
    case 'new_device':
      return texts.new_device(
        service,
        message.signIns.map((signIn) => signInWords(signIn, texts)),
        message.count,
      )
    case 'signed_in_after_failures':
      return texts.signed_in_after_failures(service, signInWords(message, texts), message.failures)
    default:
      return texts[message.kind](service)
  }
}

function signInWords({ at, ip, device }: SignIn, { formats }: MailTexts): SignInWords {
  const time = new Intl.DateTimeFormat(formats, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: 'UTC',
    timeZoneName: 'short',
  }).format(at)
  return { time, ip: ip !== null && isIP(ip) !== 0 ? ip : null, device: wordsOnly(device ?? '') || null }
}

/** A duration such as `30 minutes`, `1 hour`, `24 hours` or `2 days`. A minute or more is rounded down to minutes. */
function duration(seconds: number, { formats }: MailTexts): string {
  if (!(Number.isSafeInteger(seconds) && seconds > 0))
    throw new TypeError('lifetimeSeconds must be a whole number above 0')
  const [unit, length] = unitOf(seconds)
  const amount = Math.floor(seconds / length)
  return new Intl.NumberFormat(formats, { style: 'unit', unit, unitDisplay: 'long' }).format(amount)
}

function unitOf(seconds: number): [unit: string, length: number] {
  if (seconds < 60) return ['second', 1]
  if (seconds % 3_600 !== 0) return ['minute', 60]
  // "1 day" could be read as "until midnight", so write 24 hours.
  return seconds % 86_400 === 0 && seconds > 86_400 ? ['day', 86_400] : ['hour', 3_600]
}

/** Accepts only a link that is safe in HTML and unambiguous in plain text. */
function checkedLink(link: string): string {
  // The link is a secret, so the error must not contain it.
  if (!(/^https?:\/\/[!-~]+$/.test(link) && !/["<>\\^`{|}]/.test(link) && URL.canParse(link)))
    throw new TypeError('link must be an http or https URL in ASCII')
  return link
}

function oneLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim()
}

export const WORDS_MAX_LENGTH = 80

/**
 * Keeps letters, digits and some punctuation, and dots only between digits. Clients choose this text, and mail programs
 * turn anything that looks like a URL into a link.
 */
function wordsOnly(text: string): string {
  const words = text
    .replace(/(?<!\d)\.|\.(?!\d)|[^\p{L}\p{M}\p{N} .,()_+-]/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
  return [...words].slice(0, WORDS_MAX_LENGTH).join('').trimEnd()
}
