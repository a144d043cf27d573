import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKeyring } from './keyring.ts'
import { type SealedPlace, sealedKeyId } from './seal.ts'

const PLACE: SealedPlace = { table: 'totp', column: 'sealed_secret', row: 1 }
const SECRET = randomBytes(20)

describe('a sealed value', () => {
  it('opens in the place and for the purpose that it was sealed for [CRY-03]', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), fc.oneof(fc.nat(), fc.uuid()), (plaintext, purpose, row) => {
        const ring = createKeyring([randomBytes(32)])
        const place = { ...PLACE, row }
        const sealed = ring.seal(purpose, place, plaintext)
        expect(sealed).toHaveLength(plaintext.length + 34)
        expect(Buffer.from(ring.open(purpose, place, sealed))).toEqual(Buffer.from(plaintext))
      }),
    )
  })

  it('is AES-256-GCM with a key that HKDF derives for the purpose, and names its key [CRY-03]', () => {
    const key = randomBytes(32)
    const derive = (info: string, length: number) => Buffer.from(hkdfSync('sha256', key, '', info, length))
    const sealed = createKeyring([key]).seal('totp', PLACE, SECRET)
    expect(Buffer.from(sealed.subarray(0, 6))).toEqual(derive('bienvenue key id', 6))
    const decipher = createDecipheriv(
      'aes-256-gcm',
      derive('bienvenue seal totp', 32),
      sealed.subarray(6, 18),
    )
    decipher.setAAD(Buffer.from('totp/sealed_secret/1')).setAuthTag(sealed.subarray(-16))
    expect(Buffer.concat([decipher.update(sealed.subarray(18, -16)), decipher.final()])).toEqual(SECRET)
  })

  it('opens after an upgrade', () => {
    // Computed with Python's cryptography 48: HKDF and AESGCM.
    const ring = createKeyring([Buffer.from(Array.from({ length: 32 }, (_, index) => index))])
    const sealed = Buffer.from(
      'zzUqiaYXAAECAwQFBgcICQoLgBDz0O/p0Lx9sNZUq/iLab3/wumhtGpZnelh0GR0jcXVBagW',
      'base64',
    )
    expect(ring.open('totp', PLACE, sealed)).toEqual(Buffer.from('12345678901234567890'))
  })

  it('differs each time, because its nonce is new [CRY-03]', () => {
    const ring = createKeyring([randomBytes(32)])
    const sealed = Array.from({ length: 256 }, () => Buffer.from(ring.seal('totp', PLACE, SECRET)))
    expect(new Set(sealed.map((bytes) => bytes.toString('hex', 6, 18))).size).toBe(sealed.length)
    expect(new Set(sealed.map((bytes) => bytes.toString('hex', 18, 38))).size).toBe(sealed.length)
  })

  it('does not open once any of its bytes was altered [CRY-03]', () => {
    const ring = createKeyring([randomBytes(32), randomBytes(32)])
    const sealed = ring.seal('totp', PLACE, SECRET)
    for (const [index, byte] of sealed.entries())
      for (const bit of [1, 0x80]) {
        const altered = Buffer.from(sealed)
        altered[index] = byte ^ bit
        const problem = index < 6 ? 'unknown_key' : 'altered'
        expect(ring.open('totp', PLACE, altered), `byte ${index}`).toBe(problem)
      }
  })

  it('does not open with the id of another key of the ring', () => {
    const ring = createKeyring([randomBytes(32), randomBytes(32)])
    const id = Buffer.from(ring.keyIds[1] ?? '', 'base64url')
    const sealed = Buffer.concat([id, ring.seal('totp', PLACE, SECRET).subarray(6)])
    expect(ring.open('totp', PLACE, sealed)).toBe('altered')
  })

  it('does not open if it was cut or extended, or was never sealed', () => {
    const ring = createKeyring([randomBytes(32)])
    const sealed = Buffer.from(ring.seal('totp', PLACE, SECRET))
    for (let length = 0; length < sealed.length; length++)
      expect(ring.open('totp', PLACE, sealed.subarray(0, length)), `${length} bytes`).toBe('altered')
    expect(ring.open('totp', PLACE, Buffer.concat([sealed, Buffer.alloc(1)]))).toBe('altered')
    const empty = Buffer.from(ring.seal('totp', PLACE, Buffer.alloc(0)))
    expect(ring.open('totp', PLACE, empty.subarray(0, -1))).toBe('altered')
    expect(ring.open('totp', PLACE, SECRET)).toBe('altered')
    expect(ring.open('totp', PLACE, randomBytes(54))).toBe('unknown_key')
  })

  it('does not open with a shorter tag', () => {
    const key = randomBytes(32)
    const sealingKey = Buffer.from(hkdfSync('sha256', key, '', 'bienvenue seal totp', 32))
    const ring = createKeyring([key])
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce, { authTagLength: 4 })
    cipher.setAAD(Buffer.from('totp/sealed_secret/1'))
    const ciphertext = Buffer.concat([cipher.update(SECRET), cipher.final()])
    const id = Buffer.from(ring.keyIds[0] ?? '', 'base64url')
    const sealed = Buffer.concat([id, nonce, ciphertext, cipher.getAuthTag()])
    expect(ring.open('totp', PLACE, sealed)).toBe('altered')
  })

  it.each<[string, SealedPlace]>([
    ['row', { ...PLACE, row: 2 }],
    ['column', { ...PLACE, column: 'pending_sealed_secret' }],
    ['table', { ...PLACE, table: 'providers' }],
  ])('does not open in another %s [CRY-03]', (_, place) => {
    const ring = createKeyring([randomBytes(32)])
    expect(ring.open('totp', place, ring.seal('totp', PLACE, SECRET))).toBe('altered')
    expect(ring.open('totp', PLACE, ring.seal('totp', place, SECRET))).toBe('altered')
  })

  it('does not open for another purpose', () => {
    const ring = createKeyring([randomBytes(32)])
    expect(ring.open('provider', PLACE, ring.seal('totp', PLACE, SECRET))).toBe('altered')
  })

  it('opens with a former key while the ring has it; the first key seals new ones [CRY-04]', () => {
    const [old, fresh] = [randomBytes(32), randomBytes(32)]
    const before = createKeyring([old]).seal('totp', PLACE, SECRET)
    const between = createKeyring([fresh, old])
    expect(between.open('totp', PLACE, before)).toEqual(SECRET)
    const after = between.seal('totp', PLACE, SECRET)
    expect(between.keyIds).toEqual([sealedKeyId(after), sealedKeyId(before)])
    expect(createKeyring([fresh]).open('totp', PLACE, after)).toEqual(SECRET)
    expect(createKeyring([fresh]).open('totp', PLACE, before)).toBe('unknown_key')
  })
})

describe('sealedKeyId', () => {
  it('reads the id of the key without the key', () => {
    const ring = createKeyring([randomBytes(32)])
    expect(sealedKeyId(ring.seal('totp', PLACE, SECRET))).toBe(ring.keyIds[0])
    expect(ring.sign('purpose', '').startsWith(`${ring.keyIds[0]}.`)).toBe(true)
  })

  it('returns null for a value that is too short to be sealed', () => {
    expect(sealedKeyId(Buffer.alloc(0))).toBeNull()
    expect(sealedKeyId(Buffer.alloc(33))).toBeNull()
    expect(sealedKeyId(Buffer.alloc(34))).not.toBeNull()
  })
})
