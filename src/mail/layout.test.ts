import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHARACTER } from '../../test/support/characters.ts'
import { type Content, htmlOf, textOf } from './layout.ts'
import { COLORS, DEFAULT_LOOK, LOGO_URL, type MailLook } from './look.ts'

const CONTENT: Content = {
  words: {
    subject: 'Subject',
    heading: 'Heading',
    before: ['First.', 'Then:'],
    action: 'Do it',
    facts: ['Time: now', 'Device: one'],
    after: ['Last.'],
  },
  greeting: 'Hello,',
  copyLink: 'Copy this link:',
  link: 'https://auth.example.com/verify?a=1&b=2#token',
  code: { label: 'Enter:', digits: '1234 5678', note: 'Note.' },
  service: 'auth.example.com',
  language: 'en',
  look: DEFAULT_LOOK,
}

/** Content in which every text is `value`. */
function contentOf(value: string): Content {
  return {
    words: { subject: value, heading: value, before: [value], action: value, facts: [value], after: [value] },
    greeting: value,
    copyLink: value,
    link: value,
    code: { label: value, digits: value, note: value },
    service: value,
    language: value,
    look: { ...DEFAULT_LOOK, logoUrl: value },
  }
}

const NASTY = fc.string({
  unit: fc.oneof(
    fc.string({ unit: CHARACTER, minLength: 1, maxLength: 1 }),
    fc.constantFrom('<', '>', '"', "'", '&', '<script>', '-->', '</title>', '&amp;', '&#60', '" onload="'),
  ),
})

describe('htmlOf', () => {
  it('lays out the parts in order, with the link as a button and spelled out', () => {
    const html = htmlOf(CONTENT)
    const words = html
      .slice(html.indexOf('<body'))
      .replace(/<[^>]*>|&nbsp;/g, '\n')
      .replaceAll('&amp;', '&')
      .split('\n')
      .filter((line) => line.trim() !== '')
    expect(words).toEqual([
      // For the list of mails, hidden in the mail.
      'First.',
      'A',
      'auth.example.com',
      'Heading',
      'Hello,',
      'First.',
      'Then:',
      'Do it',
      'Enter:',
      '1234 5678',
      'Note.',
      'Time: now',
      'Device: one',
      'Last.',
      'Copy this link:',
      CONTENT.link,
      'auth.example.com',
    ])
    expect(html).toContain('href="https://auth.example.com/verify?a=1&amp;b=2#token"')
    expect(html).toContain('<html lang="en" dir="ltr">')
    expect(html).toContain('<title>Subject</title>')
    expect(html.match(/<h1 .*<\/h1>/g)).toHaveLength(1)
  })

  it('omits the link and the code of a mail without them', () => {
    const html = htmlOf({ ...CONTENT, link: null, code: null })
    expect(html).not.toMatch(/href|Copy this|Enter:|Note\.|1234/)
    expect(htmlOf({ ...CONTENT, code: { label: 'Enter:', digits: '1234 5678', note: null } })).not.toMatch(
      /null/,
    )
  })

  it('has the colors of the look, for dark mode too', () => {
    const look: MailLook = {
      accent: '#7a1f5c',
      onAccent: '#fffaf0',
      dark: { accent: '#ffb3e0', onAccent: '#2b0a20' },
      logoUrl: null,
    }
    const html = htmlOf({ ...CONTENT, look })
    expect(html.match(/background-color:#7a1f5c/g)).toHaveLength(2)
    expect(html).toContain('color:#fffaf0')
    expect(html).toContain('.accent { background-color: #ffb3e0 !important; color: #2b0a20 !important }')
    for (const color of [DEFAULT_LOOK.accent, DEFAULT_LOOK.dark.accent]) expect(html).not.toContain(color)
  })

  it('has the colors of the hosted pages', () => {
    const css = readFileSync(new URL('../pages/browser/page.css', import.meta.url), 'utf8')
    const schemes = [...css.matchAll(/:root \{(.*?)\}/gs)].map(([, block = '']) => block)
    const { dark, accent, onAccent } = DEFAULT_LOOK
    const expected = [
      { ...COLORS.light, accent, 'on-accent': onAccent },
      { ...COLORS.dark, accent: dark.accent, 'on-accent': dark.onAccent },
    ]
    for (const [index, colors] of expected.entries())
      for (const [name, color] of Object.entries(colors))
        expect(schemes[index]).toContain(`--${name}: ${color};`)
  })

  it('shows a logo in place of the letter, with the name of the service as its text', () => {
    const html = htmlOf({ ...CONTENT, look: { ...DEFAULT_LOOK, logoUrl: LOGO_URL } })
    expect(html.match(/<img [^>]*>/g)).toEqual([
      expect.stringMatching(`^<img src="${LOGO_URL}" height="40" alt="auth\\.example\\.com" `),
    ])
    expect(html).not.toContain('>A<')
  })

  it.each([
    ['auth.example.com', 'A'],
    ['élan', 'É'],
    ['“3 Sheets”', '3'],
    ['東京', '東'],
    ['---', '·'],
  ])('of the service %s shows the letter %s', (service, letter) => {
    expect(htmlOf({ ...CONTENT, service })).toContain(`aria-hidden="true">${letter}</td>`)
  })

  it('contains no scripts and no external resources', () => {
    expect(htmlOf(CONTENT)).not.toMatch(/<(?:img|script|link|iframe|base|form)\b|url\(|src=|@import/i)
  })

  it('has the same elements and attributes for any values', () => {
    const elements = (content: Content) => htmlOf(content).match(/<\/?[a-z!]+/gi)
    const usual = elements(contentOf('x'))
    fc.assert(
      fc.property(NASTY, (value) => {
        expect(elements(contentOf(value))).toEqual(usual)
        // The number of quotes shows that no value adds an attribute or ends one early.
        expect(htmlOf(contentOf(value)).match(/"/g)).toHaveLength(
          htmlOf(contentOf('x')).match(/"/g)?.length ?? 0,
        )
      }),
    )
  })
})

describe('textOf', () => {
  it('lays out the parts in order, with the link on its own line', () => {
    expect(textOf(CONTENT)).toBe(
      [
        'Hello,',
        'First.',
        'Then:',
        'https://auth.example.com/verify?a=1&b=2#token',
        'Enter:',
        '1234 5678',
        'Note.',
        'Time: now\nDevice: one',
        'Last.',
        'auth.example.com\n',
      ].join('\n\n'),
    )
  })

  it('wraps lines at spaces after at most 72 characters and never breaks a word', () => {
    const word = fc.string({
      unit: fc.constantFrom('a', 'é', '\u00a0', '-', '/'),
      minLength: 1,
      maxLength: 100,
    })
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        const text = textOf({ ...CONTENT, words: { ...CONTENT.words, before: [words.join(' ')] } })
        const paragraph = text.split('\n\n')[1] ?? ''
        expect(paragraph.split(/[ \n]/)).toEqual(words)
        for (const line of paragraph.split('\n')) expect(line.length <= 72 || !line.includes(' ')).toBe(true)

        expect(paragraph.split('\n').length).toBeLessThanOrEqual(words.length)
      }),
    )
    const line = Array(24).fill('aa').join(' ')
    const wrapped = textOf({ ...CONTENT, words: { ...CONTENT.words, before: [`${line}a aa`] } })
    expect(wrapped.split('\n\n')[1]).toBe(`${line}a\naa`)
  })

  it('never breaks the link', () => {
    const link = `https://auth.example.com/verify#${'a'.repeat(500)}`
    expect(textOf({ ...CONTENT, link }).split('\n')).toContain(link)
  })
})
