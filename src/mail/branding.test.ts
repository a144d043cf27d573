import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MESSAGES, SIGN_IN } from '../../test/support/messages.ts'
import { temporaryFolder } from '../../test/support/system.ts'
import { LOCALES } from '../text/index.ts'
import { mailSentencesIn } from '../text/mail-sentences.ts'
import { InvalidTexts, readReplaced } from '../text/replaced.ts'
import { openBranding } from './branding.ts'
import { compose, type Message } from './compose.ts'
import { DEFAULT_LOOK, LOGO_URL } from './look.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'
const NONE = { accent: '', logo: '', texts: '' }

function fileOf(content: string | Buffer): string {
  const path = join(temporaryFolder(), 'file')
  writeFileSync(path, content)
  return path
}

const EVERY: readonly Message[] = [
  ...Object.values(MESSAGES),
  { kind: 'new_device', count: 3, signIns: [SIGN_IN, SIGN_IN] },
  { ...MESSAGES.reset_password, code: '12345678' },
]

describe.each(LOCALES)('the sentences of an operator in %s', (locale) => {
  it('can replace every sentence of every mail, with its values', () => {
    const sentences = Object.fromEntries(
      [...mailSentencesIn(locale)].map(([key, names]) => [
        `mail.${key}`,
        `⟦${key}${names.map((name) => ` {${name}}`).join('')}⟧`,
      ]),
    )
    const { mail } = readReplaced(JSON.stringify({ [locale]: sentences }))
    const said = new Set<string>()
    for (const message of EVERY) {
      const { subject, text, html } = compose(message, {
        service: 'Blue Bottle',
        locale,
        supportContact: 'help@example.com',
        sentences: mail[locale],
      })
      const bracketed = [...`${subject}\n${text}\n${html}`.matchAll(/⟦[^⟧]*⟧/g)].map(([sentence]) => sentence)
      for (const sentence of bracketed) said.add(sentence.replaceAll(/\s+/g, ' '))
      expect(subject).toMatch(/^⟦/)
      // What is left are the lines with times, devices and names, links, codes and the name of the service.
      const others = text.replaceAll(/⟦[^⟧]*⟧/g, '').split('\n')
      const facts = others.filter((line) => !/^(?:https:\S+|[\d ]+|Blue Bottle)?$/.test(line))
      expect(
        facts.every((line) => /192\.0\.2\.7|Firefox|2026|Alice’s|Google/.test(line)),
        facts.join('\n'),
      ).toBe(true)
    }
    expect(said.size).toBe(mailSentencesIn(locale).size)
    expect([...said].filter((sentence) => /[{}]/.test(sentence))).toEqual([])
    expect(said).toContain('⟦signed_in_after_failures.subject Blue Bottle 7⟧')
    expect(said).toContain('⟦new_devices.before.0 Blue Bottle 3⟧')
    expect(said).toContain('⟦email_changed.before.0 Blue Bottle a***@example.org⟧')
    expect(said).toContain('⟦support help@example.com⟧')
  })
})

describe('the texts of an operator', () => {
  it.each([
    ['mail.verify_email.subjekt', 'x', 'did you mean "mail.verify_email.subject"'],
    ['mail.formats', 'x', '"mail.formats" of "en" is unknown'],
    ['mail.new_device.facts.0', 'x', 'is unknown'],
    ['mail.verify_email.subject', 'Confirm {email}', 'has no placeholder {email}, but {service}, {duration}'],
    ['mail.verify_email.subject', 'Confirm\r\nBcc: eve@example.com', 'must be on one line'],
    ['mail.greeting', ' ', 'must be text and must not be empty'],
  ])('refuse %s: %j', (key, sentence, problem) => {
    const read = () => readReplaced(JSON.stringify({ en: { [key]: sentence } }))
    expect(read).toThrow(InvalidTexts)
    expect(read).toThrow(problem)
  })

  it('do not fill in values twice', () => {
    const sentences = new Map([['email_changed.subject', 'Now {newEmail}']])
    const message: Message = { kind: 'email_changed', newEmail: '{service}@example.org' }
    const { subject } = compose(message, { service: 'Blue Bottle', locale: 'en', sentences })
    expect(subject).toBe('Now {service}@example.org')
  })
})

describe('openBranding', () => {
  it('has our own look if nothing is set', () => {
    expect(openBranding(NONE)).toEqual({ look: DEFAULT_LOOK, images: [], sentences: null })
  })

  it('puts a PNG into the mail, and shows the name in place of an SVG', () => {
    const { look, images } = openBranding({ ...NONE, logo: fileOf(PNG), accent: '#7a1f5c' })
    expect(images).toEqual([{ id: 'logo@service', type: 'image/png', bytes: new Uint8Array(PNG) }])
    expect(look).toMatchObject({ logoUrl: LOGO_URL, accent: '#7a1f5c' })
    const { html } = compose(MESSAGES.test, { service: 'Blue Bottle', locale: 'en', look })
    expect(html).toContain('<img src="cid:logo@service" height="40" alt="Blue Bottle"')
    const ofSvg = openBranding({ ...NONE, logo: fileOf(SVG) })
    expect(ofSvg).toMatchObject({ look: { logoUrl: null }, images: [] })
    expect(compose(MESSAGES.test, { service: 'Blue Bottle', locale: 'en', look: ofSvg.look }).html).toContain(
      '>Blue Bottle</td>',
    )
  })

  it('omits files that have become unusable', () => {
    const [logo, texts] = [fileOf(PNG), fileOf('{')]
    rmSync(logo)
    expect(openBranding({ accent: '', logo, texts })).toEqual({
      look: DEFAULT_LOOK,
      images: [],
      sentences: null,
    })
  })
})
