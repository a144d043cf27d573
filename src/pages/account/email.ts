import { html } from 'hono/html'
import { codeField, emailField, form, summary } from '../form.ts'
import { ACCOUNT_PAGES, layOut, type Page } from '../layout.ts'
import type { Look } from '../look.ts'
import { type FormState, problemOf } from '../problems.ts'
import { fill } from '../words.ts'
import { notice } from './notice.ts'

/** The data of the address page. */
export interface EmailView {
  readonly form: FormState
  /** The current address. */
  readonly email: string
  /** Whether the session is fresh. If not, the page has no form. */
  readonly fresh: boolean
  /** What has just been done: a key of `account.email.done`. */
  readonly done: string | null
}

/** The page that changes the address. */
export function renderEmail(look: Look, { form: state, email, fresh, done }: EmailView): Page {
  const words = look.texts.account.email
  const problem = problemOf(state, words.problems, look)
  const field = { name: 'email', label: words.label, value: state.values.email }
  const body = html`<h1>${words.heading}</h1>
${notice(words.done, done)}${summary(look, problem)}<p>${fill(words.current, { email })}</p>
${
  fresh
    ? html`<p>${words.explain}</p>
${form(look, { action: ACCOUNT_PAGES.email, submit: words.submit }, emailField(field, problem, 'email'))}`
    : html`<p><a href="${look.basePath}${ACCOUNT_PAGES.email}">${words.change}</a></p>`
}`
  return layOut(look, { title: words.heading, body, hasProblem: problem !== null, entry: 'email' })
}

/** The page that asks for the code mailed to the new address. */
export function renderEmailCode(look: Look, { form: state }: { form: FormState }): Page {
  const words = look.texts.account.emailCode
  const problem = problemOf(state, words.problems, look)
  const body = html`<h1>${words.heading}</h1>
${summary(look, problem)}<p>${words.sent}</p>
${form(look, { action: `${ACCOUNT_PAGES.email}/code`, submit: words.submit }, codeField(look, problem))}
<p class="more">${words.link}</p>
<p><a href="${look.basePath}${ACCOUNT_PAGES.email}">${words.again}</a></p>`
  return layOut(look, { title: words.heading, body, hasProblem: problem !== null, entry: 'email' })
}
