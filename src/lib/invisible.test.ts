import { describe, expect, it } from 'vitest'
import { findInvisible, trimInvisible } from './invisible.ts'

/** Controls, spaces, zero-width characters, direction marks, fillers, selectors and a lone surrogate. */
const INVISIBLE = [
  [0x0000, 0x0009, 0x000a, 0x000d, 0x001b, 0x007f, 0x0085],
  [0x00a0, 0x2007, 0x202f, 0x3000, 0x2028, 0x2029, 0x2800],
  [0x00ad, 0x034f, 0x200b, 0x200c, 0x200d, 0x2060, 0xfeff],
  [0x061c, 0x200e, 0x202e, 0x2066],
  [0x115f, 0x3164, 0xffa0],
  [0xfe0f, 0xe0100, 0xe0041],
  [0xd800],
].flat()

describe.each(INVISIBLE)('the character %d', (codePoint) => {
  const character = String.fromCodePoint(codePoint)
  const name = `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`

  it('is found inside text and named by its code point', () => {
    expect(findInvisible(`a b${character}c`)).toBe(name)
  })

  it('is removed at the ends, with the spaces beside it', () => {
    expect(trimInvisible(`${character} ${character}a${character}b ${character}`)).toBe(`a${character}b`)
    expect(trimInvisible(character)).toBe('')
  })
})

it.each(['', 'a b', 'é', '漢字', 'ÿ', '🦊', '\ufffd'])('%j contains no invisible characters', (text) => {
  expect(findInvisible(text)).toBeNull()
  expect(trimInvisible(text)).toBe(text)
})
