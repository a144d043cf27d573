import { html } from 'hono/html'
import type { Markup } from '../layout.ts'

/** Says what has just been done. @param key - As the query has it. Without a sentence for it, nothing is shown. */
export function notice(sentences: Readonly<Record<string, string>>, key: string | null): Markup {
  if (key === null || !Object.hasOwn(sentences, key)) return html``
  return html`<p class="done" role="status">${sentences[key]}</p>\n`
}
