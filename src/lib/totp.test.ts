import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHARACTER } from '../../test/support/characters.ts'
import { decodeBase32 } from './base32.ts'
import { matchTotp, newTotpSecret, otpauthUri, parseTotpCode, totpCode, totpStep } from './totp.ts'

/** The secret of both RFCs. */
const SECRET = Buffer.from('12345678901234567890')
/** UTF-16 in any order. */
const anyText = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units))
const NOW = new Date('2026-11-26T12:00:00Z')

describe('newTotpSecret', () => {
  it('returns 160 new random bits each time', () => {
    const secrets = Array.from({ length: 64 }, () => Buffer.from(newTotpSecret()).toString('hex'))
    for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f]{40}$/)
    expect(new Set(secrets).size).toBe(secrets.length)
  })
})

describe('totpCode', () => {
  it.each([
    [0, '755224'],
    [1, '287082'],
    [2, '359152'],
    [3, '969429'],
    [4, '338314'],
    [5, '254676'],
    [6, '287922'],
    [7, '162583'],
    [8, '399871'],
    [9, '520489'],
  ])('returns the value of RFC 4226, appendix D, for the counter %i', (counter, code) => {
    expect(totpCode(SECRET, counter)).toBe(code)
  })

  it.each([
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ])('returns the last six digits of RFC 6238, appendix B, for the second %i', (seconds, eightDigits) => {
    expect(totpCode(SECRET, totpStep(new Date(seconds * 1_000)))).toBe(eightDigits.slice(-6))
  })

  it('keeps leading zeros', () => {
    const codes = Array.from({ length: 200 }, (_, step) => totpCode(SECRET, step))
    expect(codes.some((code) => code.startsWith('0'))).toBe(true)
    for (const code of codes) expect(code).toMatch(/^[0-9]{6}$/)
  })
})

describe('totpStep', () => {
  it('begins a new step every 30 seconds since 1970', () => {
    expect(totpStep(new Date(0))).toBe(0)
    expect(totpStep(new Date(29_999))).toBe(0)
    expect(totpStep(new Date(30_000))).toBe(1)
    expect(totpStep(new Date(2 ** 32 * 30_000))).toBe(2 ** 32)
  })
})

describe('matchTotp', () => {
  const current = totpStep(NOW)

  it.each([
    [0, [0]],
    [1, [-1, 0, 1]],
  ])('accepts, with a drift of %i, the codes of the steps %j and no others', (drift, accepted) => {
    const offsets = [-3, -2, -1, 0, 1, 2, 3]
    const found = offsets.map((offset) => matchTotp(SECRET, totpCode(SECRET, current + offset), NOW, drift))
    expect(found).toEqual(offsets.map((offset) => (accepted.includes(offset) ? current + offset : null)))
  })

  it('accepts a code until the last millisecond of its step and of the drift', () => {
    const code = totpCode(SECRET, 100)
    const accepted = (milliseconds: number) => matchTotp(SECRET, code, new Date(milliseconds), 1) !== null
    expect([99 * 30_000 - 1, 99 * 30_000, 102 * 30_000 - 1, 102 * 30_000].map(accepted)).toEqual([
      false,
      true,
      true,
      false,
    ])
  })

  it('returns the later of two steps with the same code, so that it cannot be used again', () => {
    // Found by a search from 0.
    const [first, second] = [910_737, 910_738]
    expect(totpCode(SECRET, first)).toBe(totpCode(SECRET, second))
    expect(matchTotp(SECRET, totpCode(SECRET, first), new Date(first * 30_000), 1)).toBe(second)
    expect(matchTotp(SECRET, totpCode(SECRET, first), new Date(second * 30_000), 1)).toBe(second)
  })

  it('refuses codes of another secret, and text that is not a code', () => {
    const other = newTotpSecret()
    const own = [-1, 0, 1].map((offset) => totpCode(SECRET, current + offset))
    const foreign = [-1, 0, 1]
      .map((offset) => totpCode(other, current + offset))
      .filter((code) => !own.includes(code))
    for (const code of [...foreign, '', '1', `${own[1]}0`, ` ${own[1]}`, '１２３４５６', '\ud800'])
      expect(matchTotp(SECRET, code, NOW, 1), code).toBeNull()
  })

  it('never fails, even for a clock that is set to 1970', () => {
    expect(matchTotp(SECRET, totpCode(SECRET, 0), new Date(0), 1)).toBe(0)
  })
})

describe('parseTotpCode', () => {
  it.each([
    ['123456'],
    ['123 456'],
    [' 123-456\n'],
    ['12\u00a034\u202f56'],
    ['123\u2013456'],
    ['１２３４５６'],
    ['1 2 3 4 5 6'],
  ])('accepts %o', (text) => {
    expect(parseTotpCode(text)).toBe('123456')
  })

  it.each([
    ['nothing', ''],
    ['five digits', '12345'],
    ['seven digits', '1234567'],
    ['a letter', '12345a'],
    ['a sign', '+12345'],
    ['a decimal', '1234.5'],
    ['digits of another script', '١٢٣٤٥٦'],
    ['an invisible character', '123\u200b456'],
    ['a lone surrogate', '12345\ud800'],
    ['two codes', '123456 123456'],
  ])('refuses %s', (_, text) => {
    expect(parseTotpCode(text)).toBeNull()
  })

  it('returns six ASCII digits or null for any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(parseTotpCode(text) ?? '000000').toMatch(/^[0-9]{6}$/)
      }),
    )
  })
})

describe('otpauthUri', () => {
  it('names the service, the account and every parameter', () => {
    expect(otpauthUri({ issuer: 'Example', account: 'zoe@example.com', secret: SECRET })).toBe(
      'otpauth://totp/Example:zoe%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example&algorithm=SHA1&digits=6&period=30',
    )
  })

  it('can be read by any parser of URLs, whatever the names contain', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: CHARACTER }),
        anyText,
        fc.uint8Array({ minLength: 20, maxLength: 20 }),
        (issuer, account, secret) => {
          const url = new URL(otpauthUri({ issuer, account, secret }))
          expect([url.protocol, url.host, url.hash]).toEqual(['otpauth:', 'totp', ''])
          expect([...url.searchParams.keys()]).toEqual(['secret', 'issuer', 'algorithm', 'digits', 'period'])
          expect(decodeBase32(url.searchParams.get('secret') ?? '')).toEqual(secret)
          const [service, name, ...others] = decodeURIComponent(url.pathname.slice(1)).split(':')
          expect(service).toBe(url.searchParams.get('issuer'))
          expect(name).toBeDefined()
          expect(others).toEqual([])
        },
      ),
    )
  })

  it('shortens long names to 60 characters and replaces colons in them', () => {
    const uri = otpauthUri({ issuer: 'Ex:ample', account: '👩'.repeat(61), secret: SECRET })
    const [service, name] = decodeURIComponent(new URL(uri).pathname.slice(1)).split(':')
    expect(service).toBe('Ex ample')
    expect(name).toBe(`${'👩'.repeat(59)}…`)
    expect(otpauthUri({ issuer: 'Example', account: 'x'.repeat(60), secret: SECRET })).toContain(
      'x'.repeat(60),
    )
  })
})
