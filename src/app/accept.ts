import { parseHeaderValue } from './header-value.ts'

/**
 * Whether the client asks for HTML by name and does not prefer JSON, as browsers do when they navigate. A wildcard does not count,
 * because programs send it and expect JSON.
 *
 * @param accept - The `Accept` header, or `null` if there is none.
 */
export function acceptsHtml(accept: string | null): boolean {
  if (accept === null) return false
  const html = weightOf('text/html', accept)
  return html > 0 && html >= weightOf('application/json', accept)
}

/** The weight of a media type that is listed by name (RFC 9110 §12.5.1). 0 if it is not listed. */
function weightOf(type: string, accept: string): number {
  const ranges = accept.split(',').map(parseHeaderValue)
  const weights = ranges.flatMap((range) =>
    range?.value === type ? [Number(range.parameters.get('q') ?? 1)] : [],
  )
  return Math.max(0, ...weights)
}
