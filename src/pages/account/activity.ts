import { html } from 'hono/html'
import type { PageTexts } from '../../text/index.ts'
import { ACCOUNT_PAGES, layOut, type Page } from '../layout.ts'
import type { Look } from '../look.ts'
import { partOf } from '../parts.ts'
import { timeIn } from '../times.ts'
import { deviceIn } from './device.ts'

/** The part of an audit record that the page shows. */
export interface Activity {
  readonly at: Date
  /** `user`, `anonymous`, `operator` or `system`. */
  readonly actor: string
  readonly action: string
  readonly outcome: 'success' | 'refused'
  readonly ip: string | null
  readonly userAgent: string | null
}

/** Keeps each page short, and within its budget even with the longest sentences. */
const RECORDS_PER_PAGE = 25

/** The data of the activity page. */
export interface ActivityView {
  /** Newest first. */
  readonly records: readonly Activity[]
  /** The part of the records to show, counted from 1, as the query has it. If there is no such part, the first. */
  readonly part: string | null
}

/** The page that shows the recent activity of the account, newest first. */
export function renderActivity(look: Look, { records, part }: ActivityView): Page {
  const { activity } = look.texts
  const { items, links } = partOf(look, records, {
    asked: part,
    size: RECORDS_PER_PAGE,
    path: ACCOUNT_PAGES.activity,
    words: activity,
  })
  const body = html`<h1>${activity.heading}</h1>
<p>${activity.explain}</p>
<ul class="list">
${items.map(
  (
    record,
  ) => html`<li><b${record.outcome === 'refused' && html` class="bad badge"`}>${sentenceFor(record, look.texts)}</b><p>${timeIn(look.locale, record.at)}${record.userAgent !== null && html` <span>${deviceIn(look.texts, record.userAgent)}</span>`}${record.ip !== null && html` <span>${record.ip}</span>`}</p></li>
`,
)}</ul>${links}`
  return layOut(look, { title: activity.heading, body, entry: 'activity', scripts: ['more'] })
}

/** The sentence for a record. */
export function sentenceFor(
  { actor, action, outcome }: Pick<Activity, 'actor' | 'action' | 'outcome'>,
  { activity }: PageTexts,
): string {
  const { done, refused, byOperator, other } = activity
  const sentences: Readonly<Record<string, string>> =
    outcome === 'refused' ? refused : actor === 'operator' ? byOperator : done
  return (Object.hasOwn(sentences, action) ? sentences[action] : undefined) ?? other
}
