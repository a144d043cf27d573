import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHARACTER } from '../../test/support/characters.ts'
import { isLoopback, networksOf, withoutBrackets } from './network.ts'

const group = fc.integer({ min: 0, max: 0xffff })
/** The eight groups of an IPv6 address that is not a mapped IPv4 address. */
const groups = fc
  .array(fc.oneof(group, fc.constant(0)), { minLength: 8, maxLength: 8 })
  .filter((all) => !(all.slice(0, 5).every((each) => each === 0) && all[5] === 0xffff))
const hex = (value: number) => value.toString(16)

/** Different notations of the same address. */
function spellings(all: readonly number[]): string[] {
  const short = all.map(hex).join(':')
  const long = all.map((each) => hex(each).padStart(4, '0')).join(':')
  const dotted = [
    ...all.slice(0, 6).map(hex),
    all
      .slice(6)
      .flatMap((each) => [each >> 8, each & 0xff])
      .join('.'),
  ].join(':')
  const abbreviated = new URL(`http://[${short}]`).hostname.slice(1, -1)
  return [short, long, long.toUpperCase(), dotted, abbreviated]
}

describe('networksOf', () => {
  it('returns an IPv4 address itself, even if mapped to IPv6', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const bytes = address.split('.').map(Number) as [number, number, number, number]
        const mapped = `${hex(bytes[0] * 256 + bytes[1])}:${hex(bytes[2] * 256 + bytes[3])}`
        for (const spelling of [
          address,
          `::ffff:${address}`,
          `::FFFF:${mapped}`,
          `0:0:0:0:0:ffff:${mapped}`,
        ]) {
          expect(networksOf(spelling), spelling).toEqual([address])
        }
      }),
    )
  })

  const PREFIXES = [64, 56, 48]
  const bitsOf = (all: readonly number[]) => all.flatMap((each) => [...each.toString(2).padStart(16, '0')])
  const groupsIn = (bits: readonly string[]) =>
    Array.from({ length: 8 }, (_, index) =>
      Number.parseInt(bits.slice(16 * index, 16 * index + 16).join(''), 2),
    )

  it('returns the /64, /56 and /48 network, the same for all notations of all addresses in them', () => {
    const isMapped = (all: readonly number[]) =>
      all.slice(0, 5).every((each) => each === 0) && all[5] === 0xffff
    fc.assert(
      fc.property(
        groups,
        fc.array(group, { minLength: 8, maxLength: 8 }),
        fc.nat(2),
        (all, others, index) => {
          const networks = networksOf(all.map(hex).join(':')) ?? expect.unreachable()
          expect(networks).toHaveLength(3)
          const prefix = PREFIXES[index] ?? expect.unreachable()
          const neighbour = groupsIn([...bitsOf(all).slice(0, prefix), ...bitsOf(others).slice(prefix)])
          // ::/64 contains the mapped IPv4 addresses, which count as IPv4.
          fc.pre(!isMapped(neighbour))
          for (const spelling of spellings(all)) expect(networksOf(spelling), spelling).toEqual(networks)
          for (const spelling of spellings(neighbour))
            expect(networksOf(spelling)?.slice(index), spelling).toEqual(networks.slice(index))
        },
      ),
    )
  })

  it('returns different networks for addresses that differ in the last bit of the prefix', () => {
    fc.assert(
      fc.property(groups, fc.nat(2), (all, index) => {
        const prefix = PREFIXES[index] ?? expect.unreachable()
        const bits = bitsOf(all)
        const other = groupsIn(bits.with(prefix - 1, bits[prefix - 1] === '1' ? '0' : '1'))
        const [networks, others] = [all, other].map((each) => networksOf(each.map(hex).join(':')))
        for (const [level, network] of networks?.entries() ?? [])
          if (level <= index) expect(others?.[level]).not.toBe(network)
          else expect(others?.[level]).toBe(network)
      }),
    )
  })

  it.each([
    ['fe80::1%eth0', ['fe80:0:0:0::/64', 'fe80:0:0:0::/56', 'fe80:0:0::/48']],
    ['fe80::1%25eth0', ['fe80:0:0:0::/64', 'fe80:0:0:0::/56', 'fe80:0:0::/48']],
    ['::ffff:192.0.2.1%1', ['192.0.2.1']],
    ['2001:db8:1:2345:3:4:5:6', ['2001:db8:1:2345::/64', '2001:db8:1:2300::/56', '2001:db8:1::/48']],
    ['2001:db8::', ['2001:db8:0:0::/64', '2001:db8:0:0::/56', '2001:db8:0::/48']],
    ['::1', ['0:0:0:0::/64', '0:0:0:0::/56', '0:0:0::/48']],
    ['::', ['0:0:0:0::/64', '0:0:0:0::/56', '0:0:0::/48']],
  ])('%s belongs to %j', (address, networks) => {
    expect(networksOf(address)).toEqual(networks)
  })

  it.each([
    '',
    ' ',
    'localhost',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '01.2.3.4',
    '1.2.3.4.5',
    '1.2.3.256',
    ' 1.2.3.4',
    '1.2.3.4:80',
  ])('returns null for %j, which is not an IPv4 address', (text) => {
    expect(networksOf(text)).toBeNull()
  })

  it.each([
    '[::1]',
    '::1::',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'g::',
    '::1/64',
    '%',
    '%eth0',
    '::\n1',
  ])('returns null for %j, which is not an IPv6 address', (text) => {
    expect(networksOf(text)).toBeNull()
  })

  it('returns null for any text that is not an address', () => {
    const text = fc.oneof(
      fc.string({ unit: CHARACTER }),
      fc.string({ unit: fc.constantFrom(...'0123af:.%[]/ ') }),
    )
    fc.assert(
      fc.property(text, (garbage) => {
        fc.pre(isIP(garbage.split('%', 1)[0] ?? '') === 0)
        expect(networksOf(garbage)).toBeNull()
      }),
    )
  })
})

describe('isLoopback', () => {
  it('is true for all of 127.0.0.0/8', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isLoopback(address.replace(/^\d+/, '127'))).toBe(true)
        expect(isLoopback(address)).toBe(address.startsWith('127.'))
      }),
    )
  })

  it.each(['localhost', 'LocalHost', '::1', '0:0:0:0:0:0:0:1', '0000::0001', '::ffff:127.0.0.1'])(
    'is true for %s',
    (host) => {
      expect(isLoopback(host)).toBe(true)
    },
  )

  it.each([
    '',
    '0.0.0.0',
    '::',
    '::2',
    '10.0.0.1',
    '128.0.0.1',
    '::ffff:10.0.0.1',
    '127.0.0.1.evil.com',
    'localhost.evil.com',
    'evil-localhost',
    'localhost.',
    ' localhost',
    'ip6-localhost',
    '127.1',
    '2130706433',
    '0177.0.0.1',
    '[::1]',
    '127.0.0.1:80',
  ])('is false for %j', (host) => {
    expect(isLoopback(host)).toBe(false)
  })

  it('is false for any other text', () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER }), (text) => isLoopback(text) === /^localhost$/i.test(text)),
    )
  })
})

describe('withoutBrackets', () => {
  it.each([
    ['[::1]', '::1'],
    ['::1', '::1'],
    ['127.0.0.1', '127.0.0.1'],
    ['localhost', 'localhost'],
    ['[::1', '[::1'],
  ])('turns %s into %s', (host, bare) => {
    expect(withoutBrackets(host)).toBe(bare)
  })
})
