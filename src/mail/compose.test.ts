import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHARACTER } from '../../test/support/characters.ts'
import { MESSAGES, SIGN_IN, WITH_LINK } from '../../test/support/messages.ts'
import { kindOfMail } from '../auth/delivery/kinds.ts'
import { LOCALES, type Locale, MAIL } from '../text/index.ts'
import { compose, type Message } from './compose.ts'
import type { SignIn } from './index.ts'

const { link: LINK } = WITH_LINK
const signedIn = (details: Partial<SignIn>): Message => ({
  ...MESSAGES.new_device,
  signIns: [{ ...SIGN_IN, ...details }],
})
const ALL: readonly Message[] = [...Object.values(MESSAGES), { ...MESSAGES.new_device, count: 20 }]
const WITH_LINKS = ALL.filter((message) => 'link' in message)
const NOTICES = ALL.filter((message) => !('link' in message) && message.kind !== 'test')
const EVERY = LOCALES.flatMap((locale) => ALL.map((message) => ({ locale, kind: message.kind, message })))

const SERVICE = 'auth.example.com'
const inLocale = (message: Message, locale: Locale = 'en') => compose(message, { service: SERVICE, locale })
/** The text with each run of whitespace, including no-break spaces, as one space. */
const flat = (text: string) => text.replace(/\s+/g, ' ')
/** One text for each language. */
type InEachLanguage = Readonly<Record<Locale, string>>
const count = (text: string, part: string) => text.split(part).length - 1

describe('every message in every language', () => {
  it.each(EVERY)(
    '$kind in $locale has a one-line subject, a text and HTML, in that language',
    ({ message, locale }) => {
      const { subject, text, html, language } = inLocale(message, locale)
      expect(language).toBe(locale)
      expect(subject).toMatch(/^\S.*\S$/)
      expect(subject.length).toBeLessThan(90)
      expect(subject).toContain(SERVICE)
      expect(text.split('\n').length).toBeGreaterThan(5)
      expect(text).toMatch(/[^\n]\n$/)
      expect(text.startsWith(`${MAIL[locale].greeting}\n\n`)).toBe(true)
      expect(html).toContain(`<html lang="${locale}" dir="ltr">`)
      expect(html).toContain(`<title>${subject}</title>`)
    },
  )

  it.each(EVERY)('$kind in $locale has no placeholders and no overlong lines', ({ message, locale }) => {
    const { subject, text, html } = inLocale(message, locale)
    for (const part of [subject, text, html])
      expect(part).not.toMatch(/undefined|null|NaN|\$\{|\[object|\{\{|%s|Invalid/)
    for (const line of text.split('\n')) expect(line === LINK || line.length <= 72).toBe(true)
    for (const paragraph of text.trimEnd().split('\n\n')) expect(paragraph).toBe(paragraph.trim())
  })

  it.each(EVERY)('$kind in $locale has the same content in text and HTML', ({ message, locale }) => {
    const { text, html } = inLocale(message, locale)
    const shown = flat(html.slice(html.indexOf('<body')).replace(/<[^>]*>/g, ' ')).replaceAll('&amp;', '&')
    for (const paragraph of text.split('\n\n')) expect(shown).toContain(flat(paragraph).trim())
  })

  it('follows the rules of French punctuation', () => {
    for (const message of ALL) {
      const { text } = inLocale(message, 'fr')
      expect(text.replaceAll(LINK, '').replace(/\d\d:\d\d/, '')).not.toMatch(/[^\u00a0][:;!?]|'/)
    }
  })

  it('quotes and apostrophes are typographic in every language', () => {
    for (const { message, locale } of EVERY) {
      const { text } = inLocale(message, locale)
      expect(text).not.toMatch(/["']/)
      if (locale !== 'fr') expect(text.replaceAll(LINK, '')).not.toMatch(/\s[:;!?]/)
    }
  })

  it('differs between languages', () => {
    for (const message of ALL) {
      const mails = LOCALES.map((locale) => inLocale(message, locale))
      expect(new Set(mails.map(({ subject }) => subject)).size).toBe(LOCALES.length)
      expect(new Set(mails.map(({ text }) => text)).size).toBe(LOCALES.length)
    }
  })

  it('addresses the reader formally in German and Spanish', () => {
    const familiar = {
      de: /\b(?:du|dich|dir|dein\w*|euch)\b/iu,
      es: /\b(?:tú|tu|tus|ti|te|vosotros|vuestr\w*)\b/iu,
    }
    for (const locale of ['de', 'es'] as const)
      for (const message of ALL) expect(inLocale(message, locale).text).not.toMatch(familiar[locale])
  })
})

describe('the link', () => {
  const cases = LOCALES.flatMap((locale) =>
    WITH_LINKS.map((message) => ({ locale, kind: message.kind, message })),
  )

  it.each(cases)(
    'of $kind in $locale appears once in the text, on its own line, and twice in the HTML: on the button and spelled out',
    ({ message, locale }) => {
      const { subject, text, html } = inLocale(message, locale)
      const escaped = LINK.replaceAll('&', '&amp;')
      expect(text.split('\n').filter((line) => line === LINK)).toHaveLength(1)
      expect(count(text, LINK)).toBe(1)
      expect(count(html, `href="${escaped}"`)).toBe(1)
      expect(count(html, `>${escaped}<`)).toBe(1)
      expect(count(html, escaped)).toBe(2)
      expect(count(html, LINK)).toBe(0)
      for (const part of [subject, text.replace(LINK, ''), html.replaceAll(escaped, '')])
        expect(part).not.toMatch(/https?:|token/)
    },
  )

  it.each(cases)('of $kind in $locale comes with its lifetime', ({ message, locale }) => {
    const lifetime: InEachLanguage = { en: '1 hour.', fr: '1 heure.', de: '1 Stunde gültig.', es: '1 hora.' }
    expect(flat(inLocale(message, locale).text)).toContain(lifetime[locale])
  })

  it.each([
    '',
    'auth.example.com/reset',
    'javascript:alert(1)',
    'data:text/html,x',
    'https://',
    'https://[',
    'https://auth.example.com:99999/',
    'https://auth.example.com/ x',
    'https://auth.example.com/\nx',
    'https://auth.example.com/\r\nBcc: eve@example.com',
    'https://auth.example.com/"onclick="x',
    'https://auth.example.com/<b>',
    'https://auth.example.com/\u202e',
    'https://bücher.example/',
    ' https://auth.example.com/',
    'https://auth.example.com/\n',
  ])('is refused and not quoted if it is %j', (link) => {
    const attempt = () => inLocale({ ...MESSAGES.reset_password, link })
    expect(attempt).toThrow(new TypeError('link must be an http or https URL in ASCII'))
  })

  it('is never broken over lines, whatever its parameters are', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: CHARACTER }), fc.string({ unit: CHARACTER })), (query) => {
        const link = `https://auth.example.com/x#${new URLSearchParams(query)}`
        expect(inLocale({ ...MESSAGES.verify_email, link }).text.split('\n')).toContain(link)
      }),
    )
  })
})

describe('a notice', () => {
  const cases = LOCALES.flatMap((locale) =>
    NOTICES.map((message) => ({ locale, kind: message.kind, message })),
  )

  it.each(cases)(
    '$kind in $locale has [LGN-12] no links and says what to do if it was not you',
    ({ message, locale }) => {
      const { text, html } = inLocale(message, locale)
      expect(text).not.toMatch(/https?:|www\./)
      expect(html).not.toMatch(/https?:|www\.|href/)
      const notYou: InEachLanguage = {
        en: 'If this was not you, ',
        fr: 'Si ce n’était pas vous, ',
        de: 'Wenn Sie das nicht waren, ',
        es: 'Si no fue usted, ',
      }
      const notAsked: InEachLanguage = {
        en: 'If you asked for this, ',
        fr: 'Si vous l’avez demandé, ',
        de: 'Wenn Sie darum gebeten haben, ',
        es: 'Si usted lo pidió, ',
      }
      const atOnce: InEachLanguage = { en: ' now', fr: 'sans attendre', de: 'umgehend', es: 'de inmediato' }
      // An operator did it, not the reader or a thief.
      const isOperators = kindOfMail(message.kind).when.startsWith('an operator')
      expect(flat(text)).toContain((isOperators ? notAsked : notYou)[locale])
      expect(flat(text)).toContain(atOnce[locale])
    },
  )

  it('of a new device shows time, device and IP address', () => {
    expect(inLocale(MESSAGES.new_device).text).toContain(
      '\n\nTime: 21 November 2026 at 04:05 UTC\nDevice: Firefox 120.0 on Windows\nIP address: 192.0.2.7\n\n',
    )
    expect(flat(inLocale(MESSAGES.new_device, 'fr').text)).toContain(
      'Date et heure : 21 novembre 2026 à 04:05 UTC Appareil : Firefox 120.0 on Windows Adresse IP : 192.0.2.7 ',
    )
    expect(flat(inLocale(MESSAGES.new_device, 'de').text)).toContain(
      'Zeitpunkt: 21. November 2026 um 04:05 UTC Gerät: Firefox 120.0 on Windows IP-Adresse: 192.0.2.7 ',
    )
    expect(flat(inLocale(MESSAGES.new_device, 'es').text)).toContain(
      'Fecha y hora: 21 de noviembre de 2026 a las 04:05 UTC Dispositivo: Firefox 120.0 on Windows Dirección IP: 192.0.2.7 ',
    )
  })

  it('without a link ends with the support contact, if there is one', () => {
    for (const locale of LOCALES)
      for (const message of ALL) {
        const context = { service: 'Example', locale, supportContact: 'help@example.com' }
        const isNamed = compose(message, context).text.includes('help@example.com')
        expect(isNamed, message.kind).toBe(!('link' in message))
      }
  })

  it('of several new devices shows their number, and time, device and IP address of the most recent ones', () => {
    const SECOND = { at: new Date('2026-11-21T04:07:00Z'), ip: null, device: 'curl' }
    const message = { ...MESSAGES.new_device, signIns: [SIGN_IN, SECOND] }
    const text = (count: number, locale: Locale) => flat(inLocale({ ...message, count }, locale).text)
    const device = 'Firefox 120.0 on Windows, 192.0.2.7'
    const lines: InEachLanguage = {
      en: `21 November 2026 at 04:05 UTC, ${device} 21 November 2026 at 04:07 UTC, curl If`,
      fr: `21 novembre 2026 à 04:05 UTC, ${device} 21 novembre 2026 à 04:07 UTC, curl Si`,
      de: `21. November 2026 um 04:05 UTC, ${device} 21. November 2026 um 04:07 UTC, curl Wenn`,
      es: `21 de noviembre de 2026 a las 04:05 UTC, ${device} 21 de noviembre de 2026 a las 04:07 UTC, curl Si`,
    }
    expect(text(2, 'en')).toContain(`There were 2 sign-ins to your account`)
    expect(text(2, 'en')).toContain(`They were: ${lines.en}`)
    expect(text(20, 'en')).toContain(`There were 20 sign-ins to your account`)
    expect(text(20, 'en')).toContain(`The most recent were: ${lines.en}`)
    expect(text(2, 'fr')).toContain('Il y a eu 2 connexions')
    expect(text(2, 'fr')).toContain(`Les voici : ${lines.fr}`)
    expect(text(20, 'fr')).toContain(`Voici les dernières : ${lines.fr}`)
    expect(text(2, 'de')).toContain(`gab es 2 Anmeldungen mit neuen Geräten. Im Einzelnen: ${lines.de}`)
    expect(text(20, 'de')).toContain(`Die letzten davon: ${lines.de}`)
    expect(text(2, 'es')).toContain('Hubo 2 inicios de sesión')
    expect(text(2, 'es')).toContain(`Son los siguientes: ${lines.es}`)
    expect(text(20, 'es')).toContain(`Los más recientes son: ${lines.es}`)
    const subjects = LOCALES.map((locale) => inLocale({ ...message, count: 2 }, locale).subject)
    expect(subjects).toEqual([
      'New devices signed in to your account at auth.example.com',
      'De nouveaux appareils se sont connectés à votre compte sur auth.example.com',
      'Neue Geräte in Ihrem Konto bei auth.example.com angemeldet',
      'Inicios de sesión en su cuenta de auth.example.com desde dispositivos nuevos',
    ])
  })

  it('of a sign-in omits what is unknown', () => {
    for (const kind of ['new_device', 'signed_in_after_failures'] as const) {
      const details = { ip: null, device: null }
      const message = kind === 'new_device' ? signedIn(details) : { ...MESSAGES[kind], ...details }
      const { text } = inLocale(message)
      expect(text).toContain('\n\nTime: 21 November 2026 at 04:05 UTC\n\n')
      expect(text).not.toMatch(/Device:|IP address/)
    }
  })

  it.each([
    [1, '1 failed attempt.', '1 tentative échouée.', '1 Fehlversuch in', '1 intento fallido.'],
    [2, '2 failed attempts.', '2 tentatives échouées.', '2 Fehlversuchen in', '2 intentos fallidos.'],
    [10, '10 failed attempts.', '10 tentatives échouées.', '10 Fehlversuchen in', '10 intentos fallidos.'],
  ])('of %i failures states their number in every language', (failures, ...expected) => {
    const message = { ...MESSAGES.signed_in_after_failures, failures }
    for (const [index, locale] of LOCALES.entries())
      expect(flat(inLocale(message, locale).text)).toContain(expected[index])
  })

  it('of a sign-in without the second factor shows time, device and IP address', () => {
    expect(inLocale(MESSAGES.second_factor_failed).text).toContain(
      '\n\nTime: 21 November 2026 at 04:05 UTC\nDevice: Firefox 120.0 on Windows\nIP address: 192.0.2.7\n\n',
    )
  })

  it('of a passkey contains its name', () => {
    const names: InEachLanguage = {
      en: 'Name: Zoé’s phone (2)',
      fr: 'Nom : Zoé’s phone (2)',
      de: 'Name: Zoé’s phone (2)',
      es: 'Nombre: Zoé’s phone (2)',
    }
    for (const locale of LOCALES)
      for (const kind of ['passkey_added', 'passkey_removed'] as const)
        expect(flat(inLocale({ kind, name: "Zoé's phone (2)" }, locale).text)).toContain(names[locale])
  })

  it('of a change of address contains the new address', () => {
    for (const locale of LOCALES) {
      expect(inLocale(MESSAGES.email_change_requested, locale).text).toContain('a***@example.org')
      expect(inLocale(MESSAGES.email_changed, locale).text).toContain('a***@example.org')
    }
  })
})

describe('a lifetime', () => {
  it.each([
    [1, '1 second', '1 seconde', '1 Sekunde', '1 segundo'],
    [59, '59 seconds', '59 secondes', '59 Sekunden', '59 segundos'],
    [60, '1 minute', '1 minute', '1 Minute', '1 minuto'],
    [119, '1 minute', '1 minute', '1 Minute', '1 minuto'],
    [1_800, '30 minutes', '30 minutes', '30 Minuten', '30 minutos'],
    [3_600, '1 hour', '1 heure', '1 Stunde', '1 hora'],
    [5_400, '90 minutes', '90 minutes', '90 Minuten', '90 minutos'],
    [7_200, '2 hours', '2 heures', '2 Stunden', '2 horas'],
    [86_400, '24 hours', '24 heures', '24 Stunden', '24 horas'],
    [172_800, '2 days', '2 jours', '2 Tage', '2 días'],
    [604_800, '7 days', '7 jours', '7 Tage', '7 días'],
  ])('of %i seconds is written as a duration in every language', (lifetimeSeconds, en, fr, de, es) => {
    const message = { ...MESSAGES.reset_password, lifetimeSeconds }
    expect(flat(inLocale(message, 'en').text)).toContain(`expires after ${en}.`)
    expect(flat(inLocale(message, 'fr').text)).toContain(`reste valable ${fr}.`)
    expect(flat(inLocale(message, 'de').text)).toContain(`ist ${de} gültig.`)
    expect(flat(inLocale(message, 'es').text)).toContain(`es válido durante ${es}.`)
  })

  it('is never stated longer than it is, nor shorter by a minute or more', () => {
    const units: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3_600, day: 86_400 }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 31_536_000 }), (lifetimeSeconds) => {
        const { text } = inLocale({ ...MESSAGES.reset_password, lifetimeSeconds })
        const [, amount = '', unit = ''] =
          /expires after ([\d,]+) (second|minute|hour|day)s?\./.exec(flat(text)) ?? []
        const said = Number(amount.replaceAll(',', '')) * (units[unit] ?? Number.NaN)
        expect(said).toBeLessThanOrEqual(lifetimeSeconds)
        expect(said).toBeGreaterThan(lifetimeSeconds - 60)
      }),
    )
  })

  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'of %d seconds throws a TypeError',
    (lifetimeSeconds) => {
      expect(() => inLocale({ ...MESSAGES.reset_password, lifetimeSeconds })).toThrow(TypeError)
    },
  )
})

describe('a malicious value [EML-08]', () => {
  const BREAK = 'x\r\nBcc: eve@example.com\n\nhttps://evil.example.com'
  const MARKUP = `"><img src=x onerror=alert(1)><a href='https://evil.example.com'>click</a><!--`
  const attacks = [BREAK, MARKUP, 'x\u2028y\u2029z\u0085\0\u202e\u001b[2J', 'long '.repeat(400)]

  /** For each text parameter of the message, a copy with `value` in that parameter. */
  function attacked(message: Message, value: string): Message[] {
    return Object.entries(message)
      .filter(([key, present]) => typeof present === 'string' && !['kind', 'link'].includes(key))
      .map(([key]) => ({ ...message, [key]: value }) as Message)
  }

  /** Without lines of facts, because an unknown fact has none. One with an element in it stays. */
  const withoutFacts = (html: string) => html.replace(/<p class="text fact"[^>]*>[^<]*<\/p>/g, '')
  const elementsOf = (html: string) => withoutFacts(html).match(/<\/?[a-z!]+/gi)

  it.each(attacks)('%j adds no lines to the text, and no elements or attributes to the HTML', (value) => {
    for (const { message, locale } of EVERY) {
      const usual = compose(message, { service: 'x', locale })
      const nasty = [
        compose(message, { service: value, locale }),
        ...attacked(message, value).map((attack) => compose(attack, { service: 'x', locale })),
      ]
      for (const { subject, text, html } of nasty) {
        expect(subject).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
        expect(text.split('\n\n')).toHaveLength(usual.text.split('\n\n').length)
        expect(elementsOf(html)).toEqual(elementsOf(usual.html))
        // The number of quotes shows that there are no more attributes.
        expect(count(withoutFacts(html), '"')).toBe(count(withoutFacts(usual.html), '"'))
      }
    }
  })

  it.each([
    ['see https://evil.example.com/login now', 'see https evil example com login now'],
    ['www.evil.com', 'www evil com'],
    ['eve@evil.com', 'eve evil com'],
    ['evil。com', 'evil com'],
    ['<b>Firefox</b> 120.0.1', 'b Firefox b 120.0.1'],
    ['Chrome/120.0 (Windows NT 10.0)', 'Chrome 120.0 (Windows NT 10.0)'],
    ['Fire\u202efox\r\n on \0 Linux', 'Fire fox on Linux'],
    ['Téléphone de Zoé, 東京', 'Téléphone de Zoé, 東京'],
    ['a'.repeat(81), 'a'.repeat(80)],
    ['🦊Firefox', 'Firefox'],
  ])('the device %j is shown as %j', (device, shown) => {
    const { text } = inLocale(signedIn({ device }))
    expect(flat(text)).toContain(`Device: ${shown} IP address:`)
  })

  it.each([
    ['see https://evil.example.com/login now', 'see https evil example com login now'],
    ['www.evil.com', 'www evil com'],
    ['eve@evil.com', 'eve evil com'],
    ['YubiKey 5.7', 'YubiKey 5.7'],
    ['Fire\u202efox\r\n on \0 Linux', 'Fire fox on Linux'],
    ['<b>', 'b'],
  ])('the name %j of a passkey is shown as %j', (name, shown) => {
    const { text } = inLocale({ kind: 'passkey_added', name })
    expect(flat(text)).toContain(`Name: ${shown} If this was you`)
  })

  it.each(['', '///', '🔑'])('the name %j of a passkey is omitted', (name) => {
    expect(inLocale({ kind: 'passkey_removed', name }).text).not.toContain('Name')
  })

  it.each(['', ' ', '///', '\r\n', '@'])('the device %j is omitted', (device) => {
    expect(inLocale(signedIn({ device })).text).not.toContain('Device')
  })

  it.each(['x', '192.0.2.7\r\nx', '<b>', '999.1.1.1', 'evil.example.com'])(
    'the invalid IP address %j is omitted',
    (ip) => {
      expect(inLocale(signedIn({ ip })).text).not.toContain('IP address')
    },
  )

  it('in a device never becomes a link', () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER, maxLength: 300 }), (device) => {
        const { text, html } = inLocale(signedIn({ device }))
        const [line = ''] = /^Device: [\s\S]*?(?=\nIP)/m.exec(text) ?? []
        expect(line.slice('Device: '.length)).not.toMatch(/[/@<>"'&]|[^\d\s]\.|\.[^\d]/)
        expect(line.length).toBeLessThan(200)
        expect(count(html, '<')).toBe(count(inLocale(signedIn({ device: line && 'x' })).html, '<'))
      }),
      { numRuns: 500 },
    )
  })
})
