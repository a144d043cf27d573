import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKeyring, parseSecretKeys } from './keyring.ts'

/** Random in each run: what is not like random bytes is refused. */
const key = fc.constant(undefined).map(() => randomBytes(32))
const wellFormed = fc.string({ unit: 'grapheme' })
const anyText = fc.string({ unit: 'binary' })

describe('parseSecretKeys', () => {
  it('reads every spelling of random keys, in their order', () => {
    const random = fc.integer({ min: 32, max: 96 }).map((length) => randomBytes(length))
    const spelling = fc.constantFrom<(bytes: Buffer) => string>(
      (bytes) => bytes.toString('base64'),
      (bytes) => bytes.toString('base64url'),
      (bytes) => bytes.toString('base64').replace(/=+$/, ''),
      (bytes) => ` ${bytes.toString('base64')}\n`,
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(random, spelling), { minLength: 1, maxLength: 4 }), (keys) => {
        const text = keys.map(([bytes, spell]) => spell(bytes)).join()
        expect(parseSecretKeys(text).map((each) => Buffer.from(each))).toEqual(keys.map(([bytes]) => bytes))
      }),
    )
  })

  it('takes 64 hexadecimal digits, which are base64 too', () => {
    for (let round = 0; round < 1_000; round++)
      expect(parseSecretKeys(randomBytes(32).toString('hex'))[0]).toHaveLength(48)
  })

  const GOOD = 'q2Zt0xwUeJ5-7Rk3v_Yb9sMhLfD1aTnXoP6iCg8WyEA'
  const SEQUENCE = Buffer.from(Array.from({ length: 32 }, (_, index) => index))

  it.each([
    ['nothing', '', /^key 1 of 1 is too short: 0 bytes/],
    ['no key after a comma', `${GOOD},`, /^key 2 of 2 is too short: 0 bytes/],
    ['no key between commas', `${GOOD},,${GOOD}`, /^key 2 of 3 is too short: 0 bytes/],
    ['31 bytes', randomBytes(31).toString('base64url'), /^key 1 of 1 is too short: 31 bytes/],
    ['a word', 'changeme', /^key 1 of 1 is too short: 6 bytes/],
    ['a sentence', 'no key, really', /^key 1 of 2 is not base64url or base64$/],
    ['a character that base64 lacks', GOOD.replace('q', '$'), /^key 1 of 1 is not base64/],
    ['a blank inside', GOOD.replace('q2', 'q 2'), /^key 1 of 1 is not base64/],
    ['a character too many', `${GOOD}AA`, /^key 1 of 1 is not base64/],
    ['spare bits that are set', GOOD.replace(/A$/, 'B'), /^key 1 of 1 is not base64/],
    ['too much padding', `${GOOD}==`, /^key 1 of 1 is not base64/],
    ['padding in front', `=${GOOD}`, /^key 1 of 1 is not base64/],
    ['the same key twice', `${GOOD},${GOOD}`, /^key 2 of 2 is the same as key 1$/],
    [
      'the same key in two spellings',
      `${GOOD},${randomBytes(32).toString('base64')},${Buffer.from(GOOD, 'base64url').toString('base64')}`,
      /^key 3 of 3 is the same as key 1$/,
    ],
    ['zeros', 'A'.repeat(43), /^key 1 of 1 is a sample/],
    ['15 different bytes', Buffer.alloc(64, randomBytes(15)).toString('base64'), /^key 1 of 1 is a sample/],
    ['a word again and again', 'changeme'.repeat(6), /^key 1 of 1 is a sample/],
    ['the digits again and again', '0123456789abcdef'.repeat(4), /^key 1 of 1 is a sample/],
    ['bytes that count up', SEQUENCE.toString('base64'), /^key 1 of 1 is a sample/],
    ['bytes that count down', Buffer.from(SEQUENCE).reverse().toString('base64'), /^key 1 of 1 is a sample/],
    ['a sentence in base64', btoa('my very own key, nobody will guess it'), /^key 1 of 1 is a sample/],
  ])('refuses %s, and says which and why [CFG-01]', (_, text, message) => {
    expect(() => parseSecretKeys(text)).toThrow(TypeError)
    expect(() => parseSecretKeys(text)).toThrow(message)
  })

  it('never says the key', () => {
    const parts = fc.array(fc.oneof(fc.constantFrom(GOOD, 'changeme'.repeat(6)), anyText), { minLength: 1 })
    const said = (text: string) => {
      try {
        parseSecretKeys(text)
        return ''
      } catch (error) {
        return String(error)
      }
    }
    fc.assert(
      fc.property(parts, (all) => {
        expect(said(all.join())).toMatch(
          /^(|TypeError: key \d+ of \d+ is (not base64url or base64|too short: \d+ bytes, where 32 are needed|a sample, not random bytes|the same as key \d+))$/,
        )
      }),
    )
  })
})

describe('createKeyring', () => {
  it('makes HMAC-SHA256 under a key that HKDF-SHA256 derives for the purpose alone [CRY-04]', () => {
    fc.assert(
      fc.property(key, wellFormed, wellFormed, (secret, purpose, text) => {
        const derive = (info: string, length: number) =>
          Buffer.from(hkdfSync('sha256', secret, '', info, length))
        const mac = createHmac('sha256', derive(`bienvenue sign ${purpose}`, 32)).update(text)
        const id = derive('bienvenue key id', 6).toString('base64url')
        expect(createKeyring([secret]).sign(purpose, text)).toBe(`${id}.${mac.digest('base64url')}`)
      }),
    )
  })

  it('signs as ever: what was signed before an upgrade is verified after it [CRY-04]', () => {
    // Worked out with OpenSSL 3.0: openssl kdf … HKDF, then openssl mac … HMAC.
    const ring = createKeyring([Buffer.from(Array.from({ length: 32 }, (_, index) => index))])
    expect(ring.sign('cookie', 'grüß dich')).toBe('zzUqiaYX.9OWPCJ59RZKe46rhGZqkJldzhvay0mWHnGRIsylwOQM')
  })

  it('verifies what it signed, for any purpose and text', () => {
    fc.assert(
      fc.property(key, wellFormed, wellFormed, (secret, purpose, text) => {
        const ring = createKeyring([secret])
        const signature = ring.sign(purpose, text)
        expect(signature).toMatch(/^[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{43}$/)
        expect(ring.verify(purpose, text, signature)).toBe(true)
        expect(createKeyring([secret]).verify(purpose, text, signature)).toBe(true)
      }),
    )
  })

  it('rotates: a new key in front signs, the old one verifies until it is dropped [CRY-04]', () => {
    fc.assert(
      fc.property(key, key, key, wellFormed, (older, old, fresh, text) => {
        const before = createKeyring([old, older]).sign('purpose', text)
        const between = createKeyring([fresh, old])
        expect(between.verify('purpose', text, before)).toBe(true)
        const after = between.sign('purpose', text)
        expect(after.slice(0, 8)).not.toBe(before.slice(0, 8))
        expect(createKeyring([fresh]).verify('purpose', text, after)).toBe(true)
        expect(createKeyring([fresh]).verify('purpose', text, before)).toBe(false)
        expect(createKeyring([old]).verify('purpose', text, after)).toBe(false)
        // Nor does the name of another key of the ring open it.
        expect(between.verify('purpose', text, after.slice(0, 8) + before.slice(8))).toBe(false)
      }),
    )
  })

  it('never takes a signature of one purpose for that of another [CRY-04]', () => {
    fc.assert(
      fc.property(key, anyText, anyText, wellFormed, (secret, purpose, other, text) => {
        fc.pre(purpose.toWellFormed() !== other.toWellFormed())
        const ring = createKeyring([secret])
        expect(ring.verify(other, text, ring.sign(purpose, text))).toBe(false)
      }),
    )
  })

  it('never verifies a changed character, of the signature or of the text [CRY-07]', () => {
    const ring = createKeyring([randomBytes(32), randomBytes(32)])
    const character = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      fc.constantFrom(...'0123456789abcdefABCDEF._-%"=+/'),
    )
    const changed = (text: string, place: number, other: string) =>
      text.slice(0, place) + other + text.slice(place + 1)
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.nat(), fc.nat(51), character, (text, at, place, other) => {
        const signature = ring.sign('purpose', text)
        fc.pre(signature[place] !== other)
        expect(ring.verify('purpose', text, changed(signature, place, other))).toBe(false)
        const otherText = changed(text, at % text.length, other)
        if (otherText !== text) expect(ring.verify('purpose', otherText, signature)).toBe(false)
      }),
      { numRuns: 2_000 },
    )
  })

  it('takes a signature in its one form only: the spare bits of its last character are not free', () => {
    const ring = createKeyring([randomBytes(32)])
    const signature = ring.sign('purpose', 'text')
    const last = Buffer.from(signature.slice(9), 'base64url')
    const others = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
      .map((character) => signature.slice(0, -1) + character)
      .filter((other) => other !== signature && Buffer.from(other.slice(9), 'base64url').equals(last))
    expect(others).toHaveLength(3)
    for (const other of [...others, `${signature}=`, ` ${signature}`, `${signature}\n`])
      expect(ring.verify('purpose', 'text', other), other).toBe(false)
  })

  it('answers any text', () => {
    const ring = createKeyring([randomBytes(32)])
    const id = ring.sign('purpose', '').slice(0, 8)
    const signature = fc.oneof(
      anyText,
      anyText.map((text) => `${id}.${text}`),
    )
    fc.assert(
      fc.property(anyText, anyText, signature, (purpose, text, forged) => {
        expect(ring.verify(purpose, text, forged)).toBe(false)
      }),
    )
  })

  it('neither signs nor verifies half a surrogate pair, which stands for any other', () => {
    const ring = createKeyring([randomBytes(32)])
    expect(() => ring.sign('purpose', 'a\ud800')).toThrow(TypeError)
    expect(ring.verify('purpose', 'a\ud800', ring.sign('purpose', 'a\ufffd'))).toBe(false)
  })

  it('wants a key', () => {
    expect(() => createKeyring([])).toThrow(TypeError)
  })
})
