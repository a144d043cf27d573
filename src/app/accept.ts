/** RFC 9110 §12.5.1: a media range and its parameters. */
const HTML = /^\s*text\/html\s*(?:;|$)/i
const WEIGHT_0 = /;\s*q=0(?:\.0{0,3})?\s*(?:;|$)/i

/**
 * Whether the client asks for HTML by name, as browsers do when they navigate. A wildcard does not count, because programs send
 * it and expect JSON.
 *
 * @param accept - The `Accept` header, or `null` if there is none.
 */
export function acceptsHtml(accept: string | null): boolean {
  if (accept === null) return false
  return accept.split(',').some((range) => HTML.test(range) && !WEIGHT_0.test(range))
}
