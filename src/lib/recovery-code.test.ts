import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatRecoveryCode, newRecoveryCode, parseRecoveryCode } from './recovery-code.ts'

const position = fc.integer({ min: 0, max: 9 })

describe('newRecoveryCode', () => {
  it('returns the position and 65 new random bits each time [RCV-01]', () => {
    const codes = Array.from({ length: 512 }, () => newRecoveryCode(3))
    expect(new Set(codes).size).toBe(codes.length)
    // A symbol is missing from a place once in 10^5 runs of all 13 places.
    for (let place = 1; place < 14; place++)
      expect([...new Set(codes.map((code) => code[place]))].sort().join('')).toBe(
        '0123456789ABCDEFGHJKMNPQRSTVWXYZ',
      )
    for (const code of codes) expect(code).toMatch(/^3.{13}$/)
  })

  it('shows codes in two groups of seven', () => {
    expect(formatRecoveryCode('37KQ2M9XTPA4B1')).toBe('37KQ2M9-XTPA4B1')
  })
})

describe('parseRecoveryCode', () => {
  it('parses every new code as it is shown, and in any spelling', () => {
    const spelling = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => text.toLowerCase(),
      (text) => text.replace('-', ''),
      (text) => ` ${text.replaceAll(/../g, '$& ')}\n`,
      (text) => text.replaceAll('0', 'O').replaceAll('1', 'I'),
      (text) => text.replaceAll('0', 'o').replaceAll('1', 'l'),
      (text) => text.replace('-', '\u2011'),
      (text) => text.replaceAll(/[0-9A-Z]/g, (character) => fullWidth(character)),
    )
    fc.assert(
      fc.property(position, spelling, (at, spell) => {
        const code = newRecoveryCode(at)
        expect(parseRecoveryCode(spell(formatRecoveryCode(code)))).toEqual({ position: at, code })
      }),
      { numRuns: 500 },
    )
  })

  it('reads the letters O, I and L as digits, also at the position', () => {
    expect(parseRecoveryCode('oOIilL0-ABCDEFG')).toEqual({ position: 0, code: '0011110ABCDEFG' })
    expect(parseRecoveryCode('L7KQ2M9-XTPA4B1')?.position).toBe(1)
  })

  it.each([
    ['nothing', ''],
    ['a letter as the position', 'A7KQ2M9-XTPA4B1'],
    ['a symbol too few', '37KQ2M9-XTPA4B'],
    ['a symbol too many', '37KQ2M9-XTPA4B11'],
    ['the letter U, which Crockford omits', '37KQ2M9-XTPA4BU'],
    ['another character', '37KQ2M9_XTPA4B1'],
    ['a letter whose upper case is an I', '37KQ2M9-XTPA4Bı'],
    ['a letter whose upper case has two letters', '37KQ2M9-XTPA4ß'],
    ['an invisible character', '37KQ2M9\u200bXTPA4B1'],
    ['a digit of another script', '37KQ2M9-XTPA4B١'],
  ])('refuses %s', (_, text) => {
    expect(parseRecoveryCode(text)).toBeNull()
  })

  it('returns a canonical code or null for any text', () => {
    const anyText = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units))
    const text = fc.oneof(anyText, fc.stringMatching(/^[0-9a-zA-Z -]{12,18}$/))
    fc.assert(
      fc.property(text, (typed) => {
        const parsed = parseRecoveryCode(typed)
        if (parsed === null) return
        expect(parsed.code).toMatch(/^[0-9][0-9A-HJKMNP-TV-Z]{13}$/)
        expect(parseRecoveryCode(parsed.code)).toEqual(parsed)
      }),
    )
  })
})

function fullWidth(character: string): string {
  return String.fromCharCode(character.charCodeAt(0) + 0xfee0)
}
