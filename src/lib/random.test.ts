import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leastUuidV7, randomSecret, uuidV7 } from './random.ts'

/** Unix milliseconds that fit into 48 bits (RFC 9562 §5.7). */
const moment = fc.integer({ min: 0, max: 2 ** 48 - 1 }).map((ms) => new Date(ms))

/** The 128 bits of a UUID as text. */
function bits(uuid: string): string {
  return BigInt(`0x${uuid.replaceAll('-', '')}`)
    .toString(2)
    .padStart(128, '0')
}

describe('uuidV7', () => {
  it('has the layout of RFC 9562 §5.7, in lower case, with the time in its first 48 bits', () => {
    fc.assert(
      fc.property(moment, (now) => {
        const uuid = uuidV7(now)
        expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        expect(Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16)).toBe(now.getTime())
      }),
    )
  })

  it('begins like the example of RFC 9562 §A.6', () => {
    expect(uuidV7(new Date('2022-02-22T14:22:22-05:00'))).toMatch(/^017f22e2-79b0-7/)
  })

  it('sorts by time as text', () => {
    fc.assert(
      fc.property(moment, moment, (one, other) => {
        fc.pre(one.getTime() !== other.getTime())
        expect(uuidV7(one) < uuidV7(other)).toBe(one < other)
      }),
    )
  })

  it('has 62 new random bits each time, and 11 at the start of a millisecond', () => {
    // The milliseconds 0 and 1 in turn: each UUID is the first of its millisecond.
    const drawn = Array.from({ length: 512 }, (_, index) => bits(uuidV7(new Date(index % 2))))
    const fixed = [...Array(128).keys()].filter(
      (place) => new Set(drawn.map((text) => text[place])).size === 1,
    )
    // Time, version, the counter's first bit, and variant. A random bit is equal in all draws once in 10^150 runs.
    expect(fixed).toEqual([...Array(47).keys(), 48, 49, 50, 51, 52, 64, 65])
    expect(new Set(drawn.map((text) => text.slice(66))).size).toBe(drawn.length)
  })

  it('sorts by creation within one millisecond', () => {
    const now = new Date('2026-11-27T12:00:00Z')
    const created = Array.from({ length: 2_048 }, () => uuidV7(now))
    expect(created.toSorted()).toEqual(created)
  })

  it('stays unique when a millisecond has more than the counter can count', () => {
    const now = new Date('2026-11-27T12:00:01Z')
    const created = Array.from({ length: 5_000 }, () => uuidV7(now))
    expect(new Set(created).size).toBe(created.length)
  })
})

describe('leastUuidV7', () => {
  it('separates the UUIDs from a time on from those before it', () => {
    fc.assert(
      fc.property(moment, moment, (from, now) => {
        expect(uuidV7(now) >= leastUuidV7(from)).toBe(now >= from)
      }),
    )
  })

  it('uses the closest time in range for one out of range', () => {
    expect(leastUuidV7(new Date(-1))).toBe('00000000-0000-7000-8000-000000000000')
    expect(leastUuidV7(new Date(8.64e15))).toBe('ffffffff-ffff-7000-8000-000000000000')
  })
})

describe('randomSecret', () => {
  it('returns 256 new random bits in 43 base64url characters each time [CRY-01]', () => {
    const secrets = Array.from({ length: 256 }, randomSecret)
    for (const secret of secrets) {
      expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/)
      expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
    }
    expect(new Set(secrets).size).toBe(secrets.length)
  })
})
