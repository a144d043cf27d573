import { html } from 'hono/html'
import type { Markup } from '../layout.ts'
import type { Look } from '../look.ts'

/** What has just been done. `null`: nothing. */
export function notice(sentence: string | null): Markup {
  return html`${sentence !== null && html`<p class="done" role="status">${sentence}</p>\n`}`
}

/** In place of the buttons of a page, if the session is too weak for them. */
export function stepUpFirst({ basePath, texts }: Look, path: string): Markup {
  const { stepUpFirst: sentence, stepUp } = texts.ownFactors
  const query = new URLSearchParams({ return_to: `${basePath}${path}` })
  return html`<p class="more">${sentence} <a href="${basePath}/confirm?${query}">${stepUp}</a></p>
`
}

/** The sentence that the query asks for, or `null` if it asks for none that there is. */
export function noticeOf(sentences: Readonly<Record<string, string>>, key: string | null): string | null {
  return key !== null && Object.hasOwn(sentences, key) ? (sentences[key] ?? null) : null
}
