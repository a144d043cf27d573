import { argon2Sync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHARACTER } from '../../../../test/support/characters.ts'
import { hasCurrentCost, PASSWORD_COST, RECOVERY_CODE_COST, unknownArgon2id } from './argon2.ts'
import { bcryptCost, unknownBcrypt } from './bcrypt.ts'
import { createHasher, RECOVERY_CODE_HASHING, readHash } from './index.ts'

// The lowest cost that bcrypt has. The options allow 10 and more.
const COST = 4
// The same code as with the default cost, in a hundredth of the time.
const CHEAP = { memoryKib: 256, passes: 2 }
const costs = { bcryptCost: COST, argon2idCost: CHEAP }
const bcrypt = createHasher({ passwordHash: 'bcrypt', ...costs })
const argon2id = createHasher({ passwordHash: 'argon2id', ...costs })
const HASHERS = [
  ['bcrypt', bcrypt],
  ['argon2id', argon2id],
] as const

const BCRYPT = /^\$2b\$04\$[./A-Za-z0-9]{53}$/
const ARGON2ID = /^\$argon2id\$v=19\$m=256,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/

/** A valid argon2id hash of `password` with the given parameters. */
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

  it('verifies only the password that was hashed [PW-13]', async () => {
    for (const password of ['b4l0u', ' ', 'Grüße, 世界 😀', 'x'.repeat(72), 'é'.repeat(36)]) {
      const hash = await hasher.hash(password)
      expect(hash).toMatch(form)
      expect(await hasher.verify(password, hash)).toBe(true)
      expect(await hasher.verify(`${password}x`, hash)).toBe(false)
      expect(await hasher.verify('', hash)).toBe(false)
    }
  })

  it('needs a new hash if the algorithm or any cost of the old one is outdated [PW-13]', async () => {
    const stored = {
      current: await hasher.hash('password'),
      bcrypt: `$2b$05$${'.'.repeat(53)}`,
      sameBcrypt: `$2b$04$${'.'.repeat(53)}`,
      memory: phc(255, 2, 1),
      passes: phc(256, 1, 1),
      lanes: phc(256, 2, 2),
      argon2i: phc(256, 2, 1).replace('argon2id', 'argon2i'),
    }
    const renewed = Object.entries(stored).filter(([, hash]) => hasher.needsRehash('password', hash))
    const current = name === 'bcrypt' ? ['current', 'sameBcrypt'] : ['current']
    expect(renewed.map(([kind]) => kind)).toEqual(
      Object.keys(stored).filter((kind) => !current.includes(kind)),
    )
  })

  it('salts every hash, so that equal passwords have different hashes [PW-12]', async () => {
    const hashes = await Promise.all(Array.from({ length: 8 }, () => hasher.hash('b4l0u')))
    expect(new Set(hashes.map((hash) => hash.slice(0, -31))).size).toBe(hashes.length)
  })

  it('verifies hashes of every supported algorithm', async () => {
    for (const [, other] of HASHERS) {
      const hash = await other.hash('b4l0u')
      expect(await hasher.verify('b4l0u', hash)).toBe(true)
      expect(await hasher.verify('b4l0U', hash)).toBe(false)
    }
  })

  it('uses argon2id for a password that bcrypt would truncate [CX-10]', async () => {
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
    ['in whether there is a byte 73', 'x'.repeat(72), 'x'.repeat(73)],
    ['in byte 1,024', `${'x'.repeat(1_023)}a`, `${'x'.repeat(1_023)}b`],
    ['after byte 72, in the middle of a character', `${'x'.repeat(71)}é`, `${'x'.repeat(71)}è`],
    ['after a zero byte', 'a\0b', 'a\0c'],
    ['in a trailing zero byte', 'a', 'a\0'],
    ['in case', 'b4l0u', 'B4l0u'],
    ['in the case of a non-ASCII letter', 'straßé', 'straßÉ'],
    ['in a leading space', 'b4l0u', ' b4l0u'],
    ['in a trailing space', 'b4l0u', 'b4l0u '],
    ['in a trailing line break', 'b4l0u', 'b4l0u\n'],
    ['in Unicode normalization', 'caf\u00e9', 'cafe\u0301'],
  ])('distinguishes passwords that differ only %s [PW-03]', async (_, one, other) => {
    const [hashOfOne, hashOfOther] = await Promise.all([hasher.hash(one), hasher.hash(other)])
    expect(await hasher.verify(one, hashOfOther)).toBe(false)
    expect(await hasher.verify(other, hashOfOne)).toBe(false)
    expect(await hasher.verify(one, hashOfOne)).toBe(true)
    expect(await hasher.verify(other, hashOfOther)).toBe(true)
  })

  it('distinguishes any two passwords with a long common prefix [PW-03]', async () => {
    const end = fc.string({ unit: CHARACTER, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 60, max: 80 }), end, end, async (length, one, other) => {
        fc.pre(one !== other)
        const beginning = 'x'.repeat(length)
        expect(await hasher.verify(beginning + other, await hasher.hash(beginning + one))).toBe(false)
      }),
    )
  })
})

it('argon2id takes 19 MiB and 2 passes by default, as OWASP recommends [PW-12]', async () => {
  const hasher = createHasher({ passwordHash: 'argon2id', bcryptCost: COST })
  const stored = await hasher.hash('b4l0u')
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(await hasher.verify('b4l0u', stored)).toBe(true)
  expect(hasher.needsRehash('b4l0u', stored)).toBe(false)
})

describe('verify', () => {
  it.each([
    // crypt_blowfish 1.3, wrapper.c
    ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['U*U*', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK'],
    ['U*U*U', '$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a'],
    // jBCrypt 0.4, TestBCrypt.java; PHP writes $2y$ for the same algorithm.
    ['a', '$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe'],
    ['abc', '$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
    ['abc', '$2b$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
    ['abc', '$2y$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
    // The reference implementation of Argon2, test.c
    ['password', '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'],
    // argon2Sync of node:crypto: 64 KiB, 3 passes, 2 lanes, a tag of 24 bytes
    ['Grüße, 世界', '$argon2id$v=19$m=64,t=3,p=2$MDEyMzQ1Njc4OWFiY2RlZg$r/Mucv4Szeejdq4U/ozx81cDQGg7bAhz'],
  ])('verifies the published test vector for %j: %s', async (password, stored) => {
    for (const [, hasher] of HASHERS) expect(await hasher.verify(password, stored)).toBe(true)
    expect(await bcrypt.verify(`${password} `, stored)).toBe(false)
    expect(await bcrypt.verify(password.slice(1), stored)).toBe(false)
    // One changed character of the salt or the hash must be enough. The last one carries unused bits.
    for (const place of [-2, -25, -40]) {
      const at = stored.length + place
      const changed = stored.slice(0, at) + (stored[at] === 'e' ? 'u' : 'e') + stored.slice(at + 1)
      expect(await bcrypt.verify(password, changed), changed).toBe(false)
    }
  })

  it('does not match a long password against a hash of its first 72 bytes', async () => {
    const cut = await bcrypt.hash('x'.repeat(72))
    expect(await bcrypt.verify('x'.repeat(73), cut)).toBe(false)
    expect(await bcrypt.verify('', cut)).toBe(false)
  })

  const rest = '.'.repeat(53)
  it.each([
    ['an account without a password', '!'],
    ['an empty string', ''],
    ['the password itself', 'password'],
    ['a bcrypt hash that is too short', `$2b$04$${rest.slice(1)}`],
    ['a bcrypt hash that is too long', `$2b$04$${rest}.`],
    ['a bcrypt hash with a line break', `$2b$04$${rest}\n`],
    ['a bcrypt hash of an unknown version', `$2c$04$${rest}`],
    ['a bcrypt hash with a sign in its cost', `$2b$+4$${rest}`],
    // Each would take days or gigabytes.
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
    // These are valid hashes of `password`, so only their cost can be the reason.
    ['argon2id of 17 passes', phc(64, 17, 1)],
    ['argon2id of 256 lanes', phc(2_048, 1, 256)],
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
    ['argon2id with a trailing part', `${phc(64, 1, 1)}$x`],
    ['MD5 crypt', '$1$O3JMY.Tw$AdLnLjQ/5jXF9.MTp3gHv/'],
    ['a megabyte', '$2b$04$'.padEnd(1_000_000, '.')],
    // Well-formed, but refused by bcrypt itself.
    ['bcrypt of cost 3', `$2b$03$${rest}`],
    ['bcrypt of cost 0', `$2b$00$${rest}`],
    ['bcrypt of cost 32', `$2b$32$${rest}`],
    ['bcrypt of cost 99', `$2b$99$${rest}`],
    ['bcrypt with unused bits set in its salt', `$2b$04$${'9'.repeat(53)}`],
  ])('returns false and does not throw for %s', async (_, stored) => {
    for (const [, hasher] of HASHERS) {
      expect(await hasher.verify('password', stored)).toBe(false)
      // Either answer is fine, because no password matches. It must not throw.
      expect(hasher.needsRehash('password', stored)).toBeTypeOf('boolean')
    }
    expect(await bcrypt.verify('', stored)).toBe(false)
    expect(await bcrypt.verify('x'.repeat(73), stored)).toBe(false)
  })

  it('returns false for any other stored text', async () => {
    const stored = fc.oneof(
      fc.string({ unit: CHARACTER }),
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

describe('the hasher for recovery codes', () => {
  const hasher = createHasher({ bcryptCost: COST, ...RECOVERY_CODE_HASHING })

  it('hashes with argon2id of its own cost, whatever the password hash is', async () => {
    const stored = await hasher.hash('37KQ2M9XTPA4B1')
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=7168,t=5,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(await hasher.verify('37KQ2M9XTPA4B1', stored)).toBe(true)
    expect(await hasher.verify('37KQ2M9XTPA4B2', stored)).toBe(false)
    expect(hasher.needsRehash('37KQ2M9XTPA4B1', stored)).toBe(false)
  })

  it('takes less work than for a password, also for a code that does not exist', () => {
    const reading = readHash(unknownArgon2id(RECOVERY_CODE_COST))
    expect('cost' in reading && reading.cost).toBeCloseTo(0.92, 2)
  })
})

describe('verifyNothing', () => {
  it('verifies against a hash of the configured algorithm and cost that no password matches', async () => {
    const unknown = [unknownBcrypt(COST), unknownArgon2id(PASSWORD_COST)]
    // They must be computed like real ones, not refused because of their form.
    expect(bcryptCost(unknownBcrypt(COST))).toBe(COST)
    expect(bcryptCost(unknownBcrypt(12))).toBe(12)
    for (const cost of [PASSWORD_COST, RECOVERY_CODE_COST])
      expect(hasCurrentCost(unknownArgon2id(cost), cost)).toBe(true)
    for (const stored of unknown) expect(readHash(stored)).toHaveProperty('verify')
    for (const stored of unknown) {
      for (const password of ['', 'password', '\0', 'x'.repeat(73)])
        expect(await bcrypt.verify(password, stored)).toBe(false)
    }
  })

  it('returns nothing for any password', async () => {
    for (const [, hasher] of HASHERS) {
      for (const password of ['b4l0u', '', '\0', 'x'.repeat(1_024)]) {
        expect(await hasher.verifyNothing(password)).toBeUndefined()
      }
    }
  })
})

describe('needsRehash', () => {
  const ofCost = (cost: number) => unknownBcrypt(cost)
  const ofArgon2id = unknownArgon2id(CHEAP)
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
    ['argon2id', 'b4l0u', ofArgon2id.replace('m=256', 'm=255'), true],
    ['argon2id', 'b4l0u', ofArgon2id.replace('t=2', 't=1'), true],
    ['argon2id', 'b4l0u', ofArgon2id.replace('p=1', 'p=2'), true],
    ['argon2id', 'b4l0u', ofCost(COST), true],
    ['argon2id', long, ofCost(COST), true],
  ])('for a %s hasher, password %.8j, stored %s: %j', (name, password, stored, needed) => {
    const hasher = name === 'bcrypt' ? bcrypt : argon2id
    expect(hasher.needsRehash(password, stored)).toBe(needed)
  })

  it('is false for a hash that the same hasher just made', async () => {
    for (const [, hasher] of HASHERS) {
      for (const password of ['b4l0u', long, 'a\0b']) {
        expect(hasher.needsRehash(password, await hasher.hash(password))).toBe(false)
      }
    }
  })
})
