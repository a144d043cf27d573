import { readFileSync } from 'node:fs'
import { html, raw } from 'hono/html'
import { sha256 } from '../lib/digest.ts'
import type { Locale } from '../text/index.ts'

// Sent unchanged, because the policy has the hashes of these files.
const STYLE = readFileSync(new URL('./browser/page.css', import.meta.url), 'utf8')
const SCRIPT = readFileSync(new URL('./browser/password-page.js', import.meta.url), 'utf8')

/** What a page depends on: the language and options, never an account or a link. */
export interface PageContext {
  readonly locale: Locale
  /** The path at which the service is mounted, without a trailing slash: `''` or `/auth`. */
  readonly basePath: string
  /** Whether a password reset ends the sessions of the account. */
  readonly resetEndsSessions: boolean
  /** The minimum length of a new password, in Unicode code points. */
  readonly minPasswordLength: number
}

/** A page and its policy. */
export interface Page {
  readonly html: string
  /** The value of the `Content-Security-Policy` header, which allows only the style and script of this page. */
  readonly contentSecurityPolicy: string
}

/** Markup in which every value is escaped. */
export type Markup = ReturnType<typeof html>

// Allows our style and script, by their hashes, and requests to the same origin. Trusted Types prevent the script from
// turning text into markup.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src '${hashOf(SCRIPT)}'`,
  `style-src '${hashOf(STYLE)}'`,
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "object-src 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

/** Wraps the body of a page into the common document. */
export function layOut({ locale, title, body }: { locale: Locale; title: string; body: Markup }): Page {
  const page = html`<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
${body}
<script type="module">${raw(SCRIPT)}</script>
</body>
</html>
`
  return { html: page.toString(), contentSecurityPolicy: CONTENT_SECURITY_POLICY }
}

/** The hash source of an inline style or script (CSP Level 3, §2.3.1). */
function hashOf(text: string): string {
  return `sha256-${Buffer.from(sha256(text)).toString('base64')}`
}
