import { html } from 'hono/html'
import { MAIL_CODE_LIFETIME_SECONDS } from '../model/mail-codes.ts'
import { codeField, emailField, form, linkTo, mailedTo, newPasswordField, summary } from './form.ts'
import { icon } from './icons.ts'
import { layOut, type Markup, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { type FormState, type Problem, problemOf } from './problems.ts'
import { durationIn, fill } from './words.ts'

/** The data of the pages. */
interface RecoverView {
  readonly form: FormState
  /** Where to go after the next sign-in, checked. */
  readonly returnTo: string | null
}

/** The page that mails a code and a link to set a new password. */
export function renderRecover(look: Look, { form: state, returnTo }: RecoverView): Page {
  const { recovery, shell } = look.texts
  const problem = problemOf(state, recovery.problems, look)
  const body = html`${icon('key', 'icon')}
<h1>${recovery.heading}</h1>
<p>${look.hasCodes ? recovery.ask : recovery.askForLink}</p>
${summary(look, problem)}${form(
  look,
  { action: '/recover', submit: recovery.submit, returnTo },
  emailField({ name: 'email', label: shell.email, value: state.values.email }, problem),
)}
<ul class="more"><li>${linkTo(look, { path: '/sign_in', label: recovery.signIn, returnTo })}</li></ul>`
  return layOut(look, { title: recovery.heading, body, hasProblem: problem !== null })
}

/** The data of {@link renderRecoverCode}. */
export interface RecoverCodeView extends RecoverView {
  /** Whether this browser has asked for a code. Only then can it use one. */
  readonly awaitsCode: boolean
}

/** The page that sets a new password with a mailed code. */
export function renderRecoverCode(look: Look, view: RecoverCodeView): Page {
  const { recoveryCode: words, errors } = look.texts
  const problem = problemOf(view.form, { ...words.problems, new_password: errors.newPassword }, look)
  const heading = look.hasCodes ? words.heading : words.linkHeading
  const canEnter = look.hasCodes && (view.awaitsCode || problem !== null)
  const again = linkTo(look, { path: '/recover', label: words.again, returnTo: view.returnTo })
  const body = html`${icon(look.hasCodes ? 'key' : 'envelope', 'icon')}
<h1>${heading}</h1>
${introduction(look, view)}${canEnter && codeForm(look, view, problem)}
<ul class="more"><li>${words.noEmail} ${again}</li></ul>`
  return layOut(look, { title: heading, body, hasProblem: problem !== null, scripts: ['more'] })
}

function introduction(look: Look, { awaitsCode }: RecoverCodeView): Markup {
  const { recoveryCode: words } = look.texts
  if (!look.hasCodes) return html`<p>${words.linkOnly}</p>`
  if (!awaitsCode) return html`<p>${words.otherBrowser}</p>\n<p>${words.cookiesRefused}</p>`
  const time = durationIn(look.locale, MAIL_CODE_LIFETIME_SECONDS)
  return html`<p>${fill(words.enter, { time })}</p>\n<p>${words.anyDevice}</p>\n`
}

function codeForm(look: Look, { form: state, returnTo }: RecoverView, problem: Problem | null): Markup {
  const { recoveryCode: words, shell } = look.texts
  return html`${summary(look, problem)}${form(
    look,
    { action: '/recover/code', submit: words.submit, returnTo },
    html`${mailedTo(state)}${codeField(look, problem)}${newPasswordField(look, { name: 'new_password', label: shell.newPassword }, problem)}`,
  )}`
}
