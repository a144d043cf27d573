import { sha256 } from './digest.ts'

/** The logo of the service. */
export interface Logo {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly type: 'image/png' | 'image/svg+xml'
  /** The SHA-256 of the bytes in base64url, for its URL. */
  readonly hash: string
}

/** The first eight bytes of every PNG (PNG 3, §5.2). */
const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** An XML declaration or a comment can come before the element. */
const SVG_START = /^\s*<(?:svg|\?xml|!--)/

/**
 * What an SVG must not contain. Every match is refused, even where it would be harmless, such as in a comment. So this
 * needs no XML parser, and nesting cannot circumvent it.
 */
const REFUSED: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/<!DOCTYPE|<!ENTITY/i, 'a document type or an entity'],
  [/<\?(?!xml\s)/i, 'a processing instruction'],
  [/encoding\s*=\s*["'](?!utf-8["'])/i, 'an encoding other than UTF-8'],
  // Spelled out, so that nothing below can be hidden in an escape.
  [/&#|&(?!(?:amp|lt|gt|quot|apos);)|\\/, 'an escape (&#…; or \\); write the character itself'],
  [/<(?:[\w.-]+:)?(?:script|handler|listener)\b/i, 'a script'],
  [
    /<(?:[\w.-]+:)?(?:foreignObject|iframe|embed|object|audio|video|link|meta|base)\b/i,
    'an element of another kind',
  ],
  [/[\s"'/](?:[\w.-]+:)?on[a-z]+\s*=/i, 'an event handler'],
  [/[\s"'/](?:[\w.-]+:)?(?:href|src|base)\s*=(?!\s*["']#)/i, 'a reference to something outside of it'],
  [/attributeName\s*=\s*["']\s*(?:[\w.-]+:)?(?:href|on)/i, 'an animation of a reference or an event handler'],
  [/url\((?!\s*["']?#)|(?:image-set|src)\(|@import/i, 'a style that loads something'],
]

/**
 * Reads a logo by its content.
 *
 * @returns What is wrong with it, if it must not be served.
 */
export function readLogo(file: Buffer): Logo | { readonly problem: string } {
  const bytes = new Uint8Array(file)
  const hash = Buffer.from(sha256(bytes)).toString('base64url')
  if (file.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE)) return { bytes, type: 'image/png', hash }
  const text = svgTextOf(bytes)
  if (text === null) return { problem: 'is neither a PNG nor an SVG file' }
  const found = REFUSED.find(([pattern]) => pattern.test(text))
  if (found !== undefined) return { problem: `is an SVG with ${found[1]}` }
  return { bytes, type: 'image/svg+xml', hash }
}

/** The text of an SVG file. `null` if the bytes are not an SVG file. */
function svgTextOf(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return SVG_START.test(text) && /<svg[\s>]/.test(text) && !text.includes('\0') ? text : null
  } catch {
    return null
  }
}
