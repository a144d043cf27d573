import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Content, htmlOf, textOf } from './layout.ts'

const CONTENT: Content = {
  words: {
    subject: 'Subject',
    before: ['First.', 'Then:'],
    action: 'Do it',
    facts: ['Time: now', 'Device: one'],
    after: ['Last.'],
  },
  greeting: 'Hello,',
  copyLink: 'Or copy this link:',
  link: 'https://auth.example.com/verify?a=1&b=2#token',
  code: null,
  service: 'auth.example.com',
  language: 'en',
}

/** Content in which every text is `value`. */
function contentOf(value: string): Content {
  return {
    words: { subject: value, before: [value], action: value, facts: [value], after: [value] },
    greeting: value,
    copyLink: value,
    link: value,
    code: { intro: value, digits: value },
    service: value,
    language: value,
  }
}

const TAG_OR_ENTITY = /<[^>]*>|&[^;]*;/g
const NASTY = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom('<', '>', '"', "'", '&', '<script>', '-->', '</title>', '&amp;', '&#60', '" onload="'),
  ),
})

describe('htmlOf', () => {
  it('lays out the parts in order, with the link as a button and spelled out', () => {
    const html = htmlOf(CONTENT)
    const words = html
      .slice(html.indexOf('<body'))
      .replace(TAG_OR_ENTITY, (tag) => (tag === '&amp;' ? '&' : '\n'))
      .split('\n')
      .filter(Boolean)
    expect(words).toEqual([
      'Hello,',
      'First.',
      'Then:',
      'Do it',
      'Or copy this link:',
      CONTENT.link,
      'Time: now',
      'Device: one',
      'Last.',
      'auth.example.com',
    ])
    expect(html).toContain('href="https://auth.example.com/verify?a=1&amp;b=2#token"')
    expect(html).toContain('<html lang="en">')
    expect(html).toContain('<title>Subject</title>')
  })

  it('contains no scripts and no external resources', () => {
    expect(htmlOf(CONTENT)).not.toMatch(/<(?:img|script|link|style|iframe|base|form)\b|url\(|src=|@import/i)
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
