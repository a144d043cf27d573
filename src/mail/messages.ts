import { isIP } from 'node:net'
import { type Locale, MAIL, type MailTexts, type MailWords, type SignInWords } from '../text.ts'
import type { Mail } from './index.ts'
import { htmlOf, textOf } from './layout.ts'

/** A link that redeems a token, and for how long: whole seconds, 1 or more. */
interface WithLink {
  /** http or https, in ASCII, as `URL.href` gives it. */
  readonly link: string
  readonly lifetimeSeconds: number
}

/** A sign-in that the owner of the account is told of. */
export interface SignIn {
  readonly at: Date
  readonly ip: string | null
  /** What it seems to be, in a few words, such as `Firefox on Windows`. It comes from the client: never trusted. */
  readonly device: string | null
}

/** Every mail that the service sends. */
export type Message =
  /** To the address of a new account. */
  | (WithLink & { readonly kind: 'verify_email' })
  /** To an address that somebody tried to register and that has an account; the link sets a new password. */
  | (WithLink & { readonly kind: 'account_exists' })
  | (WithLink & { readonly kind: 'reset_password' })
  /** To the address that an account is to have. */
  | (WithLink & { readonly kind: 'confirm_new_email' })
  /** To the address that the account still has. `newEmail` comes masked. */
  | { readonly kind: 'email_change_requested'; readonly newEmail: string }
  /** To the address that the account no longer has. `newEmail` comes masked. */
  | { readonly kind: 'email_changed'; readonly newEmail: string }
  | { readonly kind: 'password_changed' }
  /** Sign-ins from devices that were not signed in to before: how many, and the last ones of them, one or more. */
  | { readonly kind: 'new_device'; readonly count: number; readonly signIns: readonly SignIn[] }
  /** A sign-in after so many wrong tries, 1 or more. */
  | (SignIn & { readonly kind: 'signed_in_after_failures'; readonly failures: number })
  | { readonly kind: 'account_deleted' }
  /** To whoever tries the settings out. */
  | { readonly kind: 'test' }

/** Where a mail comes from, and what language its reader speaks. */
export interface Setting {
  /** The host name of the service, as in `auth.example.com`. */
  readonly service: string
  readonly locale: Locale
}

/**
 * Puts a message into words. Only a message with a `link` holds a link, and no message holds any other secret.
 *
 * Line breaks and other control characters in a value become spaces; what comes from a client (`device`) also
 * loses what could make a link of it, and all but its first 80 characters.
 *
 * @throws {TypeError} A `link` that is no http address in ASCII, a lifetime below a second, or a date that is none.
 */
export function compose(message: Message, { service, locale }: Setting): Omit<Mail, 'id' | 'to'> {
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
      return texts.verifyEmail(service, duration(message.lifetimeSeconds, texts))
    case 'account_exists':
      return texts.accountExists(service, duration(message.lifetimeSeconds, texts))
    case 'reset_password':
      return texts.resetPassword(service, duration(message.lifetimeSeconds, texts))
    case 'confirm_new_email':
      return texts.confirmNewEmail(service, duration(message.lifetimeSeconds, texts))
    case 'email_change_requested':
      return texts.emailChangeRequested(service, oneLine(message.newEmail))
    case 'email_changed':
      return texts.emailChanged(service, oneLine(message.newEmail))
    case 'password_changed':
      return texts.passwordChanged(service)
    case 'new_device':
      return texts.newDevice(
        service,
        message.signIns.map((signIn) => signInWords(signIn, texts)),
        message.count,
      )
    case 'signed_in_after_failures':
      return texts.signedInAfterFailures(service, signInWords(message, texts), message.failures)
    case 'account_deleted':
      return texts.accountDeleted(service)
    case 'test':
      return texts.test(service)
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

/** A span of time in words, rounded down to whole minutes above one: `30 minutes`, `1 hour`, `24 hours`, `2 days`. */
function duration(seconds: number, { formats }: MailTexts): string {
  if (!(Number.isSafeInteger(seconds) && seconds > 0)) throw new TypeError('a lifetime is whole seconds')
  const [unit, length] = unitOf(seconds)
  const amount = Math.floor(seconds / length)
  return new Intl.NumberFormat(formats, { style: 'unit', unit, unitDisplay: 'long' }).format(amount)
}

function unitOf(seconds: number): [unit: string, length: number] {
  if (seconds < 60) return ['second', 1]
  if (seconds % 3_600 !== 0) return ['minute', 60]
  // A day is said as 24 hours, which cannot be taken for the end of a calendar day.
  return seconds % 86_400 === 0 && seconds > 86_400 ? ['day', 86_400] : ['hour', 3_600]
}

/** The value where it will do for a link, in HTML and on a line of plain text. */
function checkedLink(link: string): string {
  // The value stays out of the error: it is a secret.
  if (!(/^https?:\/\/[!-~]+$/.test(link) && !/["<>\\^`{|}]/.test(link) && URL.canParse(link)))
    throw new TypeError('a link is an http address in ASCII')
  return link
}

function oneLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim()
}

const WORDS_MAX_LENGTH = 80

/**
 * Letters, digits and a little punctuation; a dot between digits only. Mail programs make links of what looks like
 * one, and a client may call itself whatever it wants to be read in a mail of ours.
 */
function wordsOnly(text: string): string {
  const words = text
    .replace(/(?<!\d)\.|\.(?!\d)|[^\p{L}\p{M}\p{N} .,()_+-]/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
  return [...words].slice(0, WORDS_MAX_LENGTH).join('').trimEnd()
}
