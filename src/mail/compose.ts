import { isIP } from 'node:net'
import { MAIL_CODE_LIFETIME_SECONDS } from '../model/mail-codes.ts'
import {
  fill,
  type Locale,
  MAIL,
  type MailTexts,
  type MailWords,
  type SignInWords,
  withSentences,
} from '../text/index.ts'
import { SHARED } from '../text/mail-sentences.ts'
import type { ComposedMail, LinkedKind, MailContent, MailData, MailKind, SignIn } from './index.ts'
import { type Content, htmlOf, textOf } from './layout.ts'
import { DEFAULT_LOOK, type MailLook } from './look.ts'

/** A link that redeems a token. */
interface WithLink {
  /** An http or https URL in ASCII, as `URL.href` returns it. It contains the token. */
  readonly link: string
  readonly token: string
  /** Eight digits. `null` in a mail without a code. */
  readonly code: string | null
}

/** A mail to compose. A union over the kinds. */
export type Message = {
  readonly [Kind in MailKind]: { readonly kind: Kind } & MailData<Kind> &
    (Kind extends LinkedKind ? WithLink : unknown)
}[MailKind]

/** The data that a mail needs besides its message. */
export interface MailContext {
  /** The host name of the service, such as `auth.example.com`. */
  readonly service: string
  readonly locale: Locale
  /** Where people get help, shown in notices. Empty: nowhere. Default: empty. */
  readonly supportContact?: string | undefined
  /** Default: {@link DEFAULT_LOOK}. */
  readonly look?: MailLook | undefined
  /** Sentences of the operator in this language, by key. Default: none. */
  readonly sentences?: ReadonlyMap<string, string> | undefined
}

/** A mail before it is addressed. */
export type Unaddressed = Omit<ComposedMail, 'id' | 'to'> & MailContent

/** The content of a message, for programs. */
export function contentOf(message: Message): MailContent {
  const { kind, link = null, token = null, code = null, ...data } = message as Message & Partial<WithLink>
  return { kind, url: link, token, code, data } as MailContent
}

/**
 * Writes the subject, text and HTML of a message. The only secrets in it are the link and the code.
 *
 * Line breaks and other control characters in values become spaces. Clients control `device` and the `name` of a passkey, so
 * these are cut to 80 characters and cannot contain anything that mail programs turn into a link.
 *
 * @throws {TypeError} `link` is not an http or https URL in ASCII, or `lifetimeSeconds` is not a whole number above 0.
 * @throws {RangeError} `at` is an invalid date.
 */
export function compose(
  message: Message,
  { service, locale, supportContact = '', look = DEFAULT_LOOK, sentences = new Map() }: MailContext,
): Unaddressed & { readonly html: string } {
  const texts = textsWith(sentences, locale)
  const words = replacedIn(wordsOf(message, oneLine(service), texts), {
    sentences,
    group: groupOf(message),
    values: valuesOf(message, oneLine(service), texts),
  })
  const content: Content = {
    words: withSupport(words, message, texts, oneLine(supportContact)),
    greeting: texts.greeting,
    copyLink: texts.copyLink,
    link: 'link' in message ? checkedLink(message.link) : null,
    code: 'code' in message ? codeWords(message.code, texts) : null,
    service: oneLine(service),
    language: locale,
    look,
  }
  return {
    ...contentOf(message),
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
    case 'second_factor_failed':
      return texts.second_factor_failed(service, signInWords(message, texts))
    case 'passkey_added':
    case 'passkey_removed':
    case 'passkey_refused':
    case 'identity_connected':
    case 'identity_disconnected':
      return texts[message.kind](service, wordsOnly(message.name.replaceAll("'", '’')))
    default:
      return texts[message.kind](service)
  }
}

/** Our texts, with the operator's shared sentences. */
function textsWith(sentences: ReadonlyMap<string, string>, locale: Locale): MailTexts {
  const shared = SHARED.flatMap((key) => {
    const sentence = sentences.get(key)
    return sentence === undefined ? [] : [[key, sentence] as const]
  })
  return { ...MAIL[locale], ...Object.fromEntries(shared) }
}

/** The words of a mail, with the operator's sentences. */
function replacedIn(
  words: MailWords,
  {
    sentences,
    group,
    values,
  }: {
    readonly sentences: ReadonlyMap<string, string>
    readonly group: string
    readonly values: Readonly<Record<string, string | number>>
  },
): MailWords {
  const own = [...sentences].flatMap(([key, sentence]) =>
    key.startsWith(`${group}.`) ? [[key.slice(group.length + 1), fill(sentence, values)] as const] : [],
  )
  return own.length === 0 ? words : withSentences(words, new Map(own))
}

/** The prefix of the keys of a message's sentences. */
function groupOf(message: Message): string {
  return message.kind === 'new_device' && message.count > 1 ? 'new_devices' : message.kind
}

/** The values for the placeholders of a message. */
function valuesOf(message: Message, service: string, texts: MailTexts): Record<string, string | number> {
  return {
    service,
    ...('lifetimeSeconds' in message && { duration: duration(message.lifetimeSeconds, texts) }),
    ...('newEmail' in message && { newEmail: oneLine(message.newEmail) }),
    ...('count' in message && { count: message.count }),
    ...('failures' in message && { failures: message.failures }),
  }
}

/** The code in two groups of digits, with the sentences around it. */
function codeWords(code: string | null, texts: MailTexts): Content['code'] {
  if (code === null) return null
  const lifetime = duration(MAIL_CODE_LIFETIME_SECONDS, texts)
  return {
    label: texts.enterCode,
    note: texts.codeExpiry.replace('{duration}', () => lifetime),
    digits: `${code.slice(0, 4)} ${code.slice(4)}`,
  }
}

/** Adds to a notice where to get help, as NIST SP 800-63B-4 §4.6 requires. A mail with a link is not a notice. */
function withSupport(words: MailWords, message: Message, { support }: MailTexts, contact: string): MailWords {
  if (contact === '' || 'link' in message) return words
  return { ...words, after: [...words.after, support.replace('{contact}', () => contact)] }
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
  // 24 hours, because "1 day" could be read as "until midnight".
  return seconds % 86_400 === 0 && seconds > 86_400 ? ['day', 86_400] : ['hour', 3_600]
}

/** Refuses a link that is not safe in HTML or not unambiguous in plain text. */
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
 * Keeps only letters, digits, some punctuation, and dots between digits. Clients choose this text, and mail programs turn
 * anything that looks like a URL into a link.
 */
function wordsOnly(text: string): string {
  const words = text
    .replace(/(?<!\d)\.|\.(?!\d)|[^\p{L}\p{M}\p{N} .,()_+’-]/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
  return [...words].slice(0, WORDS_MAX_LENGTH).join('').trimEnd()
}
