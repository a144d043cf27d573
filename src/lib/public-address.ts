import { BlockList, isIPv4, isIPv6 } from 'node:net'

const IPV4_SPECIAL = new BlockList()
// https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast (RFC 5771).
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  IPV4_SPECIAL.addSubnet(network, prefix, 'ipv4')

/** The block that all global unicast addresses are assigned from (https://www.iana.org/assignments/ipv6-unicast-address-assignments). */
const IPV6_GLOBAL = new BlockList()
IPV6_GLOBAL.addSubnet('2000::', 3, 'ipv6')

const IPV6_SPECIAL = new BlockList()
// https://www.iana.org/assignments/iana-ipv6-special-registry, as far as it is in 2000::/3.
for (const [network, prefix] of [
  // Protocol assignments, Teredo, benchmarking and ORCHID among them.
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4 contains an IPv4 address, which can be a private one.
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const)
  IPV6_SPECIAL.addSubnet(network, prefix, 'ipv6')

/**
 * Whether an IP address belongs to a host on the internet. `false` for every special-purpose address, such as loopback,
 * private, link-local, documentation and multicast addresses and IPv4 addresses inside IPv6 ones, and for other text.
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !IPV4_SPECIAL.check(address, 'ipv4')
  return isIPv6(address) && IPV6_GLOBAL.check(address, 'ipv6') && !IPV6_SPECIAL.check(address, 'ipv6')
}
