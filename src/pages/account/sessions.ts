import { html } from 'hono/html'
import { form, summary } from '../form.ts'
import { icon } from '../icons.ts'
import { ACCOUNT_PAGES, layOut, type Markup, type Page } from '../layout.ts'
import type { Look } from '../look.ts'
import { partOf } from '../parts.ts'
import { type FormState, problemOf } from '../problems.ts'
import { timeIn } from '../times.ts'
import { fill } from '../words.ts'
import { deviceIn } from './device.ts'
import { notice } from './notice.ts'

/** A session, as the page shows it. */
interface ShownSession {
  /** The public id. It grants no access. */
  readonly id: string
  /** Whether it is the session of this page. */
  readonly current: boolean
  readonly createdAt: Date
  readonly lastSeenAt: Date
  readonly ip: string | null
  readonly userAgent: string | null
}

/** The data of the devices page. */
export interface SessionsView {
  readonly form: FormState
  /** The live sessions, this one among them. */
  readonly sessions: readonly ShownSession[]
  /** Whether this session is fresh. If not, the page has no forms. */
  readonly fresh: boolean
  /** What has just been done: a key of `account.sessions.done`. */
  readonly done: string | null
  /** The part of the sessions to show, as the query has it. */
  readonly part: string | null
}

/** Keeps the page within its budget, even with the longest names. */
const SESSIONS_PER_PAGE = 10

/** The id of the form that all rows share. The pressed button names the session. */
const END_FORM = 'end'

/** The page that shows where the user is signed in. */
export function renderSessions(look: Look, view: SessionsView): Page {
  const { form: state, sessions, fresh, done } = view
  const words = look.texts.account.sessions
  const problem = problemOf(state, words.problems, look)
  const others = sessions.filter(({ current }) => !current)
  const stepUp = `/confirm?${new URLSearchParams({ return_to: `${look.basePath}${ACCOUNT_PAGES.sessions}` })}`
  const below =
    others.length === 0
      ? html`<p class="more">${words.only}</p>`
      : fresh
        ? form(look, { action: `${ACCOUNT_PAGES.sessions}/others`, submit: words.endOthers }, html``)
        : html`<p class="more">${words.stepUpFirst} <a href="${look.basePath}${stepUp}">${words.stepUp}</a></p>`
  const own = sessions.filter(({ current }) => current)
  const { items, links } = partOf(look, [...own, ...others], {
    asked: view.part,
    size: SESSIONS_PER_PAGE,
    path: ACCOUNT_PAGES.sessions,
    words,
  })
  const body = html`<h1>${words.heading}</h1>
${summary(look, problem)}${notice(words.done, done)}<p>${words.explain}</p>
${fresh && others.length > 0 && html`<form id="${END_FORM}" method="post" action="${look.basePath}${ACCOUNT_PAGES.sessions}" novalidate></form>\n`}<ul class="list">
${items.map((session) => sessionItem(look, session, fresh))}</ul>${links}
${below}`
  return layOut(look, {
    title: words.heading,
    body,
    hasProblem: problem !== null,
    entry: 'sessions',
    scripts: ['more'],
  })
}

function sessionItem(look: Look, session: ShownSession, fresh: boolean): Markup {
  const { id, current, createdAt, lastSeenAt, ip, userAgent } = session
  const words = look.texts.account.sessions
  const device = deviceIn(look.texts, userAgent)
  return html`<li>${icon('device', '')}<div>
<h2>${device}${current && html` <span class="good badge">${words.current}</span>`}</h2>
<dl>
<dt>${words.firstUse}</dt><dd>${timeIn(look.locale, createdAt)}</dd>
<dt>${words.lastUse}</dt><dd>${timeIn(look.locale, lastSeenAt)}</dd>
${ip !== null && html`<dt>${words.ip}</dt><dd>${ip}</dd>\n`}</dl></div>
${fresh && !current && html`<button class="quiet" type="submit" form="${END_FORM}" name="session" value="${id}" aria-label="${fill(words.endNamed, { device })}">${words.end}</button>\n`}</li>
`
}
