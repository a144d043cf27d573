import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { ipv6Groups, networksOf } from './network.ts'

/** A set of IP addresses and networks. Created by {@link parseNetworks}. */
export interface Networks {
  /**
   * Whether the set contains an IP address. A mapped IPv4 address (`::ffff:10.0.0.1`) counts as the IPv4 address; a zone
   * (`fe80::1%eth0`) is ignored. `false` if the text is not an IP address.
   */
  has(address: string): boolean
  /** The part of the internet that the set covers, from 0 to 1: of all IPv4 or all global IPv6 addresses, the larger. */
  readonly share: number
}

/**
 * Parses IPv4 and IPv6 addresses and CIDR networks, separated by commas: `127.0.0.1, 10.0.0.0/8, fd00::/8`. Surrounding
 * whitespace is ignored.
 *
 * Bits after the prefix are ignored, because `ip address` prints networks that way: `10.1.2.3/8` means `10.0.0.0/8`. A
 * mapped network (`::ffff:10.0.0.0/104`) means the IPv4 network.
 *
 * @returns `null` for anything else, such as an empty list or entry, a name, a zone or a prefix that is too long.
 */
export function parseNetworks(text: string): Networks | null {
  // In a single list, IPv4 addresses would be part of ::/64, because BlockList maps them to IPv6.
  const lists: Lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  const prefixes: Prefixes = { ipv4: [], ipv6: [] }
  for (const entry of text.split(',')) {
    const network = networkIn(entry.trim())
    if (network === null) return null
    const { address, prefix, family } = network
    lists[family].addSubnet(address, prefix, family)
    prefixes[family].push(bitsIn(address).slice(0, prefix))
  }
  return {
    share: Math.max(shareOf(prefixes.ipv4, ''), shareOf(prefixes.ipv6, GLOBAL_IPV6)),
    has(address) {
      const plain = plainAddress(address)
      return plain !== null && lists[familyOf(plain)].check(plain, familyOf(plain))
    },
  }
}

type Family = 'ipv4' | 'ipv6'
type Lists = Readonly<Record<Family, BlockList>>
/** Networks as binary digits. */
type Prefixes = Readonly<Record<Family, string[]>>

/** 2000::/3, from which all global unicast addresses are assigned (IANA). */
const GLOBAL_IPV6 = '001'

/** The part of a network that other networks cover. Two networks are nested or disjoint, so the outer ones add up. */
function shareOf(prefixes: readonly string[], of: string): number {
  const outer = [...new Set(prefixes)].filter(
    (prefix, _, all) => !all.some((other) => other !== prefix && prefix.startsWith(other)),
  )
  return outer.reduce((sum, prefix) => {
    if (of.startsWith(prefix)) return 1
    return prefix.startsWith(of) ? sum + 2 ** (of.length - prefix.length) : sum
  }, 0)
}

function bitsIn(address: string): string {
  const [numbers, width] = isIPv4(address) ? [address.split('.').map(Number), 8] : [ipv6Groups(address), 16]
  return numbers.map((number) => number.toString(2).padStart(width, '0')).join('')
}

const NETWORK = /^([0-9A-Fa-f.:]+)(?:\/(0|[1-9]\d{0,2}))?$/

function networkIn(entry: string): { address: string; prefix: number; family: Family } | null {
  const [, written = '', length] = NETWORK.exec(entry) ?? []
  const address = plainAddress(written)
  if (address === null) return null
  const prefix = prefixOf(written, address, length)
  if (prefix < 0 || prefix > bitsOf(address)) return null
  return { address, prefix, family: familyOf(address) }
}

function prefixOf(written: string, address: string, length: string | undefined): number {
  if (length === undefined) return bitsOf(address)
  // A mapped address has 96 bits before its IPv4 address.
  return Number(length) - (bitsOf(written) - bitsOf(address))
}

const bitsOf = (address: string) => (isIPv4(address) ? 32 : 128)
const familyOf = (address: string) => (isIPv4(address) ? 'ipv4' : 'ipv6')

/** The address, or the IPv4 address that it maps. `null` if the text is not an IP address. */
function plainAddress(address: string): string | null {
  const networks = networksOf(address)
  if (networks === null) return null
  return isIPv4(networks[0]) ? networks[0] : address
}

/**
 * Determines the IP address of the client. This is `peer`, unless `peer` is a trusted proxy. Then `X-Forwarded-For` is
 * read from the right, because each proxy appends the address that it saw. The first address that is not a trusted proxy
 * is the client; if all are trusted, the leftmost is. Entries that a client forges are further left and never reached.
 *
 * @param peer - The address of the connection. `undefined` if it has none, as on a Unix socket.
 * @param forwardedFor - The header, with repeated headers joined by commas. Ports (`192.0.2.1:80`, `[2001:db8::1]:80`),
 *   whitespace and empty entries are ignored. Reading stops at an entry that is not an IP address, such as `unknown`, a
 *   name or an address with a zone; the last address before it counts.
 * @param trusted - The trusted proxies. `null` if there are none.
 * @returns The address as the connection or the header has it, without port or brackets.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | null,
  trusted: Networks | null,
): string | undefined {
  const hops = forwardedFor?.split(',').map((entry) => entry.trim()) ?? []
  let client = peer
  for (const hop of hops.filter(Boolean).reverse()) {
    if (client === undefined || trusted?.has(client) !== true) break
    const address = addressIn(hop)
    if (address === null) break
    client = address
  }
  return client
}

const HOP = /^(?:\[(?<ipv6>[^\]]*)\]|(?<ipv4>[\d.]+))(?::\d{1,5})?$/

function addressIn(hop: string): string | null {
  const { ipv6, ipv4 = hop } = HOP.exec(hop)?.groups ?? {}
  if (ipv6 !== undefined && !isIPv6(ipv6)) return null
  const address = ipv6 ?? ipv4
  // A zone is meaningful only on its own machine, and can have any length.
  return isIP(address) !== 0 && !address.includes('%') ? address : null
}
