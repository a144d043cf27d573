/**
 * Parses a list of origins, separated by commas, such as `https://app.example.com,http://localhost:5173`.
 *
 * @param text - The list. Empty text is an empty list.
 * @returns The origins as browsers send them in `Origin` (RFC 6454 §6.2), to be compared as a whole.
 * @throws {TypeError} An entry is not exactly an origin. The message has its position and, if possible, the origin
 *   that was probably meant.
 */
export function parseOrigins(text: string): ReadonlySet<string> {
  const entries = text === '' ? [] : text.split(',').map((entry) => entry.trim())
  for (const [index, entry] of entries.entries()) {
    const origin = URL.parse(entry)?.origin ?? 'null'
    if (origin === entry && /^https?:/.test(entry) && !entry.includes('*')) continue
    const meant = origin === 'null' || origin.includes('*') ? 'https://app.example.com' : origin
    throw new TypeError(
      `entry ${index + 1} of ${entries.length} is not an origin, such as ${meant}: a scheme, a host and a port if it is not the default, without a path or wildcard`,
    )
  }
  return new Set(entries)
}
