import { html } from 'hono/html'
import { MAIL_CODE_LIFETIME_SECONDS } from '../model/mail-codes.ts'
import { codeField, emailField, form, linkTo, notice, passwordField, summary } from './form.ts'
import { icon } from './icons.ts'
import { layOut, type Markup, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { type FormState, problemOf } from './problems.ts'
import { durationIn, fill } from './words.ts'

/** What the page depends on. */
export interface ConfirmCodeView {
  readonly form: FormState
  /** Where to go afterwards, checked. `null`: to the account. */
  readonly returnTo: string | null
  /** Whether this browser has asked for a code. Only then it can use one. */
  readonly awaitsCode: boolean
  /** Whether to ask for the password too: the account was registered elsewhere. */
  readonly asksPassword: boolean
  /** Whether the mail has just been sent again. */
  readonly sentAgain: boolean
}

/** The page that confirms the address of a new account with a mailed code, and signs in. */
export function renderConfirmCode(look: Look, view: ConfirmCodeView): Page {
  const { confirmCode } = look.texts
  const problem = problemOf(view.form, confirmCode.problems, look)
  const body = html`${icon('envelope', 'icon')}
<h1>${confirmCode.heading}</h1>
${view.sentAgain && notice(confirmCode.sent)}${introduction(look, view)}${look.hasCodes && (view.awaitsCode || problem !== null) && codeForm(look, view)}${resendForm(look, view)}`
  return layOut(look, { title: confirmCode.heading, body, hasProblem: problem !== null })
}

function introduction(look: Look, { awaitsCode }: ConfirmCodeView): Markup {
  const { confirmCode } = look.texts
  if (!look.hasCodes) return html`<p>${confirmCode.linkOnly}</p>\n`
  if (!awaitsCode) return html`<p>${confirmCode.otherBrowser}</p>\n<p>${confirmCode.cookiesRefused}</p>\n`
  const time = durationIn(look.locale, MAIL_CODE_LIFETIME_SECONDS)
  return html`<p>${fill(confirmCode.enter, { time })}</p>\n<p>${confirmCode.anyDevice}</p>\n`
}

function codeForm(look: Look, { form: state, returnTo, asksPassword }: ConfirmCodeView): Markup {
  const { confirmCode, shell } = look.texts
  const problem = problemOf(state, confirmCode.problems, look)
  const password = html`${passwordField(look, { name: 'password', label: shell.password }, problem)}<input type="hidden" name="asks" value="password">
`
  return html`${summary(look, problem)}${form(
    look,
    { action: '/sign_up/code', submit: confirmCode.submit, returnTo },
    html`${codeField(look, problem)}${asksPassword && password}`,
  )}
`
}

function resendForm(look: Look, { returnTo }: Pick<ConfirmCodeView, 'returnTo'>): Markup {
  const { confirmCode } = look.texts
  return html`<h2>${confirmCode.noEmail}</h2>
${resending(look, returnTo, html`${emailField({ name: 'email', label: look.texts.shell.email }, null)}`)}`
}

function resending(look: Look, returnTo: string | null, field: Markup): Markup {
  const { confirmCode } = look.texts
  return html`<p>${look.hasCodes ? confirmCode.resendHint : confirmCode.resendLinkHint}</p>
${form(
  look,
  {
    action: '/sign_up/resend',
    submit: look.hasCodes ? confirmCode.resend : confirmCode.resendLink,
    returnTo,
  },
  field,
)}`
}

/** The page that sends the confirmation mail again. */
export function renderConfirmMail(
  look: Look,
  { form: state, returnTo }: Pick<ConfirmCodeView, 'form' | 'returnTo'>,
): Page {
  const { confirmCode, signUp, shell } = look.texts
  const problem = problemOf(state, { email: signUp.problems.email }, look)
  const field = emailField({ name: 'email', label: shell.email, value: state.values.email }, problem)
  const back = linkTo(look, { path: '/sign_up/code', label: confirmCode.back, returnTo })
  const body = html`${icon('envelope', 'icon')}
<h1>${confirmCode.resendHeading}</h1>
${summary(look, problem)}${resending(look, returnTo, field)}
${look.hasCodes && html`<ul class="more"><li>${back}</li></ul>`}`
  return layOut(look, { title: confirmCode.resendHeading, body, hasProblem: problem !== null })
}
