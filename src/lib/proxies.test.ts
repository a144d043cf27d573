import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHARACTER } from '../../test/support/characters.ts'
import { clientAddress, parseNetworks } from './proxies.ts'

/** Parses a list that must be valid. */
function networks(text: string) {
  const parsed = parseNetworks(text)
  if (parsed === null) throw new Error(`invalid list: ${text}`)
  return parsed
}

const garbage = fc.oneof(
  fc.string({ unit: CHARACTER }),
  fc.string({ unit: fc.constantFrom(...'0123af:.%[]/, ') }),
)
const bitsOfIPv4 = (address: string) =>
  address.split('.').reduce((bits, part) => bits + Number(part).toString(2).padStart(8, '0'), '')
const groupsOfIPv6 = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 })
const bitsOfIPv6 = (groups: readonly number[]) =>
  groups.map((group) => group.toString(2).padStart(16, '0')).join('')
const toIPv6 = (groups: readonly number[]) => groups.map((group) => group.toString(16)).join(':')

describe('parseNetworks', () => {
  it('contains exactly the IPv4 addresses that share the prefix, whatever bits follow it', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (network, address, prefix) => {
        const shares = bitsOfIPv4(address).startsWith(bitsOfIPv4(network).slice(0, prefix))
        expect(networks(`${network}/${prefix}`).has(address)).toBe(shares)
        expect(networks(`${network}/${prefix}`).has(network)).toBe(true)
        expect(networks(network).has(address)).toBe(network === address)
      }),
    )
  })

  it('contains exactly the IPv6 addresses that share the prefix, whatever bits follow it', () => {
    fc.assert(
      fc.property(groupsOfIPv6, fc.integer({ min: 0, max: 128 }), fc.nat(127), (groups, prefix, place) => {
        const bits = bitsOfIPv6(groups)
        const flipped = bits.slice(0, place) + (bits[place] === '0' ? '1' : '0') + bits.slice(place + 1)
        const neighbour = (flipped.match(/.{16}/g) ?? []).map((group) => Number.parseInt(group, 2))
        // Mapped IPv4 addresses count as IPv4.
        fc.pre(![groups, neighbour].some((all) => toIPv6(all).startsWith('0:0:0:0:0:ffff:')))
        const list = networks(`${toIPv6(groups)}/${prefix}`)
        expect(list.has(toIPv6(groups))).toBe(true)
        expect(list.has(toIPv6(neighbour))).toBe(place >= prefix)
      }),
    )
  })

  it('treats mapped IPv4 addresses and networks as IPv4', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (network, address, prefix) => {
        const isIn = networks(`${network}/${prefix}`).has(address)
        const mapped = networks(`::ffff:${network}/${prefix + 96}`)
        expect(networks(`${network}/${prefix}`).has(`::ffff:${address}`)).toBe(isIn)
        expect(mapped.has(address)).toBe(isIn)
        expect(mapped.has(`::FFFF:${address}`)).toBe(isIn)
      }),
    )
  })

  it('keeps IPv4 and IPv6 apart', () => {
    expect(networks('::/0').has('10.0.0.1')).toBe(false)
    expect(networks('::/0').has('::ffff:10.0.0.1')).toBe(false)
    expect(networks('0.0.0.0/0').has('::1')).toBe(false)
  })

  it('parses a list with whitespace', () => {
    const list = networks(' 127.0.0.1,10.0.0.0/8 ,\tfd00::/8')
    for (const address of [
      '127.0.0.1',
      '10.255.0.1',
      'fd12::1',
      'FD12::1',
      'fd12::1%eth0',
      'fd12::1%',
      'fd12::1%é',
    ])
      expect(list.has(address), address).toBe(true)
    for (const address of ['127.0.0.2', '11.0.0.1', 'fe80::1', '::1', 'localhost', '', '%eth0', '10.0.0.0/8'])
      expect(list.has(address), address).toBe(false)
  })

  it.each([
    ['nothing', ''],
    ['spaces', ' '],
    ['an empty entry', '10.0.0.1,,10.0.0.2'],
    ['a comma at the end', '10.0.0.1,'],
    ['a name', 'localhost'],
    ['a valid and an invalid entry', '10.0.0.1,proxy'],
    ['spaces instead of commas', '10.0.0.1 10.0.0.2'],
    ['a prefix over 32', '10.0.0.0/33'],
    ['a prefix over 128', 'fd00::/129'],
    ['a prefix of four digits', 'fd00::/1000'],
    ['a mapped prefix that reaches beyond IPv4', '::ffff:10.0.0.0/95'],
    ['a mapped prefix over 128', '::ffff:10.0.0.0/129'],
    ['an empty prefix', '10.0.0.0/'],
    ['a prefix with a sign', '10.0.0.0/+8'],
    ['a negative prefix', '10.0.0.0/-8'],
    ['a prefix with a leading zero', '10.0.0.0/08'],
    ['a fractional prefix', '10.0.0.0/8.5'],
    ['two prefixes', '10.0.0.0/8/8'],
    ['a netmask', '10.0.0.0/255.0.0.0'],
    ['a space before the prefix', '10.0.0.0 /8'],
    ['a prefix alone', '/8'],
    ['a short IPv4 address', '10/8'],
    ['a leading zero', '010.0.0.1'],
    ['a port', '10.0.0.1:80'],
    ['brackets', '[::1]'],
    ['a zone', 'fe80::1%eth0'],
    ['a star', '*'],
  ])('refuses %s', (_, text) => {
    expect(parseNetworks(text)).toBeNull()
  })

  it.each([
    ['0.0.0.0/0', 1],
    ['::/0', 1],
    ['10.0.0.1,::/0', 1],
    ['0.0.0.0/1,128.0.0.0/1', 1],
    ['::/1,8000::/1', 1],
    ['0.0.0.0/2,64.0.0.0/2,128.0.0.0/2,192.0.0.0/2', 1],
    ['::ffff:0:0/96', 1],
    ['::ffff:0.0.0.0/97,::ffff:128.0.0.0/97', 1],
    ['2000::/3', 1],
    ['2000::/4,3000::/4', 1],
    ['0.0.0.0/1', 1 / 2],
    ['0.0.0.0/1,0.0.0.0/1,10.0.0.0/8,0.0.0.0/2', 1 / 2],
    ['2600::/7', 1 / 16],
    ['10.0.0.0/8', 1 / 256],
    ['10.0.0.0/8,11.0.0.0/8,fd00::/8', 2 / 256],
    // Private and link-local addresses are not part of the internet.
    ['fc00::/7,fe80::/10,::1', 0],
    ['127.0.0.1', 2 ** -32],
  ])('measures the part of the internet that %s covers', (list, share) => {
    expect(networks(list).share).toBe(share)
  })

  it('never throws, for any list and any address', () => {
    fc.assert(
      fc.property(garbage, garbage, (text, address) => {
        const list = parseNetworks(text)
        const isAddress = isIP(address.replace(/%.*$/, '')) !== 0
        if (!isAddress) expect(list?.has(address) ?? false).toBe(false)
      }),
    )
  })
})

describe('clientAddress', () => {
  const TRUSTED = networks('127.0.0.1, 10.0.0.0/8, fd00::/8')
  const trusted = fc.oneof(
    fc.constantFrom('127.0.0.1', '::ffff:10.9.8.7', 'fd00::1', 'FD00:0:0:0:0:0:0:2'),
    fc.ipV4().map((address) => address.replace(/^\d+/, '10')),
  )
  const untrusted = fc
    .oneof(fc.ipV4(), groupsOfIPv6.map(toIPv6), fc.constantFrom('::1', '::ffff:192.0.2.1'))
    .filter((address) => !TRUSTED.has(address))
  const noAddress = fc
    .oneof(
      garbage.map((text) => text.replaceAll(',', '')),
      fc.constantFrom('unknown', '_hidden', 'localhost', 'fe80::1%eth0', '[10.0.0.1]', '1.2.3.4:port'),
    )
    .filter((text) => text.trim() !== '' && isIP(text.trim()) === 0 && !/^[[\d]/.test(text.trim()))
  /** Different notations of the same hop. */
  const written = (address: string) =>
    fc.constantFrom(
      address,
      ` ${address}\t`,
      ...(isIP(address) === 4 ? [`${address}:443`] : [`[${address}]`, ` [${address}]:65535`]),
    )

  it('returns the peer if it is not a trusted proxy, whatever the header says [API-16]', () => {
    const header = fc.option(fc.oneof(garbage, fc.array(fc.oneof(trusted, untrusted)).map(String)))
    fc.assert(
      fc.property(fc.option(untrusted, { nil: undefined }), header, (peer, forwardedFor) => {
        expect(clientAddress(peer, forwardedFor, TRUSTED)).toBe(peer)
      }),
    )
    fc.assert(
      fc.property(fc.option(trusted, { nil: undefined }), header, (peer, forwardedFor) => {
        expect(clientAddress(peer, forwardedFor, null)).toBe(peer)
      }),
    )
  })

  it('returns the first address from the right that is not a trusted proxy, whatever is left of it [API-16]', () => {
    const hops = fc
      .tuple(untrusted, fc.array(trusted, { maxLength: 5 }))
      .chain(([client, proxies]) =>
        fc.tuple(fc.constant(client), fc.tuple(...[client, ...proxies].map(written))),
      )
    fc.assert(
      fc.property(trusted, fc.array(fc.oneof(untrusted, trusted, garbage)), hops, (peer, forged, hop) => {
        const [client, entries] = hop
        expect(clientAddress(peer, [...forged, ...entries].join(), TRUSTED)).toBe(client)
      }),
    )
  })

  it('stops at an entry that is not an address and returns the last address before it [API-16]', () => {
    fc.assert(
      fc.property(
        trusted,
        fc.array(fc.oneof(untrusted, trusted)),
        noAddress,
        fc.array(trusted),
        (peer, forged, wall, proxies) => {
          const header = [...forged, wall, ...proxies].join()
          expect(clientAddress(peer, header, TRUSTED)).toBe(proxies[0] ?? peer)
        },
      ),
    )
  })

  it('returns the leftmost address if all are trusted', () => {
    fc.assert(
      fc.property(trusted, fc.array(trusted), (peer, proxies) => {
        expect(clientAddress(peer, proxies.join(', '), TRUSTED)).toBe(proxies[0] ?? peer)
      }),
    )
  })

  it.each([
    ['no header', null, '10.0.0.1'],
    ['an empty header', '', '10.0.0.1'],
    ['commas alone', ',, ,', '10.0.0.1'],
    ['empty entries between', '192.0.2.1, ,,10.0.0.2,', '192.0.2.1'],
    ['a port', '192.0.2.1:5678', '192.0.2.1'],
    ['an IPv6 address with a port', '[2001:db8::1]:5678', '2001:db8::1'],
    ['an IPv6 address that ends like a port', '2001:db8::5678', '2001:db8::5678'],
    ['brackets', '[2001:db8::1]', '2001:db8::1'],
    ['brackets around an IPv4 address', '[192.0.2.1]', '10.0.0.1'],
    ['an empty port', '192.0.2.1:', '10.0.0.1'],
    ['a port of six digits', '192.0.2.1:123456', '10.0.0.1'],
    ['an open bracket', '[2001:db8::1', '10.0.0.1'],
    ['a zone', 'fe80::1%eth0', '10.0.0.1'],
    ['a zone in brackets', '[fe80::1%eth0]:80', '10.0.0.1'],
    ['a number', '3221225985', '10.0.0.1'],
    ['a quoted address', '"192.0.2.1"', '10.0.0.1'],
    ['the syntax of Forwarded', 'for=192.0.2.1', '10.0.0.1'],
    ['a mapped address of a proxy', '192.0.2.1, ::ffff:10.0.0.2', '192.0.2.1'],
    ['a forged entry on the left', '198.51.100.9, 192.0.2.1', '192.0.2.1'],
  ])('handles %s', (_, forwardedFor, client) => {
    expect(clientAddress('10.0.0.1', forwardedFor, TRUSTED)).toBe(client)
  })

  it('returns an IP address or the peer, for any header', () => {
    fc.assert(
      fc.property(trusted, garbage, (peer, forwardedFor) => {
        const client = clientAddress(peer, forwardedFor, networks('0.0.0.0/0, ::/0'))
        expect(client === peer || isIP(client ?? '') !== 0).toBe(true)
      }),
    )
  })

  it.each([
    ['commas', ','],
    ['trusted proxies', '10.0.0.1,'],
    ['digits', '1'],
    ['brackets', '['],
    ['colons', ':'],
    ['spaces', ' '],
  ])('takes linear time for 16 KiB of %s', (_, unit) => {
    const header = unit.repeat((16 * 1_024) / unit.length)
    // With quadratic time, 100 rounds would exceed the time limit of the test.
    for (let round = 0; round < 100; round++)
      expect(clientAddress('10.0.0.1', header, TRUSTED)).toBe('10.0.0.1')
  })
})
