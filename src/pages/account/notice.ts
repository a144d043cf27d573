import { html } from 'hono/html'
import type { Markup } from '../layout.ts'

/** What has just been done. `null`: nothing. */
export function notice(sentence: string | null): Markup {
  return html`${sentence !== null && html`<p class="done" role="status">${sentence}</p>\n`}`
}

/** The sentence that the query asks for, or `null` if it asks for none that there is. */
export function noticeOf(sentences: Readonly<Record<string, string>>, key: string | null): string | null {
  return key !== null && Object.hasOwn(sentences, key) ? (sentences[key] ?? null) : null
}
