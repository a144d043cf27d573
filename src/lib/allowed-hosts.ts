import { isIP } from 'node:net'

// Container networks have host names with underscores. A last label of digits would make it an IPv4 address (WHATWG URL).
const NAME = /^(?!.*(?:^|\.)\d+$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/
const ENTRY = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::([1-9]\d{0,4}))?$/

/**
 * Parses a list of hosts, separated by commas. A host is a name, an IPv4 address or an IPv6 address in brackets, with or
 * without a port. Schemes, paths and wildcards are not allowed.
 *
 * @param text - The list. Empty text matches no host.
 * @returns A function that tells whether a lower-case `Host` header matches an entry. An entry without a port matches
 *   any port.
 * @throws {TypeError} An entry is invalid. The message has its position, not its text.
 */
export function parseAllowedHosts(text: string): (host: string) => boolean {
  const entries = text === '' ? [] : text.split(',')
  const hosts = new Set(
    entries.map((entry, index) => {
      const host = readEntry(entry.trim().toLowerCase())
      if (host !== null) return host
      throw new TypeError(
        `entry ${index + 1} of ${entries.length} is not HOST or HOST:PORT, such as auth.internal:5000`,
      )
    }),
  )
  return (host) => hosts.has(host) || hosts.has(host.replace(/:\d+$/, ''))
}

function readEntry(entry: string): string | null {
  const [, host = '', port] = ENTRY.exec(entry) ?? []
  const isHost = host.startsWith('[') ? isIP(host.slice(1, -1)) === 6 : isIP(host) === 4 || NAME.test(host)
  if (!isHost || Number(port ?? 1) > 65_535) return null
  // Clients send IPv6 addresses in the canonical form of RFC 5952, which the URL parser produces.
  return host.startsWith('[') ? entry.replace(host, new URL(`http://${host}`).hostname) : entry
}
