import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase32, encodeBase32 } from './base32.ts'

/** RFC 4648 §10, without padding. */
const VECTORS = [
  ['', ''],
  ['f', 'MY'],
  ['fo', 'MZXQ'],
  ['foo', 'MZXW6'],
  ['foob', 'MZXW6YQ'],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI'],
] as const

describe('encodeBase32', () => {
  it.each(VECTORS)('encodes the test vector %o of RFC 4648 as %o', (plain, encoded) => {
    expect(encodeBase32(Buffer.from(plain))).toBe(encoded)
  })
})

describe('decodeBase32', () => {
  it.each(VECTORS)('decodes the test vector %o of RFC 4648, with and without padding', (plain, encoded) => {
    const padded = encoded.padEnd(Math.ceil(encoded.length / 8) * 8, '=')
    for (const text of [encoded, padded])
      expect(decodeBase32(text)).toEqual(new Uint8Array(Buffer.from(plain)))
  })

  it('decodes what was encoded, in any spelling', () => {
    const spelling = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => text.toLowerCase(),
      (text) => text.replaceAll(/.{4}/g, '$& '),
      (text) => ` ${text.replaceAll(/.{4}/g, '$&-')}\n`,
    )
    fc.assert(
      fc.property(fc.uint8Array(), spelling, (bytes, spell) => {
        expect(decodeBase32(spell(encodeBase32(bytes)))).toEqual(bytes)
      }),
    )
  })

  it.each([
    ['a digit that base32 lacks', 'MZXW6YT1'],
    ['another character', 'MZXW6YT_'],
    ['a letter whose upper case has two letters', 'MZXW6Yß'],
    ['padding inside', 'MZ=XW6YT'],
    ['too much padding', 'M======='],
    ['padding alone', '======='],
    ['one symbol', 'M'],
    ['three symbols', 'MZX'],
    ['six symbols', 'MZXW6Y'],
    ['spare bits that are set', 'MZ'],
  ])('refuses %s', (_, text) => {
    expect(decodeBase32(text)).toBeNull()
  })

  it('decodes only the canonical encoding of bytes, apart from its spelling', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z2-7]{0,20}$/), (text) => {
        const bytes = decodeBase32(text)
        if (bytes !== null) expect(encodeBase32(bytes)).toBe(text)
      }),
      { numRuns: 1_000 },
    )
  })
})
