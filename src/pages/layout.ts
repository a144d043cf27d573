import { readFileSync } from 'node:fs'
import { html, raw } from 'hono/html'
import { sha256 } from '../lib/digest.ts'
import type { Locale } from '../text/index.ts'

/** Sent as they are, so that the hashes in the policy are those of the files. */
const STYLE = readFileSync(new URL('./browser/page.css', import.meta.url), 'utf8')
const SCRIPT = readFileSync(new URL('./browser/password-page.js', import.meta.url), 'utf8')

/** What a page depends on: the language and the options, and nothing of an account or of a link. */
export interface Setting {
  readonly locale: Locale
  /** The path that the service is mounted at, without a slash at its end: `''` or `/auth`. */
  readonly basePath: string
  /** Whether a password reset ends the sessions of the account. */
  readonly resetEndsSessions: boolean
  /** The fewest characters of a new password. */
  readonly minPasswordLength: number
}

/** A page, and the header it has to be sent with. */
export interface Page {
  readonly html: string
  /** The value of `Content-Security-Policy`. It allows the style and the script of this page, and no others. */
  readonly contentSecurityPolicy: string
}

/** Markup of ours, with every value in it escaped. */
export type Markup = ReturnType<typeof html>

/**
 * Only our style and script, by their hashes; requests to this very origin alone; no markup from text; nothing
 * else at all, from anywhere.
 */
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

/** Puts the body of a page into the frame that all of them have. */
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

/** As a policy names an inline style or script (CSP Level 3, §2.3.1). */
function hashOf(text: string): string {
  return `sha256-${Buffer.from(sha256(text)).toString('base64')}`
}
