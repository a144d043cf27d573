import { parseAllowedHosts } from './allowed-hosts.ts'
import { parseNetworks } from './proxies.ts'

/** The operator's exceptions for outbound requests. Created by {@link parseOutboundPrivate}. */
export interface OutboundPrivate {
  /** Whether the list names the host of a URL. Such a host may have any address. */
  hasHost(url: URL): boolean
  /** Whether a network of the list contains the IP address. */
  hasAddress(address: string): boolean
}

/**
 * Parses a list of hosts, IP addresses and networks, separated by commas: `localhost, 10.0.0.0/8, keycloak.internal:8443`.
 * Empty text makes no exceptions.
 *
 * @throws {TypeError} An entry is invalid. The message has its position, not its text.
 */
export function parseOutboundPrivate(text: string): OutboundPrivate {
  const entries = text === '' ? [] : text.split(',').map((entry) => entry.trim())
  const networks: string[] = []
  const hosts: string[] = []
  for (const [index, entry] of entries.entries()) {
    if (parseNetworks(entry) !== null) networks.push(entry)
    else if (isHost(entry)) hosts.push(entry)
    else
      throw new TypeError(
        `entry ${index + 1} of ${entries.length} is not a host, an IP address or a network, such as localhost or 10.0.0.0/8`,
      )
  }
  const isListed = parseAllowedHosts(hosts.join(','))
  const inside = networks.length === 0 ? null : parseNetworks(networks.join(','))
  return {
    hasHost: ({ hostname, port, protocol }) =>
      isListed(`${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`),
    hasAddress: (address) => inside?.has(address) ?? false,
  }
}

function isHost(entry: string): boolean {
  try {
    parseAllowedHosts(entry)
    return entry !== ''
  } catch {
    return false
  }
}
