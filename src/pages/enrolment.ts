import { html } from 'hono/html'
import { type AppSetup, appSetup, setupProblem } from './app-setup.ts'
import { form, hidden, summary } from './form.ts'
import { icon } from './icons.ts'
import { layOut, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { passkeyForm, withoutScript } from './passkey.ts'
import { type FormState, problemOf } from './problems.ts'
import { cancelForm, type WaitingSignIn, waitingFields } from './second-step.ts'

/** The data of the pages. */
interface EnrolmentView {
  readonly form: FormState
  readonly signIn: WaitingSignIn
}

/** The page that sets up the second factor that a sign-in requires. */
export function renderEnrolment(
  look: Look,
  {
    form: state,
    signIn,
    takesApps,
  }: EnrolmentView & {
    /** Whether an authenticator app is enough. */
    readonly takesApps: boolean
  },
): Page {
  const { enrolment: words, passkeys, secondStep, ownPasskeys } = look.texts
  const { form: whole } = passkeys.problems
  const sentences = { credential: whole, form: { ...whole, invalid_field: secondStep.otherSignIn } }
  const problem = problemOf(state, sentences, look)
  const passkey = {
    action: '/sign_in/enrol/passkey',
    fields: waitingFields(signIn),
    returnTo: signIn.returnTo,
  }
  const body = html`${icon('shield', 'icon')}
<h1>${words.heading}</h1>
<p>${words.why}</p>
${summary(look, problem && { ...problem, field: null })}${
  look.hasPasskeys &&
  html`<h2>${words.passkeyHeading}</h2>
<p>${passkeys.explain}</p>
${withoutScript(look)}${passkeyForm(look, { ...passkey, purpose: 'add_passkey', submit: passkeys.add })}${passkeyForm(look, { ...passkey, purpose: 'add_security_key', submit: passkeys.addKey, style: 'second', below: html`<p class="hint">${ownPasskeys.securityKey}</p>\n` })}`
}${
  takesApps &&
  html`<h2>${words.appHeading}</h2>
<p>${words.appExplain}</p>
${form(look, { action: '/sign_in/enrol/app/start', submit: words.app, returnTo: signIn.returnTo, style: 'second' }, hidden(waitingFields(signIn)))}
`
}${cancelForm(look, signIn)}`
  return layOut(look, { title: words.heading, body, hasProblem: problem !== null, scripts: ['passkeys'] })
}

/** The page that sets up the authenticator app that a sign-in requires. */
export function renderEnrolmentApp(
  look: Look,
  { form: state, signIn, setup }: EnrolmentView & { readonly setup: AppSetup },
): Page {
  const { appSetup: words, enrolment } = look.texts
  const problem = setupProblem(state, look)
  const action = '/sign_in/enrol/app'
  const { returnTo } = signIn
  const body = html`<h1>${words.heading}</h1>
${appSetup(look, { setup, problem, action, fields: waitingFields(signIn), returnTo })}<ul class="more"><li><a href="${look.basePath}/sign_in/enrol">${enrolment.back}</a></li></ul>
${cancelForm(look, signIn)}`
  return layOut(look, { title: words.heading, body, hasProblem: problem !== null })
}
