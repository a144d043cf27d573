import { argon2Sync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasCurrentCost, unknownArgon2id } from './argon2.ts'
import { bcryptCost, unknownBcrypt } from './bcrypt.ts'
import { createHasher, readHash } from './index.ts'

// 4 is the cheapest bcrypt has; the options allow no less than 10.
const COST = 4
const bcrypt = createHasher({ passwordHash: 'bcrypt', bcryptCost: COST })
const argon2id = createHasher({ passwordHash: 'argon2id', bcryptCost: COST })
const HASHERS = [
  ['bcrypt', bcrypt],
  ['argon2id', argon2id],
] as const

const BCRYPT = /^\$2b\$04\$[./A-Za-z0-9]{53}$/
const ARGON2ID = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/

/** The PHC string of `password` under parameters that we do not choose ourselves. */
function phc(memory: number, passes: number, parallelism: number): string {
  const nonce = Buffer.from('0123456789abcdef')
  const tag = argon2Sync('argon2id', {
    message: 'password',
    nonce,
    memory,
    passes,
    parallelism,
    tagLength: 32,
  })
  const [salt, hash] = [nonce, tag].map((bytes) => bytes.toString('base64').replace(/=+$/, ''))
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${salt}$${hash}`
}

describe.each(HASHERS)('the hasher for %s', (name, hasher) => {
  const form = name === 'bcrypt' ? BCRYPT : ARGON2ID

  it('verifies what it hashed, and nothing else [PW-13]', async () => {
    for (const password of ['b4l0u', ' ', 'Grüße, 世界 😀', 'x'.repeat(72), 'é'.repeat(36)]) {
      const hash = await hasher.hash(password)
      expect(hash).toMatch(form)
      expect(await hasher.verify(password, hash)).toBe(true)
      expect(await hasher.verify(`${password}x`, hash)).toBe(false)
      expect(await hasher.verify('', hash)).toBe(false)
    }
  })

  it('salts: one password never has the same hash twice', async () => {
    const hashes = await Promise.all(Array.from({ length: 8 }, () => hasher.hash('b4l0u')))
    expect(new Set(hashes.map((hash) => hash.slice(0, -31))).size).toBe(hashes.length)
  })

  it('verifies what the other one hashed', async () => {
    for (const [, other] of HASHERS) {
      const hash = await other.hash('b4l0u')
      expect(await hasher.verify('b4l0u', hash)).toBe(true)
      expect(await hasher.verify('b4l0U', hash)).toBe(false)
    }
  })

  it('hashes with argon2id what bcrypt would cut', async () => {
    for (const password of [
      'x'.repeat(73),
      'é'.repeat(37),
      `${'x'.repeat(71)}é`,
      'x'.repeat(1_024),
      'a\0b',
      '\0',
      'a\0',
    ]) {
      const hash = await hasher.hash(password)
      expect(hash).toMatch(ARGON2ID)
      expect(await hasher.verify(password, hash)).toBe(true)
    }
  })

  it.each([
    ['after byte 72', `${'x'.repeat(72)}a`, `${'x'.repeat(72)}b`],
    ['in byte 73 being there', 'x'.repeat(72), 'x'.repeat(73)],
    ['in byte 1,024', `${'x'.repeat(1_023)}a`, `${'x'.repeat(1_023)}b`],
    ['after byte 72, in the middle of a character', `${'x'.repeat(71)}é`, `${'x'.repeat(71)}è`],
    ['after a zero byte', 'a\0b', 'a\0c'],
    ['in a zero byte being there', 'a', 'a\0'],
    ['in case', 'b4l0u', 'B4l0u'],
    ['in the case of a letter beyond ASCII', 'straßé', 'straßÉ'],
    ['by a space before', 'b4l0u', ' b4l0u'],
    ['by a space behind', 'b4l0u', 'b4l0u '],
    ['by a line break behind', 'b4l0u', 'b4l0u\n'],
    ['in being composed', 'caf\u00e9', 'cafe\u0301'],
  ])('keeps passwords apart that differ only %s [PW-03]', async (_, one, other) => {
    const [hashOfOne, hashOfOther] = await Promise.all([hasher.hash(one), hasher.hash(other)])
    expect(await hasher.verify(one, hashOfOther)).toBe(false)
    expect(await hasher.verify(other, hashOfOne)).toBe(false)
    expect(await hasher.verify(one, hashOfOne)).toBe(true)
    expect(await hasher.verify(other, hashOfOther)).toBe(true)
  })

  it('keeps any two passwords with a long common beginning apart [PW-03]', async () => {
    const end = fc.string({ unit: 'binary', maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 60, max: 80 }), end, end, async (length, one, other) => {
        fc.pre(one !== other)
        const beginning = 'x'.repeat(length)
        expect(await hasher.verify(beginning + other, await hasher.hash(beginning + one))).toBe(false)
      }),
      // Most of these are argon2id, which is not cheap.
      { numRuns: 12 },
    )
  })
})

describe('verify', () => {
  it.each([
    // crypt_blowfish 1.3, wrapper.c
    ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['U*U*', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK'],
    ['U*U*U', '$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a'],
    // jBCrypt 0.4, TestBCrypt.java; the label of PHP is the same algorithm.
    ['a', '$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe'],
    ['abc', '$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
    ['abc', '$2b$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
    ['abc', '$2y$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
    // The reference implementation of Argon2, test.c
    ['password', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    // argon2Sync of node:crypto: 64 KiB, 3 passes, 2 lanes, a tag of 24 bytes
    ['Grüße, 世界', '$argon2id$v=19$m=64,t=3,p=2$MDEyMzQ1Njc4OWFiY2RlZg$r/Mucv4Szeejdq4U/ozx81cDQGg7bAhz'],
  ])('knows the hash of %j from elsewhere: %s', async (password, stored) => {
    for (const [, hasher] of HASHERS) expect(await hasher.verify(password, stored)).toBe(true)
    expect(await bcrypt.verify(`${password} `, stored)).toBe(false)
    expect(await bcrypt.verify(password.slice(1), stored)).toBe(false)
    // One character of the salt, or of the hash, is enough. The last one has bits that mean nothing.
    for (const place of [-2, -25, -40]) {
      const at = stored.length + place
      const changed = stored.slice(0, at) + (stored[at] === 'e' ? 'u' : 'e') + stored.slice(at + 1)
      expect(await bcrypt.verify(password, changed), changed).toBe(false)
    }
  })

  it('does not take a long password for the 72 bytes that another service cut it to', async () => {
    const cut = await bcrypt.hash('x'.repeat(72))
    expect(await bcrypt.verify('x'.repeat(73), cut)).toBe(false)
    expect(await bcrypt.verify('', cut)).toBe(false)
  })

  const rest = '.'.repeat(53)
  it.each([
    ['an account without a password', '!'],
    ['nothing', ''],
    ['the password itself', 'password'],
    ['a bcrypt hash that is too short', `$2b$04$${rest.slice(1)}`],
    ['a bcrypt hash that is too long', `$2b$04$${rest}.`],
    ['a bcrypt hash with a line break', `$2b$04$${rest}\n`],
    ['a bcrypt hash of a version that never was', `$2c$04$${rest}`],
    ['a bcrypt hash with a sign in its cost', `$2b$+4$${rest}`],
    // Days of work, or gigabytes: the test ends because nothing of it is done.
    ['bcrypt of cost 31', `$2b$31$${rest}`],
    ['bcrypt of cost 17', `$2b$17$${rest}`],
    [
      'argon2id of 4 GiB',
      '$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    ],
    [
      'argon2id of 10 TiB',
      '$argon2id$v=19$m=9999999999,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    ],
    // These are hashes of `password` indeed, so that only their cost can be the reason.
    ['argon2id of 17 passes', phc(64, 17, 1)],
    ['argon2id of 17 lanes', phc(256, 1, 17)],
    [
      'argon2id of less than 8 KiB for each lane',
      '$argon2id$v=19$m=15,t=1,p=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    ],
    ['argon2id without passes', phc(64, 1, 1).replace('t=1', 't=0')],
    ['argon2id of an earlier version', phc(64, 1, 1).replace('v=19', 'v=16')],
    ['argon2i', phc(64, 1, 1).replace('argon2id', 'argon2i')],
    [
      'argon2id with a salt of 4 bytes',
      '$argon2id$v=19$m=64,t=1,p=1$MDEyMw$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    ],
    ['argon2id without its hash', phc(64, 1, 1).replace(/[^$]+$/, '')],
    ['argon2id with a word behind', `${phc(64, 1, 1)}$x`],
    ['MD5 crypt', '$1$O3JMY.Tw$AdLnLjQ/5jXF9.MTp3gHv/'],
    ['a megabyte', '$2b$04$'.padEnd(1_000_000, '.')],
    // The form is right, and bcrypt itself refuses the value.
    ['bcrypt of cost 3', `$2b$03$${rest}`],
    ['bcrypt of cost 0', `$2b$00$${rest}`],
    ['bcrypt of cost 32', `$2b$32$${rest}`],
    ['bcrypt of cost 99', `$2b$99$${rest}`],
    ['bcrypt with bits left over behind its salt', `$2b$04$${'9'.repeat(53)}`],
  ])('is false, and does not fail, for %s', async (_, stored) => {
    for (const [, hasher] of HASHERS) {
      expect(await hasher.verify('password', stored)).toBe(false)
      // What no password opens is never rehashed, so that the answer does not matter; that there is one does.
      expect(hasher.needsRehash('password', stored)).toBeTypeOf('boolean')
    }
    expect(await bcrypt.verify('', stored)).toBe(false)
    expect(await bcrypt.verify('x'.repeat(73), stored)).toBe(false)
  })

  it('answers any stored text', async () => {
    const stored = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom(
          '$2b$',
          '04$',
          '$argon2id$',
          'v=19$',
          'm=64,t=1,p=1$',
          'c29tZXNhbHQ$',
          '.',
          '\n',
        ),
      }),
    )
    await fc.assert(
      fc.asyncProperty(stored, async (text) => {
        expect(await bcrypt.verify('password', text)).toBe(false)
      }),
    )
  })
})

describe('verifyNothing', () => {
  it('spends its work on a hash of the configured form and cost, which no password opens', async () => {
    const unknown = [unknownBcrypt(COST), unknownArgon2id()]
    // They are verified as real ones are, not refused at sight.
    expect(bcryptCost(unknownBcrypt(COST))).toBe(COST)
    expect(bcryptCost(unknownBcrypt(12))).toBe(12)
    expect(hasCurrentCost(unknownArgon2id())).toBe(true)
    for (const stored of unknown) expect(readHash(stored)).toHaveProperty('verify')
    for (const stored of unknown) {
      for (const password of ['', 'password', '\0', 'x'.repeat(73)])
        expect(await bcrypt.verify(password, stored)).toBe(false)
    }
  })

  it('says nothing, whatever the password', async () => {
    for (const [, hasher] of HASHERS) {
      for (const password of ['b4l0u', '', '\0', 'x'.repeat(1_024)]) {
        expect(await hasher.verifyNothing(password)).toBeUndefined()
      }
    }
  })
})

describe('needsRehash', () => {
  const ofCost = (cost: number) => unknownBcrypt(cost)
  const ofArgon2id = unknownArgon2id()
  const long = 'x'.repeat(73)

  it.each<[hasher: 'bcrypt' | 'argon2id', password: string, stored: string, needed: boolean]>([
    ['bcrypt', 'b4l0u', ofCost(COST), false],
    ['bcrypt', 'b4l0u', ofCost(COST).replace('$2b$', '$2a$'), false],
    ['bcrypt', 'b4l0u', ofCost(COST).replace('$2b$', '$2y$'), false],
    ['bcrypt', 'b4l0u', ofCost(COST + 1), true],
    ['bcrypt', 'b4l0u', ofArgon2id, true],
    ['bcrypt', long, ofArgon2id, false],
    ['bcrypt', 'a\0b', ofArgon2id, false],
    ['bcrypt', long, ofArgon2id.replace('t=2', 't=3'), true],
    ['bcrypt', long, ofCost(COST), true],
    ['bcrypt', 'b4l0u', '!', true],
    ['bcrypt', long, '!', true],
    ['argon2id', 'b4l0u', '!', true],
    ['argon2id', 'b4l0u', ofArgon2id, false],
    ['argon2id', long, ofArgon2id, false],
    ['argon2id', 'b4l0u', ofArgon2id.replace('m=19456', 'm=19455'), true],
    ['argon2id', 'b4l0u', ofArgon2id.replace('t=2', 't=1'), true],
    ['argon2id', 'b4l0u', ofArgon2id.replace('p=1', 'p=2'), true],
    ['argon2id', 'b4l0u', ofCost(COST), true],
    ['argon2id', long, ofCost(COST), true],
  ])('by %s, password %.8j, stored %s: %j', (name, password, stored, needed) => {
    const hasher = name === 'bcrypt' ? bcrypt : argon2id
    expect(hasher.needsRehash(password, stored)).toBe(needed)
  })

  it('is false for what the same hasher has just hashed', async () => {
    for (const [, hasher] of HASHERS) {
      for (const password of ['b4l0u', long, 'a\0b']) {
        expect(hasher.needsRehash(password, await hasher.hash(password))).toBe(false)
      }
    }
  })
})
