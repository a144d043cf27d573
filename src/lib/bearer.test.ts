import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHARACTER } from '../../test/support/characters.ts'
import { mintBearer, parseBearer } from './bearer.ts'
import { sha256 } from './digest.ts'

const NOW = new Date('2026-11-21T12:00:00Z')
const UUID = '019aa65e-1c00-7abc-8def-0123456789ab'
const SECRET = 'A-_z0123456789abcdefghijklmnopqrstuvwxyzABC'
const UUID_V4 = '3b241101-e2bb-4255-8caf-4136c566a962'

describe('mintBearer', () => {
  it('returns 80 characters, their UUID and the hash of their secret', () => {
    const { value, id, secretHash } = mintBearer(NOW)
    expect(value).toHaveLength(80)
    const [uuid, secret = '', ...rest] = value.split('.')
    expect([uuid, rest]).toEqual([id, []])
    expect(secretHash).toEqual(sha256(secret))
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(NOW.getTime())
  })

  it('returns a token that parseBearer accepts, at any time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (ms) => {
        const { value, ...row } = mintBearer(new Date(ms))
        expect(parseBearer(value)).toEqual(row)
      }),
    )
  })
})

describe('parseBearer', () => {
  it('parses a well-formed token', () => {
    expect(parseBearer(`${UUID}.${SECRET}`)).toEqual({ id: UUID, secretHash: sha256(SECRET) })
  })

  it('never accepts a token with a changed character as the same token', () => {
    const character = fc.oneof(
      fc.string({ unit: CHARACTER, minLength: 1, maxLength: 1 }),
      fc.constantFrom(...'0123456789abcdefABCDEF._-%"=+/'),
    )
    fc.assert(
      fc.property(fc.nat(79), character, (place, other) => {
        const { value, id, secretHash } = mintBearer(NOW)
        fc.pre(value[place] !== other)
        const parsed = parseBearer(value.slice(0, place) + other + value.slice(place + 1))
        // The result is null, another row or another secret.
        expect(parsed).not.toEqual({ id, secretHash })
      }),
      { numRuns: 500 },
    )
  })

  it('refuses a token that is cut, extended, encoded or quoted', () => {
    const extra = fc.oneof(
      fc.string({ unit: CHARACTER, minLength: 1, maxLength: 5 }),
      fc.constantFrom(' ', '\n', '\r\n', '=', '\0', 'A', '"', "'", ';', `.${SECRET}`),
    )
    fc.assert(
      fc.property(fc.nat(79), extra, (length, more) => {
        const { value, id } = mintBearer(NOW)
        const encode = (text: string) =>
          [...text].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')
        for (const changed of [
          value.slice(0, length),
          value.slice(80 - length),
          value + more,
          more + value,
          `"${value}"`,
          encode(value),
          value.slice(0, length) + encode(value.slice(length)),
          value.replace(id, id.toUpperCase()),
        ]) {
          // A UUID without letters equals its upper case.
          if (changed !== value) expect(parseBearer(changed), JSON.stringify(changed)).toBeNull()
        }
      }),
    )
  })

  it.each([
    ['nothing', ''],
    ['a dot', '.'],
    ['the UUID alone', UUID],
    ['the UUID and a dot', `${UUID}.`],
    ['the secret alone', SECRET],
    ['a dot and the secret', `.${SECRET}`],
    ['another separator', `${UUID}:${SECRET}`],
    ['the UUID as its secret', `${UUID}.${UUID}`],
    ['a UUID of version 4', `${UUID_V4}.${SECRET}`],
    ['a UUID without hyphens', `${UUID.replaceAll('-', '')}.${SECRET}`],
    ['a UUID in braces', `{${UUID}}.${SECRET}`],
    ['a second line', `${UUID}.${SECRET}\n${UUID}.${SECRET}`],
    ['base64 in place of base64url', `${UUID}.${SECRET.replace('-', '+').replace('_', '/')}`],
    ['a padded secret', `${UUID}.${SECRET}=`],
    ['a megabyte', `${UUID}.${SECRET.repeat(25_000)}`],
  ])('refuses %s', (_, value) => {
    expect(parseBearer(value)).toBeNull()
  })

  it('returns null for any other text', () => {
    fc.assert(fc.property(fc.string({ unit: CHARACTER }), (text) => parseBearer(text) === null))
  })
})
