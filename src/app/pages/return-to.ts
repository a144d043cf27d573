import { parseOrigins } from '../../lib/origins.ts'
import type { Options } from '../../options/index.ts'

/** Checks where a person may go after a form. `null`: not allowed. */
export type ReturnTargets = (text: string | null | undefined) => string | null

/** Longer targets might not fit into the URL of the sign-in page. */
const MAX_LENGTH = 1_024
/** Browsers remove tabs and line breaks from a URL, and read a backslash as a slash. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it must find control characters.
const MISREAD = /[\u0000-\u0020\u007f\\]/
/** Stands for our own origin. RFC 2606 reserves the name. */
const HERE = 'https://here.invalid'

/** The foreign origins to which a person may be sent. */
export function returnOrigins({
  returnOrigins: origins,
  trustedOrigins,
}: Pick<Options, 'returnOrigins' | 'trustedOrigins'>): ReadonlySet<string> {
  return parseOrigins(origins === '' ? trustedOrigins : origins)
}

/**
 * Creates the check of `return_to`. A target is a path of this origin, or a URL whose origin is our own or listed. Without the
 * check, a link to our sign-in page could lead to a page that imitates ours (OWASP, Unvalidated Redirects and Forwards).
 *
 * @returns A function that returns the target as it goes into `Location`, or `null`.
 */
export function createReturnTargets(
  options: Pick<Options, 'baseUrl' | 'returnOrigins' | 'trustedOrigins'>,
): ReturnTargets {
  const own = URL.parse(options.baseUrl)?.origin
  const allowed = new Set([...returnOrigins(options), ...(own === undefined ? [] : [own])])
  return (text) => {
    if (text === null || text === undefined || text.length > MAX_LENGTH || MISREAD.test(text)) return null
    if (text.startsWith('/')) return localTarget(text)
    const url = URL.parse(text)
    // The origin of a `blob:` URL is that of the page that made it.
    if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
      return null
    return allowed.has(url.origin) ? url.href : null
  }
}

/** Resolves the path as browsers do: `//host` and `/.//host` name another host. */
function localTarget(text: string): string | null {
  const url = text.startsWith('//') ? null : URL.parse(text, HERE)
  if (url === null || url.origin !== HERE || url.pathname.startsWith('//')) return null
  return url.pathname + url.search + url.hash
}
