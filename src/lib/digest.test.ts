import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHARACTER } from '../../test/support/characters.ts'
import { equalInConstantTime, sha256 } from './digest.ts'

describe('sha256', () => {
  it.each([
    // The examples of NIST for FIPS 180-4, and the empty message from its test vectors.
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('of %j matches the test vector of the standard [CRY-02]', (text, hex) => {
    expect(Buffer.from(sha256(text)).toString('hex')).toBe(hex)
  })

  it('hashes the UTF-8 bytes of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER }), (text) => {
        expect(Buffer.from(sha256(text))).toEqual(createHash('sha256').update(text, 'utf8').digest())
      }),
    )
  })
})

describe('equalInConstantTime', () => {
  it('is true for equal bytes in arrays and buffers', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(equalInConstantTime(bytes, Buffer.from(bytes))).toBe(true)
      }),
    )
  })

  it('is false if one bit differs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), fc.nat(7), (bytes, place, bit) => {
        const other = bytes.map((byte, index) => (index === place % bytes.length ? byte ^ (1 << bit) : byte))
        expect(equalInConstantTime(bytes, other)).toBe(false)
      }),
    )
  })

  it('is false, without throwing, if one is a prefix of the other', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array({ minLength: 1 }), (bytes, more) => {
        const longer = Buffer.concat([bytes, more])
        expect(equalInConstantTime(bytes, longer)).toBe(false)
        expect(equalInConstantTime(longer, bytes)).toBe(false)
      }),
    )
  })
})
