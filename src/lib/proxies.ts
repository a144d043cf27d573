import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { networkOf } from './network.ts'

/** IP addresses and networks, made by {@link parseNetworks}. */
export interface Networks {
  /**
   * Whether an IP address is among them. An IPv4 address that comes mapped into IPv6 (`::ffff:10.0.0.1`) counts
   * as the IPv4 address; a zone (`fe80::1%eth0`) is not looked at. False for what is no IP address.
   */
  has(address: string): boolean
}

/**
 * Reads IP addresses and CIDR networks with commas between them, IPv4 and IPv6:
 * `127.0.0.1, 10.0.0.0/8, fd00::/8`. Blanks around them do not count.
 *
 * Bits behind the prefix are allowed and ignored, since `ip address` prints networks that way: `10.1.2.3/8` is
 * `10.0.0.0/8`. A mapped network (`::ffff:10.0.0.0/104`) is the IPv4 network.
 *
 * @returns `null` for anything else: an empty list or entry, a name, a zone, a prefix that the address has no
 *   room for.
 */
export function parseNetworks(text: string): Networks | null {
  // One list would take IPv4 addresses for part of ::/64, where mapped ones lie.
  const lists: Lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  const added = text.split(',').every((entry) => addNetwork(lists, entry.trim()))
  if (!added) return null
  return {
    has(address) {
      const plain = plainAddress(address)
      return plain !== null && lists[familyOf(plain)].check(plain, familyOf(plain))
    },
  }
}

type Lists = Readonly<Record<'ipv4' | 'ipv6', BlockList>>

const NETWORK = /^([0-9A-Fa-f.:]+)(?:\/(0|[1-9]\d{0,2}))?$/

function addNetwork(lists: Lists, entry: string): boolean {
  const [, written = '', length] = NETWORK.exec(entry) ?? []
  const address = plainAddress(written)
  if (address === null) return false
  const prefix = prefixOf(written, address, length)
  if (prefix < 0 || prefix > bitsOf(address)) return false
  lists[familyOf(address)].addSubnet(address, prefix, familyOf(address))
  return true
}

function prefixOf(written: string, address: string, length: string | undefined): number {
  if (length === undefined) return bitsOf(address)
  // What came mapped has 96 bits of IPv6 before its IPv4 address.
  return Number(length) - (bitsOf(written) - bitsOf(address))
}

const bitsOf = (address: string) => (isIPv4(address) ? 32 : 128)
const familyOf = (address: string) => (isIPv4(address) ? 'ipv4' : 'ipv6')

/** The address itself, or the IPv4 address that it maps; `null` where it is none. */
function plainAddress(address: string): string | null {
  const network = networkOf(address)
  if (network === null) return null
  return isIPv4(network) ? network : address
}

/**
 * The IP address of the client behind our proxies: `peer`, unless that is a trusted proxy. Then
 * `X-Forwarded-For` is read from the right, since each proxy appends whom it saw, and the first address that is no
 * trusted proxy is the client; where all are trusted, the leftmost. What a client wrote into the header itself
 * stands further left and is never reached.
 *
 * @param peer - The other end of the connection; `undefined` where there is none, as on a Unix socket.
 * @param forwardedFor - The header; several of them joined by commas. Ports (`192.0.2.1:80`, `[2001:db8::1]:80`),
 *   blanks and empty entries do not matter. An entry that is no IP address (`unknown`, a name, one with a zone)
 *   ends the reading: the last address before it counts.
 * @param trusted - Our proxies; `null` means none.
 * @returns An address as the connection or the header has it, without port or brackets.
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
  // A zone means something on its own machine only, and may be of any length.
  return isIP(address) !== 0 && !address.includes('%') ? address : null
}
