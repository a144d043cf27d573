import { BlockList, isIP } from 'node:net'

/**
 * The networks that rate limits count an address by, the narrowest first. An IPv4 address counts alone, even if
 * mapped to IPv6. An IPv6 address counts by its /64, /56 and /48 network: providers assign one of these to a customer,
 * who controls all of it (RFC 6177 §2).
 *
 * @returns `null` if the text is not an IP address.
 */
export function networksOf(address: string): readonly [string, ...string[]] | null {
  const [bare = ''] = address.split('%', 1)
  if (isIP(bare) === 4) return [bare]
  if (isIP(bare) !== 6) return null
  const groups = ipv6Groups(bare)
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const bytes = groups.slice(6).flatMap((group) => [group >> 8, group & 0xff])
    return [bytes.join('.')]
  }
  const [a = 0, b = 0, c = 0, d = 0] = groups
  return [ipv6Network([a, b, c, d], 64), ipv6Network([a, b, c, d & 0xff00], 56), ipv6Network([a, b, c], 48)]
}

function ipv6Network(groups: readonly number[], prefix: number): string {
  return `${groups.map((group) => group.toString(16)).join(':')}::/${prefix}`
}

// The URL parser (WHATWG) normalizes IPv6 addresses and removes dotted quads.
export function ipv6Groups(address: string): number[] {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const numbers = (part: string) =>
    part
      .split(':')
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16))
  const [left, right] = [numbers(head), numbers(tail ?? '')]
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right]
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Whether a host is this machine: `localhost`, 127.0.0.0/8 or ::1. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true
  const family = isIP(host)
  return family !== 0 && LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6')
}

const PRIVATE = new BlockList()
for (const [network, prefix, family] of [
  // RFC 1918.
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  // Link-local: RFC 3927, RFC 4291 §2.5.6.
  ['169.254.0.0', 16, 'ipv4'],
  ['fe80::', 10, 'ipv6'],
  // Unique local: RFC 4193.
  ['fc00::', 7, 'ipv6'],
] as const)
  PRIVATE.addSubnet(network, prefix, family)

/** Whether this is a private or link-local IP address. Loopback is not included. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address)
  return family !== 0 && PRIVATE.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** The host of a URL, without the brackets around an IPv6 address. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}
