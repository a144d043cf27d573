import { html } from 'hono/html'
import { notice as noticeOf } from '../form.ts'
import type { Markup } from '../layout.ts'

/** Says what has just been done. @param key - As the query has it. Without a sentence for it, nothing is shown. */
export function notice(sentences: Readonly<Record<string, string>>, key: string | null): Markup {
  const sentence = key !== null && Object.hasOwn(sentences, key) ? sentences[key] : undefined
  return sentence === undefined ? html`` : noticeOf(sentence)
}
