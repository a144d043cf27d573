/** A header value with parameters, such as that of `Content-Type`. */
export interface HeaderValue {
  /** The part before the first semicolon, in lower case. */
  readonly value: string
  /** By name, in lower case. */
  readonly parameters: ReadonlyMap<string, string>
}

// A semicolon, then nothing or a name with a quoted or unquoted value. This is the grammar of RFC 9110 §5.6.6 with two
// extensions: spaces around `=`, as in RFC 2183, and any characters in an unquoted value, because some clients omit the
// quotes that a boundary such as `----=_Part_1` needs.
const PARAMETER = /;[ \t]*(?:([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*)))?[ \t]*/gy

/**
 * Parses a header value with parameters.
 *
 * @returns `null` if the parameters are malformed, or if one has two different values, because parsers disagree which one
 *   counts.
 */
export function parseHeaderValue(text: string): HeaderValue | null {
  const end = text.indexOf(';')
  const value = end < 0 ? text : text.slice(0, end)
  const rest = text.slice(value.length)
  const parameters = new Map<string, string>()
  let parsedLength = 0
  for (const [whole, name, quoted, unquoted = ''] of rest.matchAll(PARAMETER)) {
    parsedLength += whole.length
    if (name === undefined) continue
    const key = name.toLowerCase()
    const content = quoted?.replaceAll(/\\(.)/g, '$1') ?? unquoted
    if ((parameters.get(key) ?? content) !== content) return null
    parameters.set(key, content)
  }
  return parsedLength === rest.length ? { value: value.trim().toLowerCase(), parameters } : null
}
