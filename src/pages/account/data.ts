import { html } from 'hono/html'
import { emailField, form, summary } from '../form.ts'
import { icon } from '../icons.ts'
import { ACCOUNT_PAGES, layOut, type Page } from '../layout.ts'
import type { Look } from '../look.ts'
import { type FormState, problemOf } from '../problems.ts'
import { daysIn, fill } from '../words.ts'

/** The data of the data page. */
export interface DataView {
  readonly form: FormState
  /** The address of the account, which must be typed before it is deleted. */
  readonly email: string
  /** For how many days audit records are kept. */
  readonly auditDays: number
}

/** The page that exports and deletes the account. */
export function renderData(look: Look, { form: state, email, auditDays }: DataView): Page {
  const words = look.texts.account.data
  const problem = problemOf(state, words.problems, look)
  const field = {
    name: 'email',
    label: words.confirmLabel,
    hint: fill(words.confirmHint, { email }),
    value: state.values.email,
  }
  const body = html`<h1>${words.heading}</h1>
${summary(look, problem)}<h2>${words.exportHeading}</h2>
<p>${words.exportExplain}</p>
${form(look, { action: `${ACCOUNT_PAGES.data}/export`, submit: words.export, isDownload: true }, html``)}
<h2>${words.deleteHeading}</h2>
<p>${words.deleted}</p>
<p>${fill(words.kept, { time: daysIn(look.locale, auditDays) })}</p>
${form(
  look,
  { action: `${ACCOUNT_PAGES.data}/delete`, submit: words.delete, style: 'danger' },
  emailField(field, problem, 'email'),
)}`
  return layOut(look, { title: words.heading, body, hasProblem: problem !== null, entry: 'data' })
}

/** The page after an account was deleted. */
export function renderDeleted(look: Look, { sendsMail }: { sendsMail: boolean }): Page {
  const { deleted } = look.texts.account
  const body = html`${icon('tick', 'icon good')}
<h1>${deleted.heading}</h1>
<p>${sendsMail ? deleted.explain : deleted.explainWithoutMail}</p>
${look.canSignUp && html`<ul class="more"><li><a href="${look.basePath}/sign_up">${deleted.signUp}</a></li></ul>`}`
  return layOut(look, { title: deleted.heading, body })
}
