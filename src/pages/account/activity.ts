import { html } from 'hono/html'
import type { PageTexts } from '../../text/index.ts'
import { layOut, type Page } from '../layout.ts'
import type { Look } from '../look.ts'
import { timeIn } from '../times.ts'
import { deviceIn } from './device.ts'

/** A record of the audit log, as far as the page shows it. */
export interface Activity {
  readonly at: Date
  /** `user`, `anonymous`, `operator` or `system`. */
  readonly actor: string
  readonly action: string
  readonly outcome: 'success' | 'refused'
  readonly ip: string | null
  readonly userAgent: string | null
}

/** The page that shows what happened with the account, newest first. */
export function renderActivity(look: Look, { records }: { records: readonly Activity[] }): Page {
  const { activity } = look.texts
  const body = html`<h1>${activity.heading}</h1>
<p>${activity.explain}</p>
<ul class="list">
${records.map(
  (
    record,
  ) => html`<li><b${record.outcome === 'refused' && html` class="bad badge"`}>${sentenceFor(record, look.texts)}</b><p>${timeIn(look.locale, record.at)}${record.userAgent !== null && html` <span>${deviceIn(look.texts, record.userAgent)}</span>`}${record.ip !== null && html` <span>${record.ip}</span>`}</p></li>
`,
)}</ul>`
  return layOut(look, { title: activity.heading, body, entry: 'activity', scripts: ['more'] })
}

/** What happened, in words. */
export function sentenceFor(
  { actor, action, outcome }: Pick<Activity, 'actor' | 'action' | 'outcome'>,
  { activity }: PageTexts,
): string {
  const { done, refused, byOperator, other } = activity
  const sentences: Readonly<Record<string, string>> =
    outcome === 'refused' ? refused : actor === 'operator' ? byOperator : done
  return (Object.hasOwn(sentences, action) ? sentences[action] : undefined) ?? other
}
