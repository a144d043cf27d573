import { html } from 'hono/html'
import { MAIL_CODE_LIFETIME_SECONDS } from '../model/mail-codes.ts'
import { codeField, emailField, form, linkTo, mailedTo, notice, passwordField, summary } from './form.ts'
import { icon } from './icons.ts'
import { layOut, type Markup, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { type FormState, type Problem, problemOf } from './problems.ts'
import { durationIn, fill } from './words.ts'

/** The data of the page. */
export interface ConfirmCodeView {
  readonly form: FormState
  /** Where to go afterwards, checked. `null`: to the account. */
  readonly returnTo: string | null
  /** Whether this browser has asked for a code. Only then can it use one. */
  readonly awaitsCode: boolean
  /** Whether to ask for the password too, because another browser registered the account. */
  readonly asksPassword: boolean
  /** Whether the mail has just been sent again. */
  readonly sentAgain: boolean
}

/** The page that confirms the address of a new account with a mailed code, and signs in. */
export function renderConfirmCode(look: Look, view: ConfirmCodeView): Page {
  const { confirmCode } = look.texts
  const problem = problemOf(view.form, confirmCode.problems, look)
  const canEnter = look.hasCodes && (view.awaitsCode || problem !== null)
  const body = html`${icon('envelope', 'icon')}
<h1>${confirmCode.heading}</h1>
${view.sentAgain && notice(confirmCode.sent)}${introduction(look, view)}${canEnter && codeForm(look, view, problem)}${resendForm(look, view, canEnter)}`
  return layOut(look, {
    title: confirmCode.heading,
    body,
    hasProblem: problem !== null,
    scripts: ['more'],
  })
}

function introduction(look: Look, { awaitsCode }: ConfirmCodeView): Markup {
  const { confirmCode } = look.texts
  if (!look.hasCodes) return html`<p>${confirmCode.linkOnly}</p>\n`
  if (!awaitsCode) return html`<p>${confirmCode.otherBrowser}</p>\n<p>${confirmCode.cookiesRefused}</p>\n`
  const time = durationIn(look.locale, MAIL_CODE_LIFETIME_SECONDS)
  return html`<p>${fill(confirmCode.enter, { time })}</p>\n<p>${confirmCode.anyDevice}</p>\n`
}

function codeForm(
  look: Look,
  { form: state, returnTo, asksPassword }: ConfirmCodeView,
  problem: Problem | null,
): Markup {
  const { confirmCode, shell } = look.texts
  const password = { name: 'password', label: shell.password, hint: confirmCode.passwordHint }
  return html`${summary(look, problem)}${form(
    look,
    { action: '/sign_up/code', submit: confirmCode.submit, returnTo },
    html`${mailedTo(state)}${codeField(look, problem)}${asksPassword && html`${passwordField(look, password, problem)}<input type="hidden" name="asks" value="password">\n`}`,
  )}
`
}

function resendForm(look: Look, { form: state, returnTo }: ConfirmCodeView, canEnter: boolean): Markup {
  const { confirmCode: words, shell } = look.texts
  const field = emailField({ name: 'email', label: shell.email, value: state.values.email }, null)
  const action = '/sign_up/resend'
  if (look.hasCodes && !canEnter) return form(look, { action, submit: words.send, returnTo }, field)
  return html`<h2>${words.noEmail}</h2>
<p>${look.hasCodes ? words.resendHint : words.resendLinkHint}</p>
${form(look, { action, submit: look.hasCodes ? words.resend : words.resendLink, returnTo, style: 'second' }, field)}`
}

/** The page that sends the confirmation mail again. */
export function renderConfirmMail(
  look: Look,
  { form: state, returnTo }: Pick<ConfirmCodeView, 'form' | 'returnTo'>,
): Page {
  const { confirmCode: words, signUp, shell } = look.texts
  const problem = problemOf(state, { email: signUp.problems.email }, look)
  const submit = look.hasCodes ? words.resend : words.resendLink
  const field = emailField({ name: 'email', label: shell.email, value: state.values.email }, problem)
  const back = linkTo(look, { path: '/sign_up/code', label: words.back, returnTo })
  const body = html`${icon('envelope', 'icon')}
<h1>${words.resendHeading}</h1>
<p>${look.hasCodes ? words.resendHint : words.resendLinkHint}</p>
${summary(look, problem)}${form(look, { action: '/sign_up/resend', submit, returnTo }, field)}
${look.hasCodes && html`<ul class="more"><li>${back}</li></ul>`}`
  return layOut(look, { title: words.resendHeading, body, hasProblem: problem !== null })
}
