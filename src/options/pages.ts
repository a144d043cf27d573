import { parseOrigins } from '../lib/origins.ts'
import { isEmailAddress } from '../model/user.ts'
import { LOCALES } from '../text/locales.ts'
import { hasHttpOrigin, type Setting } from './setting.ts'

/** Long enough for any product name, and short enough for a title and the subject of a mail. */
const SERVICE_NAME_MAX_LENGTH = 60

/** The hosted pages: whether there are any, how they look, and where they lead. */
export const PAGES = {
  pages: {
    env: 'BIENVENUE_PAGES',
    kind: { type: 'switch' },
    classic: true,
    about:
      'Whether the service has pages on which people sign in and manage their account. If off, only the pages behind mailed links remain.',
  },
  serviceName: {
    env: 'BIENVENUE_SERVICE_NAME',
    kind: { type: 'text' },
    classic: '',
    words: true,
    about:
      'The name of the service in pages and mails, of at most 60 characters. If not set, the host of BASE_URL.',
    parse: parseServiceName,
  },
  logo: {
    env: 'BIENVENUE_LOGO',
    kind: { type: 'text' },
    classic: '',
    about:
      'The path of a PNG or SVG file of at most 64 KiB, read at start. Pages show it above their heading, and mails if it is a PNG. An SVG must not contain scripts or refer to other files.',
  },
  accent: {
    env: 'BIENVENUE_ACCENT',
    kind: { type: 'text' },
    classic: '',
    about:
      'The color of buttons and links, such as #2f55d4. The shades for the light and the dark scheme are computed from it. A color is refused if its contrast is below 4.5 in both schemes, and the error names the nearest color that is accepted.',
    parse: parseAccent,
  },
  texts: {
    env: 'BIENVENUE_TEXTS',
    kind: { type: 'text' },
    classic: '',
    about:
      'The path of a JSON file with sentences that replace those of pages and mails, by language and key: {"en": {"signIn.heading": "…", "mail.greeting": "…"}}.',
  },
  termsUrl: {
    env: 'BIENVENUE_TERMS_URL',
    kind: { type: 'text' },
    classic: '',
    about:
      'The address of the terms of use, to which pages link: an https URL, or a path on the host of the service.',
    parse: parseLink,
  },
  privacyUrl: {
    env: 'BIENVENUE_PRIVACY_URL',
    kind: { type: 'text' },
    classic: '',
    about:
      'The address of the privacy notice, to which pages link: an https URL, or a path on the host of the service.',
    parse: parseLink,
  },
  imprintUrl: {
    env: 'BIENVENUE_IMPRINT_URL',
    kind: { type: 'text' },
    classic: '',
    about:
      'The address of the imprint, to which pages link: an https URL, or a path on the host of the service.',
    parse: parseLink,
  },
  helpUrl: {
    env: 'BIENVENUE_HELP_URL',
    kind: { type: 'text' },
    classic: '',
    about:
      'The address of a page with help, to which pages link: an https URL, or a path on the host of the service.',
    parse: parseLink,
  },
  returnOrigins: {
    env: 'BIENVENUE_RETURN_ORIGINS',
    kind: { type: 'text' },
    classic: '',
    list: true,
    about:
      'Origins of web applications to which pages may send people back, separated by commas, such as https://app.example.com. Each is compared exactly, without wildcards. If not set, the origins of BIENVENUE_TRUSTED_ORIGINS.',
    parse: parseOrigins,
    refusedInProduction: hasHttpOrigin,
    exception: (value: string) =>
      value === '' ? null : `links to the sign-in page can lead on to ${value.replaceAll(',', ', ')}`,
  },
  languages: {
    env: 'BIENVENUE_LANGUAGES',
    kind: { type: 'text' },
    classic: '',
    list: true,
    about:
      'The languages of pages, separated by commas, such as fr,en. The first is for people who prefer none of them. If not set, every language.',
    parse: parseLanguages,
  },
  supportContact: {
    env: 'BIENVENUE_SUPPORT_CONTACT',
    kind: { type: 'text' },
    classic: '',
    about:
      'Where people get help with their account: an email address, or the https URL of a page. Pages and notices name it.',
    parse: parseSupportContact,
  },
} as const satisfies Record<string, Setting>

function parseServiceName(text: string): void {
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) throw new TypeError('must be on one line')
  if ([...text].length > SERVICE_NAME_MAX_LENGTH)
    throw new TypeError(`must have at most ${SERVICE_NAME_MAX_LENGTH} characters`)
}

function parseAccent(text: string): void {
  if (!/^#[\da-f]{6}$/i.test(text))
    throw new TypeError('expected # and six hexadecimal digits, such as #2f55d4')
}

function parseLink(text: string): void {
  const isPath = text.startsWith('/')
  const url = URL.parse(text, isPath ? 'https://service.invalid' : undefined)
  // A path must stay on the host: browsers read //other.example and /\other.example as another one.
  const isAccepted = isPath
    ? url?.host === 'service.invalid'
    : url?.protocol === 'https:' && /^https:\/\//i.test(text)
  if (url === null || !isAccepted || url.username !== '' || url.password !== '' || /\s/.test(text))
    throw new TypeError('expected an https URL or a path, such as https://example.com/terms or /terms')
}

/** The name of the service, for people: as configured, else the host of BASE_URL. */
export function serviceNameOf({
  serviceName,
  baseUrl,
}: {
  readonly serviceName: string
  readonly baseUrl: string
}): string {
  return serviceName || URL.parse(baseUrl)?.host || 'Bienvenue'
}

function parseLanguages(text: string): void {
  const entries = text.split(',')
  for (const [index, entry] of entries.entries()) {
    const position = `entry ${index + 1} of ${entries.length}`
    if (!LOCALES.some((locale) => locale === entry))
      throw new TypeError(`${position} is not one of ${LOCALES.join(', ')}`)
    if (entries.indexOf(entry) < index) throw new TypeError(`${position} is listed twice`)
  }
}

function parseSupportContact(text: string): void {
  if (isEmailAddress(text)) return
  const url = URL.parse(text)
  if (url?.protocol !== 'https:' || !/^https:\/\//i.test(text) || url.username !== '' || /\s/.test(text))
    throw new TypeError(
      'expected an email address or an https URL, such as help@example.com or https://example.com/help',
    )
}
