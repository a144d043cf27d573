import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHARACTER } from '../../test/support/characters.ts'
import { visible, visibleJson } from './visible.ts'

/** What terminals act on, or do not show. */
const ACTIVE: readonly [name: string, character: string, escaped: string][] = [
  ['the escape character', '\u001b', '\\u{1b}'],
  ['a bell', '\u0007', '\\u{7}'],
  ['a backspace', '\b', '\\u{8}'],
  ['a carriage return', '\r', '\\u{d}'],
  ['a line feed', '\n', '\\u{a}'],
  ['a tab', '\t', '\\u{9}'],
  ['delete', '\u007f', '\\u{7f}'],
  ['the C1 next line', '\u0085', '\\u{85}'],
  ['the C1 control sequence introducer', '\u009b', '\\u{9b}'],
  ['the C1 operating system command', '\u009d', '\\u{9d}'],
  ['an Arabic letter mark', '\u061c', '\\u{61c}'],
  ['a right-to-left mark', '\u200f', '\\u{200f}'],
  ['a right-to-left override', '\u202e', '\\u{202e}'],
  ['a right-to-left isolate', '\u2067', '\\u{2067}'],
  ['a zero-width space', '\u200b', '\\u{200b}'],
  ['a line separator', '\u2028', '\\u{2028}'],
  ['a paragraph separator', '\u2029', '\\u{2029}'],
  ['a byte order mark', '\ufeff', '\\u{feff}'],
  ['a tag beyond U+FFFF', '\u{e0041}', '\\u{e0041}'],
  ['a lone surrogate', '\ud83e', '\\u{d83e}'],
]
const NOT_GRAPHIC = /[\p{C}\p{Zl}\p{Zp}]/u
const ORDINARY = 'Élodie 中文 עברית 🦀 "a\\b" <&>'

describe('visible', () => {
  it.each(ACTIVE)('escapes %s', (_, character, escaped) => {
    expect(visible(`a${character}b`)).toBe(`a${escaped}b`)
  })

  it('leaves ordinary text alone', () => {
    expect(visible(ORDINARY)).toBe(ORDINARY)
  })
})

describe('visibleJson', () => {
  it.each(ACTIVE)('escapes %s, and means the same', (_, character) => {
    const value = { [character]: [`a${character}b`] }
    const json = visibleJson(JSON.stringify(value))
    expect(json).not.toMatch(NOT_GRAPHIC)
    expect(JSON.parse(json)).toEqual(value)
  })

  it('keeps the meaning of any value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: CHARACTER }), fc.string({ unit: CHARACTER })), (value) => {
        const json = visibleJson(JSON.stringify(value))
        expect(json).not.toMatch(NOT_GRAPHIC)
        expect(JSON.parse(json)).toEqual(value)
      }),
    )
  })

  it('leaves ordinary text alone, and the line break at its end', () => {
    const line = `${JSON.stringify({ text: ORDINARY })}\n`
    expect(visibleJson(line)).toBe(line)
  })
})
