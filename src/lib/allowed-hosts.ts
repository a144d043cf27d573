import { isIP } from 'node:net'

// Container networks give names with underscores. A last label of digits would be an address in disguise (WHATWG URL).
const NAME = /^(?!.*(?:^|\.)\d+$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/
const ENTRY = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::([1-9]\d{0,4}))?$/

/**
 * Reads a list of hosts, separated by commas: names, IPv4 addresses, IPv6 addresses in brackets, each with a port or
 * without. No schemes, paths or wildcards.
 *
 * @param text - Empty: no host.
 * @returns Whether the value of a `Host` header, in lower case, names one of them. An entry without a port matches any
 *   port.
 * @throws TypeError that counts the entry, and does not repeat it.
 */
export function parseAllowedHosts(text: string): (host: string) => boolean {
  const entries = text === '' ? [] : text.split(',')
  const hosts = new Set(
    entries.map((entry, index) => {
      const host = readEntry(entry.trim().toLowerCase())
      if (host !== null) return host
      throw new TypeError(
        `entry ${index + 1} of ${entries.length} is not HOST or HOST:PORT, as in auth.internal:5000`,
      )
    }),
  )
  return (host) => hosts.has(host) || hosts.has(host.replace(/:\d+$/, ''))
}

function readEntry(entry: string): string | null {
  const [, host = '', port] = ENTRY.exec(entry) ?? []
  const isHost = host.startsWith('[') ? isIP(host.slice(1, -1)) === 6 : isIP(host) === 4 || NAME.test(host)
  if (!isHost || Number(port ?? 1) > 65_535) return null
  // Clients write IPv6 addresses in the one form of RFC 5952, which the URL parser gives.
  return host.startsWith('[') ? entry.replace(host, new URL(`http://${host}`).hostname) : entry
}
